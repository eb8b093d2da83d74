package bookings

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/events"
)

// separateDesk hides that a desk can append several commands together.
type separateDesk struct{ actors.Dispatcher }

// separately is the environment variable that makes all tests book seats one by one.
const separately = "ADMITONE_TEST_SEPARATELY"

// Its values: the desk decides one command after another, or the log appends to one stream at a
// time.
const (
	oneCommand = "one command"
	oneStream  = "one stream"
)

// single is a log that can't append to several streams.
type single struct{ events.Store }

// TestSeparately runs the other tests on a log that has no append to several streams.
func TestSeparately(t *testing.T) {
	if os.Getenv(separately) != "" {
		t.Skip("this is that run")
	}
	t.Parallel()
	for _, how := range []string{oneCommand, oneStream} {
		run := exec.Command(os.Args[0], "-test.skip", "^TestSeparately$|^TestSeatsWithPlaces$", "-test.timeout", "20m")
		run.Env = append(os.Environ(), separately+"="+how)
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("tests with %s: %v\n%s", how, err, out)
		}
	}
}

// jointCrash is the desk of a process that crashes before or after a joint append.
type jointCrash struct {
	*actors.Desk
	before, after bool
	gone          bool
}

func (l *jointCrash) AskAll(
	ctx context.Context,
	requests []actors.Request,
	decided func(int, actors.Answer) error,
) ([]actors.Answer, error) {
	if l.gone = l.gone || l.before; l.gone {
		return nil, errGone
	}
	answers, err := l.Desk.AskAll(ctx, requests, decided)
	if l.gone = err == nil && l.after; l.gone {
		return nil, errGone
	}
	return answers, err
}

func (l *jointCrash) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	if l.gone {
		return actors.Answer{}, errGone
	}
	return l.Desk.Ask(ctx, request)
}

func (l *jointCrash) View(ctx context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error) {
	if l.gone {
		return actors.Answer{}, errGone
	}
	return l.Desk.View(ctx, stream, read)
}

// TestACrashAroundAJointAppend: the booking exists with all its seats or not at all, and a retry
// under the same key returns it.
func TestACrashAroundAJointAppend(t *testing.T) {
	if os.Getenv(separately) != "" {
		t.Skip("there is no joint append")
	}
	for name, dies := range map[string]jointCrash{"before": {before: true}, "after": {after: true}} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, 1, 6, 6)
			before := len(w.read().names)
			dies.Desk = w.desk
			w.wrapDesk(func(actors.Dispatcher) actors.Dispatcher { return &dies })
			if err := bookThree(w, ""); err == nil || !dies.gone {
				t.Fatalf("the process did not crash: %v", err)
			}
			want := map[string]string{
				"before": "",
				"after":  "allowance.taken.v1 seat.held.v1 seat.held.v1 seat.held.v1 booking.held.v1",
			}
			if got := w.since(before); got != want[name] {
				t.Errorf("the log has %s, want %s", got, want[name])
			}
			w.restart()
			if err := bookThree(w, ""); err != nil {
				t.Error(err)
			}
			if got := w.since(before); got != want["after"] {
				t.Errorf("after the retry the log has %s, want %s", got, want["after"])
			}
			w.check(3)
		})
	}
}

// TestRefusalLeavesNoFacts: a refused booking has held none of its seats in the meantime.
func TestRefusalLeavesNoFacts(t *testing.T) {
	if os.Getenv(separately) != "" {
		t.Skip("seats are held one by one")
	}
	w := begin(t, 1, 4, 4)
	w.mustBook("bob", "A-1-2", "A-1-4")
	before := len(w.read().names)
	w.chooseFromEmptyMap()
	_, err := w.book("ann", "A-1-1", "A-1-2", "A-1-3", "A-1-4")
	w.want(err, "seat_taken")
	if got := w.since(before); got != "" {
		t.Errorf("the log has %s, want \"\"", got)
	}
	w.check(2)
}

// unknownOutcomeDesk is a desk whose joint appends have unknown outcomes, but are in the log.
type unknownOutcomeDesk struct{ *actors.Desk }

func (f *unknownOutcomeDesk) AskAll(
	ctx context.Context,
	requests []actors.Request,
	decided func(int, actors.Answer) error,
) ([]actors.Answer, error) {
	if _, err := f.Desk.AskAll(ctx, requests, decided); err != nil {
		return nil, err
	}
	return nil, actors.ErrUnavailable
}

// TestUnknownJointAppend: the error is an unknown outcome, not a refusal. A retry under the same
// key returns the booking.
func TestUnknownJointAppend(t *testing.T) {
	if os.Getenv(separately) != "" {
		t.Skip("there is no joint append")
	}
	w := begin(t, 1, 6, 6)
	w.wrapDesk(func(actors.Dispatcher) actors.Dispatcher { return &unknownOutcomeDesk{w.desk} })
	if _, err := w.book("ann", "A-1-4", "A-1-5"); !errors.Is(err, actors.ErrUnavailable) {
		t.Errorf("without a key: %v, want %v", err, actors.ErrUnavailable)
	}
	if err := bookThree(w, ""); !errors.Is(err, actors.ErrUnavailable) {
		t.Errorf("with a key: %v, want %v", err, actors.ErrUnavailable)
	}
	if err := bookThree(w, ""); err != nil {
		t.Errorf("retry: %v, want success", err)
	}
	w.check(5)
}
