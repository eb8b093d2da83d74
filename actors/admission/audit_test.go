package admission

import (
	"testing"
	"time"

	"admitone/events"
)

// ledger is what a room's log says by itself, told in the plainest way.
type ledger struct {
	t        *testing.T
	settings events.WaitingRoomSettings
	holders  []events.Holder // by ticket, from 1
	gone     []bool          // left or dropped while waiting, or admitted
	inside   map[int64]time.Time
	let      map[int64]time.Time // when each was admitted
	dropped  map[int64]time.Time
	expired  map[int64]bool
	left     map[int64]bool
	next     int64 // nobody before it waits
	second   []*events.WaitingRoomAdmitted
}

// readLedger folds a log of a room that is not shuffled, and holds it to what may be
// at every prefix.
func readLedger(t *testing.T, log []logged) *ledger {
	l := &ledger{
		t:       t,
		inside:  map[int64]time.Time{},
		let:     map[int64]time.Time{},
		dropped: map[int64]time.Time{},
		expired: map[int64]bool{},
		left:    map[int64]bool{},
		next:    1,
	}
	for _, entry := range log {
		switch f := entry.fact.(type) {
		case *events.WaitingRoomOpened:
			l.settings = f.WaitingRoomSettings
		case *events.WaitingRoomChanged:
			l.settings = f.WaitingRoomSettings
		case *events.WaitingRoomJoined:
			l.holders, l.gone = append(l.holders, f.Holder), append(l.gone, false)
			if f.Ticket != int64(len(l.holders)) {
				t.Fatalf("ticket %d comes after %d", f.Ticket, len(l.holders)-1)
			}
		case *events.WaitingRoomAdmitted:
			l.admitted(f)
		case *events.WaitingRoomLeft:
			l.left[f.Ticket] = true
			if f.Was == events.VisitorWaiting {
				l.goes(f.Ticket)
			} else {
				l.out(f.Ticket)
			}
		case *events.WaitingRoomDropped:
			for ticket := range events.Tickets(f.Tickets) {
				l.goes(ticket)
				l.dropped[ticket] = entry.at
			}
		case *events.WaitingRoomExpired:
			for ticket := range events.Tickets(f.Tickets) {
				l.out(ticket)
				l.expired[ticket] = true
			}
		case *events.WaitingRoomFinished:
			l.out(f.Ticket)
		}
	}
	return l
}

func (l *ledger) goes(ticket int64) {
	if l.gone[ticket-1] {
		l.t.Fatalf("ticket %d goes twice", ticket)
	}
	l.gone[ticket-1] = true
}

func (l *ledger) out(ticket int64) {
	if _, in := l.inside[ticket]; !in {
		l.t.Fatalf("ticket %d ends, and is not in", ticket)
	}
	delete(l.inside, ticket)
}

// admitted holds an admission to the order, the rate and max_active.
func (l *ledger) admitted(f *events.WaitingRoomAdmitted) {
	for ticket := range events.Tickets(f.Tickets) {
		for ; l.next < ticket; l.next++ {
			if !l.gone[l.next-1] {
				l.t.Fatalf("ticket %d is admitted before %d, who is there", ticket, l.next)
			}
		}
		l.goes(ticket)
		l.inside[ticket] = f.ExpiresAt
		l.let[ticket] = f.AdmittedAt
	}
	if int64(len(l.inside)) > l.settings.MaxActive {
		l.t.Fatalf("%d are in, of %d", len(l.inside), l.settings.MaxActive)
	}
	for len(l.second) > 0 && f.AdmittedAt.Sub(l.second[0].AdmittedAt) >= time.Second {
		l.second = l.second[1:]
	}
	l.second = append(l.second, f)
	inSecond := int64(0)
	for _, a := range l.second {
		inSecond += a.Count
	}
	if inSecond > l.settings.AdmitPerSecond {
		l.t.Fatalf(
			"%d were admitted in the second up to %v, the rate is %d",
			inSecond,
			f.AdmittedAt,
			l.settings.AdmitPerSecond,
		)
	}
}

// The crowd's room has a heartbeat of six seconds; somebody looks for the silent after
// an eighth of that, and two rounds may come in between.
const (
	heartbeat = 6 * time.Second
	look      = heartbeat/8 + 200*time.Millisecond
)

// audit holds the log to what everybody was told and did.
func (c *crowd) audit(log []logged) {
	l := readLedger(c.t, log)
	if len(l.inside) > 0 || len(l.holders) != len(c.people) {
		c.t.Errorf("in the end %d are in and %d have joined", len(l.inside), len(l.holders))
	}
	for i, p := range c.people {
		ticket := int64(i + 1)
		if l.holders[i] != p.holder {
			c.t.Fatalf("ticket %d is %s's, and %s was told so", ticket, l.holders[i], p.holder)
		}
		dropped, silent := l.dropped[ticket]
		admitted, let := l.let[ticket]
		switch {
		case p.habit == patient && !(let && l.expired[ticket]),
			p.habit == buyer && (!let || l.left[ticket]),
			p.outcome == events.VisitorLeft && !l.left[ticket],
			silent && p.habit != sleeper:
			c.t.Errorf("%s, of habit %d, was told %q: admitted %t, expired %t, dropped %t, left %t",
				p.holder, p.habit, p.outcome, let, l.expired[ticket], silent, l.left[ticket])
		case silent && c.silence(p, dropped) < 2*heartbeat:
			c.t.Errorf("%s lost the place after a silence of %v", p.holder, c.silence(p, dropped))
		case silent && c.silence(p, dropped) > 2*heartbeat+look, let && c.silence(p, admitted) > 2*heartbeat+look:
			c.t.Errorf("%s kept the place through a silence of %v", p.holder, max(c.silence(p, dropped), c.silence(p, admitted)))
		}
	}
	if len(l.dropped) == 0 || len(l.left) == 0 || len(l.expired) == 0 {
		c.t.Errorf(
			"%d were dropped, %d left and %d passes ran out: the crowd is not what it should be",
			len(l.dropped),
			len(l.left),
			len(l.expired),
		)
	}
	c.rateReached(log, l)
}

// rateReached: while enough people waited and there was room for them, the room let
// in as many as it may.
func (c *crowd) rateReached(log []logged, l *ledger) {
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
				c.t.Errorf("%d were admitted in %v, want %d at least", f.Admitted, span, want)
			}
			return
		}
	}
	c.t.Error("nobody was admitted for five seconds")
}

// silence is how long a person had not been heard at a time. A restart counts as a
// sign of life of everyone.
func (c *crowd) silence(p *person, at time.Time) time.Duration {
	since := p.heard
	if at.After(c.start) && since.Before(c.start) {
		since = c.start
	}
	return at.Sub(since)
}
