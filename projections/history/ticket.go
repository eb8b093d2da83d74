package history

import (
	"context"
	"strconv"
	"strings"

	"admitone/events"
)

// ticketKind is the kind of histories of single tickets of a waiting room. Facts after the join name tickets, often
// many, but no holders, so a holder's history has only the joins, each with a link to its ticket.
const ticketKind = "ticket"

func init() {
	register(kind{name: ticketKind, ids: Parts,
		example: "ticket/onsale/7 (the place with that number in the room)"})
}

// ticketOf returns the id of a ticket: <room>~<ticket>.
func ticketOf(room events.RoomID, ticket int64) string {
	return string(room) + "~" + strconv.FormatInt(ticket, 10)
}

// cutTicket splits an id made by ticketOf; ok is false for any other text.
func cutTicket(id string) (room string, ticket int64, ok bool) {
	room, number, _ := strings.Cut(id, "~")
	ticket, err := strconv.ParseInt(number, 10, 64)
	return room, ticket, err == nil && ticket > 0 && ticketOf(events.RoomID(room), ticket) == id
}

// ofTicket is [Read] for a ticket: the events about the ticket in its room's stream, from a revision on, up to its end.
func ofTicket(ctx context.Context, store events.Store, id string, from uint64,
	limit int) (page []Line, next uint64, more bool, err error) {
	room, ticket, ok := cutTicket(id)
	if !ok {
		return nil, 0, false, ErrEmpty
	}
	first := from == 0
	next = max(from, uint64(ticket)) // at least one event per earlier ticket, and the room's creation
	for seen := 0; seen < maxScanned; {
		recorded, err := store.Read(ctx, events.NewStreamID(events.WaitingRoomCategory, room), events.Revision(next),
			events.Forward, scanSize)
		if err != nil {
			return nil, 0, false, err
		}
		for i := range recorded {
			next++
			fact, err := recorded[i].Decode()
			if err != nil {
				return nil, 0, false, err
			}
			about, last := namesTicket(fact, ticket)
			if !about {
				continue
			}
			line, _, err := describe(&recorded[i], subject{})
			if err != nil {
				return nil, 0, false, err
			}
			if page = append(page, line); last || len(page) == limit {
				return page, next, !last, nil
			}
		}
		if seen += len(recorded); len(recorded) < scanSize {
			if first && len(page) == 0 {
				err = ErrEmpty
			}
			return page, next, false, err
		}
	}
	return page, next, true, nil
}

// namesTicket reports whether a fact is about a ticket, and whether it ends the ticket's place.
func namesTicket(fact events.Fact, ticket int64) (about, last bool) {
	in := func(ranges []events.TicketRange) bool {
		for _, r := range ranges {
			if r.From <= ticket && ticket <= r.To {
				return true
			}
		}
		return false
	}
	switch f := fact.(type) {
	case *events.WaitingRoomJoined:
		return f.Ticket == ticket, false
	case *events.WaitingRoomShuffled:
		return ticket <= f.Early, false
	case *events.WaitingRoomAdmitted:
		return in(f.Tickets), false
	case *events.WaitingRoomLeft:
		return f.Ticket == ticket, true
	case *events.WaitingRoomFinished:
		return f.Ticket == ticket, true
	case *events.WaitingRoomDropped:
		return in(f.Tickets), true
	case *events.WaitingRoomExpired:
		return in(f.Tickets), true
	}
	return false, false
}
