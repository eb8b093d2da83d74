package events

import "strconv"

func init() {
	register[BookingSeatReturned]()
	register[BookingSeatRefunded]()
	register[AllowanceReduced]()
}

// Part is one seat of a booking or, if Area is set, the place of that area with the number Place in the booking.
type Part struct {
	Seat  SeatName
	Area  AreaID
	Place int64
}

// String returns the name of the seat, or a description of the place.
func (p Part) String() string {
	if p.Area == "" {
		return string(p.Seat)
	}
	return "place " + strconv.FormatInt(p.Place, 10) + " of " + string(p.Area)
}

// About returns the subject of a part's refund for [NewRefundID]. That of a place differs from every seat's name, which
// has no control characters.
func (p Part) About() string {
	if p.Area == "" {
		return string(p.Seat)
	}
	return string(p.Area) + "\n" + strconv.FormatInt(p.Place, 10)
}

// BookingSeatReturned records that one seat or place of a paid booking was returned. Its price is refunded and the seat
// is released next; the rest of the booking stays booked.
type BookingSeatReturned struct {
	Seat SeatName `json:"seat"`
	// Area and Place identify a place in an area; they are "" and 0 for a seat.
	Area  AreaID `json:"area,omitempty"`
	Place int64  `json:"place,omitempty"`
	// Price is the price as of the hold. Kept is the part of it that is not refunded.
	Price int64 `json:"price"`
	Kept  int64 `json:"kept,omitempty"`
	// Left is the number of seats and places that are still booked. At 0 the booking is released; no
	// [BookingReleased] follows.
	Left int64 `json:"left"`
	// PaymentID is the payment that is partly refunded next, "" if nothing was paid for the seat.
	PaymentID HoldID `json:"payment_id,omitempty"`
	// Terms and Reason are as in [BookingReleased].
	Terms  Revision `json:"terms,omitempty"`
	Reason string   `json:"reason,omitempty"`
}

// Part returns the returned seat or place.
func (f *BookingSeatReturned) Part() Part { return Part{f.Seat, f.Area, f.Place} }

func (*BookingSeatReturned) Name() string { return "booking.seat_returned.v1" }

// BookingSeatRefunded records that the return of a seat is complete: the money that is not withheld is refunded or
// owed, and the seat is free.
type BookingSeatRefunded struct {
	Seat SeatName `json:"seat"`
	// Area and Place are as in [BookingSeatReturned].
	Area  AreaID `json:"area,omitempty"`
	Place int64  `json:"place,omitempty"`
	// Amount is the amount that was refunded or is owed.
	Amount int64 `json:"amount"`
}

// Part returns the returned seat or place.
func (f *BookingSeatRefunded) Part() Part { return Part{f.Seat, f.Area, f.Place} }

func (*BookingSeatRefunded) Name() string { return "booking.seat_refunded.v1" }

// AllowanceReduced returns some of the seats of a hold on an allowance. The hold keeps the others.
type AllowanceReduced struct {
	HoldID HoldID `json:"hold_id"`
	// Seats is the number of seats returned.
	Seats int64 `json:"seats"`
	// Taken is the holder's total after this fact.
	Taken int64 `json:"taken"`
}

func (*AllowanceReduced) Name() string { return "allowance.reduced.v1" }

// SeatRefund returns the id of the refund that is owed from a payment for the return of a seat.
func SeatRefund(payment HoldID, seat SeatName) RefundID {
	return RefundID(string(payment) + ".seat_returned." + string(seat))
}

// RefundOf returns the id of the refund that is owed from a payment for the return of a part.
func (p Part) RefundOf(payment HoldID) RefundID {
	if p.Area == "" {
		return SeatRefund(payment, p.Seat)
	}
	return RefundID(string(payment) + ".place_returned." + string(p.Area) + "." + strconv.FormatInt(p.Place, 10))
}
