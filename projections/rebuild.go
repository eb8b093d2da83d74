package projections

import (
	"context"
	"errors"
	"fmt"

	"admitone/events"
	"admitone/projections/row"
)

// maxRebuilds is the number of consecutive rebuilds without catching up after which the disk is assumed to be
// faulty.
const maxRebuilds = 3

// rebuild discards the views while the server runs and rebuilds them from the log. It waits for
// reads in progress; later reads are refused until the views have caught up. Topics keep their
// subscribers, but send no frames until then. Errors: ErrClosed; a failure that is not damage;
// more than maxRebuilds rebuilds in a row.
func (p *Projections) rebuild() error {
	p.users.Lock()
	defer p.users.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	cause := p.damage.found()
	if !needsRebuild(cause) {
		return cause
	}
	if p.rebuilds++; p.rebuilds > maxRebuilds {
		return fmt.Errorf("the views were rebuilt %d times without catching up: %w", maxRebuilds, cause)
	}
	p.log.Warn("the views can't be used and are rebuilt from the log", "dir", p.dir, "reason", oneLine(cause),
		"position", p.at.position)
	p.topics.Mute()
	p.deadlines.pause(true)
	viewOf[*boxOffice](p).unfinished.pause(true)
	viewOf[*boxOffice](p).changing.pause(true)
	viewOf[*payments](p).unfinished.pause(true)
	p.readings.closeAll()
	// The files are known to be damaged, so an error is expected.
	_ = p.db.Close()
	return p.startOver()
}

// markReady makes the projections ready if they have reached target.
func (p *Projections) markReady(target events.Position) {
	if p.Ready() || p.Position() < target {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.damage.found() != nil {
		return
	}
	if err := p.topics.Renew(); err != nil {
		p.damage.report(err)
		return
	}
	p.rebuilds = 0
	p.deadlines.pause(false)
	viewOf[*boxOffice](p).unfinished.pause(false)
	viewOf[*boxOffice](p).changing.pause(false)
	viewOf[*payments](p).unfinished.pause(false)
	p.rebuilding.Store(false)
	close(*p.caughtUp.Load())
}

// awaitReady waits until the views have caught up. Errors: ctx.Err().
func (p *Projections) awaitReady(ctx context.Context) error {
	for !p.Ready() {
		select {
		case <-*p.caughtUp.Load():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// requestRebuild reports whether the views will be rebuilt because of an error of the fold: they
// are damaged, or an earlier run wrote them and the log contradicts them. The latter is recorded as damage.
func (p *Projections) requestRebuild(err error) bool {
	if p.inherited && errors.Is(err, row.ErrViolated) {
		p.damage.report(fmt.Errorf("the log contradicts them: %w", err))
	}
	return p.damage.found() != nil
}
