package projections

import (
	"admitone/projections/live"
	"errors"
)

// ErrNotReady: the views have not caught up yet since the program's start.
var ErrNotReady = errors.New("the views are still catching up")

// Subscribe lets s have the topic's frames: first a snapshot, or, if resume fits,
// one delta with all that was missed (whose change is 0 if nothing was); then
// every change behind it, exactly once, possibly merged with others.
//
// Errors: [live.ErrBadTopic]; [ErrNotReady]; [live.ErrNotFound], also for something so new that the views
// don't have it yet; [ErrClosed]; the disk's.
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
