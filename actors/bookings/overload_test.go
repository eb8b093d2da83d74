package bookings

import (
	"context"
	"errors"
	"testing"

	"admitone/actors"
	"admitone/events"
)

// busy is a desk that is overloaded after so many appends.
type busy struct {
	actors.Dispatcher
	left int
}

// Ask carries a command out, or refuses it.
func (b *busy) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	if b.left == 0 {
		return actors.Answer{}, actors.ErrOverloaded
	}
	answer, err := b.Dispatcher.Ask(ctx, request)
	if len(answer.Facts) > 0 && !answer.Replayed {
		b.left--
	}
	return answer, err
}

// TestOverloadedMidway: that too much is in flight says that nothing was done, so it is no answer to
// a report of which something was written, nor to an intent; the same again goes on.
func TestOverloadedMidway(t *testing.T) {
	for name, act := range map[string]func(w *harness, id events.BookingID) error{
		"report": func(w *harness, id events.BookingID) error {
			_, err := w.report(id, "x", 100, false)
			return err
		},
		"intent": func(w *harness, id events.BookingID) error {
			_, err := w.intent(id, 600)
			return err
		},
	} {
		for appends := range 4 {
			w := begin(t, 1, 3, 2)
			id := w.mustBook("ann", "A-1-1")
			before := w.Bookings
			w.between(func(d actors.Dispatcher) actors.Dispatcher { return &busy{d, appends} })
			err := act(w, id)
			w.Bookings = before
			if appends == 0 {
				if !errors.Is(err, actors.ErrOverloaded) {
					t.Errorf("%s with nothing done: %v", name, err)
				}
			} else if err != nil && (errors.Is(err, actors.ErrOverloaded) || !errors.Is(err, actors.ErrUnavailable)) {
				t.Errorf("%s after %d appends: %v", name, appends, err)
			}
			if err := act(w, id); err != nil {
				t.Errorf("%s once more: %v", name, err)
			}
		}
	}
}
