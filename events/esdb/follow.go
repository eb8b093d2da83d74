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

// Follow implements events.Store. Transient failures (a node that is down or silent, a change of leader)
// do not end it: it resubscribes at its position. It returns events.ErrUnavailable only together with
// [ErrRefused], and ErrDamaged also if another log is at the address. A page has the events that arrived
// while handle was busy, at most 4,096.
func (s *Store) Follow(ctx context.Context, after events.Position, handle func([]events.Recorded) error) error {
	if !s.gate.enter() {
		return events.ErrClosed
	}
	defer s.gate.leave()
	s.followers.Add(1)
	defer s.followers.Add(-1)
	s.recent.begin()
	f := &follower{Store: s, at: logPosition{uint64(after), uint64(after)}, last: after, handle: handle}
	return f.follow(ctx)
}

// follow is Follow for a caller that has entered the gate.
func (f *follower) follow(ctx context.Context) error {
	until, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(f.closing, cancel)()
	for delay := minBackoff; ; delay = min(2*delay, maxBackoff) {
		before := f.at
		err := f.subscribe(until)
		if errors.Is(err, errJoinsTail) {
			err = f.followTail(until)
		}
		switch {
		case f.failed != nil:
			return f.failed
		case ctx.Err() != nil:
			return ctx.Err()
		case f.closing.Err() != nil:
			return events.ErrClosed
		case errors.Is(err, errRepositioned), errors.Is(err, errBehind):
			continue
		case errors.Is(err, ErrRefused), errors.Is(err, events.ErrDamaged):
			f.noteFailure(err)
			return err
		}
		if f.at != before {
			delay = minBackoff
		}
		f.resubscriptions.Add(1)
		if f.isSlow(err) {
			continue
		}
		f.logFailure(err)
		pause(until, delay/2+rand.N(delay/2))
	}
}

// Reasons to resubscribe that are not failures.
var (
	errMoved        = errors.New("the subscription moved")
	errRepositioned = errors.New("the subscription restarts at another position")
)

// follower is one call of Follow.
type follower struct {
	*Store
	at     logPosition     // where to subscribe
	last   events.Position // the last position handled
	handle func([]events.Recorded) error
	failed error // returned by handle
	// unshared is set for the follower of a tail itself; tail is the tail that it is about to join.
	unshared bool
	tail     *tail
	// searched means that the node refused the position, and another one was searched.
	searched bool
	// slow counts the subscriptions since slowSince that ended because the follower was too slow.
	slow      int
	slowSince time.Time
	// outageLogged is when an outage was last logged; zero if none is current.
	outageLogged time.Time
}

// slowAllowed is the number of times that a node may end a subscription as too slow within slowWithin
// before a warning is logged.
const (
	slowAllowed = 5
	slowWithin  = time.Minute
)

// isSlow reports whether the node ended the subscription because this follower was too slow, and
// has not done so too often. The follower then resubscribes immediately, without a warning.
func (f *follower) isSlow(err error) bool {
	var failed *failure
	if !errors.As(err, &failed) || !failed.slowConsumer() {
		return false
	}
	if time.Since(f.slowSince) > slowWithin {
		f.slowSince, f.slow = time.Now(), 0
	}
	f.slow++
	return f.slow <= slowAllowed
}

// logFailure logs, at most every failureLogInterval, that the log cannot be followed.
func (f *follower) logFailure(err error) {
	if errors.Is(err, errMoved) || time.Since(f.outageLogged) < failureLogInterval {
		return
	}
	f.outageLogged = time.Now()
	f.log.Warn("cannot follow the log; resubscribing", "error", err, "position", f.last)
}

// logRecovery logs that the log can be followed again.
func (f *follower) logRecovery() {
	if !f.outageLogged.IsZero() {
		f.outageLogged = time.Time{}
		f.log.Info("the log is followed again")
	}
}

