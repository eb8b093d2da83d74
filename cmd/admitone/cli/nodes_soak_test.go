package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// bookers book seats of one performance and hold units of one product, slowly, at nodes in turn, and record
// the acknowledged bookings.
type bookers struct {
	stop    chan struct{}
	callers sync.WaitGroup

	mu      sync.Mutex
	booked  map[string]string // seats by booking, guarded by mu
	held    int               // guarded by mu
	refused map[string]int    // by status and code, guarded by mu
}

// soakSeats is the number of seats in each of the hundred rows.
const soakSeats = 1000

// startBookings starts two bookers that take the seats from *next on. When they end, *next is the first seat
// after theirs.
func (d *faultCluster) startBookings(next *int, at []string) *bookers {
	v := &bookers{stop: make(chan struct{}), booked: map[string]string{}, refused: map[string]int{}}
	first := *next
	const callers = 2
	for caller := range callers {
		v.callers.Go(func() {
			client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for i := first + caller; ; i += callers {
				select {
				case <-v.stop:
					v.mu.Lock()
					*next = max(*next, i)
					v.mu.Unlock()
					return
				case <-time.After(2 * d.pause):
				}
				seat := fmt.Sprintf("A-%d-%d", 1+i/soakSeats, 1+i%soakSeats)
				if id := v.send(client, i, at, "/v1/performances/soak/bookings",
					fmt.Sprintf(`{"holder":"h%d","seats":[%q]}`, i, seat)); id != "" {
					v.mu.Lock()
					v.booked[id] = seat
					v.mu.Unlock()
				}
				if id := v.send(client, i, at, "/v1/products/held/reservations",
					fmt.Sprintf(`{"holder":"h%d","hold":true}`, i)); id != "" {
					v.mu.Lock()
					v.held++
					v.mu.Unlock()
				}
			}
		})
	}
	return v
}

// send sends a POST and returns the id of the created resource, or "" if the request failed.
func (v *bookers) send(client *http.Client, n int, at []string, path, body string) string {
	response, err := sendBalanced(n, at, func(url string) (*http.Response, error) {
		return client.Post(url+path, "application/json", strings.NewReader(body))
	})
	var text []byte
	if err == nil {
		text, err = io.ReadAll(response.Body)
		response.Body.Close()
	}
	var created struct{ ID, Code string }
	if err == nil {
		err = json.Unmarshal(text, &created)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case err != nil:
		v.refused[fmt.Sprintf("%.60s", err)]++
	case response.StatusCode != http.StatusCreated:
		v.refused[fmt.Sprint(response.StatusCode, " ", created.Code)]++
	default:
		return created.ID
	}
	return ""
}

// end stops the bookers and checks that every acknowledged booking has its seat.
func (v *bookers) end(t *testing.T, at *serverProcess) {
	t.Helper()
	close(v.stop)
	v.callers.Wait()
	for id, seat := range v.booked {
		b := decode[struct {
			Status string
			Seats  []string
		}](t, at.must(200, "GET", "/v1/bookings/"+id, ""))
		if b.Status != "held" || len(b.Seats) != 1 || b.Seats[0] != seat {
			t.Errorf("booking %s is %s with the seats %v, want held with %s", id, b.Status, b.Seats, seat)
		}
	}
}

// residentMiB returns the resident memory of the server's process, in MiB.
func (s *serverProcess) residentMiB() int {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kibibytes := 0
	if _, err := fmt.Sscan(rest, &kibibytes); err != nil {
		s.t.Fatal(err)
	}
	return kibibytes / 1024
}

// TestNodesSoak: three nodes sell units, book seats and hold units that expire, while visitors wait, for the
// duration ADMITONE_SOAK. A random fault is injected every few seconds, and the log is verified every five
// minutes. No request to the other nodes is refused, and sold units equal acknowledged ones.
func TestNodesSoak(t *testing.T) {
	text := os.Getenv("ADMITONE_SOAK")
	if text == "" {
		t.Skip("skipped: set ADMITONE_SOAK to the duration of the test, such as 30m")
	}
	length, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	d := newFaultCluster(t, true)
	d.pause = 40 * time.Millisecond
	d.servers[0].must(201, "POST", "/v1/products", `{"id":"held","name":"n","stock":1000000,"hold_seconds":5}`)
	d.servers[0].must(201, "POST", "/v1/performances", fmt.Sprintf(`{"id":"soak","title":"t","venue":"v","hold_seconds":3600,
		"starts_at":"2999-01-01T20:00:00Z","sections":[{"id":"A","rows":100,"seats_per_row":%d,"price":0}]}`, soakSeats))
	var tolerated []*fault
	for i := range faults {
		if faults[i].tolerated {
			tolerated = append(tolerated, &faults[i])
		}
	}
	start, verified, seat, rounds, bookings, holds := time.Now(), time.Now(), 0, 0, 0, 0
	for ; time.Since(start) < length && !t.Failed(); rounds++ {
		f := tolerated[random.IntN(len(tolerated))]
		v := d.startBookings(&seat, urlsOf(d.servers[:f.used]))
		line := d.runFault(f, time.Second+time.Duration(random.Int64N(int64(9*time.Second))))
		v.end(t, d.servers[0])
		bookings, holds = bookings+len(v.booked), holds+v.held
		if len(v.refused) > 0 {
			t.Errorf("%s: bookings or holds were refused, want none: %v", f.name, v.refused)
		}
		t.Logf("%s %s %d bookings, %d holds, %d/%d/%d MiB", time.Since(start).Round(time.Second), line, len(v.booked),
			v.held, d.servers[0].residentMiB(), d.servers[1].residentMiB(), d.servers[2].residentMiB())
		if time.Since(verified) > 5*time.Minute {
			must(t, exitDone, "verify", "--store", d.log.address())
			verified = time.Now()
		}
	}
	for _, s := range d.servers {
		s.end()
	}
	must(t, exitDone, "verify", "--store", d.log.address())
	units := 0
	for _, c := range d.buyers {
		units += c.answered
	}
	t.Logf("%d faults, %d units sold, %d seats held in bookings, %d units held", rounds, units, bookings, holds)
}
