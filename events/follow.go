package events

import (
	"context"
	"math/rand/v2"
	"time"
)

// The bounds of the pause before a log is followed again.
const (
	followPause    = 50 * time.Millisecond
	followPauseMax = 5 * time.Second
)

// FollowAlways calls follow repeatedly until ctx ends or retry returns false. The pause between two calls doubles from
// 50 ms up to 5 s, and starts again at 50 ms once position, which returns the progress of follow, has advanced. Half of
// a pause is random, so that the followers of a failed log do not all return at the same time.
//
// retry is called with the error of follow and the upper bound of the next pause. It reports whether to call follow
// again.
//
// Errors: ctx.Err(); the error of follow for which retry returned false.
func FollowAlways(ctx context.Context, position func() Position, follow func() error,
	retry func(err error, pause time.Duration) bool) error {
	pause := followPause
	for {
		before := position()
		err := follow()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if position() > before {
			pause = followPause
		}
		if !retry(err, pause) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause/2 + rand.N(pause/2)):
		}
		pause = min(2*pause, followPauseMax)
	}
}