// subscribe follows until the subscription ends, and returns the reason. It never returns nil.
func (f *follower) subscribe(ctx context.Context) error {
	if err := f.sameLog(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l, err := f.nodes.acquire(ctx, following)
	if err != nil {
		return err
	}
	defer f.nodes.release(following, l)
	defer context.AfterFunc(l.ctx, cancel)()
	b := newInbox(f.at)
	ended := make(chan error, 1)
	go func() { ended <- f.receive(ctx, l, b) }()
	var page []events.Recorded
	idle := time.NewTimer(tailIdle)
	defer idle.Stop()
	for {
		joins := false
		select {
		case <-b.filled:
			if page = f.deliver(ctx, b, page); len(page) > 0 {
				idle.Reset(tailIdle)
			}
			joins = f.failed == nil && atEnd(page) && f.joinTail()
			if f.failed == nil && !joins {
				continue
			}
		case <-idle.C:
			idle.Reset(tailIdle)
			if joins = f.joinTail(); !joins {
				continue
			}
		case err = <-ended:
		}
		if joins || f.failed != nil {
			cancel()
			if err = <-ended; joins {
				return errJoinsTail
			}
			return err
		}
		if f.failed == nil {
			f.deliver(ctx, b, page)
		}
		return f.explain(ctx, l, err)
	}
}

// receive subscribes and fills the inbox until the subscription ends.
func (f *follower) receive(ctx context.Context, l *nodeConn, b *inbox) error {
	request := newRequest(events.Forward)
	request.Options.StreamOption = &streams.ReadReq_Options_All{All: allFrom(f.at, false)}
	request.Options.CountOption = &streams.ReadReq_Options_Subscription{
		Subscription: &streams.ReadReq_Options_SubscriptionOptions{},
	}
	request.Options.FilterOption = filter()
	return receive(f.outgoing(ctx, f.nodes.prefer == preferLeader), l, request, func(m *received) error {
		f.logRecovery()
		switch {
		case m.isCaughtUp:
			// A node of a small log may send a checkpoint beyond all positions; resuming from it
			// would miss every event.
			if m.caughtUpTo.commit <= math.MaxInt64 && m.caughtUpTo.prepare <= math.MaxInt64 {
				b.pass(m.caughtUpTo)
			}
		case m.isEvent && belongsToLog(&m.event):
			f.recent.attachFact(&m.event.Event)
			return b.put(ctx, &m.event)
		}
		return nil // a confirmation, or the end of the backlog
	})
}

// deliver calls handle with the contents of the inbox, and returns the page for reuse.
func (f *follower) deliver(ctx context.Context, b *inbox, spare []events.Recorded) []events.Recorded {
	clear(spare) // so that delivered events can be garbage-collected
	page, at := b.receive(spare)
	fresh := page
	for len(fresh) > 0 && fresh[0].Position <= f.last {
		fresh = fresh[1:]
	}
	if len(fresh) > 0 {
		if f.failed = f.handle(fresh); f.failed != nil {
			return page
		}
		f.last = fresh[len(fresh)-1].Position
		f.known.note(f.last)
		f.continuity.noteRead(ctx, fresh)
	}
	f.at, f.searched = at, false
	return page
}

// explain translates the end of a subscription to an error of events.Store.
func (f *follower) explain(ctx context.Context, l *nodeConn, err error) error {
	var failed *failure
	if !errors.As(err, &failed) {
		if err == nil || l.ctx.Err() != nil {
			return errMoved // the connection was replaced, or the node ended the subscription without an error
		}
		return err
	}
	if l.ctx.Err() != nil || f.handleFailure(ctx, following, l, failed) {
		return errMoved
	}
	if isBadPosition(failed) && !f.searched {
		f.searched = true
		return f.findPosition(ctx)
	}
	return translate(context.Background(), failed)
}

// findPosition moves to the last event at or below the position that the node refused, so that the
// next subscription begins after it.
func (f *follower) findPosition(ctx context.Context) error {
	before, err := f.readBelow(ctx, f.last+1, 1)
	if err != nil {
		return err
	}
	f.at = logPosition{}
	if len(before) > 0 {
		f.at = logPosition{uint64(before[0].Position), uint64(before[0].Position)}
	}
	return errRepositioned
}
