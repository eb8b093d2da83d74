package projections

import (
	"slices"

	"admitone/events"
)

// toldLeads bounds what a line leads to.
const toldLeads = 60

// leads are the things, as kind/id, that a fact names besides its own stream: where
// to read on, and what it caused there or was caused by.
type leads []string

func (l *leads) to(kind, id string) {
	if id != "" && len(*l) < toldLeads {
		*l = append(*l, kind+"/"+id)
	}
}

// booking adds the booking that a hold belongs to.
func (l *leads) booking(holdID string) {
	if id, _, ok := events.CutHoldID(holdID); ok {
		l.to(bookingCategory, id)
	}
}

// leadsOf is what an event leads to.
func leadsOf(e *events.Recorded, fact events.Fact) (l leads) {
	switch e.Stream.Category() {
	case seatCategory:
		l.ofSeat(fact)
		performance, _ := events.CutPerformance(e.Stream.Entity())
		l.to(performanceCategory, performance)
	case allowanceCategory:
		l.ofAllowance(fact)
		performance, holder := events.CutPerformance(e.Stream.Entity())
		l.to(holderKind, holder)
		l.to(performanceCategory, performance)
	case walletCategory:
		l.ofWallet(fact)
		l.to(holderKind, e.Stream.Entity())
	case bookingCategory:
		l.ofBooking(fact)
	case productCategory:
		l.ofProduct(fact)
	case tournamentCategory:
		l.ofTournament(fact)
	case performanceCategory:
		if f, ok := fact.(*events.PerformanceCreated); ok {
			l.to(waitingRoomKind, f.WaitingRoom)
		}
	case waitingRoomCategory:
		if f, ok := fact.(*events.WaitingRoomJoined); ok {
			l.to(holderKind, f.Holder)
			l.to(ticketKind, ticketOf(e.Stream.Entity(), f.Ticket))
		}
	case events.RefusalsCategory:
		l.ofRefusal(fact)
	}
	return l
}

// ofRefusal: what was asked, what was in the way, and who wanted it.
func (l *leads) ofRefusal(fact events.Fact) {
	f, ok := fact.(*events.RefusalRecorded)
	if !ok {
		return
	}
	for _, stream := range slices.Compact([]string{f.BeatenStream, f.Stream}) {
		if stream != "" {
			l.to(kindOfStream(events.StreamID(stream)), events.StreamID(stream).Entity())
		}
	}
	l.to(holderKind, f.Holder)
	for _, team := range f.TeamIDs {
		l.to(teamCategory, team)
	}
}

// kindOfStream is what people call the kind of a stream's entity.
func kindOfStream(stream events.StreamID) string {
	if category := stream.Category(); category != waitingRoomCategory {
		return category
	}
	return waitingRoomKind
}

func (l *leads) ofSeat(fact events.Fact) {
	switch f := fact.(type) {
	case *events.SeatHeld:
		l.booking(f.HoldID)
		l.to(holderKind, f.Holder)
	case *events.SeatExtended:
		l.booking(f.HoldID)
	case *events.SeatBooked:
		l.booking(f.HoldID)
		l.to(holderKind, f.Holder)
	case *events.SeatReleased:
		l.booking(f.HoldID)
		l.to(holderKind, f.Holder)
	case *events.SeatExpired:
		l.booking(f.HoldID)
		l.to(holderKind, f.Holder)
	}
}

func (l *leads) ofAllowance(fact events.Fact) {
	switch f := fact.(type) {
	case *events.AllowanceTaken:
		l.booking(f.HoldID)
	case *events.AllowanceExtended:
		l.booking(f.HoldID)
	case *events.AllowanceKept:
		l.booking(f.HoldID)
	case *events.AllowanceReleased:
		l.booking(f.HoldID)
	case *events.AllowanceExpired:
		l.booking(f.HoldID)
	}
}

func (l *leads) ofWallet(fact events.Fact) {
	switch f := fact.(type) {
	case *events.WalletDebited:
		l.to(bookingCategory, f.BookingID)
	case *events.WalletRefunded:
		l.to(bookingCategory, f.BookingID)
	case *events.WalletCancelled:
		l.to(bookingCategory, f.BookingID)
	}
}

// ofBooking: its first fact names everything that the later ones are about.
func (l *leads) ofBooking(fact events.Fact) {
	f, ok := fact.(*events.BookingHeld)
	if !ok {
		return
	}
	for _, s := range f.Seats {
		l.to(seatCategory, events.OfPerformance(f.PerformanceID, s.Seat))
	}
	l.to(performanceCategory, f.PerformanceID)
	l.to(holderKind, f.Holder)
	l.to(walletCategory, f.Holder)
}

func (l *leads) ofProduct(fact events.Fact) {
	switch f := fact.(type) {
	case *events.ProductReserved:
		l.to(holderKind, f.Holder)
	case *events.ProductHeld:
		l.to(holderKind, f.Holder)
	case *events.ProductConfirmed:
		l.to(holderKind, f.Holder)
	case *events.ProductReleased:
		l.to(holderKind, f.Holder)
	case *events.ProductExpired:
		for i := range f.Expired {
			l.to(holderKind, f.Expired[i].Holder)
		}
	case *events.ProductCreated:
		l.to(waitingRoomKind, f.WaitingRoom)
	}
}

func (l *leads) ofTournament(fact events.Fact) {
	var teams []string
	switch f := fact.(type) {
	case *events.TournamentEntered:
		teams = f.TeamIDs
	case *events.TournamentWaitlisted:
		teams = f.TeamIDs
	case *events.TournamentWithdrawn:
		teams = []string{f.TeamID}
	case *events.TournamentPromoted:
		for _, row := range f.Rows {
			teams = append(teams, row...)
		}
	case *events.TournamentCreated:
		l.to(waitingRoomKind, f.WaitingRoom)
	}
	for _, team := range teams {
		l.to(teamCategory, team)
	}
}
