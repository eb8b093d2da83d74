package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"
)

// ask sends a POST once; status 0 means that the outcome is unknown.
func ask(client *http.Client, url, body, key string) (status int, answer []byte) {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader([]byte(body)))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	response, err := client.Do(request)
	if err != nil {
		return 0, nil
	}
	defer response.Body.Close()
	if answer, err = io.ReadAll(response.Body); err != nil {
		return 0, nil
	}
	return response.StatusCode, answer
}

// askUntilKnown repeats a POST until the outcome is known: until the status is neither 0, 429 nor 5xx.
func askUntilKnown(client *http.Client, url, body, key string) (status int, answer []byte) {
	_ = untilDone(func() (bool, error) {
		status, answer = ask(client, url, body, key)
		return status != 0 && status < 500 && status != http.StatusTooManyRequests, nil
	})
	return status, answer
}

// heldSeats returns the names of up to 500 held seats of a performance.
func heldSeats(t *testing.T, url, id string) (names []string) {
	t.Helper()
	response, err := http.Get(url + "/v1/performances/" + id + "/seats?status=held&limit=500")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var page struct{ Items []struct{ Seat string } }
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the held seats of %s: %s, %v; want status 200", id, response.Status, err)
	}
	for _, item := range page.Items {
		names = append(names, item.Seat)
	}
	return names
}

// TestKillDuringBestAvailable: a request for best available seats that was interrupted by a kill of the
// server is sent again. It is not refused because of seats that it holds already, and no seats are held
// other than those of its booking.
func TestKillDuringBestAvailable(t *testing.T) {
	t.Parallel()
	store, client := t.TempDir(), &http.Client{Timeout: patience}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random, unknown := rand.New(rand.NewPCG(seed, 1)), 0
	p := launch(t, store)
	rounds := 2 * killCount(4) // two sizes of halls
	for round := range rounds {
		id := fmt.Sprintf("hall-%d", round)
		rows, perRow, limit := 2, 2, 0
		if round%2 == 1 {
			perRow, limit = 8, 4
		}
		status, answer := askUntilKnown(client, p.url+"/v1/performances",
			fmt.Sprintf(`{"id":%q,"title":"H","venue":"V","starts_at":"2999-01-01T20:00:00Z",
			"limit_per_holder":%d,"sections":[{"id":"A","rows":%d,"seats_per_row":%d,"price":1}]}`, id, limit, rows, perRow), id)
		if status != http.StatusCreated {
			t.Fatalf("create %s: status %d, %s; want 201", id, status, answer)
		}
		path, body := "/v1/performances/"+id+"/bookings", `{"holder":"ann","best_available":{"quantity":4}}`
		killer := time.AfterFunc(time.Duration(random.Int64N(int64(6*time.Millisecond))), p.kill)
		if status, _ = ask(client, p.url+path, body, "best"); status == 0 {
			unknown++
		}
		if killer.Stop() {
			p.kill()
		}
		p.wait()
		client.CloseIdleConnections()
		p = launch(t, store)
		status, answer = askUntilKnown(client, p.url+path, body, "best")
		var booking struct{ Seats []string }
		if err := json.Unmarshal(answer, &booking); status != http.StatusCreated || err != nil || len(booking.Seats) != 4 {
			t.Errorf("round %d: %d %s; want status 201 and 4 seats", round, status, answer)
		}
		if held := heldSeats(t, p.url, id); len(held) != 4 {
			t.Errorf("round %d: the seats %q are held, want those of the booking, %q", round, held, booking.Seats)
		}
	}
	t.Logf("%d kills, %d requests without an answer", rounds, unknown)
	p.kill()
	if status := Run(context.Background(), []string{"verify", "--store", store}); status != exitDone {
		t.Errorf("verify: status %d, want 0", status)
	}
}

// TestBestAvailableAroundRestart: 140 holders request best available seats while the server is killed and
// restarted. There are exactly enough seats, and no request is refused.
func TestBestAvailableAroundRestart(t *testing.T) {
	t.Parallel()
	const people, seats = 140, 2
	store, client := t.TempDir(), &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	p := launch(t, store)
	const hall = `{"id":"hall","title":"H","venue":"V","starts_at":"2999-01-01T20:00:00Z","limit_per_holder":2,
		"sections":[{"id":"A","rows":14,"seats_per_row":20,"price":1}]}`
	if status, answer := askUntilKnown(client, p.url+"/v1/performances", hall, "hall"); status != http.StatusCreated {
		t.Fatalf("create the performance: status %d, %s; want 201", status, answer)
	}
	var mu sync.Mutex
	url := p.url // guarded by mu
	done, half := make(chan struct{}, people), people/2
	var crowd sync.WaitGroup
	for i := range people {
		crowd.Go(func() {
			err := untilDone(func() (bool, error) {
				mu.Lock()
				at := url
				mu.Unlock()
				status, answer := ask(client, at+"/v1/performances/hall/bookings",
					fmt.Sprintf(`{"holder":"h%d","best_available":{"quantity":%d}}`, i, seats), fmt.Sprint("k", i))
				if status == 0 || status >= 500 || status == http.StatusTooManyRequests {
					return false, nil
				}
				if status != http.StatusCreated {
					return false, fmt.Errorf("h%d is answered %d %s, want 201", i, status, answer)
				}
				return true, nil
			})
			if err != nil {
				t.Error(err)
			}
			done <- struct{}{}
		})
	}
	for range half {
		<-done
	}
	p.kill()
	p = launch(t, store)
	mu.Lock()
	url = p.url
	mu.Unlock()
	crowd.Wait()
	if held := heldSeats(t, p.url, "hall"); len(held) != people*seats {
		t.Errorf("%d seats are held for %d holders, want %d", len(held), people, people*seats)
	}
	p.kill()
	if status := Run(context.Background(), []string{"verify", "--store", store}); status != exitDone {
		t.Errorf("verify: status %d, want 0", status)
	}
}
