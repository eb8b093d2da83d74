package events_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"admitone/events"
)

// TestFollowAlways: pauses double up to their maximum, progress shortens them, half of
// each is slept at least, and a final error ends it.
func TestFollowAlways(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down, broken := errors.New("down"), errors.New("broken")
		const moves, ends = 10, 12 // the calls that make progress, and that fail for good
		var position events.Position
		calls, last, paused := 0, time.Now(), time.Duration(0)
		err := events.FollowAlways(t.Context(), func() events.Position { return position }, func() error {
			if slept := time.Since(last); slept < paused/2 || slept > paused {
				t.Errorf("call %d came after %v, want %v to %v", calls+1, slept, paused/2, paused)
			}
			switch calls++; calls {
			case moves:
				position++
			case ends:
				return broken
			}
			return down
		}, func(err error, pause time.Duration) bool {
			want := min(50*time.Millisecond<<(calls-1), 5*time.Second)
			if calls >= moves {
				want = 50 * time.Millisecond << (calls - moves)
			}
			if pause != want {
				t.Errorf("the pause after call %d is %v, want %v", calls, pause, want)
			}
			last, paused = time.Now(), pause
			return !errors.Is(err, broken)
		})
		if err != broken || calls != ends {
			t.Errorf("Follow = %v after %d calls, want %v, %d", err, calls, broken, ends)
		}
	})
}

// TestFollowAlwaysEndsWithItsContext: in a call and in a pause.
func TestFollowAlwaysEndsWithItsContext(t *testing.T) {
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
					t.Error("retry was called after the end")
				}
				cancel()
				return true
			})
			if err != context.Canceled {
				t.Errorf("in a call %t: %v, want %v", inCall, err, context.Canceled)
			}
		}
	})
}
