package events

import (
	"context"
	"math/rand/v2"
	"time"
)

// followPause and followPauseMax bound the pause before a log is followed again.
const (
	followPause    = 50 * time.Millisecond
	followPauseMax = 5 * time.Second
)

// FollowAlways calls follow, which follows a log, until ctx ends or an error is final. Between two calls it pauses,
// first for 50 ms, then increasingly up to 5 s, and again for 50 ms once position, which returns the progress of
// follow, has moved. Half of a pause is random, so that the followers of a failed log do not all return at once.
//
// retry is called with the error of follow and the longest pause that would follow. It reports whether to call follow
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
