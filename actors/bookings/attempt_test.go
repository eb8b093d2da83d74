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

// silent is a desk that executes a command and loses the answer.
type silent struct {
	actors.Dispatcher
	about func(core.Command) bool
}

// Ask answers like a desk whose append timed out.
func (d *silent) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	answer, err := d.Dispatcher.Ask(ctx, request)
	if err == nil && d.about(request.Command) {
		return actors.Answer{}, actors.ErrUnavailable
	}
	return answer, err
}

// TestAHoldOfTheLastSeatWithAnUnknownOutcome: the seat may be held, so it is released together with
// the earlier ones.
func TestAHoldOfTheLastSeatWithAnUnknownOutcome(t *testing.T) {
	for _, seats := range [][]events.SeatName{{"A-1-1"}, {"A-1-1", "A-1-2", "A-1-3"}} {
		w := begin(t, 1, 3, 0)
		holds := 0
		w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher {
			return &silent{desk, func(cmd core.Command) bool {
				if is[*seat.Hold](cmd) {
					holds++
				}
				return is[*seat.Hold](cmd) && holds == len(seats)
			}}
		})
		if _, err := w.book("ann", seats...); !errors.Is(err, actors.ErrUnavailable) {
			t.Errorf("the caller got %v, want %v", err, actors.ErrUnavailable)
		}
		w.noOrphanedHolds(seats)
		for stream, s := range w.read().seats {
			if s.Status() != events.SeatIsFree {
				t.Errorf("%s is %s, want %s", stream, s.Status(), events.SeatIsFree)
			}
		}
	}
}

// TestAnAllowanceWithAnUnknownOutcome: it is released as well.
func TestAnAllowanceWithAnUnknownOutcome(t *testing.T) {
	w := begin(t, 1, 3, 3)
	w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher { return &silent{desk, is[*allowance.Take]} })
	if _, err := w.book("ann", "A-1-1", "A-1-2"); !errors.Is(err, actors.ErrUnavailable) {
		t.Errorf("the caller got %v, want %v", err, actors.ErrUnavailable)
	}
	w.noOrphanedHolds("afterwards")
}

// TestAbandonedAttempt: a run whose attempt was closed, at any of its steps, releases what
// it holds. A request with a key continues with the next attempt.
func TestAbandonedAttempt(t *testing.T) {
	for name, keeps := range map[string]func() func(core.Command) bool{
		"its second seat": func() func(core.Command) bool { return second(is[*seat.Hold]) },
		"its third seat":  func() func(core.Command) bool { return second(second(is[*seat.Hold])) },
		"the booking":     func() func(core.Command) bool { return is[*booking.Hold] },
	} {
		for _, best := range []bool{false, true} {
			for _, key := range []bool{false, true} {
				t.Run(name, func(t *testing.T) {
					w := begin(t, 3, 3, 3)
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
					err := w.later(
						keeps(),
						func() (err error) { answer, err = w.Book(w.ctx(), cmd); return err },
						func() { w.abandonAttempts() },
					)
					if !key {
						if !errors.Is(err, ErrOvertaken) {
							t.Errorf("the caller got %v, want %v", err, ErrOvertaken)
						}
					} else if w.want(err, "ok"); answer.Booking.Attempt != 2 || answer.Booking.HoldID() != events.NewHoldID(answer.Booking.ID, 2) {
						t.Errorf("booking = %+v, want attempt 2", answer.Booking)
					}
					w.noOrphanedHolds("afterwards")
					w.check(3)
				})
			}
		}
	}
}

// abandonAttempts closes all attempts that have not become a booking, without waiting for runs that
// work on them, as another node does.
func (w *harness) abandonAttempts() {
	w.Helper()
	other := w.newBookings(w.desk, w.views(w.seats))
	for _, id := range w.read().unowned() {
		if err := other.Resume(w.ctx(), w.origin("system"), id); err != nil {
			w.Fatal(err)
		}
	}
}

// TestSameRequestOnTwoNodesConcurrently: whatever each node chooses, and whichever is first, there is
// one booking, both return it or request a retry, and nothing else is held.
func TestSameRequestOnTwoNodesConcurrently(t *testing.T) {
	w := begin(t, 1, 1, 0)
	nodes := [2]*Bookings{w.Bookings}
	w.start(nil)
	nodes[1] = w.Bookings
	for round := range 40 {
		w.perform(strings.Repeat("g", round+1), 2, 4, 4)
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
				t.Errorf("round %d, node %d: %v, want %v", round, i, err, actors.ErrOverloaded)
			}
		}
		if len(accepted) == 0 || len(accepted) == 2 && !reflect.DeepEqual(accepted[0].Booking, accepted[1].Booking) {
			t.Errorf("round %d: errors %v, answers %+v; want one booking", round, errs, accepted)
		}
		w.noOrphanedHolds(round)
		w.check(4)
	}
}

