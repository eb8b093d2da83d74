package bookings

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/events"
)

// lossyDesk executes commands, but loses the answers to some of them.
type lossyDesk struct {
	actors.Dispatcher
	loses func(core.Command) bool
}

// Ask executes a command. If its answer is lost, Ask fails like a desk whose append timed out.
func (d *lossyDesk) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	answer, err := d.Dispatcher.Ask(ctx, request)
	if err == nil && d.loses(request.Command) {
		return actors.Answer{}, actors.ErrUnavailable
	}
	return answer, err
}

// TestUnknownOutcomeOfLastSeat checks that all seats are released if the outcome of holding the last one is
// unknown.
func TestUnknownOutcomeOfLastSeat(t *testing.T) {
	for _, seats := range [][]events.SeatName{{"A-1-1"}, {"A-1-1", "A-1-2", "A-1-3"}} {
		w := newHarness(t, 1, 3, 0)
		holds := 0
		w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher {
			return &lossyDesk{desk, func(cmd core.Command) bool {
				if is[*seat.Hold](cmd) {
					holds++
				}
				return is[*seat.Hold](cmd) && holds == len(seats)
			}}
		})
		if _, err := w.book("ann", seats...); !errors.Is(err, actors.ErrUnavailable) {
			t.Errorf("got %v, want %v", err, actors.ErrUnavailable)
		}
		w.checkNoOrphanedHolds(seats)
		for stream, s := range w.read().seats {
			if s.Status() != events.SeatIsFree {
				t.Errorf("%s: got status %s, want %s", stream, s.Status(), events.SeatIsFree)
			}
		}
	}
}

// TestUnknownOutcomeOfAllowance checks that the allowance is released if the outcome of taking it is
// unknown.
func TestUnknownOutcomeOfAllowance(t *testing.T) {
	w := newHarness(t, 1, 3, 3)
	w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher { return &lossyDesk{desk, is[*allowance.Take]} })
	if _, err := w.book("ann", "A-1-1", "A-1-2"); !errors.Is(err, actors.ErrUnavailable) {
		t.Errorf("got %v, want %v", err, actors.ErrUnavailable)
	}
	w.checkNoOrphanedHolds("afterwards")
}

// TestAbandonedAttempt closes the attempt of a run at each of its steps. The run releases what it holds, and
// a request with a key continues with the next attempt.
func TestAbandonedAttempt(t *testing.T) {
	for name, keeps := range map[string]func() func(core.Command) bool{
		"before the second seat": func() func(core.Command) bool { return second(is[*seat.Hold]) },
		"before the third seat":  func() func(core.Command) bool { return second(second(is[*seat.Hold])) },
		"before the booking":     func() func(core.Command) bool { return is[*booking.Hold] },
	} {
		for _, best := range []bool{false, true} {
			for _, key := range []bool{false, true} {
				t.Run(name, func(t *testing.T) {
					w := newHarness(t, 3, 3, 3)
					cmd := Book{
						Origin:        w.origin("ann"),
						PerformanceID: "gala",
						Holder:        "ann",
						Seats:         []events.SeatName{"A-1-1", "A-1-2", "A-1-3"},
					}
					if best {
						cmd.Seats, cmd.Quantity = nil, 3
					}
					if key {
						cmd.Origin = w.keyed("ann", "k", "three")
					}
					var answer Answer
					err := w.interleave(
						keeps(),
						func() (err error) { answer, err = w.Book(w.ctx(), cmd); return err },
						func() { w.abandonAttempts() },
					)
					if !key {
						if !errors.Is(err, ErrOvertaken) {
							t.Errorf("got %v, want %v", err, ErrOvertaken)
						}
					} else if w.want(err, "ok"); answer.Booking.Attempt != 2 || answer.Booking.HoldID() != events.NewHoldID(answer.Booking.ID, 2) {
						t.Errorf("got booking %+v, want attempt 2", answer.Booking)
					}
					w.checkNoOrphanedHolds("afterwards")
					w.check(3)
				})
			}
		}
	}
}

// abandonAttempts closes all attempts that have not become a booking, on another node.
func (w *harness) abandonAttempts() {
	w.Helper()
	other := w.newBookings(w.desk, w.views(w.seats))
	for _, id := range w.read().orphanedBookings() {
		if err := other.Resume(w.ctx(), w.origin("system"), id); err != nil {
			w.Fatal(err)
		}
	}
}

