package row

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"admitone/events"
)

// Booking is the fold of one booking's stream.
type Booking struct {
	ID            events.BookingID
	PerformanceID events.PerformanceID
	Holder        events.Holder
	// Seats has the seats that were not returned individually, Returned those that were, in order of
	// return. They must not be modified.
	Seats    []events.BookedSeat
	Returned []ReturnedSeat
	// Areas has the places in areas that were not returned. It must not be modified.
	Areas []events.BookedPlaces
	// Amount is the sum of the prices of all seats and places, also returned ones, in minor units of the currency.
	Amount int64
	Status events.BookingStatus
	// ExpiresAt is the deadline of the hold, ExtendableUntil the latest deadline that an extension can set.
	ExpiresAt, ExtendableUntil time.Time
	Extended                   bool
	// FirstAttempt is the attempt of the first hold; earlier attempts were abandoned.
	FirstAttempt int64
	// Attempt is the attempt of the current or last hold.
	Attempt int64
	// PaymentID is the id of the current or last payment, and Payment its stream if it is external.
	PaymentID events.HoldID
	Payment   events.StreamID
	// Intent is the open payment intent; its ID is "" if there is none.
	Intent BookingIntent
	// Late means that the current or last payment began after the deadline, Retaken that it holds all
	// seats again.
	Late, Retaken bool
	// Refunding means that a paid booking was released or cancelled and still has money or seats to
	// return.
	Refunding bool
	// Refunded means that a paid booking was released or cancelled, and everything was returned.
	Refunded bool
	// Kept is the sum of cancellation fees withheld, in minor units.
	Kept int64
	// CancelRefund is the amount refunded because the performance was cancelled, MadeUp the part of it that had
	// been withheld as a fee.
	CancelRefund, MadeUp int64
	// Released is the position of the booking's release, 0 for none, and ReleaseKept the fee withheld for
	// it.
	Released    events.Position
	ReleaseKept int64
	// Cancellation is the cancellation policy, the zero value for none.
	Cancellation events.Cancellation
	// Failed is the reason why the last payment failed, "" if no payment failed or another has begun since.
	Failed events.FailReason
	// Order is the latest order data. It must not be modified.
	Order events.OrderData
	// FirstPosition is the position of the event that created the booking.
	FirstPosition events.Position
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created and Updated are the store's times of the first and last event.
	Created, Updated time.Time
}

// BookingIntent is an intent to pay externally.
type BookingIntent struct {
	ID events.IntentID
	// ExpiresAt is the intent's deadline.
	ExpiresAt time.Time
	// Opened means that the allowance and the seats are held until ExpiresAt.
	Opened bool
	// CheckoutPending means that the intent's payment page has not been created yet.
	CheckoutPending bool
}

// Deadline returns the deadline for a payment: that of the intent while one is open, else that of the hold.
func (b *Booking) Deadline() time.Time {
	if b.Status == events.BookingIsAwaiting {
		return b.Intent.ExpiresAt
	}
	return b.ExpiresAt
}

// HoldID returns the id of the current or last hold.
func (b *Booking) HoldID() events.HoldID { return events.NewHoldID(b.ID, b.Attempt) }

// StatusAt returns the status as of a time. A booking is expired after its deadline, even if no fact has recorded that
// yet.
func (b *Booking) StatusAt(now time.Time) events.BookingStatus {
	status := b.Status
	if status == events.BookingIsAwaiting && now.After(b.Intent.ExpiresAt) {
		status = events.BookingIsHeld
	}
	if status == events.BookingIsHeld && now.After(b.ExpiresAt) {
		return events.BookingIsExpired
	}
	return status
}

// Apply applies the next event of the booking's stream, as [Product.Apply] does.
func (b *Booking) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return b.ApplyFact(e, fact)
}

// ApplyFact is Apply for an event whose fact has been decoded.
func (b *Booking) ApplyFact(e *events.Recorded, fact events.Fact) error {
	if attempt, ok := attemptOf(fact); ok && b.ID == "" {
		if e.Revision != events.Revision(attempt-1) {
			return fmt.Errorf("%w: position %d: %s@%d is a %s of attempt %d", ErrViolated, e.Position, e.Stream, e.Revision,
				fact.Name(), attempt)
		}
		if _, closed := fact.(*events.BookingAbandoned); closed {
			return nil
		}
	} else if done, err := CheckNext(e, fact, revisionOf(b.ID != "", b.Revision), ok); done || err != nil {
		return err
	}
	next := *b
	if !next.evolve(e, fact) {
		return fmt.Errorf("%w: position %d: %s@%d is a %s while the booking is %q", ErrViolated, e.Position, e.Stream,
			e.Revision, fact.Name(), b.Status)
	}
	next.Revision, next.Position, next.Updated = e.Revision, e.Position, e.Created
	*b = next
	return nil
}

