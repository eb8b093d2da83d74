package waitingroom

import (
	"iter"
	"slices"
	"time"

	"admitone/events"
)

// Place is the status of a visitor.
type Place struct {
	Status events.VisitorStatus
	// Number is the visitor's rank in the line, 1 for the next. It is 0 for a visitor who
	// is not waiting, and before a shuffled opening is drawn.
	Number int64
	// ExpiresAt is when the pass of an admitted visitor ends.
	ExpiresAt time.Time
}

// Line is an immutable view of a room at one moment, safe for concurrent use. It shares most of its
// memory with the room and with earlier and later lines.
type Line struct {
	ID       string
	Settings events.WaitingRoomSettings
	// Tickets counts the tickets given out, Waiting the waiting visitors, Active the active passes,
	// Admitted all admissions.
	Tickets, Waiting, Active, Admitted int64
	// Begun means that a shuffled opening has begun, and Early is the last ticket before it. Seed, in
	// hexadecimal, determines the order of the tickets up to Early; it is "" until published.
	Begun bool
	Early int64
	Seed  string
	// Term counts the takeovers of the room, Run is the server start that made the last one; 0 and
	// "" if there was none.
	Term int64
	Run  string

	rows    rows
	before  []uint32 // waiting places before each block of rows; nil: count them
	cohorts []*cohort
	recent  []admission
	keys    keys
}

// Line returns the current line. It copies a few bytes per thousand places, and shares the blocks
// until they change. Like every method of the core it must be called on the room's actor.
func (r *Room) Line() *Line {
	l := r.view(r.line.publish())
	l.recent, l.keys = slices.Clone(r.recent), r.keys.freeze()
	l.before = l.rows.counts // publish has copied it, so it can be changed to sums
	sum := uint32(0)
	for i, n := range l.before {
		l.before[i] = sum
		sum += n
	}
	l.rows.counts = nil
	return l
}

func (r *Room) view(rows rows) *Line {
	return &Line{
		ID: string(r.id), Settings: r.settings,
		Tickets: r.last, Waiting: r.waiting, Active: r.active, Admitted: r.admitted,
		Begun: r.begun, Early: r.early, Seed: r.seed, Term: r.term, Run: r.run,
		rows: rows, cohorts: r.passes.cohorts,
	}
}

// Find returns the ticket of a holder who waits or is admitted, and the current place. Like every
// method of the core it must be called on the room's actor.
func (r *Room) Find(holder events.Holder) (ticket int64, place Place, ok bool) {
	if ticket, ok = r.Ticket(holder); ok {
		place = r.view(r.line.rows).Look(ticket)
	}
	return ticket, place, ok
}

// Look returns the current place of a ticket. Like every method of the core it must be called on
// the room's actor.
func (r *Room) Look(ticket int64) Place { return r.view(r.line.rows).Look(ticket) }

// Drawn reports whether the order of the line is known. Only in a shuffled opening it is not, until the
// seed is published.
func (l *Line) Drawn() bool { return l.Settings.Order != events.RoomShuffle || l.Seed != "" }

// Undrawn reports whether the place of a ticket is yet to be drawn.
func (l *Line) Undrawn(ticket int64) bool {
	return !l.Drawn() && (!l.Begun || ticket <= l.Early)
}

// Look returns the place of a ticket. A ticket newer than the line waits at its end. Look reads one
// block, and finds the expiry of a pass by a binary search.
func (l *Line) Look(ticket int64) Place {
	if ticket < 1 {
		return Place{Status: events.VisitorExpired}
	}
	if ticket > l.Tickets {
		p := Place{Status: events.VisitorWaiting, Number: l.Waiting + ticket - l.Tickets}
		if l.Undrawn(ticket) {
			p.Number = 0
		}
		return p
	}
	place := l.rows.place(uint32(ticket))
	p := Place{Status: l.rows.status(place)}
	switch p.Status {
	case events.VisitorWaiting:
		if l.Undrawn(ticket) {
			break
		}
		i := int(place/blockSize) - l.rows.first
		p.Number = l.waitingBefore(i) + int64(l.rows.blocks[i].waiting.before(int(place%blockSize))) + 1
	case events.VisitorAdmitted:
		p.ExpiresAt = time.Unix(0, findCohort(l.cohorts, place).expires).UTC()
	}
	return p
}

// HeldBy reports whether a ticket belongs to holder, given as the first 16 bytes of the SHA-256. The
// ticket must be waiting or admitted in the line, which must be one that [Room.Line] has returned.
func (l *Line) HeldBy(ticket int64, holder [16]byte) bool {
	return l.keys.get(uint32(ticket)) == holder
}

// waitingBefore counts the waiting places before a block.
func (l *Line) waitingBefore(block int) (n int64) {
	if l.before != nil {
		return int64(l.before[block])
	}
	for _, count := range l.rows.counts[:block] {
		n += int64(count)
	}
	return n
}

// InLine iterates over the waiting tickets, in the order of the line.
func (l *Line) InLine() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for i, b := range l.rows.blocks {
			if b == nil {
				continue
			}
			start := uint32(i+l.rows.first) * blockSize
			for at, ok := b.waiting.next(0); ok; at, ok = b.waiting.after(at) {
				if !yield(int64(l.rows.ticket(start + uint32(at)))) {
					return
				}
			}
		}
	}
}

// NextAdmission returns the first time after now at which the rate admits more than at now; zero
// for none.
func (l *Line) NextAdmission(now time.Time) time.Time { return nextAllowed(l.recent, now) }

// status returns the status of a place that was given out.
func (r *rows) status(place uint32) events.VisitorStatus {
	b, i := r.at(place), int(place%blockSize)
	switch {
	case b == nil:
		return events.VisitorExpired
	case b.waiting.has(i):
		return events.VisitorWaiting
	case b.admitted.has(i):
		return events.VisitorAdmitted
	case b.left.has(i):
		return events.VisitorLeft
	}
	return events.VisitorExpired
}

// activePlaces iterates over the places of a cohort whose passes are active.
func (r *rows) activePlaces(g *cohort) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for place := g.from; place <= g.to; {
			b, start := r.at(place), place/blockSize*blockSize
			end := min(g.to, start+blockSize-1)
			if b != nil {
				for at, ok := b.admitted.next(int(place - start)); ok && start+uint32(at) <= end; at, ok = b.admitted.after(at) {
					if !yield(start + uint32(at)) {
						return
					}
				}
			}
			place = end + 1
		}
	}
}
