package cli

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"admitone/actors/placement"
	"admitone/events"
	"admitone/events/esdb"
)

// timerRounds returns the number of kills in a test of timers: ADMITONE_TIMERS, or 1.
func timerRounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("ADMITONE_TIMERS")
	if text == "" {
		return 1
	}
	rounds, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return rounds
}

// reader reads a log incrementally.
type reader struct {
	t     *testing.T
	store *esdb.Store
	at    events.Position
}

func newReader(t *testing.T, address string) *reader {
	t.Helper()
	return &reader{t: t, store: connectTo(t, address, esdb.Options{ReadOnly: true})}
}

// next calls f for each event that was appended since the last call.
func (r *reader) next(f func(e *events.Recorded, fact events.Fact, of events.Metadata)) {
	r.t.Helper()
	for e, err := range events.All(r.t.Context(), r.store, r.at) {
		var fact events.Fact
		var of events.Metadata
		if err == nil {
			fact, err = e.Decode()
		}
		if err == nil {
			of, err = events.ParseMetadata(e.Metadata)
		}
		if err != nil {
			r.t.Fatal(err)
		}
		f(&e, fact, of)
		r.at = e.Position
	}
}

// placedAt returns the nth of the ids, of a kind of entity, that the given one of the nodes n1 to n3 owns.
func placedAt(node placement.Member, key func(id string) placement.Key, prefix string, nth int) string {
	view := placement.NewView("n1", "n2", "n3")
	for i := 0; ; i++ {
		id := fmt.Sprint(prefix, i)
		if view.Owner(key(id)) != node {
			continue
		}
		if nth--; nth < 0 {
			return id
		}
	}
}

func productKey(id string) placement.Key {
	return placement.KeyOf(events.NewStreamID(events.ProductCategory, id))
}

// holds are the holds of a round, with their expiry according to the log.
type holds struct {
	log     *reader
	due     map[events.ReservationID]time.Time // the deadlines
	product map[events.ReservationID]string
	expired map[events.ReservationID]int // number of expiries
	latest  time.Duration                // the longest time from a deadline to the expiry
	late    int                          // holds that the second node may have tried to expire as well
}

// secondNodeDelay is the time from a deadline until the second node for an entity acts.
const secondNodeDelay = 2 * time.Second

// read records the holds and expiries since the last read.
func (h *holds) read() {
	h.log.next(func(e *events.Recorded, fact events.Fact, of events.Metadata) {
		switch f := fact.(type) {
		case *events.ProductHeld:
			h.due[f.ReservationID], h.product[f.ReservationID] = f.ExpiresAt, e.Stream.Entity()
		case *events.ProductExpired:
			for _, one := range f.Expired {
				h.expired[one.ReservationID]++
				late := of.At.Sub(one.ExpiresAt)
				if h.latest = max(h.latest, late); late > secondNodeDelay*3/4 {
					h.late++
				}
			}
		}
	})
}

const heldProducts, holdsPerProduct = 20, 20

// holdAtNodes makes 400 holds of twenty products at nodes in turn, which are due after some seconds. The
// third node owns twelve of the products.
func (n *nodes) holdAtNodes(round string, seconds int) *holds {
	n.t.Helper()
	var products []string
	for i := range heldProducts {
		owner := placement.Member("n3")
		if i >= 12 {
			owner = placement.Member(fmt.Sprint("n", 1+i%2))
		}
		id := placedAt(owner, productKey, "h"+round+"-", i)
		products = append(products, id)
		n.all[i%3].must(201, "POST", "/v1/products",
			fmt.Sprintf(`{"id":%q,"name":"n","stock":%d,"hold_seconds":%d}`, id, holdsPerProduct, seconds))
	}
	h := &holds{log: newReader(n.t, n.log.address()), due: map[events.ReservationID]time.Time{},
		product: map[events.ReservationID]string{}, expired: map[events.ReservationID]int{}}
	h.read()
	clear(h.due) // of earlier rounds
	clear(h.expired)
	h.latest, h.late = 0, 0
	var callers sync.WaitGroup
	for caller := range 8 {
		callers.Go(func() {
			for i := caller; i < heldProducts*holdsPerProduct; i += 8 {
				status, _, text := n.all[i%3].ask("POST", "/v1/products/"+products[i%heldProducts]+"/reservations",
					`{"holder":"ann","hold":true}`)
				if status != 201 {
					n.t.Errorf("hold %d is answered %d %s, want 201", i, status, text)
				}
			}
		})
	}
	callers.Wait()
	if h.read(); len(h.due) != heldProducts*holdsPerProduct {
		n.t.Fatalf("the log has %d holds; want %d", len(h.due), heldProducts*holdsPerProduct)
	}
	return h
}

// waitForExpiry waits until all holds have expired, and checks that each did once.
func (h *holds) waitForExpiry(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(patience); len(h.expired) < len(h.due); time.Sleep(20 * time.Millisecond) {
		if h.read(); time.Now().After(end) {
			t.Fatalf("%d holds have expired after %v, want %d", len(h.expired), patience, len(h.due))
		}
	}
	for id, times := range h.expired {
		if times != 1 {
			t.Errorf("hold %s of %s expired %d times, want once", id, h.product[id], times)
		}
	}
}

// firstOf returns the earliest deadline of the holds of a node's products, and their number.
func (h *holds) firstOf(node placement.Member) (first time.Time, count int) {
	view := placement.NewView("n1", "n2", "n3")
	for id, due := range h.due {
		if view.Owner(productKey(h.product[id])) != node {
			continue
		}
		if count++; first.IsZero() || due.Before(first) {
			first = due
		}
	}
	return first, count
}

// TestNodesExpireHolds: each hold expires once, at the node that owns its product, almost without a conflict.
// If that node is killed just before the deadline, others expire the hold at most three seconds late.
func TestNodesExpireHolds(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	for i := range 3 {
		n.launch(fmt.Sprint("n", i+1), n.log.address())
	}
	victim := n.all[2]
	for round := range timerRounds(t) {
		n.waitForServing(3, n.all...)
		before := conflicts(t, n.all...)
		h := n.holdAtNodes(fmt.Sprint(round, "calm"), 2)
		h.waitForExpiry(t)
		conflicted := conflicts(t, n.all...) - before
		t.Logf("%d holds expired %v late at most, %d of them when two nodes may act; %d conflicts", len(h.due),
			h.latest.Round(time.Millisecond), h.late, conflicted)
		if conflicted > 4+h.late {
			t.Errorf("%d holds expired, %d when two nodes may act, with %d conflicts; want at most 4, and one for each of those",
				len(h.due), h.late, conflicted)
		}
		h = n.holdAtNodes(fmt.Sprint(round, "killed"), 2)
		first, owned := h.firstOf("n3")
		time.Sleep(time.Until(first.Add(-100 * time.Millisecond)))
		early := time.Until(first)
		victim.kill()
		h.waitForExpiry(t)
		t.Logf("%d holds expired %v late at most; the owner of %d of them was killed %v before the first was due", len(h.due),
			h.latest.Round(time.Millisecond), owned, early.Round(time.Millisecond))
		if h.latest > 3*time.Second {
			t.Errorf("holds have expired %v late; want 3s at most", h.latest)
		}
		victim.startAgain()
	}
	for _, s := range n.all {
		s.end()
	}
	must(t, exitDone, "verify", "--store", n.log.address())
}