// TestAKeyWithAnotherRequest: seats left by a request are not given to a different request under
// its key.
func TestAKeyWithAnotherRequest(t *testing.T) {
	for name, other := range map[string]Book{
		"other seats": {Seats: []events.SeatName{"A-2-1", "A-2-2"}}, "fewer seats": {Seats: []events.SeatName{"A-1-1"}},
		"more": {Quantity: 3}, "as many in another section": {Quantity: 2, Section: "B"},
	} {
		for step := range 4 {
			w := begin(t, 1, 1, 0)
			w.gala = "two"
			w.must(w.step(w.ctx(), w.origin("house"), performance.Stream("two"), &performance.Create{
				ID: "two", Title: "Gala", Venue: "Hall", StartsAt: day.Add(24 * time.Hour), HoldSeconds: 60, LimitPerHolder: 3,
				Sections: []events.Section{
					{ID: "A", Rows: 2, SeatsPerRow: 3, Price: 100},
					{ID: "B", Rows: 1, SeatsPerRow: 3, Price: 50},
				},
			}))
			w.dieAfter(step)
			_, err := w.Book(
				w.ctx(),
				Book{
					Origin:        w.keyed("ann", "k", "1"),
					PerformanceID: "two",
					Holder:        "ann",
					Seats:         []events.SeatName{"A-1-1", "A-1-2"},
				},
			)
			w.want(err, errGone.Error())
			w.restart()
			other.Origin, other.PerformanceID, other.Holder = w.keyed("ann", "k", "2"), "two", "ann"
			answer, err := w.Book(w.ctx(), other)
			if w.want(err, "ok"); len(answer.Booking.Seats) != max(other.Quantity, len(other.Seats)) {
				t.Errorf("%s after %d appends: booking %+v, want the new request's own", name, step, answer.Booking)
			}
			w.noOrphanedHolds(name)
			w.check(3)
		}
	}
}

// TestOutrun: a request that repeatedly finds seats and loses them is not refused as sold out.
func TestOutrun(t *testing.T) {
	w := begin(t, 5, 20, 0)
	first := 0
	w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher {
		return &competitor{Dispatcher: desk, before: func(stream events.StreamID) {
			first++
			w.must(desk.Ask(w.ctx(), rivalRequest(stream, first)))
		}}
	})
	if _, err := w.best("ann", 2); !errors.Is(err, ErrOvertaken) || first != bestTries {
		t.Errorf("ann has lost %d times, and got %v, want %v, %d", first, err, ErrOvertaken, bestTries)
	}
}

// rivalRequest returns the request for a seat with this number.
func rivalRequest(stream events.StreamID, number int) actors.Request {
	return actors.Request{Stream: stream, ID: actors.NewCommandID(),
		Command: &seat.Hold{HoldID: events.NewHoldID("rival", int64(number)), Holder: "bob", HoldFor: time.Minute}}
}

// competitor is always slightly faster.
type competitor struct {
	actors.Dispatcher
	mu     sync.Mutex // held while before is called
	before func(events.StreamID)
}

// Ask makes the rival hold a seat first.
func (r *competitor) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	if is[*seat.Hold](request.Command) {
		r.mu.Lock()
		r.before(request.Stream)
		r.mu.Unlock()
	}
	return r.Dispatcher.Ask(ctx, request)
}

// TestLaggingViews: the result is a failure, neither sold out nor a choice.
func TestLaggingViews(t *testing.T) {
	w := begin(t, 1, 2, 0)
	behind := errors.New("behind")
	w.Bookings = w.newBookings(w.desk, lost{w.views(func(
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
		t.Errorf("error = %v, want the views' own", err)
	}
	if _, err := w.book("ann", "A-1-1"); err != nil { // this needs no view
		t.Error(err)
	}
}

// lost views never catch up.
type lost struct {
	Views
	err error
}

// CatchUp fails.
func (l lost) CatchUp(context.Context) error { return l.err }

// TestRefusedRetryHoldsNothing: seats taken by its first run are released before the refusal
// is returned.
func TestRefusedRetryHoldsNothing(t *testing.T) {
	for _, limit := range []int64{0, 3} {
		for best, want := range map[bool]string{false: "seat_taken", true: "sold_out"} {
			for appends := 1; appends < 3+int(limit)/3; appends++ {
				w := begin(t, 1, 3, limit)
				cmd := Book{
					Origin:        w.keyed("ann", "k", "3"),
					PerformanceID: "gala",
					Holder:        "ann",
					Seats:         []events.SeatName{"A-1-1", "A-1-2", "A-1-3"},
				}
				if best {
					cmd.Seats, cmd.Quantity = nil, 3
				}
				w.dieAfter(appends)
				_, err := w.Book(w.ctx(), cmd)
				w.want(err, errGone.Error())
				w.restart()
				w.mustBook("bob", "A-1-3")
				_, err = w.Book(w.ctx(), cmd)
				w.want(err, want)
				w.noOrphanedHolds(appends)
				w.mustBook("bob", "A-1-1", "A-1-2")
			}
		}
	}
}

// counting views count the calls of CatchUp.
type counting struct {
	Views
	waits int
}

// CatchUp counts.
func (c *counting) CatchUp(ctx context.Context) error {
	c.waits++
	return c.Views.CatchUp(ctx)
}

// TestWhichRequestsWaitForTheViews: if no other process appends, only the first request with a key and
// retries after a failure wait; otherwise every request with a key.
func TestWhichRequestsWaitForTheViews(t *testing.T) {
	for _, alone := range []bool{true, false} {
		w := begin(t, 1, 9, 0)
		views, fails := &counting{Views: w.views(w.seats)}, false
		loses := func(cmd core.Command) bool { return fails && is[*seat.Hold](cmd) }
		w.Bookings = w.newBookings(&silent{w.desk, loses}, views)
		if alone {
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
				t.Errorf("request with the key %q: %v, want an error %t", key, err, fails)
			}
			if waited := views.waits > before; waited != want {
				t.Errorf("alone: %t: with the key %q it waited: %t, want %t", alone, key, waited, want)
			}
		}
		book("", false)
		book("1", true)
		book("2", !alone)
		book("2", !alone)
		fails = true
		book("3", !alone)
		fails = false
		book("4", !alone)
		book("3", true)
		book("3", !alone)
		w.noOrphanedHolds("afterwards")
	}
}
