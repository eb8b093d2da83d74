package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"admitone/events"
	"admitone/events/embedded"
)

// roomKills is how often TestKill9OfAWaitingRoom kills the server.
const roomKills = 6

// lobby is what the visitors of a waiting room know; it survives the server.
type lobby struct {
	mu       sync.Mutex
	holders  int                // guarded by mu
	unknown  []string           // who does not know whether they have a place; guarded by mu
	visitors map[string]visitor // by holder, as they were told first; guarded by mu
	admitted map[string]bool    // who has heard of a pass; guarded by mu
}

// next is who joins now: somebody new.
func (c *lobby) next() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holders++
	return fmt.Sprintf("h-%d", c.holders)
}

// join asks for a place; false if nobody knows what came of it.
func (c *lobby) join(client *http.Client, url, holder string) (bool, error) {
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
		return false, fmt.Errorf("%s had ticket %d and has ticket %d", holder, before.Ticket, v.Ticket)
	}
	c.visitors[holder] = v
	return true, nil
}

// rush lets a crowd join until so many have a place, and then kills the server.
func (c *lobby) rush(t *testing.T, client *http.Client, p *process, joins int) {
	var all sync.WaitGroup
	var once sync.Once
	left := make(chan struct{}, joins)
	for range joins {
		left <- struct{}{}
	}
	close(left)
	for range 16 {
		all.Go(func() {
			for range left {
				if ok, err := c.join(client, p.url, c.next()); err != nil {
					t.Error(err)
					return
				} else if !ok {
					return // the server is gone
				}
				if len(left) == 0 {
					once.Do(p.kill)
					return
				}
			}
		})
	}
	all.Wait()
	once.Do(p.kill) // should somebody have been told to come back later
}

// ask asks for every visitor how it goes: everybody has the ticket as before, and who
// had a pass has it still.
func (c *lobby) ask(t *testing.T, client *http.Client, url string) {
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
			t.Fatalf("%s: %s %+v, had %+v, %v", holder, response.Status, now, v, err)
		}
		if c.admitted[holder] && now.Status != string(events.VisitorAdmitted) {
			t.Errorf("%s had a pass and is %s", holder, now.Status)
		}
		c.admitted[holder] = now.Status == string(events.VisitorAdmitted)
	}
}

// TestKill9OfAWaitingRoom kills the real server again and again while people join and
// are let in. Every place that was acknowledged is kept, with its ticket; who was
// unsure has one place and not two; who had a pass has it; and the line is let in in
// its order, across all the kills, at the rate.
func TestKill9OfAWaitingRoom(t *testing.T) {
	t.Parallel()
	store := t.TempDir()
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	c := &lobby{visitors: map[string]visitor{}, admitted: map[string]bool{}}
	for cycle := range roomKills {
		p := launch(t, store)
		if cycle == 0 {
			put(t, p.url+"/v1/waiting-rooms/r", `{"admit_per_second":150,"max_active":100000,"active_seconds":3600,"heartbeat_seconds":3600}`)
		}
		c.ask(t, client, p.url)
		c.rush(t, client, p, 300)
	}
	p := launch(t, store)
	unsure := c.unknown
	for _, holder := range unsure {
		if err := untilDone(func() (bool, error) { return c.join(client, p.url, holder) }); err != nil {
			t.Fatalf("%s asks again: %v", holder, err)
		}
	}
	c.ask(t, client, p.url)
	had := 0
	for _, admitted := range c.admitted {
		if admitted {
			had++
		}
	}
	p.kill()
	if had == 0 {
		t.Error("nobody was let in")
	}
	t.Logf("%d kills, %d places, %d were unsure, %d were let in", roomKills, len(c.visitors), len(unsure), had)
	c.checkLog(t, store)
	if status := run(context.Background(), []string{"verify", "--store", store}); status != exitDone {
		t.Errorf("verify ended with status %d", status)
	}
}

// put sends a PUT that has to make something.
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
		t.Fatalf("PUT %s: %s", url, response.Status)
	}
}

// checkLog holds what the crowd was told to the log.
func (c *lobby) checkLog(t *testing.T, dir string) {
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
				if before, twice := tickets[f.Holder]; twice {
					t.Errorf("%s has the tickets %d and %d", f.Holder, before, f.Ticket)
				}
				tickets[f.Holder] = f.Ticket
			case *events.WaitingRoomAdmitted:
				for ticket := range events.Tickets(f.Tickets) {
					if ticket != next {
						t.Fatalf("ticket %d comes in, and it is the turn of %d", ticket, next)
					}
					next++
				}
			case *events.WaitingRoomOpened:
			default:
				t.Errorf("a %s, and nobody asked for it", fact.Name())
			}
		}
		if len(page) < 1000 {
			break
		}
		from += 1000
	}
	for holder, v := range c.visitors {
		if tickets[holder] != v.Ticket {
			t.Errorf("%s was told ticket %d, the log has %d", holder, v.Ticket, tickets[holder])
		}
		if c.admitted[holder] && v.Ticket >= next {
			t.Errorf("%s, ticket %d, had a pass that is not in the log", holder, v.Ticket)
		}
	}
}
