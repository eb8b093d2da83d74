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

// visits are callers that book seats of one performance and hold units of one product, slowly, at nodes in
// turn. They remember the bookings that were acknowledged.
type visits struct {
	stop    chan struct{}
	callers sync.WaitGroup

	mu      sync.Mutex
	booked  map[string]string // seats by booking, guarded by mu
	held    int               // guarded by mu
	refused map[string]int    // by status and code, guarded by mu
}

// soakSeats is the number of seats of a row, of which there are a hundred.
const soakSeats = 1000

func (d *drill) visit(next *int, at []string) *visits {
	v := &visits{stop: make(chan struct{}), booked: map[string]string{}, refused: map[string]int{}}
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

// send returns the id of what was created, or "".
func (v *visits) send(client *http.Client, n int, at []string, path, body string) string {
	response, err := balanced(n, at, func(url string) (*http.Response, error) {
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

// end stops the callers and checks that every acknowledged booking has its seat.
func (v *visits) end(t *testing.T, at *serverProcess) {
	t.Helper()
	close(v.stop)
	v.callers.Wait()
	for id, seat := range v.booked {
		b := decoded[struct {
			Status string
			Seats  []string
		}](t, at.must(200, "GET", "/v1/bookings/"+id, ""))
		if b.Status != "held" || len(b.Seats) != 1 || b.Seats[0] != seat {
			t.Errorf("booking %s is %s of %v; want held of %s", id, b.Status, b.Seats, seat)
		}
	}
}

// residentMB returns the resident memory of a server, in megabytes.
func (s *serverProcess) residentMB() int {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kilobytes := 0
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		s.t.Fatal(err)
	}
	return kilobytes / 1024
}

// TestNodesSoak: three nodes sell units, book seats and hold units that expire, while visitors wait, for as
// long as ADMITONE_SOAK says. A random fault comes every few seconds; the log is verified every five minutes.
// No request of the other nodes' clients is refused, and what is sold equals what was acknowledged.
func TestNodesSoak(t *testing.T) {
	given := os.Getenv("ADMITONE_SOAK")
	if given == "" {
		t.Skip("ADMITONE_SOAK says how long it takes, such as 30m")
	}
	length, err := time.ParseDuration(given)
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	d := newDrill(t, true)
	d.pause = 40 * time.Millisecond
	d.n[0].must(201, "POST", "/v1/products", `{"id":"held","name":"n","stock":1000000,"hold_seconds":5}`)
	d.n[0].must(201, "POST", "/v1/performances", fmt.Sprintf(`{"id":"soak","title":"t","venue":"v","hold_seconds":3600,
		"starts_at":"2999-01-01T20:00:00Z","sections":[{"id":"A","rows":100,"seats_per_row":%d,"price":0}]}`, soakSeats))
	var spared []*fault
	for i := range faults {
		if faults[i].spared {
			spared = append(spared, &faults[i])
		}
	}
	begun, verified, seat, rounds, bookings, holds := time.Now(), time.Now(), 0, 0, 0, 0
	for ; time.Since(begun) < length && !t.Failed(); rounds++ {
		f := spared[random.IntN(len(spared))]
		v := d.visit(&seat, urlsOf(d.n[:f.asked]))
		line := d.runFault(f, time.Second+time.Duration(random.Int64N(int64(9*time.Second))))
		v.end(t, d.n[0])
		bookings, holds = bookings+len(v.booked), holds+v.held
		if len(v.refused) > 0 {
			t.Errorf("%s: bookings and holds are refused: %v", f.name, v.refused)
		}
		t.Logf("%s %s %d bookings, %d holds, %d/%d/%d MB", time.Since(begun).Round(time.Second), line, len(v.booked),
			v.held, d.n[0].residentMB(), d.n[1].residentMB(), d.n[2].residentMB())
		if time.Since(verified) > 5*time.Minute {
			must(t, exitDone, "verify", "--store", d.log.address())
			verified = time.Now()
		}
	}
	for _, s := range d.n {
		s.end()
	}
	must(t, exitDone, "verify", "--store", d.log.address())
	units := 0
	for _, c := range d.crowds {
		units += c.answered
	}
	t.Logf("%d faults, %d units sold, %d seats held in bookings, %d units held", rounds, units, bookings, holds)
}
