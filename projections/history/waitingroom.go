package history

import (
	"fmt"
	"strings"

	"admitone/events"
)

// maxListedRanges is the largest number of ticket ranges named in a sentence.
const maxListedRanges = 8

// waitingRoomKind is the name of the kind as users type it. The category has no hyphen.
const waitingRoomKind = "waiting-room"

func init() {
	register(kind{name: waitingRoomKind, category: events.WaitingRoomCategory, describe: describeWaitingRoom,
		links: linksOfWaitingRoom, example: "waiting-room/onsale"})
	requests["POST visitors"] = func(_ *events.RefusalRecorded, _, _, entity string) string { return "to join " + entity }
}

func linksOfWaitingRoom(l *links, e *events.Recorded, fact events.Fact) {
	if f, ok := fact.(*events.WaitingRoomJoined); ok {
		l.add(holderKind, string(f.Holder))
		l.add(ticketKind, ticketOf(events.RoomID(e.Stream.Entity()), f.Ticket))
	}
}

// describeWaitingRoom describes a fact of a waiting room. A holder's history has the joins; later facts are about
// tickets, see ofTicket.
func describeWaitingRoom(fact events.Fact, subj subject) string {
	if f, ok := fact.(*events.WaitingRoomJoined); ok && subj.includes(holderKind, string(f.Holder)) {
		return fmt.Sprintf("%s joined the queue with ticket %d; %s", f.Holder, f.Ticket, inRoom(&f.WaitingRoomCounts))
	}
	if !subj.isEveryone() {
		return ""
	}
	switch f := fact.(type) {
	case *events.WaitingRoomAdmitted:
		return fmt.Sprintf("%s admitted, %s, with passes until %s; %s", counted(f.Count, "visitor"), ticketsOf(f.Tickets),
			events.FormatTime(f.ExpiresAt), inRoom(&f.WaitingRoomCounts))
	case *events.WaitingRoomLeft:
		what := "place"
		if f.Was == events.VisitorAdmitted {
			what = "pass"
		}
		return fmt.Sprintf("ticket %d gave up its %s; %s", f.Ticket, what, inRoom(&f.WaitingRoomCounts))
	case *events.WaitingRoomDropped:
		return fmt.Sprintf("%s lost the place through inactivity, %s; %s", counted(f.Count, "visitor"), ticketsOf(f.Tickets),
			inRoom(&f.WaitingRoomCounts))
	case *events.WaitingRoomExpired:
		return fmt.Sprintf("%s expired, %s; %s", passes(f.Count), ticketsOf(f.Tickets),
			inRoom(&f.WaitingRoomCounts))
	case *events.WaitingRoomFinished:
		return fmt.Sprintf("ticket %d finished, and its pass ended; %s", f.Ticket, inRoom(&f.WaitingRoomCounts))
	case *events.WaitingRoomBegun:
		return fmt.Sprintf("the opening began; %s had joined before it", counted(f.Early, "visitor"))
	case *events.WaitingRoomShuffled:
		return fmt.Sprintf("the order of tickets 1 to %d was drawn: seed %s", f.Early, f.Seed)
	case *events.WaitingRoomRun:
		return fmt.Sprintf("server %s took over the room, term %d", f.Node, f.Term)
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
	text := fmt.Sprintf("%s, %s: %d per second, %s of %d s at once, silent for %d s at most",
		s.Status, s.Order, s.AdmitPerSecond, passes(s.MaxActive), s.ActiveSeconds, 2*s.HeartbeatSeconds)
	if !s.OpensAt.IsZero() {
		text += ", opens at " + events.FormatTime(s.OpensAt)
	}
	if s.SeedHash != "" {
		text += ", hash of the seed " + s.SeedHash
	}
	return text
}

// ticketsOf names tickets, for example "tickets 1–50, 52".
func ticketsOf(ranges []events.TicketRange) string {
	noun, parts := "tickets ", []string(nil)
	if len(ranges) == 1 && ranges[0].From == ranges[0].To {
		noun = "ticket "
	}
	for i, r := range ranges {
		switch {
		case i == maxListedRanges:
			return noun + strings.Join(parts, ", ") + fmt.Sprintf(" and %d ranges more", len(ranges)-i)
		case r.From == r.To:
			parts = append(parts, fmt.Sprint(r.From))
		default:
			parts = append(parts, fmt.Sprintf("%d–%d", r.From, r.To))
		}
	}
	return noun + strings.Join(parts, ", ")
}
