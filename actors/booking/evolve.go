package booking

import (
	"fmt"
	"slices"

	"admitone/events"
)

// Evolve implements [core.Core].
func (b *Booking) Evolve(fact events.Fact) {
	s := &b.state
	switch f := fact.(type) {
	case *events.BookingHeld:
		b.must(fact, !b.Exists() && f.BookingID != "" && f.Attempt == s.FirstAttempt() && f.Amount == total(f.Seats, f.Areas))
		*s = StateOf(f)
	case *events.BookingAbandoned:
		b.must(fact, !b.Exists() && f.Attempt == s.FirstAttempt())
		s.Closed = f.Attempt
	case *events.BookingExtended:
		b.must(fact, s.Status == events.BookingIsHeld && !s.Extended)
		s.ExpiresAt, s.Extended = f.ExpiresAt, true
	case *events.BookingExpired:
		b.must(fact, s.Status == events.BookingIsHeld)
		s.Status = events.BookingIsExpired
	case *events.BookingPaymentStarted:
		b.started(f)
	case *events.BookingPaymentDelayed:
		b.must(fact, b.paying(f.PaymentID) && s.PaymentStream != "" && !s.Late && f.Attempt == s.Attempt+1)
		s.Attempt, s.Late, s.Retaken, s.Delayed = f.Attempt, true, false, true
	case *events.BookingRetaken:
		b.must(fact, s.Status == events.BookingIsPaying && s.Late && f.Attempt == s.Attempt)
		s.Retaken = true
	case *events.BookingBooked:
		b.must(fact, b.paying(f.PaymentID) && f.Payment == s.PaymentStream && f.Amount == s.Amount && (!s.Late || s.Retaken))
		s.Status, s.Paid = events.BookingIsBooked, true
		s.settlePayment(true)
	case *events.BookingPaymentFailed:
		b.must(fact, b.paying(f.PaymentID) && f.Payment == s.PaymentStream &&
			(f.Status == events.BookingIsExpired || f.Status == events.BookingIsHeld && !s.Late))
		s.Status = f.Status
		s.settlePayment(false)
	case *events.BookingReleased:
		price, refund := s.value()
		b.must(fact, s.Status == f.Was && (f.Was == events.BookingIsHeld || f.Was == events.BookingIsBooked) &&
			(f.Kept == 0 || f.RefundID != "" && f.Kept == price-refund))
		s.Kept += f.Kept
		s.Status, s.Refunding = events.BookingIsReleased, f.Was == events.BookingIsBooked
		if s.Refunding {
			s.Refunds = price - f.Kept
		}
	case *events.BookingCancelled:
		b.must(fact, s.Status == f.Was && s.canCancel(f))
		s.applyCancelled(f)
	case *events.BookingRefunded:
		b.must(fact, s.Refunding && f.PaymentID == s.PaymentID && f.Amount == s.Refunds)
		s.Refunding = false
	case *events.BookingAnnotated:
		b.must(fact, b.Exists() && f.BookingID == s.ID)
		s.Order = f.OrderData
	default:
		b.must(fact, b.evolveIntent(fact) || b.evolveReturn(fact))
	}
}

func (b *Booking) started(f *events.BookingPaymentStarted) {
	s := &b.state
	late := f.Was == events.BookingIsExpired
	next := s.Attempt
	if late {
		next++
	}
	// In old facts, every payment has the id of its hold.
	hold := events.NewHoldID(s.ID, f.Attempt)
	_, settled := s.Outcome(f.Payment)
	inTime := f.Was == events.BookingIsHeld || f.Was == events.BookingIsAwaiting && f.Payment != ""
	b.must(f, s.Status == f.Was && (late || inTime) && f.Attempt == next && f.Amount == s.Amount &&
		(f.PaymentID == events.NewPaymentID(hold, s.Payments+1) || f.PaymentID == hold && f.Payment == "") && !settled)
	s.Status, s.Attempt, s.Late, s.Retaken, s.Delayed = events.BookingIsPaying, f.Attempt, late, false, false
	s.PaymentID, s.PaymentStream, s.Payments, s.Intent = f.PaymentID, f.Payment, s.Payments+1, Intent{}
	if late {
		s.SaleTerms = f.SaleTerms
	}
}

// settlePayment records the outcome of the current payment, if it is external.
func (s *State) settlePayment(booked bool) {
	if s.PaymentStream != "" {
		s.SettledPayments = append(slices.Clip(s.SettledPayments), SettledPayment{s.PaymentStream, s.PaymentID, booked})
	}
}

func total(seats []events.BookedSeat, areas []events.BookedPlaces) (amount int64) {
	for _, seat := range seats {
		amount += seat.Price
	}
	for _, places := range areas {
		amount += places.Quantity * places.Price
	}
	return amount
}

// must panics if the fact is not valid: the log is damaged, or the core has a bug.
func (b *Booking) must(fact events.Fact, valid bool) {
	if !valid {
		panic(fmt.Sprintf("booking %s: unexpected fact %s %+v in status %q", b.state.ID, fact.Name(), fact,
			b.state.Status))
	}
}
