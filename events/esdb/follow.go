package esdb

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"admitone/events"
)

// Follow implements events.Store. What passes by itself, a node that is down or
// silent, another leader, does not end it: it subscribes again where it was. It
// returns events.ErrUnavailable only together with [ErrRefused], and ErrDamaged
// also when another log answers at the address. It hands out pages of at most 4,096
// events, with whatever has come while handle was busy.
func (s *Store) Follow(ctx context.Context, after events.Position, handle func([]events.Recorded) error) error {
	if !s.gate.enter() {
		return events.ErrClosed
	}
	defer s.gate.leave()
	s.followers.Add(1)
	defer s.followers.Add(-1)
	s.recent.begin()
	f := &follower{Store: s, at: place{uint64(after), uint64(after)}, last: after, handle: handle}
	until, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	for rest := firstRest; ; rest = min(2*rest, lastRest) {
		before := f.at
		err := f.subscribe(until)
		switch {
		case f.failed != nil:
			return f.failed
		case ctx.Err() != nil:
			return ctx.Err()
		case s.closing.Err() != nil:
			return events.ErrClosed
		case errors.Is(err, errPlaced):
			continue
		case errors.Is(err, ErrRefused), errors.Is(err, events.ErrDamaged):
			s.alarm(err)
			return err
		}
		if f.at != before {
			rest = firstRest
		}
		f.complain(err)
		s.returns.Add(1)
		pause(until, rest/2+rand.N(rest/2))
	}
}

// What ends a subscription without anything being wrong.
var (
	errMoved  = errors.New("esdb: it goes on elsewhere")
	errPlaced = errors.New("esdb: it begins somewhere else")
)

// follower is one call of Follow.
type follower struct {
	*Store
	at     place           // where to subscribe
	last   events.Position // handled; everything up to it is not handed out again
	handle func([]events.Recorded) error
	failed error // handle's
	// searched: the node did not take the place, and another was found.
	searched bool
	// away: somebody has been told that nothing can be followed, at that time.
	away time.Time
}

// complain says now and then that nothing can be followed.
func (f *follower) complain(err error) {
	if errors.Is(err, errMoved) || time.Since(f.away) < alarmEvery {
		return
	}
	f.away = time.Now()
	f.log.Warn("the log can't be followed; subscribing again and again", "error", err, "position", f.last)
}

// isBack says that something can be followed again.
func (f *follower) isBack() {
	if !f.away.IsZero() {
		f.away = time.Time{}
		f.log.Info("the log is followed again")
	}
}

// subscribe follows until something ends it, and says what. It never returns nil.
func (f *follower) subscribe(ctx context.Context) error {
	if err := f.sameLog(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l, err := f.nodes.take(ctx, following)
	if err != nil {
		return err
	}
	defer f.nodes.give(following, l)
	defer context.AfterFunc(l.life, cancel)()
	b := newInbox(f.at)
	ended := make(chan error, 1)
	go func() { ended <- f.receive(ctx, l, b) }()
	var page []events.Recorded
	for {
		select {
		case <-b.filled:
			page = f.deliver(b, page)
			if f.failed == nil {
				continue
			}
			cancel()
			return <-ended
		case err = <-ended:
		}
		if f.failed == nil {
			f.deliver(b, page)
		}
		return f.explain(ctx, l, err)
	}
}

// receive subscribes and fills the inbox until the subscription ends.
func (f *follower) receive(ctx context.Context, l *line, b *inbox) error {
	request := newRequest(events.Forward)
	request.Options.StreamOption = &streams.ReadReq_Options_All{All: allFrom(f.at, false)}
	request.Options.CountOption = &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
	request.Options.FilterOption = filter()
	return receive(f.outgoing(ctx, f.nodes.prefer == preferLeader), l, request, func(m *received) error {
		f.isBack()
		switch {
		case m.isSign:
			// A node of a small log may send a sign from beyond all positions; who
			// believed it would miss everything after it.
			if m.sign.commit <= math.MaxInt64 && m.sign.prepare <= math.MaxInt64 {
				b.pass(m.sign)
			}
		case m.isEvent && ours(&m.event):
			f.recent.recall(&m.event.Event)
			return b.put(ctx, &m.event)
		}
		return nil // or the confirmation, or that we have caught up
	})
}

// deliver hands out what is in the inbox, and returns the page for its next use.
func (f *follower) deliver(b *inbox, spare []events.Recorded) []events.Recorded {
	clear(spare) // what was handed out must not be kept alive from here
	page, at := b.take(spare)
	fresh := page
	for len(fresh) > 0 && fresh[0].Position <= f.last {
		fresh = fresh[1:]
	}
	if len(fresh) > 0 {
		if f.failed = f.handle(fresh); f.failed != nil {
			return page
		}
		f.last = fresh[len(fresh)-1].Position
		f.seen.note(f.last)
	}
	f.at, f.searched = at, false
	return page
}

// explain makes an error of events.Store of what ended a subscription.
func (f *follower) explain(ctx context.Context, l *line, err error) error {
	var failed *failure
	if !errors.As(err, &failed) {
		if err == nil || l.life.Err() != nil {
			return errMoved // or a node that ends a subscription without a word
		}
		return err
	}
	if l.life.Err() != nil || f.learn(ctx, following, l, failed) {
		return errMoved
	}
	if misplaced(failed) && !f.searched {
		f.searched = true
		return f.findPlace(ctx)
	}
	return translate(context.Background(), failed)
}

// findPlace moves to the last event at or below the position that a node did not
// take, so that the next subscription begins behind it.
func (f *follower) findPlace(ctx context.Context) error {
	before, err := f.below(ctx, f.last+1, 1)
	if err != nil {
		return err
	}
	f.at = place{}
	if len(before) > 0 {
		f.at = place{uint64(before[0].Position), uint64(before[0].Position)}
	}
	return errPlaced
}
