package events

// HoldOf returns the hold id of a fact of a seat or an allowance, "" if it has none.
func HoldOf(fact Fact) HoldID {
	switch f := fact.(type) {
	case *SeatHeld:
		return f.HoldID
	case *SeatExtended:
		return f.HoldID
	case *SeatBooked:
		return f.HoldID
	case *SeatReleased:
		return f.HoldID
	case *SeatExpired:
		return f.HoldID
	case *AllowanceTaken:
		return f.HoldID
	case *AllowanceExtended:
		return f.HoldID
	case *AllowanceKept:
		return f.HoldID
	case *AllowanceReleased:
		return f.HoldID
	case *AllowanceExpired:
		return f.HoldID
	}
	return ""
}

// BookingOf returns the booking that a fact of a seat, an allowance or a wallet belongs to, "" if
// it belongs to none.
func BookingOf(fact Fact) BookingID {
	switch f := fact.(type) {
	case *WalletDebited:
		return f.BookingID
	case *WalletRefunded:
		return f.BookingID
	case *WalletCancelled:
		return f.BookingID
	}
	bookingID, _, _ := CutHoldID(HoldOf(fact))
	return bookingID
}

// HolderOf returns the one holder that a fact names, "" if it names none or several.
func HolderOf(fact Fact) Holder {
	switch f := fact.(type) {
	case *ProductReserved:
		return f.Holder
	case *ProductHeld:
		return f.Holder
	case *ProductConfirmed:
		return f.Holder
	case *ProductReleased:
		return f.Holder
	case *SeatHeld:
		return f.Holder
	case *SeatBooked:
		return f.Holder
	case *SeatReleased:
		return f.Holder
	case *SeatExpired:
		return f.Holder
	case *BookingAbandoned:
		return f.Holder
	case *BookingHeld:
		return f.Holder
	case *WaitingRoomJoined:
		return f.Holder
	case *RefusalRecorded:
		return f.Holder
	}
	return ""
}
