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

// separateDesk is a desk that does not append several commands together.
type separateDesk struct{ actors.Dispatcher }

// separatelyEnv is the environment variable that makes all tests hold seats without a joint append.
const separatelyEnv = "ADMITONE_TEST_SEPARATELY"

// The values of separatelyEnv: the desk executes one command at a time, or the log can't append to several streams.
const (
	oneCommand = "one command"
	oneStream  = "one stream"
)

// singleStreamStore is a log that can't append to several streams.
type singleStreamStore struct{ events.Store }

// TestSeparately runs the other tests without joint appends.
func TestSeparately(t *testing.T) {
	if os.Getenv(separatelyEnv) != "" {
		t.Skip("run by TestSeparately or TestSeatsWithPlaces")
	}
	t.Parallel()
	for _, how := range []string{oneCommand, oneStream} {
		run := exec.Command(os.Args[0], "-test.skip", "^TestSeparately$|^TestSeatsWithPlaces$", "-test.timeout", "20m")
		run.Env = append(os.Environ(), separatelyEnv+"="+how)
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("tests with %s: %v\n%s", how, err, out)
		}
	}
}

// jointCrash is the desk of a process that crashes before or after a joint append.
type jointCrash struct {
	*actors.Desk
	before, after bool
	crashed       bool
}

// AskAll crashes before or after the joint append.
func (d *jointCrash) AskAll(
	ctx context.Context,
	requests []actors.Request,
	decided func(int, actors.Answer) error,
) ([]actors.Answer, error) {
	if d.crashed = d.crashed || d.before; d.crashed {
		return nil, errCrashed
	}
	answers, err := d.Desk.AskAll(ctx, requests, decided)
	if d.crashed = err == nil && d.after; d.crashed {
		return nil, errCrashed
	}
	return answers, err
}

// Ask fails after the crash.
func (d *jointCrash) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	if d.crashed {
		return actors.Answer{}, errCrashed
	}
	return d.Desk.Ask(ctx, request)
}

// View fails after the crash.
func (d *jointCrash) View(ctx context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error) {
	if d.crashed {
		return actors.Answer{}, errCrashed
	}
	return d.Desk.View(ctx, stream, read)
}

// TestCrashAroundAJointAppend crashes before or after the joint append of a booking. A retry under the same
// key must return the booking.
func TestCrashAroundAJointAppend(t *testing.T) {
	if os.Getenv(separatelyEnv) != "" {
		t.Skip("there is no joint append")
	}
	for name, crash := range map[string]jointCrash{"before": {before: true}, "after": {after: true}} {
		t.Run(name, func(t *testing.T) {
			w := newHarness(t, 1, 6, 6)
			before := len(w.read().names)
			crash.Desk = w.desk
			w.wrapDesk(func(actors.Dispatcher) actors.Dispatcher { return &crash })
			if err := bookThree(w, ""); err == nil || !crash.crashed {
				t.Fatalf("got no crash, error %v; want a crash", err)
			}
			want := map[string]string{
				"before": "",
				"after":  "allowance.taken.v1 seat.held.v1 seat.held.v1 seat.held.v1 booking.held.v1",
			}
			if got := w.factsSince(before); got != want[name] {
				t.Errorf("got facts %s, want %s", got, want[name])
			}
			w.restart()
			if err := bookThree(w, ""); err != nil {
				t.Error(err)
			}
			if got := w.factsSince(before); got != want["after"] {
				t.Errorf("after the retry: got facts %s, want %s", got, want["after"])
			}
			w.check(3)
		})
	}
}

// TestRefusalLeavesNoFacts checks that a refused booking has appended nothing.
func TestRefusalLeavesNoFacts(t *testing.T) {
	if os.Getenv(separatelyEnv) != "" {
		t.Skip("seats are held one by one")
	}
	w := newHarness(t, 1, 4, 4)
	w.mustBook("bob", "A-1-2", "A-1-4")
	before := len(w.read().names)
	w.chooseFromEmptyMap()
	_, err := w.book("ann", "A-1-1", "A-1-2", "A-1-3", "A-1-4")
	w.want(err, "seat_taken")
	if got := w.factsSince(before); got != "" {
		t.Errorf("got facts %q, want none", got)
	}
	w.check(2)
}

// unknownOutcomeDesk is a desk whose joint appends have unknown outcomes, but are in the log.
type unknownOutcomeDesk struct{ *actors.Desk }

// AskAll appends, and fails.
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

// TestUnknownJointAppend checks that the error is an unknown outcome, not a refusal, and that a retry under
// the same key returns the booking.
func TestUnknownJointAppend(t *testing.T) {
	if os.Getenv(separatelyEnv) != "" {
		t.Skip("there is no joint append")
	}
	w := newHarness(t, 1, 6, 6)
	w.wrapDesk(func(actors.Dispatcher) actors.Dispatcher { return &unknownOutcomeDesk{w.desk} })
	if _, err := w.book("ann", "A-1-4", "A-1-5"); !errors.Is(err, actors.ErrUnavailable) {
		t.Errorf("without a key: got %v, want %v", err, actors.ErrUnavailable)
	}
	if err := bookThree(w, ""); !errors.Is(err, actors.ErrUnavailable) {
		t.Errorf("with a key: got %v, want %v", err, actors.ErrUnavailable)
	}
	if err := bookThree(w, ""); err != nil {
		t.Errorf("retry: got %v, want success", err)
	}
	w.check(5)
}
