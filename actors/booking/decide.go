package booking

import (
	"fmt"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

var errNoBooking = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such booking",
	Fields: map[string]any{"resource": "booking"}}

// ErrAbandoned refuses to hold a booking under an attempt that is closed, or is not the next one.
var ErrAbandoned = &core.Refusal{Code: core.CodeNotHeld, Detail: "this attempt of the booking was given up; try again"}

// ErrStaleState refuses to abandon an attempt after the open one: the caller has seen facts that this
// state does not contain yet.
var ErrStaleState = &core.Refusal{Code: core.CodeNotHeld, Detail: "another attempt of the booking is open; try again"}

var errExists = &core.Refusal{Code: core.CodeAlreadyExists, Detail: "a booking with this id exists"}

var errNotYours = &core.Refusal{Code: core.CodeForbidden, Detail: "the booking belongs to another holder"}

var errReleased = &core.Refusal{Code: core.CodeReleased, Detail: "the booking was given back; book again"}

// expired returns the refusal of commands for a booking that expired at that time.
func expired(at time.Time) *core.Refusal {
	return &core.Refusal{Code: core.CodeHoldExpired, Detail: "the booking was not paid in time; book again",
		Fields: map[string]any{"expired_at": at.UTC()}}
}

var errBooked = &core.Refusal{Code: core.CodeAlreadyConfirmed,
	Detail: "the booking is already paid"}

var errPaying = &core.Refusal{Code: core.CodeNotHeld, Detail: "a payment of the booking is under way; try again"}

var errInProgress = &core.Refusal{Code: core.CodePaymentInProgress,
	Detail: "another payment of the booking is under way; wait for its outcome"}

var errPaymentEnded = &core.Refusal{Code: core.CodeNotHeld, Detail: "this payment of the booking has ended"}

// Decide implements [core.Core].
func (b *Booking) Decide(cmd core.Command, now time.Time) ([]events.Fact, error) {
	switch cmd := cmd.(type) {
	case *Hold:
		return b.hold(cmd, now)
	case *Abandon:
		return b.abandon(cmd)
	}
	if !b.Exists() {
		return nil, errNoBooking
	}
	switch cmd := cmd.(type) {
	case *StartPayment:
		return b.start(cmd, now)
	case *BeginIntent:
		return b.beginIntent(cmd, now)
	case *OpenIntent:
		return b.openIntent(cmd)
	case *NotePage:
		return b.notePage(cmd)
	case *EndIntent:
		return b.endIntent(cmd, now), nil
	case *Delay:
		return b.delay(cmd)
	case *Retake:
		return b.retake(cmd)
	case *Complete:
		return b.complete(cmd)
	case *FailPayment:
		return b.fail(cmd, now)
	case *Extend:
		return b.extend(cmd)
	case *Release:
		return b.release(cmd, now)
	case *ReturnSeat:
		return b.returnSeat(cmd, now)
	case *FinishReturn:
		return b.finishReturn(cmd), nil
	case *CallOff:
		return b.callOff(cmd, now)
	case *Annotate:
		return []events.Fact{&events.BookingAnnotated{BookingID: b.state.ID, OrderData: cmd.Order}}, nil
	case *FinishRefund:
		if !b.state.Refunding {
			return nil, nil
		}
		return []events.Fact{&events.BookingRefunded{PaymentID: b.state.PaymentID, Amount: b.state.Refunds}}, nil
	case *core.Expire:
		if next := b.NextDeadline(); next.IsZero() || !next.Before(now) {
			return nil, nil
		}
		if b.state.Status == events.BookingIsAwaiting {
			return []events.Fact{b.newIntentEnded(events.IntentLapsed, now)}, nil
		}
		return []events.Fact{&events.BookingExpired{ExpiresAt: b.state.ExpiresAt}}, nil
	}
	panic(fmt.Sprintf("booking: no rule for %T", cmd))
}

func (b *Booking) hold(cmd *Hold, now time.Time) ([]events.Fact, error) {
	switch {
	case b.Exists():
		return nil, errExists
	case cmd.Attempt != b.state.FirstAttempt():
		return nil, ErrAbandoned
	}
	if refusal := cmd.Terms.Refuse(now); refusal != nil {
		return nil, refusal
	}
	if now.After(cmd.ExpiresAt) {
		return nil, expired(cmd.ExpiresAt)
	}
	fact := &events.BookingHeld{
		BookingID: cmd.ID, PerformanceID: cmd.PerformanceID, Holder: cmd.Holder, Seats: cmd.Seats, Areas: cmd.Areas,
		ExpiresAt: cmd.ExpiresAt.UTC(), ExtendableUntil: cmd.ExtendableUntil.UTC(), Attempt: cmd.Attempt,
		SaleTerms: cmd.Terms.SaleTerms, Cancellation: cmd.Terms.Cancellation, OrderData: cmd.Order,
		Label: cmd.Label, Amount: total(cmd.Seats, cmd.Areas),
	}
	return []events.Fact{fact}, nil
}

func (b *Booking) abandon(cmd *Abandon) ([]events.Fact, error) {
	switch {
	case cmd.Attempt <= b.state.Closed:
		return nil, nil
	case b.Exists():
		return nil, errExists
	case cmd.Attempt > b.state.FirstAttempt():
		return nil, ErrStaleState
	}
	return []events.Fact{&events.BookingAbandoned{
		BookingID: cmd.ID, PerformanceID: cmd.PerformanceID, Holder: cmd.Holder, Attempt: cmd.Attempt,
	}}, nil
}

// belongsTo reports whether by may change the booking: by is its holder, or "" for the organiser.
func (b *Booking) belongsTo(by events.Holder) bool { return by == "" || by == b.state.Holder }