// TestSameRequestOnTwoNodesConcurrently checks that a request that two nodes run concurrently makes one
// booking, although they choose different seats, and leaves nothing else held.
func TestSameRequestOnTwoNodesConcurrently(t *testing.T) {
	w := newHarness(t, 1, 1, 0)
	nodes := [2]*Bookings{w.Bookings}
	w.start(nil)
	nodes[1] = w.Bookings
	for round := range 40 {
		w.createPerformance(strings.Repeat("g", round+1), 2, 4, 4)
		for i := range nodes { // the second has a map that shows other seats as taken
			lagging := w.views(func(context.Context, events.PerformanceID) ([]byte, events.Position, error) {
				return append(slices.Repeat([]byte{byte(i)}, 4), 0, 0, 0, 0), 0, nil
			})
			lagging.lags = true
			nodes[i].views, nodes[i].maps.views = lagging, lagging
		}
		var answers [2]Answer
		var errs [2]error
		var both sync.WaitGroup
		for i := range nodes {
			both.Go(func() {
				time.Sleep(time.Duration(round*i) * 100 * time.Microsecond)
				answers[i], errs[i] = nodes[i].Book(
					w.ctx(),
					Book{Origin: w.keyed("ann", "k"+string(w.gala), "3"), PerformanceID: w.gala, Holder: "ann", Quantity: 3},
				)
			})
		}
		both.Wait()
		var accepted []Answer
		for i, err := range errs {
			if err == nil {
				accepted = append(accepted, answers[i])
			} else if !errors.Is(err, actors.ErrOverloaded) {
				t.Errorf("round %d, node %d: got %v, want %v", round, i, err, actors.ErrOverloaded)
			}
		}
		if len(accepted) == 0 || len(accepted) == 2 && !reflect.DeepEqual(accepted[0].Booking, accepted[1].Booking) {
			t.Errorf("round %d: got errors %v, answers %+v; want one booking", round, errs, accepted)
		}
		w.checkNoOrphanedHolds(round)
		w.check(4)
	}
}

// TestKeyWithAnotherRequest checks that seats left by a request are not given to a different request under
// its key.
func TestKeyWithAnotherRequest(t *testing.T) {
	for name, other := range map[string]Book{
		"other seats": {Seats: []events.SeatName{"A-2-1", "A-2-2"}}, "fewer seats": {Seats: []events.SeatName{"A-1-1"}},
		"more seats": {Quantity: 3}, "as many seats in another section": {Quantity: 2, Section: "B"},
	} {
		for step := range 4 {
			w := newHarness(t, 1, 1, 0)
			w.gala = "two"
			w.must(w.step(w.ctx(), w.origin("house"), performance.Stream("two"), &performance.Create{
				ID: "two", Title: "Gala", Venue: "Hall", StartsAt: day.Add(24 * time.Hour), HoldSeconds: 60, LimitPerHolder: 3,
				Sections: []events.Section{
					{ID: "A", Rows: 2, SeatsPerRow: 3, Price: 100},
					{ID: "B", Rows: 1, SeatsPerRow: 3, Price: 50},
				},
			}))
			w.crashAfter(step)
			_, err := w.Book(
				w.ctx(),
				Book{
					Origin:        w.keyed("ann", "k", "1"),
					PerformanceID: "two",
					Holder:        "ann",
					Seats:         []events.SeatName{"A-1-1", "A-1-2"},
				},
			)
			w.want(err, errCrashed.Error())
			w.restart()
			other.Origin, other.PerformanceID, other.Holder = w.keyed("ann", "k", "2"), "two", "ann"
			answer, err := w.Book(w.ctx(), other)
			if w.want(err, "ok"); len(answer.Booking.Seats) != max(other.Quantity, len(other.Seats)) {
				t.Errorf("%s after %d appends: got booking %+v, want a booking of the new request", name, step, answer.Booking)
			}
			w.checkNoOrphanedHolds(name)
			w.check(3)
		}
	}
}

// TestBestSeatsLostRepeatedly checks that a request which repeatedly loses the seats that it has chosen gets
// ErrOvertaken, not sold_out.
func TestBestSeatsLostRepeatedly(t *testing.T) {
	w := newHarness(t, 5, 20, 0)
	first := 0
	w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher {
		return &competingDesk{Dispatcher: desk, before: func(stream events.StreamID) {
			first++
			w.must(desk.Ask(w.ctx(), rivalRequest(stream, first)))
		}}
	})
	if _, err := w.best("ann", 2); !errors.Is(err, ErrOvertaken) || first != bestTries {
		t.Errorf("got %d lost choices, error %v; want error %v after %d", first, err, ErrOvertaken, bestTries)
	}
}

// rivalRequest returns a request of another holder for a seat.
func rivalRequest(stream events.StreamID, number int) actors.Request {
	return actors.Request{Stream: stream, ID: actors.NewCommandID(),
		Command: &seat.Hold{HoldID: events.NewHoldID("rival", int64(number)), Holder: "bob", HoldFor: time.Minute}}
}

