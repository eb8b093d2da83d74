package events

import "strconv"

func init() {
	register[BookingSeatReturned]()
	register[BookingSeatRefunded]()
	register[AllowanceReduced]()
}

// Part is one seat of a booking, or one place of an area by its number in the booking; then Seat is "".
type Part struct {
	Seat  SeatName
	Area  AreaID
	Place int64
}

// String is the name of the seat, or describes the place.
func (p Part) String() string {
	if p.Area == "" {
		return string(p.Seat)
	}
	return "place " + strconv.FormatInt(p.Place, 10) + " of " + string(p.Area)
}

// About is the subject of the refund of a part in [NewRefundID]. It can't equal a seat's name: no name has a control
// character.
func (p Part) About() string {
	if p.Area == "" {
		return string(p.Seat)
	}
	return string(p.Area) + "\n" + strconv.FormatInt(p.Place, 10)
}

// BookingSeatReturned records that one seat or place of a paid booking was returned. The money paid for it is refunded
// next and the seat released; the rest of the booking stays booked.
type BookingSeatReturned struct {
	Seat SeatName `json:"seat"`
	// Area and Place identify a standing place; "" and 0 for a seat.
	Area  AreaID `json:"area,omitempty"`
	Place int64  `json:"place,omitempty"`
	// Price as of the hold, of which Kept is not refunded.
	Price int64 `json:"price"`
	Kept  int64 `json:"kept,omitempty"`
	// Left is the number of seats and places that are still booked. Without any the booking has ended: it is
	// released, and no [BookingReleased] follows.
	Left int64 `json:"left"`
	// PaymentID is the payment that is partly refunded next, "" for an unpaid seat.
	PaymentID HoldID `json:"payment_id,omitempty"`
	// Terms and Reason are as in [BookingReleased].
	Terms  Revision `json:"terms,omitempty"`
	Reason string   `json:"reason,omitempty"`
}

// Part is the returned seat or place.
func (f *BookingSeatReturned) Part() Part { return Part{f.Seat, f.Area, f.Place} }

func (*BookingSeatReturned) Name() string { return "booking.seat_returned.v1" }

// BookingSeatRefunded records that the return of a seat is complete: the money that is not withheld is refunded or
// owed, and the seat is free.
type BookingSeatRefunded struct {
	Seat SeatName `json:"seat"`
	// Area and Place are as in [BookingSeatReturned].
	Area  AreaID `json:"area,omitempty"`
	Place int64  `json:"place,omitempty"`
	// Amount that was refunded or is owed.
	Amount int64 `json:"amount"`
}

// Part is the returned seat or place.
func (f *BookingSeatRefunded) Part() Part { return Part{f.Seat, f.Area, f.Place} }

func (*BookingSeatRefunded) Name() string { return "booking.seat_refunded.v1" }

// AllowanceReduced returns some of the seats of a hold; the hold keeps the others.
type AllowanceReduced struct {
	HoldID HoldID `json:"hold_id"`
	// Seats that are returned.
	Seats int64 `json:"seats"`
	// Taken in all after it.
	Taken int64 `json:"taken"`
}

func (*AllowanceReduced) Name() string { return "allowance.reduced.v1" }

// SeatRefund identifies the refund of a payment that is owed because of the return of a seat.
func SeatRefund(payment HoldID, seat SeatName) RefundID {
	return RefundID(string(payment) + ".seat_returned." + string(seat))
}

// RefundOf is [SeatRefund] for a seat or a place.
func (p Part) RefundOf(payment HoldID) RefundID {
	if p.Area == "" {
		return SeatRefund(payment, p.Seat)
	}
	return RefundID(string(payment) + ".place_returned." + string(p.Area) + "." + strconv.FormatInt(p.Place, 10))
}
