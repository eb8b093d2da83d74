package bookings

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"sync"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/events"
)

var sameSeed = flag.Uint64("same-seed", 0, "the seed of TestTheSameRequestOnce; 0 for a random one")

// blockingStore is a store with an append that blocks before it is executed, or before it returns.
type blockingStore struct {
	events.Store
	mu             sync.Mutex
	appends        int  // number of appends up to the one that blocks; guarded by mu
	outcome        bool // the append blocks after it was executed; guarded by mu
	entered, leave chan struct{}
}

// arm selects the append that blocks: the one after a number of others.
func (b *blockingStore) arm(after int, outcome bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.appends, b.outcome = after+1, outcome
	b.entered, b.leave = make(chan struct{}), make(chan struct{})
}

// Append implements events.Store.
func (b *blockingStore) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	b.mu.Lock()
	b.appends--
	waits, outcome, entered, leave := b.appends == 0, b.outcome, b.entered, b.leave
	b.mu.Unlock()
	if waits && !outcome {
		close(entered)
		<-leave
	}
	appended, err := b.Store.Append(ctx, stream, expected, batch)
	if waits && outcome {
		close(entered)
		<-leave
	}
	return appended, err
}

// TestTheSameRequestOnce sends the same request to two nodes, one of which blocks at an append until the
// other has answered. The request must be executed once, and both must return the same answer.
func TestTheSameRequestOnce(t *testing.T) {
	seed, rounds := *sameSeed, 60
	if seed == 0 {
		seed = rand.Uint64()
	}
	if given := os.Getenv("ADMITONE_SAME"); given != "" {
		var err error
		if rounds, err = strconv.Atoi(given); err != nil {
			t.Fatal(err)
		}
		rounds /= 10
	}
	t.Logf("go test ./actors/bookings -run TestTheSameRequestOnce -same-seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	w := newHarness(t, 1, 1, 0)
	store := &blockingStore{Store: w.store}
	here, desks, followed := w.Bookings, []*actors.Desk{w.desk}, events.Position(0)
	w.store = store
	w.start(nil)
	desks = append(desks, w.desk)
	owner := w.Bookings
	w.store = store.Store
	follow := func() { // as the followers of the nodes do
		for event, err := range events.All(w.ctx(), w.store, followed) {
			if err != nil {
				t.Fatal(err)
			}
			for _, desk := range desks {
				desk.Observe(event.Stream, event.Revision)
			}
			followed = event.Position
		}
	}
	seen := map[string]int{}
	for n := range rounds {
		w.clock.nanos.Store(0)
		name := []string{"book", "pay", "cancel", "cancel paid", "extend", "pay late"}[n%6]
		w.createPerformance(fmt.Sprint("gala", n), 1, 4, 4*int64(rng.IntN(2)))
		answers := w.sameRequest(t, rng, name, n, owner, here, store, follow)
		seen[name+": "+answers]++
		if w.expireAndCheck(); t.Failed() {
			t.Fatalf("round %d, %s: got the errors above, want none", n, name)
		}
	}
	for _, want := range []string{"book: ok", "pay: ok", "cancel: ok", "cancel paid: ok", "extend: ok"} {
		if seen[want] == 0 {
			t.Errorf("got no answer %q, want some; answers %v", want, seen)
		}
	}
}

// sameRequest runs one round and returns how the request was answered.
func (w *harness) sameRequest(t *testing.T, rng *rand.Rand, name string, n int,
	owner, here *Bookings, store *blockingStore, follow func()) string {
	holder := events.Holder(fmt.Sprint("ann", n))
	w.charge(holder, 200)
	w.Bookings = here
	var id events.BookingID
	if name != "book" {
		id = w.mustBook(holder, "A-1-1", "A-1-2")
	}
	follow()
	switch name {
	case "cancel paid":
		_, err := w.pay(id, holder)
		w.want(err, "ok")
	case "pay late":
		w.clock.move(100 * s)
	case "pay", "extend":
		w.clock.move(60*s - time.Second)
	}
	from := w.origin(string(holder))
	if from.At = w.clock.now(); rng.IntN(2) == 0 {
		from.ID = actors.KeyedCommandID(string(holder), "key", []byte(name))
	} else {
		from.ID = actors.NewKeyedCommandID()
	}
	do := func(b *Bookings) (Answer, error) {
		switch name {
		case "book":
			return b.Book(w.ctx(), Book{Origin: from, PerformanceID: w.gala, Holder: holder,
				Seats: []events.SeatName{"A-1-2", "A-1-3"}})
		case "pay", "pay late":
			return b.Pay(w.ctx(), Pay{Origin: from, BookingID: id, By: holder})
		case "extend":
			return b.Extend(w.ctx(), Extend{Origin: from, BookingID: id, By: holder})
		}
		return b.Cancel(w.ctx(), Cancel{Origin: from, BookingID: id, By: holder})
	}
	store.arm(rng.IntN(7), rng.IntN(2) == 0)
	var a Answer
	var errA error
	done := make(chan struct{})
	go func() { defer close(done); a, errA = do(owner) }()
	select {
	case <-store.entered:
	case <-done: // the request had fewer appends
	}
	w.clock.move(time.Duration(rng.IntN(3)) * time.Second) // sometimes past the deadline
	b, errB := w.retryUntilAnswered(func() (Answer, error) { return do(here) })
	follow()
	close(store.leave)
	<-done
	if follow(); errA != nil && refused(errA) == nil { // the outcome is unknown
		a, errA = w.retryUntilAnswered(func() (Answer, error) { return do(owner) })
	}
	a.Replayed, b.Replayed = false, false
	if code(errA) != code(errB) || errA == nil && !reflect.DeepEqual(a, b) {
		t.Errorf("%s: got %s %+v and %s %+v, want the same answer", name, code(errA), a, code(errB), b)
	}
	return code(errB)
}

// retryUntilAnswered retries a request until its outcome is known.
func (w *harness) retryUntilAnswered(do func() (Answer, error)) (answer Answer, err error) {
	for range 20 {
		answer, err = do()
		if !errors.Is(err, actors.ErrOverloaded) && !errors.Is(err, actors.ErrUnavailable) {
			return answer, err
		}
	}
	w.Errorf("got %v after all retries, want a definite answer", err)
	return answer, err
}

// expireAndCheck lets holds expire, and checks the log.
func (w *harness) expireAndCheck() {
	w.Helper()
	w.clock.move(400 * s)
	for stream, c := range w.read().streams {
		if next := c.NextDeadline(); !next.IsZero() && next.Before(w.clock.now()) {
			if _, err := w.Bookings.desk.View(w.ctx(), stream, func(core.Core) {}); err != nil {
				w.Fatal(err)
			}
		}
	}
	w.resume()
	w.checkSettled(0)
}
