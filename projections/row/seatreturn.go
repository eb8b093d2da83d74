package row

import (
	"slices"

	"admitone/events"
)

// ReturnedSeat is a seat or place that was returned while the rest of the booking stayed booked.
type ReturnedSeat struct {
	events.BookedSeat
	// Area and Place identify a place; they are zero for a seat.
	Area  events.AreaID
	Place int64
	// Kept is the part of the price that is not refunded.
	Kept int64
	// Paid means that the price was above 0, Done that the seat is released and the price refunded.
	Paid, Done bool
	// At is the position of the return.
	At events.Position
}

// Part returns the returned seat or place.
func (s *ReturnedSeat) Part() events.Part {
	return events.Part{Seat: s.Seat, Area: s.Area, Place: s.Place}
}

// Refund returns the part of the price that was refunded or is owed.
func (s *ReturnedSeat) Refund() int64 {
	if !s.Paid {
		return 0
	}
	return s.Price - s.Kept
}

// indexReturned returns the index of a part in Returned, -1 if it was not returned individually.
func (b *Booking) indexReturned(part events.Part) int {
	return slices.IndexFunc(b.Returned, func(s ReturnedSeat) bool { return s.Part() == part })
}

// Returning reports whether the return of a seat is in progress.
func (b *Booking) Returning() bool {
	return slices.ContainsFunc(b.Returned, func(s ReturnedSeat) bool { return !s.Done })
}

// Price returns the price of the seats and places that were not returned individually.
func (b *Booking) Price() (amount int64) {
	for i := range b.Seats {
		amount += b.Seats[i].Price
	}
	for i := range b.Areas {
		amount += b.Areas[i].Quantity * b.Areas[i].Price
	}
	return amount
}

// releaseRefund returns the amount refunded by the release of the whole booking.
func (b *Booking) releaseRefund() (amount int64) {
	amount = b.Price() - b.Kept
	for i := range b.Returned {
		amount += b.Returned[i].Kept
	}
	return amount
}

// priceType returns the price type of the seat or place that f returns.
func (b *Booking) priceType(f *events.BookingSeatReturned) string {
	for i := range b.Seats {
		if f.Area == "" && b.Seats[i].Seat == f.Seat {
			return b.Seats[i].PriceType
		}
	}
	_, place, _ := events.TakePlace(b.Areas, f.Area, f.Place)
	return place.PriceType
}

// evolveReturn is evolve for the facts of seats and places that are returned individually.
func (b *Booking) evolveReturn(e *events.Recorded, fact events.Fact) bool {
	switch f := fact.(type) {
	case *events.BookingSeatReturned:
		remaining, priceType := int64(len(b.Seats))+events.CountPlaces(b.Areas)-1, b.priceType(f)
		if b.Status != events.BookingIsBooked || f.Left != remaining || !b.removePart(f) {
			return false
		}
		b.Returned = append(slices.Clip(b.Returned), ReturnedSeat{
			BookedSeat: events.BookedSeat{Seat: f.Seat, Price: f.Price, PriceType: priceType},
			Area:       f.Area, Place: f.Place, Kept: f.Kept, Paid: f.PaymentID != "", At: e.Position})
		if b.Kept += f.Kept; f.Left == 0 {
			b.Status, b.Seats, b.Areas = events.BookingIsReleased, nil, nil // nil, as in a decoded record
		}
		return true
	case *events.BookingSeatRefunded:
		i := b.indexReturned(f.Part())
		if i < 0 || b.Returned[i].Done || f.Amount != b.Returned[i].Refund() {
			return false
		}
		b.Returned = slices.Clone(b.Returned)
		b.Returned[i].Done = true
		return true
	}
	return false
}

// removePart removes the part that f returns from the seats or places, and reports whether there was one at its price.
func (b *Booking) removePart(f *events.BookingSeatReturned) bool {
	if f.Area != "" {
		rest, place, ok := events.TakePlace(b.Areas, f.Area, f.Place)
		b.Areas = rest
		return ok && place.Price == f.Price
	}
	at := slices.IndexFunc(b.Seats, func(s events.BookedSeat) bool { return s.Seat == f.Seat })
	if at < 0 || b.Seats[at].Price != f.Price {
		return false
	}
	b.Seats = slices.Delete(slices.Clone(b.Seats), at, at+1)
	return true
}

func appendReturned(dst []byte, seats []ReturnedSeat) []byte {
	for i := range seats {
		flags := byte(0)
		if seats[i].Paid {
			flags = 1
		}
		if seats[i].Done {
			flags |= 2
		}
		dst = AppendInt(AppendInt(AppendString(append(dst, flags), string(seats[i].Seat)), seats[i].Price), seats[i].Kept)
		dst = AppendInt(AppendInt(AppendString(dst, string(seats[i].Area)), seats[i].Place), int64(seats[i].At))
		dst = AppendString(dst, seats[i].PriceType)
	}
	return dst
}

// returned reads n records of appendReturned.
func (r *Reader) returned(n int64) (seats []ReturnedSeat) {
	for ; n > 0 && r.OK(); n-- {
		flags := r.Bytes(1)
		s := ReturnedSeat{BookedSeat: events.BookedSeat{Seat: events.SeatName(r.Text()), Price: r.Int()}, Kept: r.Int(),
			Area: events.AreaID(r.Text()), Place: r.Int(), At: events.Position(r.Int())}
		s.PriceType = r.Text()
		if r.OK() {
			s.Paid, s.Done = flags[0]&1 != 0, flags[0]&2 != 0
		}
		seats = append(seats, s)
	}
	return seats
}
