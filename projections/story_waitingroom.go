package projections

import (
	"fmt"
	"strings"

	"admitone/events"
)

// toldRanges is how many ranges of tickets a sentence names.
const toldRanges = 8

func init() { tales[waitingRoomCategory] = waitingRoomTale }

// waitingRoomTale is what a fact of a waiting room says, in words. A holder's history
// has the joins: what comes after goes by tickets; see ofTicket.
func waitingRoomTale(fact events.Fact, of whose) string {
	if f, ok := fact.(*events.WaitingRoomJoined); ok && of.has(holderKind, f.Holder) {
		return fmt.Sprintf("%s joined the line with ticket %d; %s", f.Holder, f.Ticket, inRoom(&f.WaitingRoomCounts))
	}
	if !of.everybodys() {
		return ""
	}
	switch f := fact.(type) {
	case *events.WaitingRoomAdmitted:
		return fmt.Sprintf("%s came in, tickets %s, with passes until %s; %s", counted(f.Count, "visitor"), ticketsOf(f.Tickets), stamp(f.ExpiresAt), inRoom(&f.WaitingRoomCounts))
	case *events.WaitingRoomLeft:
		what := "place"
		if f.Was == events.VisitorAdmitted {
			what = "pass"
		}
		return fmt.Sprintf("ticket %d gave its %s up; %s", f.Ticket, what, inRoom(&f.WaitingRoomCounts))
	case *events.WaitingRoomDropped:
		return fmt.Sprintf("%s lost the place by silence, tickets %s; %s", counted(f.Count, "visitor"), ticketsOf(f.Tickets), inRoom(&f.WaitingRoomCounts))
	case *events.WaitingRoomExpired:
		return fmt.Sprintf("the time of %s was over, tickets %s; %s", passes(f.Count), ticketsOf(f.Tickets), inRoom(&f.WaitingRoomCounts))
	case *events.WaitingRoomFinished:
		return fmt.Sprintf("ticket %d was done, and its pass ended; %s", f.Ticket, inRoom(&f.WaitingRoomCounts))
	case *events.WaitingRoomBegun:
		return fmt.Sprintf("the opening began; %s had come before it", counted(f.Early, "visitor"))
	case *events.WaitingRoomShuffled:
		return fmt.Sprintf("the order of tickets 1 to %d was drawn: seed %s", f.Early, f.Seed)
	case *events.WaitingRoomOpened:
		return "set up: " + roomSettings(&f.WaitingRoomSettings)
	case *events.WaitingRoomChanged:
		return fmt.Sprintf("changed; it is now %s; %s", roomSettings(&f.WaitingRoomSettings), inRoom(&f.WaitingRoomCounts))
	}
	return ""
}

func passes(n int64) string {
	if n == 1 {
		return "1 pass"
	}
	return fmt.Sprintf("%d passes", n)
}

func inRoom(c *events.WaitingRoomCounts) string {
	return fmt.Sprintf("%d waiting, %d active", c.Waiting, c.Active)
}

func roomSettings(s *events.WaitingRoomSettings) string {
	said := fmt.Sprintf("%s, %s: %d per second, %s of %d s at once, silent for %d s at most",
		s.Status, s.Order, s.AdmitPerSecond, passes(s.MaxActive), s.ActiveSeconds, 2*s.HeartbeatSeconds)
	if !s.OpensAt.IsZero() {
		said += ", opens at " + stamp(s.OpensAt)
	}
	if s.SeedHash != "" {
		said += ", hash of the seed " + s.SeedHash
	}
	return said
}

// ticketsOf names tickets: 1–50, 52.
func ticketsOf(ranges []events.TicketRange) string {
	var told []string
	for i, r := range ranges {
		switch {
		case i == toldRanges:
			return strings.Join(told, ", ") + fmt.Sprintf(" and %d ranges more", len(ranges)-i)
		case r.From == r.To:
			told = append(told, fmt.Sprint(r.From))
		default:
			told = append(told, fmt.Sprintf("%d–%d", r.From, r.To))
		}
	}
	return strings.Join(told, ", ")
}
