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

// FollowAlways calls follow, which follows a log, until ctx ends or an error is final.
// Between two calls it pauses: at first for 50 ms, then ever longer, 5 s at most, and from
// 50 ms on again once position, which is how far follow has come, has moved. Half of a
// pause is random, so that those who lost the same log don't all return at once.
//
// retry is given what follow returned and the pause that would follow, at most. It
// reports whether follow is called again.
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
