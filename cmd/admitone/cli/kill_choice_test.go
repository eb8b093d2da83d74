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

// ask sends one POST; status 0 means that the outcome is unknown.
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

// persist retries, as servers request with Retry-After, until the outcome is known.
func persist(client *http.Client, url, body, key string) (status int, answer []byte) {
	_ = untilDone(func() (bool, error) {
		status, answer = ask(client, url, body, key)
		return status != 0 && status < 500 && status != http.StatusTooManyRequests, nil
	})
	return status, answer
}

// heldSeats returns the names of the held seats of a performance.
func heldSeats(t *testing.T, url, id string) (names []string) {
	t.Helper()
	response, err := http.Get(url + "/v1/performances/" + id + "/seats?status=held&limit=500")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var page struct{ Items []struct{ Seat string } }
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v; want StatusCode = StatusOK", response.Status, err)
	}
	for _, item := range page.Items {
		names = append(names, item.Seat)
	}
	return names
}

// TestKillDuringBestAvailable: a request for best available seats that is interrupted by a kill of
// the server is sent again. It is never refused because of its own seats, and gets only those of
// its booking.
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
		status, answer := persist(client, p.url+"/v1/performances",
			fmt.Sprintf(`{"id":%q,"title":"H","venue":"V","starts_at":"2999-01-01T20:00:00Z",
			"limit_per_holder":%d,"sections":[{"id":"A","rows":%d,"seats_per_row":%d,"price":1}]}`, id, limit, rows, perRow), id)
		if status != http.StatusCreated {
			t.Fatalf("status %v, %s; want status StatusCreated", status, string(answer))
		}
		path, body := "/v1/performances/"+id+"/bookings", `{"holder":"ann","best_available":{"quantity":4}}`
		gone := time.AfterFunc(time.Duration(random.Int64N(int64(6*time.Millisecond))), p.kill)
		if status, _ = ask(client, p.url+path, body, "best"); status == 0 {
			unknown++
		}
		if gone.Stop() {
			p.kill()
		}
		p.wait()
		client.CloseIdleConnections()
		p = launch(t, store)
		status, answer = persist(client, p.url+path, body, "best")
		var booking struct{ Seats []string }
		if err := json.Unmarshal(answer, &booking); status != http.StatusCreated || err != nil || len(booking.Seats) != 4 {
			t.Errorf("round %d: %d %s; want status StatusCreated and 4 seats", round, status, answer)
		}
		if held := heldSeats(t, p.url, id); len(held) != 4 {
			t.Errorf("round %d: held are %q, and the booking has %q", round, held, booking.Seats)
		}
	}
	t.Logf("%d kills, %d requests without an answer", rounds, unknown)
	p.kill()
	if status := Run(context.Background(), []string{"verify", "--store", store}); status != exitDone {
		t.Errorf("verify: status %d, want 0", status)
	}
}

// TestBestAvailableAroundRestart: a crowd requests best available seats while the server is killed
// and restarted. There are seats for all, and no request is refused.
func TestBestAvailableAroundRestart(t *testing.T) {
	t.Parallel()
	const people, seats = 140, 2
	store, client := t.TempDir(), &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	p := launch(t, store)
	const hall = `{"id":"hall","title":"H","venue":"V","starts_at":"2999-01-01T20:00:00Z","limit_per_holder":2,
		"sections":[{"id":"A","rows":14,"seats_per_row":20,"price":1}]}`
	if status, answer := persist(client, p.url+"/v1/performances", hall, "hall"); status != http.StatusCreated {
		t.Fatalf("status %v, %s; want status StatusCreated", status, string(answer))
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
					return false, fmt.Errorf("%d %s", status, answer)
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
		t.Errorf("%d seats are held for %d people; want %v", len(held), people, people*seats)
	}
	p.kill()
	if status := Run(context.Background(), []string{"verify", "--store", store}); status != exitDone {
		t.Errorf("verify: status %d, want 0", status)
	}
}
