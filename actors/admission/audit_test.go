package admission

import (
	"testing"
	"time"

	"admitone/events"
)

// ledger is a simple reference implementation of a room, folded from its log.
type ledger struct {
	t           *testing.T
	settings    events.WaitingRoomSettings
	holders     []events.Holder // by ticket, from 1
	ended       []bool          // left or dropped while waiting, or admitted
	inside      map[int64]time.Time
	admittedAt  map[int64]time.Time // when each was admitted
	dropped     map[int64]time.Time
	expired     map[int64]bool
	left        map[int64]bool
	nextWaiting int64 // nobody before it waits
	lastSecond  []*events.WaitingRoomAdmitted
}

// readLedger folds a log of a room that is not shuffled, and checks the invariants at every prefix.
func readLedger(t *testing.T, log []logged) *ledger {
	l := &ledger{
		t:           t,
		inside:      map[int64]time.Time{},
		admittedAt:  map[int64]time.Time{},
		dropped:     map[int64]time.Time{},
		expired:     map[int64]bool{},
		left:        map[int64]bool{},
		nextWaiting: 1,
	}
	for _, entry := range log {
		switch f := entry.fact.(type) {
		case *events.WaitingRoomOpened:
			l.settings = f.WaitingRoomSettings
		case *events.WaitingRoomChanged:
			l.settings = f.WaitingRoomSettings
		case *events.WaitingRoomJoined:
			l.holders, l.ended = append(l.holders, f.Holder), append(l.ended, false)
			if f.Ticket != int64(len(l.holders)) {
				t.Fatalf("ticket %d follows %d, want %d", f.Ticket, len(l.holders)-1, len(l.holders))
			}
		case *events.WaitingRoomAdmitted:
			l.admitted(f)
		case *events.WaitingRoomLeft:
			l.left[f.Ticket] = true
			if f.Was == events.VisitorWaiting {
				l.endWaiting(f.Ticket)
			} else {
				l.endPass(f.Ticket)
			}
		case *events.WaitingRoomDropped:
			for ticket := range events.Tickets(f.Tickets) {
				l.endWaiting(ticket)
				l.dropped[ticket] = entry.at
			}
		case *events.WaitingRoomExpired:
			for ticket := range events.Tickets(f.Tickets) {
				l.endPass(ticket)
				l.expired[ticket] = true
			}
		case *events.WaitingRoomFinished:
			l.endPass(f.Ticket)
		}
	}
	return l
}

func (l *ledger) endWaiting(ticket int64) {
	if l.ended[ticket-1] {
		l.t.Fatalf("ticket %d ends twice", ticket)
	}
	l.ended[ticket-1] = true
}

func (l *ledger) endPass(ticket int64) {
	if _, in := l.inside[ticket]; !in {
		l.t.Fatalf("the pass of ticket %d ends without an admission", ticket)
	}
	delete(l.inside, ticket)
}

// admitted checks an admission against the order, the rate and max_active.
func (l *ledger) admitted(f *events.WaitingRoomAdmitted) {
	for ticket := range events.Tickets(f.Tickets) {
		for ; l.nextWaiting < ticket; l.nextWaiting++ {
			if !l.ended[l.nextWaiting-1] {
				l.t.Fatalf("ticket %d is admitted before %d, which is still waiting", ticket, l.nextWaiting)
			}
		}
		l.endWaiting(ticket)
		l.inside[ticket] = f.ExpiresAt
		l.admittedAt[ticket] = f.AdmittedAt
	}
	if int64(len(l.inside)) > l.settings.MaxActive {
		l.t.Fatalf("%d active passes, want at most %d", len(l.inside), l.settings.MaxActive)
	}
	for len(l.lastSecond) > 0 && f.AdmittedAt.Sub(l.lastSecond[0].AdmittedAt) >= time.Second {
		l.lastSecond = l.lastSecond[1:]
	}
	l.lastSecond = append(l.lastSecond, f)
	inSecond := int64(0)
	for _, a := range l.lastSecond {
		inSecond += a.Count
	}
	if inSecond > l.settings.AdmitPerSecond {
		l.t.Fatalf("%d were admitted in the second up to %v, want at most %d", inSecond, f.AdmittedAt,
			l.settings.AdmitPerSecond)
	}
}

// heartbeat is the heartbeat interval of the crowd's room. sweepLag is the longest time between a
// timeout and its fact: the time between two sweeps, and two rounds.
const (
	heartbeat = 6 * time.Second
	sweepLag  = heartbeat/8 + 200*time.Millisecond
)

// audit compares the log with the visitors' actions and the answers that they got.
func (c *crowd) audit(log []logged) {
	l := readLedger(c.t, log)
	if len(l.inside) > 0 || len(l.holders) != len(c.people) {
		c.t.Fatalf("at the end %d passes are active and %d holders have joined, want 0 and %d",
			len(l.inside), len(l.holders), len(c.people))
	}
	for i, p := range c.people {
		ticket := int64(i + 1)
		if l.holders[i] != p.holder {
			c.t.Fatalf("ticket %d belongs to %s in the log, but was given to %s", ticket, l.holders[i], p.holder)
		}
		dropped, silent := l.dropped[ticket]
		admitted, wasAdmitted := l.admittedAt[ticket]
		switch {
		case p.habit == patient && !(wasAdmitted && l.expired[ticket]),
			p.habit == buyer && (!wasAdmitted || l.left[ticket]),
			p.outcome == events.VisitorLeft && !l.left[ticket],
			silent && p.habit != sleeper:
			c.t.Errorf("%s (habit %d) ended as %q: admitted %t, expired %t, dropped %t, left %t",
				p.holder, p.habit, p.outcome, wasAdmitted, l.expired[ticket], silent, l.left[ticket])
		case silent && c.silence(p, dropped) < 2*heartbeat:
			c.t.Errorf("%s was dropped after a silence of %v, want at least two heartbeats", p.holder, c.silence(p, dropped))
		case silent && c.silence(p, dropped) > 2*heartbeat+sweepLag,
			wasAdmitted && c.silence(p, admitted) > 2*heartbeat+sweepLag:
			c.t.Errorf("%s was not dropped after a silence of %v", p.holder, max(c.silence(p, dropped), c.silence(p, admitted)))
		}
	}
	if len(l.dropped) == 0 || len(l.left) == 0 || len(l.expired) == 0 {
		c.t.Errorf("%d were dropped, %d left and %d passes expired, want some of each", len(l.dropped), len(l.left),
			len(l.expired))
	}
	c.requireRate(log, l)
}

// requireRate checks that the room admitted at its rate in the first five seconds, in which enough
// visitors waited and max_active was not reached.
func (c *crowd) requireRate(log []logged, l *ledger) {
	var first time.Time
	for _, entry := range log {
		f, ok := entry.fact.(*events.WaitingRoomAdmitted)
		if !ok {
			continue
		}
		if first.IsZero() {
			first = f.AdmittedAt
		}
		if span := f.AdmittedAt.Sub(first); span >= 5*time.Second {
			if want := 5 * l.settings.AdmitPerSecond; f.Admitted < want {
				c.t.Errorf("%d were admitted in %v, want at least %d", f.Admitted, span, want)
			}
			return
		}
	}
	c.t.Error("the log ends within five seconds of the first admission, want a longer one")
}

// silence is the time from a visitor's last heartbeat to at. A restart counts as a heartbeat.
func (c *crowd) silence(p *person, at time.Time) time.Duration {
	since := p.lastHeartbeat
	if at.After(c.start) && since.Before(c.start) {
		since = c.start
	}
	return at.Sub(since)
}
