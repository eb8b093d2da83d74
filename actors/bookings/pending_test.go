package bookings

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"admitone/actors"
	"admitone/actors/performance"
	"admitone/events"
)

// TestClaimsEndWhenAMapHasSeenThem checks that claims of performances without requests are dropped once a
// map shows the seats as taken, and not before.
func TestClaimsEndWhenAMapHasSeenThem(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	lags := atomic.Bool{}
	w.maps.views = w.views(func(ctx context.Context, id events.PerformanceID) ([]byte, events.Position, error) {
		if lags.Load() {
			return make([]byte, 4), 0, nil
		}
		return w.seats(ctx, id)
	})
	names := []events.PerformanceID{"gala"}
	for i := range 20 {
		names = append(names, events.PerformanceID(fmt.Sprint("gala-", i)))
		w.createPerformance(string(names[i+1]), 1, 4, 0)
	}
	lags.Store(true)
	holds := 0
	desk := w.Bookings.desk
	w.Bookings.desk = &competingDesk{Dispatcher: desk, before: func(events.StreamID) { holds++ }}
	w.runner.Entities = w.Bookings.desk
	for round := range 2 {
		for _, w.gala = range names {
			if _, err := w.best("ann", 2); err != nil {
				t.Fatalf("round %d, performance %s: got %v, want success", round, w.gala, err)
			}
		}
	}
	if want := 4 * len(names); holds != want {
		t.Errorf("got %d requests for seats, want %d", holds, want)
	}
	if retained := len(w.pending.byPerformance); retained != len(names) {
		t.Errorf("got claims on %d performances while the map lags, want %d", retained, len(names))
	}
	lags.Store(false)
	w.createPerformance("late", 1, 4, 0)
	for range 2 {
		if _, err := w.best("ann", 1); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.pending.byPerformance) != 1 || len(w.pending.idle) != 1 {
		t.Errorf("got claims on %d performances, %d of them idle; want 1, 1",
			len(w.pending.byPerformance), len(w.pending.idle))
	}
}

// claimAll claims all seats of the performance until end is called.
func (w *harness) claimAll() (seats []performance.Seat, end func(events.Position)) {
	w.Helper()
	s, err := w.performanceInfo(w.ctx(), w.gala)
	w.want(err, "ok")
	for seat := range s.layout.Seats() {
		seats = append(seats, performance.Seat(seat))
	}
	w.Cleanup(w.pending.enter(w.gala))
	return seats, w.pending.begin(w.gala, seats)
}

// TestRemainingSeatsAreAlwaysPending checks that a request which waits repeatedly gets ErrOvertaken, not
// sold_out.
func TestRemainingSeatsAreAlwaysPending(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	seats, end := w.claimAll()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			next := w.pending.begin(w.gala, seats)
			end(0)
			end = next
			select {
			case <-stop:
				end(0)
				return
			default:
			}
		}
	}()
	_, err := w.best("ann", 2)
	close(stop)
	<-stopped
	if !errors.Is(err, ErrOvertaken) {
		t.Errorf("got %v, want %v", err, ErrOvertaken)
	}
	if _, err = w.best("ann", 2); err != nil {
		t.Errorf("after the claims have ended: got %v, want success", err)
	}
}

// TestWaitingForOthersEndsWithTheRequest checks that no run waits for seats, or starts again, once its
// caller has stopped waiting.
func TestWaitingForOthersEndsWithTheRequest(t *testing.T) {
	w := newHarness(t, 10, 20, 0)
	_, end := w.claimAll()
	ctx, cancel := context.WithCancel(w.ctx())
	w.maps.views = w.views(func(ctx context.Context, id events.PerformanceID) ([]byte, events.Position, error) {
		cancel()
		return w.seats(ctx, id)
	})
	if _, err := w.Book(ctx, Book{Origin: w.origin("ann"), PerformanceID: "gala", Holder: "ann", Quantity: 2}); !errors.Is(
		err,
		context.Canceled,
	) {
		t.Errorf("got %v, want the error of the caller's context", err)
	}
	w.Wait()
	end(0)
	lost := 0
	ctx, cancel = context.WithCancel(w.ctx())
	w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher {
		return &competingDesk{Dispatcher: desk, before: func(stream events.StreamID) {
			lost++
			cancel()
			w.must(desk.Ask(w.ctx(), rivalRequest(stream, lost)))
		}}
	})
	if _, err := w.Book(ctx, Book{Origin: w.keyed("ann", "k", "2"), PerformanceID: "gala", Holder: "ann", Quantity: 2}); !errors.Is(
		err,
		context.Canceled,
	) {
		t.Errorf("got %v, want the error of the caller's context", err)
	}
	if w.Wait(); lost != bestTries {
		t.Errorf("got %d lost seats, want %d: the run must not start again", lost, bestTries)
	}
}

// endedContext is a context that has ended, although its Done channel is not closed.
type endedContext struct{ context.Context }

// Done implements context.Context.
func (endedContext) Done() <-chan struct{} { return nil }
func (endedContext) Err() error            { return context.DeadlineExceeded }

// TestAbandonedCallerGetsItsContextError checks that a caller which has stopped waiting gets the error of
// its context, even if it observes the end of the run first.
func TestAbandonedCallerGetsItsContextError(t *testing.T) {
	w := newHarness(t, 1, 1, 0)
	_, err := w.run(endedContext{w.ctx()}, func(context.Context) (Answer, error) { return Answer{}, errCallerGone })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}