// attemptOf returns the attempt of a fact that precedes or creates the booking. There is one fact per
// attempt, so its revision is the number of earlier attempts.
func attemptOf(fact events.Fact) (attempt int64, ok bool) {
	switch f := fact.(type) {
	case *events.BookingAbandoned:
		return f.Attempt, true
	case *events.BookingHeld:
		return f.Attempt, true
	}
	return 0, false
}

// Owns reports whether the booking's stream confirms an attempt's hold in another stream: of one of
// its seats, of its allowance, or by a late payment. A nil or non-existent booking owns nothing.
func (b *Booking) Owns(attempt int64, stream events.StreamID) bool {
	if b == nil || b.ID == "" || attempt < b.FirstAttempt || attempt > b.Attempt {
		return false
	}
	return attempt > b.FirstAttempt || stream.Category() != events.SeatCategory || b.hasSeat(stream)
}

// hasSeat reports whether a stream belongs to one of the booking's seats.
func (b *Booking) hasSeat(stream events.StreamID) bool {
	performance, name := events.CutPerformance(stream.Entity())
	return performance == b.PerformanceID && (b.indexReturned(events.Part{Seat: events.SeatName(name)}) >= 0 ||
		slices.ContainsFunc(b.Seats, func(s events.BookedSeat) bool { return s.Seat == events.SeatName(name) }))
}

// evolve applies a fact, and reports whether it is valid in the booking's status.
func (b *Booking) evolve(e *events.Recorded, fact events.Fact) bool {
	was := b.Status
	switch f := fact.(type) {
	case *events.BookingHeld:
		*b = Booking{ID: events.BookingID(strings.Clone(e.Stream.Entity())), PerformanceID: f.PerformanceID,
			Holder: f.Holder, Seats: f.Seats, Areas: f.Areas, Amount: f.Amount, Status: events.BookingIsHeld,
			ExpiresAt: f.ExpiresAt, ExtendableUntil: f.ExtendableUntil, FirstAttempt: f.Attempt, Attempt: f.Attempt,
			Cancellation: f.Cancellation, Order: f.OrderData, FirstPosition: e.Position, Created: e.Created}
		return true
	case *events.BookingAnnotated:
		b.Order = f.OrderData
		return f.BookingID == b.ID
	case *events.BookingExtended:
		b.ExpiresAt, b.Extended = f.ExpiresAt, true
		return was == events.BookingIsHeld
	case *events.BookingExpired:
		b.Status = events.BookingIsExpired
		return was == events.BookingIsHeld
	case *events.BookingPaymentStarted:
		b.Status, b.Attempt, b.Failed = events.BookingIsPaying, f.Attempt, ""
		b.Late, b.Retaken = f.Was == events.BookingIsExpired, false
		b.PaymentID, b.Payment, b.Intent = f.PaymentID, f.Payment, BookingIntent{}
		return was == f.Was && (was == events.BookingIsHeld ||
			was == events.BookingIsExpired || was == events.BookingIsAwaiting) &&
			events.HoldOfPayment(f.PaymentID) == b.HoldID()
	case *events.BookingPaymentDelayed:
		b.Attempt++
		b.Late, b.Retaken = true, false
		return was == events.BookingIsPaying && f.PaymentID == b.PaymentID && f.Attempt == b.Attempt
	case *events.BookingIntentBegun:
		b.Status, b.Intent = events.BookingIsAwaiting, BookingIntent{ID: f.Intent, ExpiresAt: f.ExpiresAt,
			CheckoutPending: f.Checkout != events.Checkout{}}
		return was == events.BookingIsHeld
	case *events.BookingIntentOpened:
		b.Intent.Opened = true
		return was == events.BookingIsAwaiting && f.Intent == b.Intent.ID
	case *events.BookingCheckoutMade:
		pending := b.Intent.CheckoutPending
		b.Intent.CheckoutPending = false
		return was == events.BookingIsAwaiting && f.Intent == b.Intent.ID && pending && f.Session != ""
	case *events.BookingIntentEnded:
		valid := was == events.BookingIsAwaiting && f.Intent == b.Intent.ID
		b.Status, b.Intent = f.Status, BookingIntent{}
		return valid && (f.Status == events.BookingIsHeld || f.Status == events.BookingIsExpired)
	case *events.BookingRetaken:
		b.Retaken = true
		return was == events.BookingIsPaying && b.Late && f.Attempt == b.Attempt
	case *events.BookingBooked:
		b.Status = events.BookingIsBooked
		return was == events.BookingIsPaying && f.PaymentID == b.PaymentID && f.Amount == b.Amount
	case *events.BookingPaymentFailed:
		b.Status, b.Failed = f.Status, f.Reason
		return was == events.BookingIsPaying && f.PaymentID == b.PaymentID &&
			(f.Status == events.BookingIsHeld || f.Status == events.BookingIsExpired)
	case *events.BookingReleased:
		b.Status, b.Refunding, b.Kept = events.BookingIsReleased, was == events.BookingIsBooked, b.Kept+f.Kept
		b.Released, b.ReleaseKept = e.Position, f.Kept
		return was == f.Was && (was == events.BookingIsHeld || was == events.BookingIsBooked)
	case *events.BookingCancelled:
		return b.cancel(f)
	case *events.BookingRefunded:
		refunding := b.Refunding
		b.Refunding, b.Refunded = false, true
		return refunding && f.PaymentID == b.PaymentID && f.Amount == b.due()
	}
	return b.evolveReturn(e, fact)
}

