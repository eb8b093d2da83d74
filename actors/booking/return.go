package booking

import (
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Returned is a seat or standing place that was returned individually.
type Returned struct {
	events.BookedSeat
	// Area and Place identify a place; Seat is "" then.
	Area  events.AreaID `json:",omitempty"`
	Place int64         `json:",omitempty"`
	// PriceType is the price type of a standing place.
	PriceType string `json:",omitempty"`
	// At is the index that the seat had in [State.Seats].
	At int
	// Kept is the cancellation fee withheld from the price.
	Kept int64 `json:",omitempty"`
	// PaymentID is the payment to refund, "" if the price is 0.
	PaymentID events.HoldID `json:",omitempty"`
	// Done: the money has been refunded and the seat is free.
	Done bool `json:",omitempty"`
}

// Part identifies the seat or place.
func (r *Returned) Part() events.Part { return events.Part{Seat: r.Seat, Area: r.Area, Place: r.Place} }

// Refund is the part of the price to refund.
func (r *Returned) Refund() int64 { return r.Price - r.Kept }

var errNoSeat = &core.Refusal{Code: core.CodeNotFound, Detail: "the booking has no such seat",
	Fields: core.Fields{"resource": "seat"}}

var errNoPlace = &core.Refusal{Code: core.CodeNotFound, Detail: "the booking has no such place",
	Fields: core.Fields{"resource": "place"}}

var errNotBooked = &core.Refusal{Code: core.CodeNotHeld,
	Detail: "single seats can be given back only after payment; give back the whole booking"}

func (r *ReturnSeat) part() events.Part {
	return events.Part{Seat: r.Seat, Area: r.Area, Place: r.Place}
}

func (f *FinishReturn) part() events.Part {
	return events.Part{Seat: f.Seat, Area: f.Area, Place: f.Place}
}

func (b *Booking) returnSeat(cmd *ReturnSeat, now time.Time) ([]events.Fact, error) {
	s := &b.state
	price, refund, has := s.valueOf(cmd.part())
	switch {
	case !b.belongsTo(cmd.By):
		return nil, errNotYours
	case s.returnedIndex(cmd.part()) >= 0 || has && s.over():
		return nil, nil
	case !has && cmd.Area != "":
		return nil, errNoPlace
	case !has:
		return nil, errNoSeat
	case s.Status == events.BookingIsPaying:
		return nil, errInProgress
	case s.Status == events.BookingIsAwaiting:
		return nil, errAwaiting
	case s.Status == events.BookingIsExpired:
		return nil, expired(s.ExpiresAt)
	case s.Status != events.BookingIsBooked:
		return nil, errNotBooked
	}
	fact := &events.BookingSeatReturned{Seat: cmd.Seat, Area: cmd.Area, Place: cmd.Place, Left: s.count() - 1,
		Reason: cmd.Reason}
	if fact.Price = price; price > 0 {
		if refusal := s.refuseCancellation(cmd.Terms.StartsAt, cmd.Reason, now); refusal != nil {
			return nil, refusal
		}
		fact.PaymentID, fact.Kept, fact.Terms = s.PaymentID, price-refund, cmd.Terms.Terms
	}
	return []events.Fact{fact}, nil
}

// value returns the price of the seats and places not yet returned, and the refund for all of them,
// rounded up for each.
func (s *State) value() (price, refund int64) {
	for i := range s.Seats {
		price += s.Seats[i].Price
		refund += s.Cancellation.Refund(s.Seats[i].Price)
	}
	for i := range s.Areas {
		price += s.Areas[i].Quantity * s.Areas[i].Price
		refund += s.Areas[i].Quantity * s.Cancellation.Refund(s.Areas[i].Price)
	}
	return price, refund
}

// valueOf is like value for one seat or place; has is false if the booking does not have it, or no
// longer.
func (s *State) valueOf(part events.Part) (price, refund int64, has bool) {
	if part.Area != "" {
		var place events.BookedPlaces
		_, place, has = events.TakePlace(s.Areas, part.Area, part.Place)
		price = place.Price
	} else if at := seatAt(s.Seats, part.Seat); at >= 0 {
		price, has = s.Seats[at].Price, true
	}
	return price, s.Cancellation.Refund(price), has
}

// count returns the number of seats and places not returned.
func (s *State) count() int64 { return int64(len(s.Seats)) + events.CountPlaces(s.Areas) }

// Price is the sum of the prices of the seats and places not returned.
func (s *State) Price() int64 {
	price, _ := s.value()
	return price
}

func seatAt(seats []events.BookedSeat, name events.SeatName) int {
	return slices.IndexFunc(seats, func(s events.BookedSeat) bool { return s.Seat == name })
}

// returnedIndex returns the index of a part in Returned, -1 if absent.
func (s *State) returnedIndex(part events.Part) int {
	return slices.IndexFunc(s.Returned, func(r Returned) bool { return r.Part() == part })
}

// Returning are the returned seats and places that are not Done.
func (s *State) Returning() (seats []Returned) {
	for i := range s.Returned {
		if !s.Returned[i].Done {
			seats = append(seats, s.Returned[i])
		}
	}
	return seats
}

// WithReturned returns the state with its seats and places as first booked.
func (s State) WithReturned() State {
	s.Seats = slices.Clone(s.Seats)
	for _, r := range slices.Backward(s.Returned) {
		if r.Area != "" {
			s.Areas = events.PutPlace(s.Areas, events.BookedPlaces{Area: r.Area, First: r.Place, Quantity: 1,
				PriceType: r.PriceType, Price: r.Price})
			continue
		}
		s.Seats = slices.Insert(s.Seats, r.At, r.BookedSeat)
	}
	s.Returned = nil
	return s
}

func (b *Booking) finishReturn(cmd *FinishReturn) []events.Fact {
	i := b.state.returnedIndex(cmd.part())
	if i < 0 || b.state.Returned[i].Done {
		return nil
	}
	refund := int64(0)
	if r := &b.state.Returned[i]; r.PaymentID != "" {
		refund = r.Refund()
	}
	return []events.Fact{&events.BookingSeatRefunded{Seat: cmd.Seat, Area: cmd.Area, Place: cmd.Place,
		Amount: refund}}
}

// evolveReturn applies a fact about a returned seat and returns true; it returns false for any
// other fact.
func (b *Booking) evolveReturn(fact events.Fact) bool {
	s := &b.state
	switch f := fact.(type) {
	case *events.BookingSeatReturned:
		price, _, has := s.valueOf(f.Part())
		b.must(fact, s.Status == events.BookingIsBooked && has && f.Left == s.count()-1 &&
			price == f.Price && f.Kept <= f.Price && (f.PaymentID == s.PaymentID || f.PaymentID == ""))
		r := Returned{BookedSeat: events.BookedSeat{Seat: f.Seat, Price: price}, Area: f.Area, Place: f.Place,
			Kept: f.Kept, PaymentID: f.PaymentID}
		if f.Area != "" {
			var place events.BookedPlaces
			s.Areas, place, _ = events.TakePlace(s.Areas, f.Area, f.Place)
			r.PriceType = place.PriceType
		} else {
			r.At = seatAt(s.Seats, f.Seat)
			r.BookedSeat = s.Seats[r.At]
			s.Seats = slices.Delete(slices.Clone(s.Seats), r.At, r.At+1)
		}
		s.Returned = append(slices.Clip(s.Returned), r)
		if s.Kept += f.Kept; f.Left == 0 {
			s.Status = events.BookingIsReleased
		}
	case *events.BookingSeatRefunded:
		i := s.returnedIndex(f.Part())
		b.must(fact, i >= 0 && !s.Returned[max(i, 0)].Done)
		s.Returned = slices.Clone(s.Returned)
		s.Returned[i].Done = true
	default:
		return false
	}
	return true
}
