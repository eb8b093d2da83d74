package events_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"admitone/events"
)

// TestFollowAlways: pauses double up to their maximum and start again after progress, each lasts at least half of
// its bound, and FollowAlways returns an error that is not retried.
func TestFollowAlways(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down, broken := errors.New("down"), errors.New("broken")
		const progressCall, finalCall = 10, 12 // the call that makes progress, and the one whose error is not retried
		var position events.Position
		calls, last, paused := 0, time.Now(), time.Duration(0)
		err := events.FollowAlways(t.Context(), func() events.Position { return position }, func() error {
			if slept := time.Since(last); slept < paused/2 || slept > paused {
				t.Errorf("call %d came after a pause of %v, want %v to %v", calls+1, slept, paused/2, paused)
			}
			switch calls++; calls {
			case progressCall:
				position++
			case finalCall:
				return broken
			}
			return down
		}, func(err error, pause time.Duration) bool {
			want := min(50*time.Millisecond<<(calls-1), 5*time.Second)
			if calls >= progressCall {
				want = 50 * time.Millisecond << (calls - progressCall)
			}
			if pause != want {
				t.Errorf("the pause after call %d is %v, want %v", calls, pause, want)
			}
			last, paused = time.Now(), pause
			return !errors.Is(err, broken)
		})
		if err != broken || calls != finalCall {
			t.Errorf("FollowAlways = %v after %d calls, want %v after %d", err, calls, broken, finalCall)
		}
	})
}

// TestFollowAlwaysEndsWithContext: FollowAlways returns when its context ends, during a call or a pause.
func TestFollowAlwaysEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, inCall := range []bool{true, false} {
			ctx, cancel := context.WithCancel(t.Context())
			err := events.FollowAlways(ctx, func() events.Position { return 0 }, func() error {
				if inCall {
					cancel()
				}
				return errors.New("down")
			}, func(error, time.Duration) bool {
				if inCall {
					t.Error("retry was called after the context had ended")
				}
				cancel()
				return true
			})
			if err != context.Canceled {
				t.Errorf("context ended during a call (%t): %v, want %v", inCall, err, context.Canceled)
			}
		}
	})
}
