package history

import "admitone/events"

func linksOfPerformance(l *links, _ *events.Recorded, fact events.Fact) {
	if f, ok := fact.(*events.PerformanceCreated); ok {
		l.add(waitingRoomKind, string(f.WaitingRoom))
		l.add(events.PlanCategory, string(f.Plan))
	}
}

func linksOfSeat(l *links, e *events.Recorded, fact events.Fact) {
	l.addNamed(fact)
	performance, _ := events.CutPerformance(e.Stream.Entity())
	l.add(events.PerformanceCategory, string(performance))
}

func linksOfAllowance(l *links, e *events.Recorded, fact events.Fact) {
	l.add(events.BookingCategory, string(events.BookingOf(fact)))
	performance, holder := events.CutPerformance(e.Stream.Entity())
	l.add(holderKind, holder)
	l.add(events.PerformanceCategory, string(performance))
}

func linksOfWallet(l *links, e *events.Recorded, fact events.Fact) {
	l.add(events.BookingCategory, string(events.BookingOf(fact)))
	l.add(holderKind, e.Stream.Entity())
}

// linksOfBooking adds the seats, areas, performance, holder and wallet of a new booking. Later facts don't repeat them.
func linksOfBooking(l *links, _ *events.Recorded, fact events.Fact) {
	if f, ok := fact.(*events.BookingAbandoned); ok {
		l.add(events.PerformanceCategory, string(f.PerformanceID))
		l.add(holderKind, string(f.Holder))
	}
	if f, ok := fact.(*events.BookingPaymentStarted); ok && f.Payment != "" {
		l.add(events.PaymentCategory, f.Payment.Entity())
	}
	f, ok := fact.(*events.BookingHeld)
	if !ok {
		return
	}
	for _, s := range f.Seats {
		l.add(events.SeatCategory, events.OfPerformance(f.PerformanceID, string(s.Seat)))
	}
	for _, p := range f.Areas {
		l.add(events.AreaCategory, events.OfPerformance(f.PerformanceID, string(p.Area)))
	}
	l.add(events.PerformanceCategory, string(f.PerformanceID))
	l.add(holderKind, string(f.Holder))
	l.add(events.WalletCategory, string(f.Holder))
}
