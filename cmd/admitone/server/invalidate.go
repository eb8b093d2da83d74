package server

import (
	"context"
	"time"

	"admitone/events"
)

// headLimit bounds how long a start waits for the end of the log.
const headLimit = 10 * time.Second

// beginFollowing records the end of the log, before any state is loaded from it.
func (p *Server) beginFollowing() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), headLimit)
	defer cancel()
	p.end, err = p.Log.Head(ctx)
	p.following.Store(uint64(p.end))
	return err
}

// followed is the position up to which the desk has followed the log.
func (p *Server) followed() events.Position { return events.Position(p.following.Load()) }

// followOthers passes the events of the log to the desk until ctx ends: other servers append too,
// and the state in memory must not remain older than that.
func (p *Server) followOthers(ctx context.Context) error {
	_ = events.FollowAlways(ctx, p.followed, func() error {
		return p.Log.Follow(ctx, p.followed(), func(batch []events.Recorded) error {
			for i := range batch {
				p.Desk.Observe(batch[i].Stream, batch[i].Revision)
				if batch[i].Type == forgottenType {
					p.forget(ctx, batch[i].Position)
				}
				p.following.Store(uint64(batch[i].Position))
			}
			return nil
		})
	}, func(err error, pause time.Duration) bool {
		p.logger.Warn("the log can't be followed; will retry", "error", err, "position", p.followed(), "in", pause)
		return true
	})
	return nil // ctx has ended
}
