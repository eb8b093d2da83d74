package demand

import "admitone/events"

func init() {
	register(requested, &events.PerformanceCreated{}, &events.PerformanceEdited{}, &events.SeatBlocked{},
		&events.SeatUnblocked{}, &events.BookingHeld{}, &events.BookingExtended{}, &events.BookingPaymentStarted{},
		&events.BookingReleased{}, &events.BookingSeatReturned{}, &events.WalletCharged{},
		&events.AreaResized{}, &events.AreaBlocked{}, &events.AreaUnblocked{})
	register(system, &events.BookingExpired{})
	// A change of blocks is reproduced by the facts of its seats and areas.
	register(consequence, &events.PerformanceOpened{}, &events.PerformanceClosed{}, &events.BlocksBegun{},
		&events.BlocksChanged{}, &events.BlocksWithdrawn{}, &events.BlocksUndone{})
	// SeatReleased is emitted only for an attempt that failed to get all its seats; see queue.origin.
	register(consequence, &events.SeatHeld{}, &events.SeatExtended{}, &events.SeatBooked{},
		&events.SeatReleased{}, &events.SeatExpired{}, &events.BookingAbandoned{},
		&events.BookingBooked{}, &events.BookingPaymentFailed{}, &events.BookingRetaken{},
		&events.BookingRefunded{}, &events.BookingSeatRefunded{}, &events.AllowanceReduced{},
		&events.WalletDebited{}, &events.WalletRefunded{},
		&events.WalletCancelled{}, &events.AllowanceTaken{}, &events.AllowanceExtended{},
		&events.AllowanceKept{}, &events.AllowanceReleased{}, &events.AllowanceExpired{},
		&events.AreaHeld{}, &events.AreaExtended{}, &events.AreaBooked{}, &events.AreaReleased{},
		&events.AreaExpired{})
}
