package waitingroom

import (
	"iter"
	"slices"
	"time"

	"admitone/events"
)

// Place is where a visitor stands.
type Place struct {
	Status events.VisitorStatus
	// Number counts from 1, who is next, over those who still wait. It is 0 for who
	// does not wait, and before a shuffled opening has been drawn.
	Number int64
	// ExpiresAt is when the pass of an admitted visitor ends.
	ExpiresAt time.Time
}

// Line is a room at one moment, to be read by anybody at any time: it never
// changes. It shares most of its memory with the room and with the lines before and
// after it.
type Line struct {
	ID       string
	Settings events.WaitingRoomSettings
	// Tickets given out, visitors who wait, passes that go on, and how many were
	// admitted in all.
	Tickets, Waiting, Active, Admitted int64
	// Begun says that the moment of a shuffled opening has passed; Early is the last
	// ticket that came before it, and Seed in hexadecimal, once published, gives them
	// their order.
	Begun bool
	Early int64
	Seed  string
	// Term counts how often a server has taken the room over, and Run is the one that
	// did last; 0 and "" if there never was but one.
	Term int64
	Run  string

	rows   rows
	before []uint32 // who waits before each block of rows; nil: count
	groups []*cohort
	recent []admission
	keys   keys
}

// Line returns the room as it is now. It costs a few bytes for every thousand
// places, and nothing of it is copied for those that don't change afterwards. Like
// every method of the core it is called on the room's actor; it changes nothing of the
// room but what is copied before its next change.
func (r *Room) Line() *Line {
	l := r.view(r.line.publish())
	l.recent, l.keys = slices.Clone(r.recent), r.keys.freeze()
	l.before = l.rows.counts // its own copy, from now on summed up
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
		rows: rows, groups: r.passes.groups,
	}
}

// Find returns the ticket of a holder who waits or has been admitted, and the place
// as it is now. Like every method of the core it is called on the room's actor.
func (r *Room) Find(holder events.Holder) (ticket int64, place Place, ok bool) {
	if ticket, ok = r.Ticket(holder); ok {
		place = r.view(r.line.rows).Look(ticket)
	}
	return ticket, place, ok
}

// Look says where the visitor with this ticket stands now. Like every method of the
// core it is called on the room's actor.
func (r *Room) Look(ticket int64) Place { return r.view(r.line.rows).Look(ticket) }

// Drawn reports whether the order of the line is known: always, but for a shuffled
// opening whose seed is not published yet.
func (l *Line) Drawn() bool { return l.Settings.Order != events.RoomShuffle || l.Seed != "" }

// Undrawn reports whether a ticket's place has yet to be drawn.
func (l *Line) Undrawn(ticket int64) bool {
	return !l.Drawn() && (!l.Begun || ticket <= l.Early)
}

// Look says where the visitor with this ticket stands. A ticket that is newer than
// the line waits at its end. It takes one look at one block, and for the
// end of a pass a search by halves.
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
		p.ExpiresAt = time.Unix(0, find(l.groups, place).expires).UTC()
	}
	return p
}

// HeldBy reports whether a ticket of the line, of somebody who waits or has been admitted,
// was given to the holder of whom that is half the SHA-256. It is for lines that were
// published.
func (l *Line) HeldBy(ticket int64, holder [16]byte) bool {
	return l.keys.get(uint32(ticket)) == holder
}

// waitingBefore counts who waits before a block.
func (l *Line) waitingBefore(block int) (n int64) {
	if l.before != nil {
		return int64(l.before[block])
	}
	for _, count := range l.rows.counts[:block] {
		n += int64(count)
	}
	return n
}

// InLine iterates over the tickets of those who wait, in the order of the line.
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

// NextAdmission is the first moment after now at which the rate lets more in than
// at now; zero if that changes nothing.
func (l *Line) NextAdmission(now time.Time) time.Time { return nextAllowed(l.recent, now) }

// status of whoever has a place that was given out.
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

// members iterates over the places of a group whose passes go on.
func (r *rows) members(g *cohort) iter.Seq[uint32] {
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
