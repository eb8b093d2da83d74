package verify

import (
	"maps"
	"slices"
	"time"

	"admitone/events"
)

// booking is the fold of a booking's facts.
type booking struct {
	id                         events.BookingID
	performance                events.PerformanceID
	holder                     events.Holder
	seats                      []events.BookedSeat
	areas                      []events.BookedPlaces
	amount                     int64
	status                     events.BookingStatus
	expiresAt, extendableUntil time.Time
	extended                   bool
	// heldUnder is the attempt of the first hold, attempt that of the current or last hold and its
	// payment.
	heldUnder, attempt int64
	// late means that the last payment began after the deadline, retaken that it holds all seats again. terms is the
	// revision of the performance that the current or last hold names.
	late, retaken bool
	terms         events.Revision
	rule          events.Cancellation
	label         events.BlockLabel // of the blocked seats it may have
	withheld      int64             // fees withheld
	refunds       int64             // refunded by the release of the whole booking, or its cancellation
	feesRefunded  int64             // the part of it withheld before
	returned      map[events.Part]returned
	// paymentID is the current or last payment, payment its stream if it is external; number is the number of
	// payments.
	paymentID events.HoldID
	number    int64
	payment   events.StreamID
	// intent is the intent that the booking waits for until intentUntil, "" if it does not wait.
	intent      events.IntentID
	intentUntil time.Time
	// pagePending means that the intent's payment page has not been created yet.
	pagePending bool
	// bookedBy is the external payment that booked the booking, failed has those that failed.
	bookedBy  events.StreamID
	failed    map[events.StreamID]bool
	paid      bool // was booked at some time
	refunding bool // released or cancelled, with money or seats to return
}

// price returns the price of a seat of the booking, -1 for any other seat.
func (b *booking) price(name events.SeatName) int64 {
	for i := range b.seats {
		if b.seats[i].Seat == name {
			return b.seats[i].Price
		}
	}
	return -1
}

// holdID returns the id of the current or last hold.
func (b *booking) holdID() events.HoldID { return events.NewHoldID(b.id, b.attempt) }

// owns reports whether the booking's stream confirms an attempt's hold in another stream: one of
// its seats, an allowance, or anything under an attempt of a late payment.
func (b *booking) owns(attempt int64, stream events.StreamID) bool {
	switch {
	case b == nil || b.id == "" || attempt < b.heldUnder || attempt > b.attempt:
		return false
	case attempt > b.heldUnder || stream.Category() != events.SeatCategory:
		return true
	}
	performance, name := events.CutPerformance(stream.Entity())
	return performance == b.performance &&
		slices.ContainsFunc(b.seats, func(s events.BookedSeat) bool { return s.Seat == events.SeatName(name) })
}

// evolve applies a fact, and reports whether it is valid in the booking's state.
func (b *booking) evolve(fact events.Fact) bool {
	was := b.status
	switch f := fact.(type) {
	case *events.BookingHeld:
		*b = booking{
			id: f.BookingID, performance: f.PerformanceID, holder: f.Holder, seats: f.Seats, areas: f.Areas,
			amount: f.Amount,
			status: events.BookingIsHeld, expiresAt: f.ExpiresAt, extendableUntil: f.ExtendableUntil,
			heldUnder: f.Attempt, attempt: f.Attempt, terms: f.Terms, rule: f.Cancellation, label: f.Label,
		}
		return true
	case *events.BookingExtended:
		b.expiresAt, b.extended = f.ExpiresAt, true
		return was == events.BookingIsHeld
	case *events.BookingAnnotated:
		return f.BookingID == b.id
	case *events.BookingExpired:
		b.status = events.BookingIsExpired
		return was == events.BookingIsHeld
	case *events.BookingIntentBegun:
		b.status, b.intent, b.intentUntil = events.BookingIsAwaiting, f.Intent, f.ExpiresAt
		b.pagePending = f.Checkout != events.Checkout{}
		return was == events.BookingIsHeld && f.Intent != ""
	case *events.BookingIntentOpened:
		return was == events.BookingIsAwaiting && f.Intent == b.intent
	case *events.BookingCheckoutMade:
		unmade := b.pagePending
		b.pagePending = false
		return was == events.BookingIsAwaiting && f.Intent == b.intent && unmade && f.Session != "" && f.URL != ""
	case *events.BookingIntentEnded:
		valid := was == events.BookingIsAwaiting && f.Intent == b.intent
		b.status, b.intent = f.Status, ""
		return valid && (f.Status == events.BookingIsHeld || f.Status == events.BookingIsExpired)
	case *events.BookingReleased:
		b.status, b.refunding, b.withheld = events.BookingIsReleased, was == events.BookingIsBooked, b.withheld+f.Kept
		if price, _ := b.remainingPrice(); b.refunding {
			b.refunds = price - f.Kept
		}
		return f.Was == was && (was == events.BookingIsHeld || was == events.BookingIsBooked)
	}
	return b.evolvePayment(fact)
}

// evolvePayment is evolve for the facts that carry the id of a payment.
func (b *booking) evolvePayment(fact events.Fact) bool {
	was := b.status
	switch f := fact.(type) {
	case *events.BookingPaymentStarted:
		b.status, b.attempt = events.BookingIsPaying, f.Attempt
		if b.late, b.retaken = f.Was == events.BookingIsExpired, false; b.late {
			b.terms = f.Terms
		}
		b.number++
		// Before payments were counted, a payment had the id of its hold.
		own := f.PaymentID == events.NewPaymentID(b.holdID(), b.number) || f.PaymentID == b.holdID() && f.Payment == ""
		b.paymentID, b.payment = f.PaymentID, f.Payment
		b.intent = ""
		return f.Was == was && (was == events.BookingIsHeld || was == events.BookingIsExpired ||
			was == events.BookingIsAwaiting && f.Payment != "") && own && !b.failed[f.Payment]
	case *events.BookingPaymentDelayed:
		b.attempt++
		b.late, b.retaken = true, false
		return was == events.BookingIsPaying && b.payment != "" && f.Attempt == b.attempt && f.PaymentID == b.paymentID
	case *events.BookingRetaken:
		b.retaken = true
		return was == events.BookingIsPaying && b.late && f.Attempt == b.attempt
	case *events.BookingPaymentFailed:
		b.status = f.Status
		back := f.Status == events.BookingIsHeld || f.Status == events.BookingIsExpired
		if f.Payment != "" {
			b.failed = maps.Clone(b.failed)
			if b.failed == nil {
				b.failed = map[events.StreamID]bool{}
			}
			b.failed[f.Payment] = true
		}
		return was == events.BookingIsPaying && back && f.PaymentID == b.paymentID && f.Payment == b.payment
	case *events.BookingBooked:
		b.status, b.paid, b.bookedBy = events.BookingIsBooked, true, f.Payment
		return was == events.BookingIsPaying && f.PaymentID == b.paymentID && f.Amount == b.amount && f.Payment == b.payment
	case *events.BookingCancelled:
		return b.cancel(f)
	case *events.BookingRefunded:
		refunding := b.refunding
		b.refunding = false
		return refunding && f.PaymentID == b.paymentID && f.Amount == b.refunds
	}
	return b.evolveReturn(fact)
}
