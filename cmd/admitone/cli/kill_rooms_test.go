package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"admitone/events"
	"admitone/events/embedded"
)

// killCount returns how often a test kills its server: ADMITONE_KILLS, which `task soak` sets, or few.
func killCount(few int) int {
	if many, err := strconv.Atoi(os.Getenv("ADMITONE_KILLS")); err == nil {
		return many
	}
	return few
}

// visitorPool records the answers to the visitors of a waiting room, across restarts of the server.
type visitorPool struct {
	mu       sync.Mutex
	holders  int                // guarded by mu
	unknown  []string           // holders who may have a place; guarded by mu
	visitors map[string]visitor // by holder, as first answered; guarded by mu
	admitted map[string]bool    // holders who were given a pass; guarded by mu
}

// next returns the id of a new holder.
func (c *visitorPool) next() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holders++
	return fmt.Sprintf("h-%d", c.holders)
}

// join requests a place; false means that the outcome is unknown.
func (c *visitorPool) join(client *http.Client, url, holder string) (bool, error) {
	status, answer, err := post(client, url+"/v1/waiting-rooms/r/visitors", fmt.Sprintf(`{"holder":%q}`, holder), "")
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || status == 0 {
		c.unknown = append(c.unknown, holder)
		return false, err
	}
	var v visitor
	if err := json.Unmarshal([]byte(answer), &v); err != nil {
		return false, err
	}
	if before, known := c.visitors[holder]; known && before.Ticket != v.Ticket {
		return false, fmt.Errorf("%s has ticket %d, want %d, which it had before", holder, v.Ticket, before.Ticket)
	}
	c.visitors[holder] = v
	return true, nil
}

// joinAndKill lets new visitors join until about the given number has requested a place, and then kills the
// server.
func (c *visitorPool) joinAndKill(t *testing.T, client *http.Client, p *process, joins int) {
	var all sync.WaitGroup
	var once sync.Once
	remaining := make(chan struct{}, joins)
	for range joins {
		remaining <- struct{}{}
	}
	close(remaining)
	for range 16 {
		all.Go(func() {
			for range remaining {
				if ok, err := c.join(client, p.url, c.next()); err != nil {
					t.Error(err)
					return
				} else if !ok {
					return // the server was killed
				}
				if len(remaining) == 0 {
					once.Do(p.kill)
					return
				}
			}
		})
	}
	all.Wait()
	once.Do(p.kill) // in case the last visitors had to retry
}

// poll polls for every visitor and checks that all have their tickets and that passes remain valid.
func (c *visitorPool) poll(t *testing.T, client *http.Client, url string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for holder, v := range c.visitors {
		response, err := client.Get(url + "/v1/waiting-rooms/r/visitors/" + v.Visitor)
		if err != nil {
			t.Fatal(err)
		}
		var now visitor
		err = json.NewDecoder(response.Body).Decode(&now)
		response.Body.Close()
		if response.StatusCode == http.StatusTooManyRequests {
			continue
		}
		if err != nil || response.StatusCode != 200 || now.Ticket != v.Ticket {
			t.Fatalf("%s: %s %+v, %v; want status 200 and ticket %d", holder, response.Status, now, err, v.Ticket)
		}
		if c.admitted[holder] && now.Status != string(events.VisitorAdmitted) {
			t.Errorf("%s, who had a pass, is %s, want %s", holder, now.Status, events.VisitorAdmitted)
		}
		c.admitted[holder] = now.Status == string(events.VisitorAdmitted)
	}
}

// TestKill9OfAWaitingRoom kills the server repeatedly while visitors join and are admitted. Every
// acknowledged place is kept with its ticket, a visitor with an unknown outcome has exactly one place,
// passes stay valid, and visitors are admitted in the order of their tickets across all kills.
func TestKill9OfAWaitingRoom(t *testing.T) {
	t.Parallel()
	store := t.TempDir()
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	c := &visitorPool{visitors: map[string]visitor{}, admitted: map[string]bool{}}
	cycles := killCount(4)
	for cycle := range cycles {
		p := launch(t, store)
		if cycle == 0 {
			put(t, p.url+"/v1/waiting-rooms/r", `{"admit_per_second":150,"max_active":100000,"active_seconds":3600,
				"heartbeat_seconds":3600}`)
		}
		c.poll(t, client, p.url)
		c.joinAndKill(t, client, p, 300)
	}
	p := launch(t, store)
	unknown := c.unknown
	for _, holder := range unknown {
		if err := untilDone(func() (bool, error) { return c.join(client, p.url, holder) }); err != nil {
			t.Fatalf("%s, whose outcome was unknown, can't join: %v", holder, err)
		}
	}
	c.poll(t, client, p.url)
	admittedVisitors := 0
	for _, admitted := range c.admitted {
		if admitted {
			admittedVisitors++
		}
	}
	p.kill()
	if admittedVisitors == 0 {
		t.Error("no visitor was admitted, want at least one")
	}
	t.Logf("%d kills, %d places, %d unknown outcomes, %d admitted", cycles, len(c.visitors), len(unknown),
		admittedVisitors)
	c.checkLog(t, store)
	if status := Run(context.Background(), []string{"verify", "--store", store}); status != exitDone {
		t.Errorf("verify: status %d, want 0", status)
	}
}

// put sends a PUT that must be answered with 201.
func put(t *testing.T, url, body string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPut, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("PUT %s: %s; want status 201", url, response.Status)
	}
}

// checkLog checks that the log has one ticket for each visitor, the acknowledged one, and admits the tickets
// in order.
func (c *visitorPool) checkLog(t *testing.T, dir string) {
	store, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	tickets, next := map[string]int64{}, int64(1)
	for from := events.Revision(0); ; {
		page, err := store.Read(t.Context(), "waitingroom-r", from, events.Forward, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for i := range page {
			fact, err := page[i].Decode()
			if err != nil {
				t.Fatal(err)
			}
			switch f := fact.(type) {
			case *events.WaitingRoomJoined:
				if before, twice := tickets[string(f.Holder)]; twice {
					t.Errorf("%s has the tickets %d and %d, want one ticket", f.Holder, before, f.Ticket)
				}
				tickets[string(f.Holder)] = f.Ticket
			case *events.WaitingRoomAdmitted:
				for ticket := range events.Tickets(f.Tickets) {
					if ticket != next {
						t.Fatalf("ticket %d is admitted, want ticket %d next", ticket, next)
					}
					next++
				}
			case *events.WaitingRoomOpened:
			default:
				t.Errorf("the log has an unexpected %s", fact.Name())
			}
		}
		if len(page) < 1000 {
			break
		}
		from += 1000
	}
	for holder, v := range c.visitors {
		if tickets[holder] != v.Ticket {
			t.Errorf("%s has ticket %d in the log, want the acknowledged %d", holder, tickets[holder], v.Ticket)
		}
		if c.admitted[holder] && v.Ticket >= next {
			t.Errorf("%s had a pass, but the log admits only the tickets below %d, want ticket %d", holder, next, v.Ticket)
		}
	}
}
