package server

import (
	"context"
	"time"

	"admitone/events"
)

// headLimit bounds how long a start waits for the end of the log.
const headLimit = 10 * time.Second

// beginFollowing notes the end of a log to which other servers may append, before anything of it is
// read into memory.
func (p *Server) beginFollowing() (err error) {
	if !p.shared {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), headLimit)
	defer cancel()
	p.following, err = p.Log.Head(ctx)
	return err
}

// followOthers passes the events of the log to the desk until ctx ends: other servers append too,
// and the state in memory must not be older than that for long.
func (p *Server) followOthers(ctx context.Context) error {
	position := func() events.Position { return p.following }
	_ = events.FollowAlways(ctx, position, func() error {
		return p.Log.Follow(ctx, p.following, func(batch []events.Recorded) error {
			for i := range batch {
				p.Desk.Observe(batch[i].Stream, batch[i].Revision)
				p.following = batch[i].Position
			}
			return nil
		})
	}, func(err error, pause time.Duration) bool {
		p.logger.Warn("the log can't be followed, and will be again", "error", err, "position", p.following, "in", pause)
		return true
	})
	return nil // ctx has ended
}
