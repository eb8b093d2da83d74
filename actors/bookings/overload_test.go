package bookings

import (
	"context"
	"errors"
	"testing"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
)

// overloadedDesk is a desk that is overloaded after a number of appends.
type overloadedDesk struct {
	actors.Dispatcher
	left int
}

// Ask implements actors.Dispatcher.
func (b *overloadedDesk) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	if b.left == 0 {
		return actors.Answer{}, actors.ErrOverloaded
	}
	answer, err := b.Dispatcher.Ask(ctx, request)
	if len(answer.Facts) > 0 && !answer.Replayed {
		b.left--
	}
	return answer, err
}

// View implements actors.Dispatcher.
func (b *overloadedDesk) View(ctx context.Context, stream events.StreamID,
	read func(core.Core)) (actors.Answer, error) {
	if b.left == 0 {
		return actors.Answer{}, actors.ErrOverloaded
	}
	return b.Dispatcher.View(ctx, stream, read)
}

// TestOverloadedMidway checks that a request which has appended something is not answered with ErrOverloaded,
// which means that nothing was done, and that a retry completes it.
func TestOverloadedMidway(t *testing.T) {
	nothing := func(*harness, events.BookingID) {}
	paid := func(w *harness, id events.BookingID) { _, err := w.pay(id, "ann"); w.want(err, "ok") }
	for name, of := range map[string]struct {
		before func(w *harness, id events.BookingID)
		act    func(w *harness, id events.BookingID) error
	}{
		"report": {nothing, func(w *harness, id events.BookingID) error {
			_, err := w.report(id, "x", 100, false)
			return err
		}},
		"intent": {nothing, func(w *harness, id events.BookingID) error {
			_, err := w.intent(id, 600)
			return err
		}},
		"end of an intent": {
			func(w *harness, id events.BookingID) { _, err := w.intent(id, 600); w.want(err, "ok") },
			func(w *harness, id events.BookingID) error {
				_, err := w.EndIntent(w.ctx(), EndIntent{Origin: w.keyed("shop", "e", ""), BookingID: id})
				return err
			},
		},
		"payment": {nothing, func(w *harness, id events.BookingID) error {
			_, err := w.Pay(w.ctx(), Pay{Origin: w.keyed("ann", "p", ""), BookingID: id, By: "ann"})
			return err
		}},
		"cancellation": {paid, func(w *harness, id events.BookingID) error {
			_, err := w.Cancel(w.ctx(), Cancel{Origin: w.keyed("ann", "c", ""), BookingID: id, By: "ann"})
			return err
		}},
		"extension": {nothing, func(w *harness, id events.BookingID) error {
			_, err := w.Extend(w.ctx(), Extend{Origin: w.keyed("ann", "x", ""), BookingID: id, By: "ann"})
			return err
		}},
		"call-off": {
			func(w *harness, id events.BookingID) {
				paid(w, id)
				w.must(w.step(w.ctx(), w.origin("house"), performance.Stream(w.gala), &performance.Cancel{Reason: "ill"}))
			},
			func(w *harness, id events.BookingID) error { return w.CallOff(w.ctx(), w.origin("system"), id) },
		},
	} {
		for appends := range 6 {
			w := newHarness(t, 1, 3, 2)
			w.charge("ann", 100)
			id := w.mustBook("ann", "A-1-1")
			of.before(w, id)
			before := w.Bookings
			w.wrapDesk(func(d actors.Dispatcher) actors.Dispatcher { return &overloadedDesk{d, appends} })
			err := of.act(w, id)
			w.Bookings = before
			if appends == 0 {
				if !errors.Is(err, actors.ErrOverloaded) {
					t.Errorf("%s after no append: got %v, want %v", name, err, actors.ErrOverloaded)
				}
			} else if err != nil && (errors.Is(err, actors.ErrOverloaded) || !errors.Is(err, actors.ErrUnavailable)) {
				t.Errorf("%s after %d appends: got %v, want ErrUnavailable", name, appends, err)
			}
			if err := of.act(w, id); err != nil {
				t.Errorf("retry of %s: got %v, want success", name, err)
			}
		}
	}
}
