package waitingroom

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// play decides commands, which must be accepted, and applies their facts.
func play(t testing.TB, r *Room, at time.Duration, cmds ...core.Command) *Room {
	t.Helper()
	for _, cmd := range cmds {
		facts, err := r.Decide(cmd, day.Add(at))
		if err != nil {
			t.Fatalf("Decide(%T): %v", cmd, err)
		}
		for _, fact := range facts {
			r.Evolve(fact)
		}
	}
	return r
}

// crowd returns a room in which a number of visitors have joined.
func crowd(t testing.TB, set *Set, visitors int) *Room {
	t.Helper()
	r := play(t, New().(*Room), 0, set)
	for i := range visitors {
		play(t, r, 0, join(events.Holder(fmt.Sprintf("holder-%07d", i))))
	}
	return r
}

// TestEndedTicketsAreFreed checks that a room keeps no memory for ended tickets.
func TestEndedTicketsAreFreed(t *testing.T) {
	const visitors = 3 * blockSize
	r := crowd(t, fifo(10_000, visitors), visitors)
	for i := range 3 {
		play(t, r, time.Duration(i)*s, admit)
	}
	for ticket := int64(visitors); ticket > 0; ticket-- {
		play(t, r, 3*s, leave(ticket))
	}
	if len(r.line.blocks)+len(r.line.counts)+len(r.keys.chunks)+len(r.passes.cohorts)+len(
		r.passes.heap,
	)+r.holders.Len() > 0 {
		t.Errorf(
			"got %d blocks, %d chunks, %d cohorts and %d holders, want none",
			len(r.line.blocks),
			len(r.keys.chunks),
			len(r.passes.cohorts),
			r.holders.Len(),
		)
	}
	if p := r.Line().Look(1); p.Status != events.VisitorExpired {
		t.Errorf("ticket 1: got status %s, want %s", p.Status, events.VisitorExpired)
	}
	play(t, r, 3*s, join("ann"), join("bob"))
	if p := r.Line().Look(visitors + 2); p.Number != 2 {
		t.Errorf("ticket of the second new visitor: got %+v, want Number 2", p)
	}
}

// TestLookNewerTicket checks that a ticket given out after a line was published is at the end of the line.
func TestLookNewerTicket(t *testing.T) {
	r := crowd(t, fifo(8, 3), 5)
	play(t, r, 0, leave(2))
	l := r.Line()
	play(t, r, 0, join("late"), join("later"))
	for ticket, want := range map[int64]int64{5: 4, 6: 5, 7: 6} {
		if got := l.Look(ticket); got != (Place{Status: events.VisitorWaiting, Number: want}) {
			t.Errorf("ticket %d: got %+v, want number %d", ticket, got, want)
		}
	}
	for _, ticket := range []int64{0, -1, -1 << 40} {
		if got := l.Look(ticket); got != (Place{Status: events.VisitorExpired}) {
			t.Errorf("ticket %d: got %+v, want %+v", ticket, got, Place{Status: events.VisitorExpired})
		}
	}
	undrawn := crowd(t, shuffled(8, 3), 2).Line()
	if got := undrawn.Look(3); got != (Place{Status: events.VisitorWaiting}) {
		t.Errorf("newer ticket before the opening: got %+v, want no number", got)
	}
	begun := play(t, crowd(t, shuffled(8, 3), 2), 11*s, expire).Line()
	if got := begun.Look(3); got != (Place{Status: events.VisitorWaiting, Number: 3}) {
		t.Errorf("newer ticket after the opening, before the shuffle: got %+v, want number 3", got)
	}
}

// TestNextAdmission checks that a room admits at its full rate if Admit is sent at NextAdmission, however
// irregularly it is sent in between.
func TestNextAdmission(t *testing.T) {
	r := crowd(t, fifo(80, 10_000), 1000)
	now, irregular := time.Duration(0), 7*ms
	for now < 10*s {
		play(t, r, now, admit)
		next := r.Line().NextAdmission(day.Add(now)).Sub(day)
		if next <= now {
			t.Fatalf("at %v: got next admission at %v, want later", now, next)
		}
		irregular = irregular*5%(97*ms) + ms
		now = min(next, now+irregular)
	}
	if r.admitted != 800 {
		t.Errorf("got %d admitted in 10 s, want 800", r.admitted)
	}
	if next := (&Line{}).NextAdmission(day); !next.IsZero() {
		t.Errorf("empty room: got next admission %v, want none", next)
	}
}

// TestConcurrentReaders checks that lines stay as published while the room changes. It is mainly for the
// race detector.
func TestConcurrentReaders(t *testing.T) {
	r := crowd(t, fifo(10_000, 2000), 4*blockSize)
	lines := make(chan *Line, 4)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for l := range lines {
				waiting, last := int64(0), int64(0)
				for ticket := range l.InLine() {
					waiting++
					p := l.Look(ticket)
					if p.Number != waiting || ticket <= last {
						t.Errorf("ticket %d: got %+v, want it after ticket %d as number %d", ticket, p, last, waiting)
						return
					}
					last = ticket
				}
				active := int64(0)
				for ticket := range l.Tickets {
					if p := l.Look(ticket + 1); p.Status == events.VisitorAdmitted && !p.ExpiresAt.IsZero() {
						active++
					}
				}
				if waiting != l.Waiting || active != l.Active {
					t.Errorf("got %d waiting and %d active, want %d and %d", waiting, active, l.Waiting, l.Active)
				}
			}
		})
	}
	for round := range int64(60) {
		for i := range int64(40) {
			play(t, r, time.Duration(round)*s, join(events.Holder(fmt.Sprint(round, i))), leave(1+(round*977+i*131)%r.last))
		}
		play(t, r, time.Duration(round)*s, admit, drop(r.last-7))
		if round%7 == 0 {
			r.Freeze()
		}
		lines <- r.Line()
	}
	close(lines)
	readers.Wait()
}
