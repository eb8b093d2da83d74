package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"admitone/actors/seat"
	"admitone/events"
)

// AppendAll implements events.MultiAppender, with the faults of an append.
func (f *faulty) AppendAll(ctx context.Context, appends []events.StreamAppend) ([]events.Appended, error) {
	all := &joiningStore{Store: f.Store, appends: appends}
	if _, err := f.next()(ctx, all, "", 0, nil); err != nil {
		return nil, err // the append may still be under way
	}
	return all.appended, nil
}

// joiningStore is a store whose Append is an AppendAll.
type joiningStore struct {
	events.Store
	appends  []events.StreamAppend
	appended []events.Appended
}

// Append implements events.Store.
func (a *joiningStore) Append(
	ctx context.Context,
	_ events.StreamID,
	_ events.Revision,
	_ []events.Event,
) (events.Appended, error) {
	appended, err := a.Store.(events.MultiAppender).AppendAll(ctx, a.appends)
	a.appended = appended
	return events.Appended{}, err
}

func nothingDecided(int, Answer) error { return nil }

// seatStream returns the stream of the nth seat.
func seatStream(n int) events.StreamID {
	return seat.Stream("gig", events.SeatName(fmt.Sprint("A-1-", n)))
}

// holdRequests returns requests to hold seats, with ids derived from the hold.
func holdRequests(holdID events.HoldID, seats ...int) []Request {
	var all []Request
	for _, n := range seats {
		all = append(all, Request{Stream: seatStream(n), ID: KeyedCommandID("", fmt.Sprint(holdID, n)), Actor: "ann",
			Command: &seat.Hold{HoldID: holdID, Holder: "ann", HoldFor: time.Hour}})
	}
	return all
}

func newHold() events.HoldID { return events.NewHoldID(events.BookingID(NewID().String()), 1) }

// readLog returns all events.
func readLog(t testing.TB, store events.Store) (all []events.Recorded) {
	t.Helper()
	for e, err := range events.All(context.Background(), store, 0) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// TestAskAll: the events of all commands are adjacent in the log, and each entity continues after
// its own.
func TestAskAll(t *testing.T) {
	f := openFaulty(t)
	d := openDesk(t, f, nil)
	mustCreate(t, d, 5)
	requests := append(holdRequests(newHold(), 1, 2), Request{Stream: lamp, ID: NewCommandID(), Command: one("ann")})
	var order []int
	answers, err := d.AskAll(context.Background(), requests, func(i int, answer Answer) error {
		if len(answer.Facts) != 1 || answer.At.IsZero() {
			t.Errorf("answer %d = %+v, want one fact and a time", i, answer)
		}
		order = append(order, i)
		return nil
	})
	if err != nil || !slices.Equal(order, []int{0, 1}) || readCount(f) != 0 {
		t.Fatalf("AskAll: %v, decided in order %v, %d reads; want 0 1 without a read", err, order, readCount(f))
	}
	for i, event := range readLog(t, f.Store)[1:] {
		if a := answers[i]; event.Stream != requests[i].Stream || a.Position != event.Position ||
			a.Revision != event.Revision {
			t.Errorf("answer %d = %+v, want it as in the log: %+v", i, a, event)
		}
	}
	if _, err := d.AskAll(context.Background(), holdRequests(newHold(), 3, 1, 2), nothingDecided); code(err) != "seat_taken" {
		t.Errorf("AskAll of a seat that is held: %v, want seat_taken", err)
	} else if refused := (*RefusedError)(nil); !errors.As(err, &refused) || refused.At != 1 {
		t.Errorf("AskAll of a seat that is held: %#v, want a RefusedError at 1", err)
	}
	if n := len(readLog(t, f.Store)); n != 4 {
		t.Errorf("a refused AskAll appended %d events, want none", n-4)
	}
	if _, err := d.AskAll(context.Background(), holdRequests(newHold(), 3, 4), nothingDecided); err != nil {
		t.Errorf("AskAll after a refusal: %v, want success", err)
	}
	if _, err := ask(d, one("bob")); err != nil {
		t.Error(err)
	}
	requireSameState(t, d, f.Store, nil)
	waitUntilIdle(t, d)
}

// waitUntilIdle waits until a desk has no command in flight.
func waitUntilIdle(t testing.TB, d *Desk) {
	t.Helper()
	for end := time.Now().Add(time.Minute); d.Stats().InFlight != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("stats after a minute = %+v, want nothing in flight", d.Stats())
		}
	}
}

