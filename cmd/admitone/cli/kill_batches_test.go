package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// keyedBatch is the body of a batch of reservations, each with a key of its own.
func keyedBatch(number, commands int) string {
	all := make([]string, commands)
	for i := range all {
		all[i] = fmt.Sprintf(`{"method":"POST","path":"/v1/products/hot/reservations","body":{"holder":"h"},`+
			`"idempotency_key":"batch-%d-%d"}`, number, i)
	}
	return `{"commands":[` + strings.Join(all, ",") + `]}`
}

// TestKill9DuringBatches kills the server while batches are under way. Acknowledged reservations are
// in the log, a batch that is sent again gets the same answers, and no command of it counts twice.
func TestKill9DuringBatches(t *testing.T) {
	t.Parallel()
	const callers, commands = 8, 50
	store := t.TempDir()
	client := &http.Client{Timeout: patience}
	acknowledged := map[int]string{}
	batches := 0
	var mu sync.Mutex // guards both
	for cycle := range kills(3) {
		p := launch(t, store)
		if cycle == 0 {
			createHot(t, client, p.url)
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
					if status == 0 || err != nil { // the server is dead
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
		t.Errorf("verify ended with status %d", status)
	}
}

// checkBatches sends all batches again, and compares the answers with those that were acknowledged
// and with the log.
func checkBatches(
	t *testing.T, client *http.Client, url string, batches, commands int, acknowledged map[int]string,
) {
	t.Helper()
	ids := map[string]bool{}
	for number := range batches {
		_, answer, err := post(client, url+"/v1/batch", keyedBatch(number, commands), "")
		if err != nil {
			t.Fatal(err)
		}
		if was, ok := acknowledged[number]; ok && was != answer {
			t.Errorf("batch %d was answered with %s and then with %s", number, was, answer)
		}
		var v struct {
			Answers []struct {
				Status int
				Body   struct{ ID string }
			}
		}
		if err := json.Unmarshal([]byte(answer), &v); err != nil {
			t.Fatal(err)
		}
		for _, a := range v.Answers {
			if a.Status != http.StatusCreated {
				t.Errorf("batch %d: status %d", number, a.Status)
			}
			ids[a.Body.ID] = true
		}
	}
	given := map[string]int{}
	for next := "0"; next != ""; {
		next = readGiven(t, client, url+"/v1/streams/product-hot/events?limit=500&from="+next, given)
	}
	if len(ids) != batches*commands || len(given) != len(ids) {
		t.Errorf("%d batches have %d reservations, and the log %d", batches, len(ids), len(given))
	}
	for id, n := range given {
		if n != 1 || !ids[id] {
			t.Errorf("reservation %s is in the log %d times", id, n)
		}
	}
}
