package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// batchedPerformance creates the performance whose seats the batches book. Each row has seatsInRow seats.
const (
	seatsInRow         = 500
	batchedPerformance = `{"id":"batched","title":"t","venue":"v","starts_at":"2999-01-01T20:00:00Z","hold_seconds":3600,
		"sections":[{"id":"A","rows":100,"seats_per_row":500,"price":100}]}`
)

// keyedBatch returns the body of a batch, in which reservations and bookings take turns. Each command has
// its own idempotency key, and each booking its own seat.
func keyedBatch(number, commands int) string {
	all := make([]string, commands)
	for i := range all {
		path, body := "/v1/products/hot/reservations", `{"holder":"h"}`
		if i%2 == 1 {
			seat := (number*commands + i) / 2
			path = "/v1/performances/batched/bookings"
			body = fmt.Sprintf(`{"holder":"h-%d","seats":["A-%d-%d"]}`, seat, seat/seatsInRow+1, seat%seatsInRow+1)
		}
		all[i] = fmt.Sprintf(`{"method":"POST","path":%q,"body":%s,"idempotency_key":"batch-%d-%d"}`, path, body, number, i)
	}
	return `{"commands":[` + strings.Join(all, ",") + `]}`
}

// TestKill9DuringBatches kills the server while batches are in progress. Acknowledged reservations and
// bookings are in the log, a batch that is sent again gets the same answers, and none of its commands is
// executed twice.
func TestKill9DuringBatches(t *testing.T) {
	t.Parallel()
	const callers, commands = 8, 50
	store := t.TempDir()
	client := &http.Client{Timeout: patience}
	acknowledged := map[int]string{}
	batches := 0
	var mu sync.Mutex // guards both
	for cycle := range killCount(3) {
		p := launch(t, store)
		if cycle == 0 {
			createHot(t, client, p.url)
			if status, answer, err := post(client, p.url+"/v1/performances", batchedPerformance, ""); status != http.StatusCreated {
				t.Fatalf("create the performance: status %d, %s, %v; want status 201", status, answer, err)
			}
		}
		enough := make(chan struct{})
		end := sync.OnceFunc(func() { close(enough) })
		before := len(acknowledged)
		var crowd sync.WaitGroup
		for range callers {
			crowd.Go(func() {
				for {
					mu.Lock()
					number := batches
					batches++
					mu.Unlock()
					status, answer, err := post(client, p.url+"/v1/batch", keyedBatch(number, commands), "")
					if err != nil {
						t.Error(err)
					}
					if status == 0 || err != nil { // the server was killed
						return
					}
					mu.Lock()
					acknowledged[number] = answer
					if len(acknowledged) >= before+10*(cycle+1) {
						end()
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		p.kill()
		crowd.Wait()
		client.CloseIdleConnections()
	}
	p := launch(t, store)
	checkBatches(t, client, p.url, batches, commands, acknowledged)
	t.Logf("%d batches, %d of them acknowledged before the kill", batches, len(acknowledged))
	p.kill()
	if status := Run(context.Background(), []string{"verify", "--store", store}); status != exitDone {
		t.Errorf("verify: status %d, want 0", status)
	}
}

// batchAnswer is the answer to one command of a batch.
type batchAnswer struct {
	Status int
	Body   json.RawMessage
}

func batchAnswers(t *testing.T, text string) []batchAnswer {
	t.Helper()
	var v struct{ Answers []batchAnswer }
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v.Answers
}

// checkBatches sends all batches again, each until none of its commands has to be retried, and
// compares the answers with the acknowledged ones and with the log.
func checkBatches(
	t *testing.T, client *http.Client, url string, batches, commands int, acknowledged map[int]string,
) {
	t.Helper()
	ids := [2]map[string]bool{{}, {}} // of reservations and of bookings
	for number := range batches {
		before := make([]batchAnswer, commands)
		if was, ok := acknowledged[number]; ok {
			before = batchAnswers(t, was)
		}
		for i, a := range settledBatch(t, client, url, keyedBatch(number, commands)) {
			if a.Status != http.StatusCreated {
				t.Errorf("batch %d, command %d: status %d: %s; want 201", number, i, a.Status, a.Body)
			}
			if before[i].Status == http.StatusCreated && string(before[i].Body) != string(a.Body) {
				t.Errorf("batch %d, command %d: %s, want the first answer, %s", number, i, a.Body, before[i].Body)
			}
			var body struct{ ID string }
			if err := json.Unmarshal(a.Body, &body); err != nil {
				t.Fatal(err)
			}
			ids[i%2][body.ID] = true
		}
	}
	granted := map[string]int{}
	for next := "0"; next != ""; {
		next = countGranted(t, client, url+"/v1/streams/product-hot/events?limit=500&from="+next, granted)
	}
	if want := batches * commands / 2; len(ids[0]) != want || len(granted) != want || len(ids[1]) != want {
		t.Errorf("%d batches have %d reservations, %d bookings, and the log %d reservations; want %d of each",
			batches, len(ids[0]), len(ids[1]), len(granted), want)
	}
	for id, n := range granted {
		if n != 1 || !ids[0][id] {
			t.Errorf("reservation %s is in the log %d times, in an answer: %t; want once, and in an answer", id, n, ids[0][id])
		}
	}
}

// settledBatch sends a batch again until the outcome of each command is known.
func settledBatch(t *testing.T, client *http.Client, url, body string) []batchAnswer {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		_, answer, err := post(client, url+"/v1/batch", body, "")
		if err != nil {
			t.Fatal(err)
		}
		answers := batchAnswers(t, answer)
		unknown := slices.ContainsFunc(answers, func(a batchAnswer) bool {
			return a.Status == http.StatusServiceUnavailable || a.Status == http.StatusTooManyRequests
		})
		if len(answers) > 0 && !unknown {
			return answers
		}
		if time.Now().After(deadline) {
			t.Fatalf("a batch still has commands with status 429 or 503 after %v: %s", patience, answer)
		}
	}
}