// AppendBooking appends the record of a booking: all but the id.
func AppendBooking(dst []byte, b *Booking) []byte {
	flags := byte(0)
	for i, is := range [...]bool{b.Extended, b.Late, b.Retaken, b.Refunding, b.Refunded, b.Intent.Opened,
		b.Intent.CheckoutPending} {
		if is {
			flags |= 1 << i
		}
	}
	dst = append(dst, flags)
	dst = AppendString(AppendString(dst, string(b.PerformanceID)), string(b.Holder))
	dst = AppendString(AppendString(dst, string(b.Status)), string(b.Failed))
	dst = AppendString(AppendString(dst, string(b.PaymentID)), string(b.Payment))
	dst = AppendMoment(AppendString(dst, string(b.Intent.ID)), b.Intent.ExpiresAt)
	for _, n := range [...]int64{b.Amount, b.Attempt, int64(b.Revision), int64(b.Position), b.FirstAttempt,
		b.Kept, int64(b.FirstPosition), b.CancelRefund, b.MadeUp, int64(b.Released), b.ReleaseKept,
		int64(len(b.Seats)), int64(len(b.Returned))} {
		dst = AppendInt(dst, n)
	}
	dst = AppendMoment(AppendMoment(dst, b.ExpiresAt), b.ExtendableUntil)
	dst = AppendCancellation(dst, b.Cancellation)
	dst = AppendTime(AppendTime(dst, b.Created), b.Updated)
	for i := range b.Seats {
		dst = AppendInt(AppendString(dst, string(b.Seats[i].Seat)), b.Seats[i].Price)
		dst = AppendString(dst, b.Seats[i].PriceType)
	}
	return AppendOrderData(appendPlaces(appendReturned(dst, b.Returned), b.Areas), &b.Order)
}

// DecodeBooking reads what [AppendBooking] wrote. Error: [ErrRecord].
func DecodeBooking(id string, record []byte) (Booking, error) {
	r := NewReader(record)
	flags := r.Bytes(1)
	if !r.OK() {
		return Booking{}, ErrRecord
	}
	b := Booking{
		ID: events.BookingID(id), Extended: flags[0]&1 != 0, Late: flags[0]&2 != 0, Retaken: flags[0]&4 != 0,
		Refunding: flags[0]&8 != 0, Refunded: flags[0]&16 != 0,
		PerformanceID: events.PerformanceID(r.Text()), Holder: events.Holder(r.Text()),
		Status: events.BookingStatus(r.Text()), Failed: events.FailReason(r.Text()),
		PaymentID: events.HoldID(r.Text()), Payment: events.StreamID(r.Text()),
		Intent: BookingIntent{ID: events.IntentID(r.Text()), ExpiresAt: r.Moment(), Opened: flags[0]&32 != 0,
			CheckoutPending: flags[0]&64 != 0},
		Amount: r.Int(), Attempt: r.Int(), Revision: events.Revision(r.Int()), Position: events.Position(r.Int()),
		FirstAttempt: r.Int(), Kept: r.Int(), FirstPosition: events.Position(r.Int()),
		CancelRefund: r.Int(), MadeUp: r.Int(), Released: events.Position(r.Int()), ReleaseKept: r.Int(),
	}
	n, returned := r.Int(), r.Int()
	b.ExpiresAt, b.ExtendableUntil, b.Cancellation = r.Moment(), r.Moment(), r.Cancellation()
	b.Created, b.Updated = r.Time(), r.Time()
	for ; n > 0 && r.OK(); n-- {
		b.Seats = append(b.Seats, events.BookedSeat{Seat: events.SeatName(r.Text()), Price: r.Int(), PriceType: r.Text()})
	}
	b.Returned = r.returned(returned)
	b.Areas = readPlaces(&r)
	b.Order = r.OrderData()
	return b, r.Done()
}

// BookingAt folds a booking up to a position; nil if it did not exist by then. Errors: those of
// [Booking.Apply]; the store's.
func BookingAt(ctx context.Context, store events.Store, id events.BookingID, position events.Position,
) (*Booking, error) {
	row, err := foldAt(ctx, store, events.NewStreamID(events.BookingCategory, string(id)), position, (*Booking).Apply)
	if err != nil || row == nil || row.ID == "" { // only closed attempts
		return nil, err
	}
	return row, nil
}