// competingDesk calls before, for example to take the seat, before each hold of a seat.
type competingDesk struct {
	actors.Dispatcher
	mu     sync.Mutex // held while before is called
	before func(events.StreamID)
}

// Ask calls before, and then executes the command.
func (r *competingDesk) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	if is[*seat.Hold](request.Command) {
		r.mu.Lock()
		r.before(request.Stream)
		r.mu.Unlock()
	}
	return r.Dispatcher.Ask(ctx, request)
}

// TestLaggingViews checks that requests which need the views fail if the views do not catch up.
func TestLaggingViews(t *testing.T) {
	w := newHarness(t, 1, 2, 0)
	behind := errors.New("behind")
	w.Bookings = w.newBookings(w.desk, failingViews{w.views(func(
		context.Context, events.PerformanceID) ([]byte, events.Position, error) {
		return []byte{1, 1}, 0, nil
	}), behind})
	if _, err := w.best("ann", 1); !errors.Is(err, behind) {
		t.Errorf("got %v, want %v", err, behind)
	}
	if _, err := w.Book(w.ctx(), Book{Origin: w.keyed("ann", "k", ""), PerformanceID: "gala", Holder: "ann", Seats: []events.SeatName{"A-1-1"}}); !errors.Is(
		err,
		behind,
	) {
		t.Errorf("got %v, want the error of the views", err)
	}
	if _, err := w.book("ann", "A-1-1"); err != nil { // this needs no view
		t.Error(err)
	}
}

// failingViews are views that fail to catch up.
type failingViews struct {
	Views
	err error
}

// CatchUp fails.
func (l failingViews) CatchUp(context.Context) error { return l.err }

// TestRefusedRetryHoldsNothing checks that the seats held by the first run of a request are released before
// a retry is refused.
func TestRefusedRetryHoldsNothing(t *testing.T) {
	for _, limit := range []int64{0, 3} {
		for best, want := range map[bool]string{false: "seat_taken", true: "sold_out"} {
			for appends := 1; appends < 3+int(limit)/3; appends++ {
				w := newHarness(t, 1, 3, limit)
				cmd := Book{
					Origin:        w.keyed("ann", "k", "3"),
					PerformanceID: "gala",
					Holder:        "ann",
					Seats:         []events.SeatName{"A-1-1", "A-1-2", "A-1-3"},
				}
				if best {
					cmd.Seats, cmd.Quantity = nil, 3
				}
				w.crashAfter(appends)
				_, err := w.Book(w.ctx(), cmd)
				w.want(err, errCrashed.Error())
				w.restart()
				w.mustBook("bob", "A-1-3")
				_, err = w.Book(w.ctx(), cmd)
				w.want(err, want)
				w.checkNoOrphanedHolds(appends)
				w.mustBook("bob", "A-1-1", "A-1-2")
			}
		}
	}
}

// countingViews are views that count the calls of CatchUp.
type countingViews struct {
	Views
	waits int
}

// CatchUp counts the call.
func (c *countingViews) CatchUp(ctx context.Context) error {
	c.waits++
	return c.Views.CatchUp(ctx)
}

// TestCatchUpOfKeyedRequests checks which requests wait for the views to catch up: every request with a key
// or, with a sole writer, only the first one and retries after a failure.
func TestCatchUpOfKeyedRequests(t *testing.T) {
	for _, soleWriter := range []bool{true, false} {
		w := newHarness(t, 1, 9, 0)
		views, fails := &countingViews{Views: w.views(w.seats)}, false
		loses := func(cmd core.Command) bool { return fails && is[*seat.Hold](cmd) }
		w.Bookings = w.newBookings(&lossyDesk{w.desk, loses}, views)
		if soleWriter {
			w.AssumeSoleWriter()
		}
		book := func(key string, want bool) {
			t.Helper()
			before := views.waits
			from := w.keyed("ann", key, "1")
			if key == "" {
				from = w.origin("ann")
			}
			if _, err := w.Book(w.ctx(), Book{Origin: from, PerformanceID: "gala", Holder: "ann", Quantity: 1}); (err != nil) != fails {
				t.Errorf("key %q: got error %v, want one: %t", key, err, fails)
			}
			if waited := views.waits > before; waited != want {
				t.Errorf("sole writer %t, key %q: got waited %t, want %t", soleWriter, key, waited, want)
			}
		}
		book("", false)
		book("1", true)
		book("2", !soleWriter)
		book("2", !soleWriter)
		fails = true
		book("3", !soleWriter)
		fails = false
		book("4", !soleWriter)
		book("3", true)
		book("3", !soleWriter)
		w.checkNoOrphanedHolds("afterwards")
	}
}
