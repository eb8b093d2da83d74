package waitingroom

import (
	"encoding/hex"
	"fmt"

	"admitone/events"
)

// Evolve implements [core.Core].
func (r *Room) Evolve(fact events.Fact) {
	switch f := fact.(type) {
	case *events.WaitingRoomJoined:
		r.applyJoined(f)
		r.check(f.WaitingRoomCounts)
	case *events.WaitingRoomAdmitted:
		r.applyAdmitted(f)
		r.check(f.WaitingRoomCounts)
	case *events.WaitingRoomLeft:
		r.endTicket(f.Ticket, f.Was, true)
		r.check(f.WaitingRoomCounts)
	case *events.WaitingRoomDropped:
		for ticket := range events.Tickets(f.Tickets) {
			r.endTicket(ticket, events.VisitorWaiting, false)
		}
		r.check(f.WaitingRoomCounts)
	case *events.WaitingRoomExpired:
		for ticket := range events.Tickets(f.Tickets) {
			r.endTicket(ticket, events.VisitorAdmitted, false)
		}
		r.check(f.WaitingRoomCounts)
	case *events.WaitingRoomFinished:
		r.endTicket(f.Ticket, events.VisitorAdmitted, true)
		r.check(f.WaitingRoomCounts)
	case *events.WaitingRoomBegun:
		if !r.beginPending() || f.Early != r.last {
			panic(fmt.Sprintf("waiting room %s: the opening is recorded with %d early tickets, but the last ticket is %d", r.id, f.Early, r.last))
		}
		r.begun, r.early = true, f.Early
	case *events.WaitingRoomShuffled:
		r.applyShuffled(f)
	case *events.WaitingRoomOpened:
		r.id, r.settings = f.RoomID, f.WaitingRoomSettings
	case *events.WaitingRoomChanged:
		r.settings = f.WaitingRoomSettings
		if r.settings.Order == events.RoomFIFO {
			r.begun, r.early = false, 0
		}
		r.check(f.WaitingRoomCounts)
	case *events.WaitingRoomRun:
		if f.Term != r.term+1 {
			panic(fmt.Sprintf("waiting room %s: term %d follows term %d", r.id, f.Term, r.term))
		}
		r.term, r.run = f.Term, f.Run
	default:
		panic(fmt.Sprintf("waitingroom: %s is not a fact of a waiting room", fact.Name()))
	}
}

func (r *Room) applyJoined(f *events.WaitingRoomJoined) {
	holder, before := keyOf(f.Holder), r.holders.Len()
	r.holders.Set(holder, uint32(f.Ticket))
	if r.holders.Len() == before || f.Ticket != r.last+1 {
		panic(fmt.Sprintf("waiting room %s: ticket %d is recorded after ticket %d, or for a holder who has a place",
			r.id, f.Ticket, r.last))
	}
	r.last++
	r.waiting++
	r.keys.add(uint32(f.Ticket), holder)
	r.line.add()
}

// applyAdmitted applies an admission. It panics unless the tickets are the first in the line.
func (r *Room) applyAdmitted(f *events.WaitingRoomAdmitted) {
	g := &cohort{expires: f.ExpiresAt.UnixNano(), from: r.line.head}
	for ticket := range events.Tickets(f.Tickets) {
		place, ok := r.line.next(r.line.head)
		if !ok || int64(r.line.ticket(place)) != ticket {
			panic(fmt.Sprintf("waiting room %s: ticket %d is admitted before its turn", r.id, ticket))
		}
		r.line.admit(place)
		r.line.head = place + 1
		g.to = place
		g.active++
	}
	r.waiting -= int64(g.active)
	r.active += int64(g.active)
	r.admitted += int64(g.active)
	if g.active == 0 || int64(g.active) != f.Count || r.admitted != f.Admitted {
		panic(fmt.Sprintf("waiting room %s: an admission of %d tickets is recorded as %d, with the total %d", r.id, g.active, f.Count, f.Admitted))
	}
	r.passes.add(g)
	r.recent = remember(r.recent, admission{At: f.AdmittedAt.UnixNano(), Count: f.Count})
}

// endTicket ends a ticket that was waiting or admitted. left means that the visitor has left or
// finished; otherwise the ticket has expired.
func (r *Room) endTicket(number int64, was events.VisitorStatus, left bool) {
	if status, err := r.status(number); err != nil || status != was {
		panic(fmt.Sprintf("waiting room %s: the recorded end of ticket %d requires it to be %s, and it is not", r.id, number, was))
	}
	ticket := uint32(number)
	place := r.line.place(ticket)
	if was == events.VisitorWaiting {
		r.waiting--
	} else {
		r.active--
		r.passes.end(findCohort(r.passes.cohorts, place))
	}
	r.line.end(place, left)
	r.holders.Delete(r.keys.get(ticket))
	r.keys.end(ticket)
}

func (r *Room) applyShuffled(f *events.WaitingRoomShuffled) {
	seed, err := hex.DecodeString(f.Seed)
	if err != nil || f.Early != r.early || r.admitted > 0 {
		panic(fmt.Sprintf("waiting room %s: a shuffle of %d tickets is recorded after %d admissions, want %d tickets and none",
			r.id, f.Early, r.admitted, r.early))
	}
	r.seed = f.Seed
	r.line.shuffle(events.ShuffledTickets(seed, int(r.early)))
}

// check panics unless the counts recorded in a fact agree with the state.
func (r *Room) check(recorded events.WaitingRoomCounts) {
	if counts := r.counts(); counts != recorded {
		panic(fmt.Sprintf("waiting room %s: the facts add up to %+v, but the last one records %+v", r.id, counts, recorded))
	}
}
