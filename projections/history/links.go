package history

import (
	"slices"

	"admitone/events"
)

// maxLinks bounds what a line leads to.
const maxLinks = 60

// links are the things, as kind/id, that a fact names besides its own stream: where
// to read on, and what it caused there or was caused by.
type links []string

func (l *links) add(kind, id string) {
	if id != "" && len(*l) < maxLinks {
		*l = append(*l, kind+"/"+id)
	}
}

// linksOf is what an event leads to.
func linksOf(e *events.Recorded, fact events.Fact) (l links) {
	switch e.Stream.Category() {
	case events.SeatCategory:
		l.add(events.BookingCategory, string(events.BookingOf(fact)))
		l.add(holderKind, string(events.HolderOf(fact)))
		performance, _ := events.CutPerformance(e.Stream.Entity())
		l.add(events.PerformanceCategory, string(performance))
	case events.AllowanceCategory:
		l.add(events.BookingCategory, string(events.BookingOf(fact)))
		performance, holder := events.CutPerformance(e.Stream.Entity())
		l.add(holderKind, holder)
		l.add(events.PerformanceCategory, string(performance))
	case events.WalletCategory:
		l.add(events.BookingCategory, string(events.BookingOf(fact)))
		l.add(holderKind, e.Stream.Entity())
	case events.BookingCategory:
		l.addBookingFact(fact)
	case events.ProductCategory:
		l.add(holderKind, string(events.HolderOf(fact)))
		l.addProduct(fact)
	case events.TournamentCategory:
		l.addTournament(fact)
	case events.PerformanceCategory:
		if f, ok := fact.(*events.PerformanceCreated); ok {
			l.add(waitingRoomKind, string(f.WaitingRoom))
		}
	case events.WaitingRoomCategory:
		if f, ok := fact.(*events.WaitingRoomJoined); ok {
			l.add(holderKind, string(f.Holder))
			l.add(ticketKind, ticketOf(events.RoomID(e.Stream.Entity()), f.Ticket))
		}
	case events.RefusalsCategory:
		l.addRefusal(fact)
	}
	return l
}

// addRefusal: what was asked, what was in the way, and who wanted it.
func (l *links) addRefusal(fact events.Fact) {
	f, ok := fact.(*events.RefusalRecorded)
	if !ok {
		return
	}
	for _, stream := range slices.Compact([]string{f.BeatenStream, f.Stream}) {
		if stream != "" {
			l.add(kindOfStream(events.StreamID(stream)), events.StreamID(stream).Entity())
		}
	}
	l.add(holderKind, string(f.Holder))
	for _, team := range f.TeamIDs {
		l.add(events.TeamCategory, string(team))
	}
}

// kindOfStream is what people call the kind of a stream's entity.
func kindOfStream(stream events.StreamID) string {
	if category := stream.Category(); category != events.WaitingRoomCategory {
		return category
	}
	return waitingRoomKind
}

// addBookingFact: its first fact names everything that the later ones are about.
func (l *links) addBookingFact(fact events.Fact) {
	if f, ok := fact.(*events.BookingAbandoned); ok {
		l.add(events.PerformanceCategory, string(f.PerformanceID))
		l.add(holderKind, string(f.Holder))
	}
	f, ok := fact.(*events.BookingHeld)
	if !ok {
		return
	}
	for _, s := range f.Seats {
		l.add(events.SeatCategory, events.OfPerformance(f.PerformanceID, string(s.Seat)))
	}
	l.add(events.PerformanceCategory, string(f.PerformanceID))
	l.add(holderKind, string(f.Holder))
	l.add(events.WalletCategory, string(f.Holder))
}

func (l *links) addProduct(fact events.Fact) {
	switch f := fact.(type) {
	case *events.ProductExpired:
		for i := range f.Expired {
			l.add(holderKind, string(f.Expired[i].Holder))
		}
	case *events.ProductCreated:
		l.add(waitingRoomKind, string(f.WaitingRoom))
	}
}

func (l *links) addTournament(fact events.Fact) {
	var teams []events.TeamID
	switch f := fact.(type) {
	case *events.TournamentEntered:
		teams = f.TeamIDs
	case *events.TournamentWaitlisted:
		teams = f.TeamIDs
	case *events.TournamentWithdrawn:
		teams = []events.TeamID{f.TeamID}
	case *events.TournamentPromoted:
		for _, row := range f.Rows {
			teams = append(teams, row...)
		}
	case *events.TournamentCreated:
		l.add(waitingRoomKind, string(f.WaitingRoom))
	}
	for _, team := range teams {
		l.add(events.TeamCategory, string(team))
	}
}
