package main

import (
	"context"
	"time"

	"admitone/events"
)

// hearRest is how long a log that can't be followed is left alone.
const hearRest = time.Second

// headLimit is how long a start waits for the end of the log.
const headLimit = 10 * time.Second

// beginHearing notes the end of a log that other servers may append to, before anything
// is read of it into memory.
func (p *program) beginHearing() (err error) {
	if !p.shared {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), headLimit)
	defer cancel()
	p.heard, err = p.log.Head(ctx)
	return err
}

// hear tells the desk what is in the log until ctx ends: other servers append to it too,
// and what is in memory here must not be older than that for long.
func (p *program) hear(ctx context.Context) error {
	for {
		err := p.log.Follow(ctx, p.heard, func(batch []events.Recorded) error {
			for i := range batch {
				p.desk.Saw(batch[i].Stream, batch[i].Revision)
				p.heard = batch[i].Position
			}
			return nil
		})
		if ctx.Err() != nil {
			return nil
		}
		p.logger.Warn("the log can't be followed, and will be again", "error", err, "position", p.heard)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(hearRest):
		}
	}
}
