package cli

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// maxAnswer bounds the time of a request while the log is frozen or unreachable.
const maxAnswer = 5200 * time.Millisecond

// TestAFrozenLog sends requests of all kinds, to entities in memory and to others, while the process of
// the event store is stopped. Each is answered within maxAnswer, each 503 has a Retry-After, and requests
// that still wait when the store resumes are answered then.
func TestAFrozenLog(t *testing.T) {
	t.Parallel()
	s := newEventStore(t)
	node := launch(t, s.address(), "--data", t.TempDir())
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	for _, path := range []string{"/v1/products|" + `{"id":"hot","name":"Hot","stock":1000}`,
		"/v1/products|" + `{"id":"cold","name":"Cold","stock":1000}`,
		"/v1/performances|" + `{"id":"h","title":"t","venue":"v","starts_at":"2031-05-01T20:00:00Z","sections":[{"id":"A",
			"rows":9,"seats_per_row":9,"price":100}]}`} {
		at, body, _ := strings.Cut(path, "|")
		if status, _, err := post(client, node.url+at, body, ""); err != nil || status != http.StatusCreated {
			t.Fatalf("POST %s: status %d, %v; want 201", at, status, err)
		}
	}
	requests := []string{"POST /v1/products/hot/reservations " + `{"holder":"h"}`,
		"POST /v1/products/cold/reservations " + `{"holder":"h"}`,
		"POST /v1/products " + `{"id":"new-%d","name":"New","stock":1}`,
		"POST /v1/performances/h/bookings " + `{"holder":"h%d","best_available":{"quantity":3}}`,
		"POST /v1/performances/h/bookings " + `{"holder":"h%d","seats":["A-1-1","A-1-2"]}`,
		"POST /v1/wallets/h%d/charges " + `{"amount":1}`,
		"GET /v1/performances/h/seats/A-9-%d ", "GET /v1/history/product/hot ", "GET /v1/events?limit=10 ",
		"GET /v1/products/hot ", "GET /v1/wallets/w%d "}
	var all sync.WaitGroup
	var mu sync.Mutex
	slowest, slowestRequest := time.Duration(0), ""
	answers := map[int]int{}
	sendAll := func(n int) {
		for i, request := range requests {
			all.Go(func() {
				method, rest, _ := strings.Cut(request, " ")
				path, body, _ := strings.Cut(rest, " ")
				path, body = strings.ReplaceAll(path, "%d", fmt.Sprint(1+n)), strings.ReplaceAll(body, "%d", fmt.Sprint(n))
				r, err := http.NewRequest(method, node.url+path, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Idempotency-Key", fmt.Sprintf("key-%d-%d", n, i))
				began := time.Now()
				answer, err := client.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body) // the status suffices
				answer.Body.Close()
				took := time.Since(began)
				mu.Lock()
				defer mu.Unlock()
				if answers[answer.StatusCode]++; took > slowest {
					slowest, slowestRequest = took, request
				}
				if answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") == "" {
					t.Errorf("%s: status 503 without a Retry-After, want one", request)
				}
			})
		}
	}
	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for n := range 8 { // twelve seconds: longer than any limit
		sendAll(n)
		time.Sleep(1500 * time.Millisecond)
	}
	resumed := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	t.Logf("answers by status %v; the slowest took %v: %s", answers, slowest, slowestRequest)
	if slowest > maxAnswer {
		t.Errorf("%s was answered after %v, want at most %v", slowestRequest, slowest, maxAnswer)
	}
	if waited := time.Since(resumed); waited > 3*time.Second {
		t.Errorf("the last waiting request was answered %v after the store resumed, want at most 3s", waited)
	}
}
