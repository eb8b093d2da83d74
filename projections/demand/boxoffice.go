package demand

import "admitone/events"

func init() {
	register(requested, &events.PerformanceCreated{}, &events.PerformanceEdited{}, &events.SeatBlocked{},
		&events.SeatUnblocked{}, &events.BookingHeld{}, &events.BookingExtended{}, &events.BookingPaymentStarted{},
		&events.BookingReleased{}, &events.WalletCharged{})
	register(system, &events.BookingExpired{})
	register(consequence, &events.PerformanceOpened{}, &events.PerformanceClosed{})
	// A seat that was released is told if its booking was refused; see queue.add.
	register(consequence, &events.SeatHeld{}, &events.SeatExtended{}, &events.SeatBooked{},
		&events.SeatReleased{}, &events.SeatExpired{}, &events.BookingAbandoned{},
		&events.BookingBooked{}, &events.BookingPaymentFailed{}, &events.BookingRetaken{},
		&events.BookingRefunded{}, &events.WalletDebited{}, &events.WalletRefunded{},
		&events.WalletCancelled{}, &events.AllowanceTaken{}, &events.AllowanceExtended{},
		&events.AllowanceKept{}, &events.AllowanceReleased{}, &events.AllowanceExpired{})
}
