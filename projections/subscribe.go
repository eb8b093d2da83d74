package projections

import (
	"admitone/projections/live"
	"errors"
)

// ErrNotReady means that the views have not caught up with the log since the program's start or a rebuild.
var ErrNotReady = errors.New("the views are still catching up")

// Subscribe starts sending the topic's frames to s: first a snapshot, or, if resume is usable, one delta with
// everything that was missed (with change 0 if nothing was); then every later change exactly once, possibly merged
// with others.
//
// Errors: [live.ErrBadTopic]; [ErrNotReady]; [live.ErrNotFound], also for an entity that the views don't have yet;
// [ErrClosed]; the disk's.
func (p *Projections) Subscribe(name string, resume live.Resume, s live.Subscriber) (*live.Subscription, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	earlier := p.topics.ReadEarlier(name, resume)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	if !p.Ready() {
		return nil, ErrNotReady
	}
	return p.topics.Subscribe(name, resume, earlier, s)
}