// TestNotJoint: after ErrNotJoint nothing was done, and the commands can be sent one by one.
func TestNotJoint(t *testing.T) {
	stop := errors.New("stop")
	for name, test := range map[string]func(*testing.T, *faulty, *Desk) error{
		"an entity that must be loaded": func(t *testing.T, f *faulty, _ *Desk) error {
			other := openDesk(t, f, nil)
			_, err := other.AskAll(context.Background(), append(holdRequests(newHold(), 1), Request{Stream: lamp, ID: NewCommandID(), Command: one("a")}), nothingDecided)
			return err
		},
		"another process was first": func(t *testing.T, f *faulty, d *Desk) error {
			other := openDesk(t, f.Store, nil)
			if _, err := other.AskAll(context.Background(), holdRequests(newHold(), 2), nothingDecided); err != nil {
				t.Fatal(err)
			}
			_, err := d.AskAll(context.Background(), holdRequests(newHold(), 1, 2), nothingDecided)
			return err
		},
		"a key that is known": func(t *testing.T, _ *faulty, d *Desk) error {
			hold := newHold()
			if _, err := d.AskAll(context.Background(), holdRequests(hold, 5), nothingDecided); err != nil {
				t.Fatal(err)
			}
			_, err := d.AskAll(context.Background(), holdRequests(hold, 4, 5), nothingDecided)
			return err
		},
		"the same entity twice": func(_ *testing.T, _ *faulty, d *Desk) error {
			_, err := d.AskAll(context.Background(), holdRequests(newHold(), 1, 1), nothingDecided)
			return err
		},
		"a batch in flight": func(t *testing.T, f *faulty, d *Desk) (err error) {
			f.setFaults(before(func() {
				_, err = d.AskAll(context.Background(), append(holdRequests(newHold(), 1), Request{Stream: lamp, ID: NewCommandID(), Command: one("b")}), nothingDecided)
			}))
			if _, err := ask(d, one("a")); err != nil {
				t.Fatal(err)
			}
			return err
		},
		"a store without AppendAll": func(t *testing.T, f *faulty, _ *Desk) error {
			other := openDesk(t, struct{ events.Store }{f}, nil)
			_, err := other.AskAll(context.Background(), holdRequests(newHold(), 1), nothingDecided)
			return err
		},
		"decided returns an error": func(_ *testing.T, _ *faulty, d *Desk) error {
			_, err := d.AskAll(context.Background(), holdRequests(newHold(), 1, 2), func(int, Answer) error { return stop })
			if err == stop {
				return ErrNotJoint
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := openFaulty(t)
			d := openDesk(t, f, nil)
			mustCreate(t, d, 5)
			if err := test(t, f, d); !errors.Is(err, ErrNotJoint) {
				t.Fatalf("got %v, want %v", err, ErrNotJoint)
			}
			if _, err := d.Ask(context.Background(), holdRequests(newHold(), 1)[0]); err != nil {
				t.Errorf("a command sent by itself: %v, want success", err)
			}
			waitUntilIdle(t, d)
		})
	}
}

// TestChainAfterALostAssumption: facts after events that were sealed and never appended are
// chained to the log.
func TestChainAfterALostAssumption(t *testing.T) {
	f := openFaulty(t)
	other := openDesk(t, f.Store, nil)
	if _, err := other.AskAll(context.Background(), holdRequests(newHold(), 2), nothingDecided); err != nil {
		t.Fatal(err)
	}
	d := openDesk(t, f, nil) // it assumes both seats to be new
	_, err := d.AskAll(context.Background(), holdRequests(newHold(), 1, 2), nothingDecided)
	if !errors.Is(err, ErrNotJoint) {
		t.Fatalf("AskAll on a wrong assumption: %v, want %v", err, ErrNotJoint)
	}
	waitUntilIdle(t, d)
	if _, err := d.Ask(context.Background(), holdRequests(newHold(), 1)[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AskAll(context.Background(), holdRequests(newHold(), 3, 4), nothingDecided); err != nil {
		t.Fatal(err)
	}
	hashes := map[events.StreamID]events.Hash{}
	for _, e := range readLog(t, f.Store) {
		hash, err := events.CheckLink(hashes[e.Stream], &e)
		if err != nil {
			t.Error(err)
		}
		hashes[e.Stream] = hash
	}
}

// TestLostJointAppend: after an AskAll with an unknown outcome, retries under the same ids find the
// commands in the log, or append them.
func TestLostJointAppend(t *testing.T) {
	for name, fault := range map[string]appendTo{"lost": lost, "stored": stored, "unavailable": unavailable, "hangs": hang,
		"breaks": func(context.Context, events.Store, events.StreamID, events.Revision, []events.Event) (events.Appended, error) {
			panic("broken")
		}} {
		t.Run(name, func(t *testing.T) {
			f := openFaulty(t)
			d := openDesk(t, f, shortAppendTimeout)
			requests := holdRequests(newHold(), 1, 2)
			f.setFaults(fault)
			if _, err := d.AskAll(context.Background(), requests, nothingDecided); !errors.Is(err, ErrUnavailable) {
				t.Fatalf("AskAll: %v, want %v", err, ErrUnavailable)
			}
			for _, request := range requests {
				answer, err := d.Ask(context.Background(), request)
				if err != nil || answer.Replayed != (name == "stored") {
					t.Errorf("retry: %+v, %v, want Replayed %v", answer, err, name == "stored")
				}
			}
			if n := len(readLog(t, f.Store)); n != 2 {
				t.Errorf("the log has %d events, want 2", n)
			}
			waitUntilIdle(t, d)
		})
	}
}

// TestArrivalsDuringATurn: arrivals wait for the end of a turn, whatever its outcome.
func TestArrivalsDuringATurn(t *testing.T) {
	for name, end := range map[string]error{"ok": nil, "stop": errors.New("stop")} {
		t.Run(name, func(t *testing.T) {
			f := openFaulty(t)
			d := openDesk(t, f, nil)
			mustCreate(t, d, 1)
			var others sync.WaitGroup
			results := make(chan string, 2)
			_, err := d.AskAll(
				context.Background(),
				[]Request{{Stream: lamp, ID: NewCommandID(), Command: one("ann")}, holdRequests(newHold(), 1)[0]},
				func(int, Answer) error {
					others.Go(func() {
						_, err := ask(d, one("bob"))
						results <- code(err)
					})
					waitFor(t, "bob's command in flight", func() bool { return d.Stats().InFlight == 2 })
					return end
				},
			)
			if !errors.Is(err, end) {
				t.Errorf("AskAll: %v, want %v", err, end)
			}
			others.Wait()
			if got, want := <-results, map[string]string{"ok": "sold_out", "stop": "ok"}[name]; got != want {
				t.Errorf("bob: %s, want %s", got, want)
			}
			requireSameState(t, d, f.Store, nil)
			waitUntilIdle(t, d)
		})
	}
}