func (b *Booking) start(cmd *StartPayment, now time.Time) ([]events.Fact, error) {
	attempt, terms, barred := b.state.Attempt, events.SaleTerms{}, false
	switch {
	case !b.belongsTo(cmd.By):
		return nil, errNotYours
	case b.state.Status == events.BookingIsPaying && b.state.PaymentStream == cmd.PaymentStream:
		return nil, nil
	case b.state.Status == events.BookingIsPaying:
		return nil, errInProgress
	case b.state.calledOff(cmd.Terms.CalledOff):
		return nil, ErrCalledOff
	case b.state.Status == events.BookingIsAwaiting && cmd.PaymentStream == "":
		return nil, errAwaiting
	case b.state.Status == events.BookingIsBooked:
		return nil, errBooked
	case b.state.Status == events.BookingIsReleased:
		return nil, errReleased
	case b.state.Status == events.BookingIsExpired:
		if refusal := cmd.Terms.Refuse(now); refusal != nil && cmd.PaymentStream == "" {
			return nil, refusal
		} else if refusal != nil {
			barred = true
		}
		attempt++
		terms = cmd.Terms.SaleTerms
	}
	if _, settled := b.state.Outcome(cmd.PaymentStream); settled {
		return nil, errPaymentEnded
	}
	started := &events.BookingPaymentStarted{
		PaymentID: b.state.NextPaymentID(), Amount: b.state.Amount, Attempt: attempt, Was: b.state.Status,
		SaleTerms: terms, Payment: cmd.PaymentStream,
	}
	if barred { // the money has been received, so the fact must follow that makes it owed
		return []events.Fact{started, &events.BookingPaymentFailed{PaymentID: started.PaymentID, Reason: events.FailedLate,
			Status: events.BookingIsExpired, ExpiresAt: b.state.ExpiresAt, Payment: cmd.PaymentStream}}, nil
	}
	return []events.Fact{started}, nil
}

// paying reports whether this payment is in progress.
func (b *Booking) paying(paymentID events.HoldID) bool {
	return b.state.Status == events.BookingIsPaying && b.state.PaymentID == paymentID
}

func (b *Booking) delay(cmd *Delay) ([]events.Fact, error) {
	switch {
	case !b.paying(cmd.PaymentID) || b.state.PaymentStream == "":
		return nil, errPaymentEnded
	case b.state.Late:
		return nil, nil
	}
	return []events.Fact{&events.BookingPaymentDelayed{PaymentID: cmd.PaymentID, Attempt: b.state.Attempt + 1}}, nil
}

func (b *Booking) retake(cmd *Retake) ([]events.Fact, error) {
	switch {
	case !b.paying(cmd.PaymentID) || !b.state.Late:
		return nil, errPaymentEnded
	case b.state.Retaken:
		return nil, nil
	}
	return []events.Fact{&events.BookingRetaken{Attempt: b.state.Attempt, ExpiresAt: cmd.ExpiresAt.UTC()}}, nil
}

func (b *Booking) complete(cmd *Complete) ([]events.Fact, error) {
	switch {
	case b.state.Status == events.BookingIsBooked && b.state.PaymentID == cmd.PaymentID:
		return nil, nil
	case !b.paying(cmd.PaymentID) || b.state.Late && !b.state.Retaken:
		return nil, errPaymentEnded
	}
	return []events.Fact{&events.BookingBooked{PaymentID: cmd.PaymentID, Amount: b.state.Amount,
		Payment: b.state.PaymentStream}}, nil
}

func (b *Booking) fail(cmd *FailPayment, now time.Time) ([]events.Fact, error) {
	if !b.paying(cmd.PaymentID) {
		return nil, errPaymentEnded
	}
	fact := &events.BookingPaymentFailed{PaymentID: cmd.PaymentID, Reason: cmd.Reason,
		Status: events.BookingIsExpired, ExpiresAt: b.state.ExpiresAt, Payment: b.state.PaymentStream}
	// The booking keeps its seats only if the balance was insufficient.
	if !b.state.Late && cmd.Reason == events.FailedBalance && !now.After(b.state.ExpiresAt) {
		fact.Status = events.BookingIsHeld
	}
	return []events.Fact{fact}, nil
}

func (b *Booking) extend(cmd *Extend) ([]events.Fact, error) {
	switch {
	case !b.belongsTo(cmd.By):
		return nil, errNotYours
	case b.state.Status == events.BookingIsReleased:
		return nil, errReleased
	case b.state.calledOff(cmd.CalledOff):
		return nil, ErrCalledOff
	case b.state.Status == events.BookingIsExpired:
		return nil, expired(b.state.ExpiresAt)
	case b.state.Status == events.BookingIsPaying:
		return nil, &core.Refusal{
			Code:   errBooked.Code,
			Detail: "a payment of the booking is under way, during which its seats do not expire; wait for its outcome",
		}
	case b.state.Status == events.BookingIsAwaiting:
		return nil, errAwaiting
	case b.state.Status != events.BookingIsHeld:
		return nil, errBooked
	case b.state.Extended:
		return nil, &core.Refusal{Code: core.CodeLimitExceeded,
			Detail: "a booking can be extended only once; pay, or release the seats",
			Fields: map[string]any{"expires_at": b.state.ExpiresAt}}
	case !cmd.ExpiresAt.After(b.state.ExpiresAt) || cmd.ExpiresAt.After(b.state.ExtendableUntil):
		return nil, &core.Refusal{Code: core.CodeLimitExceeded,
			Detail: "the hold can't be moved to that time; pay, or release the seats",
			Fields: map[string]any{"expires_at": b.state.ExpiresAt}}
	}
	return []events.Fact{&events.BookingExtended{ExpiresAt: cmd.ExpiresAt.UTC()}}, nil
}
