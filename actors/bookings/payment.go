package bookings

import (
	"context"
	"errors"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/process"
	"admitone/actors/wallet"
	"admitone/events"
)

// payment is a payment in progress: its booking's stream has announced it.
type payment struct {
	hold
	booking booking.State
	// fail is the undo of the announcement; a refused step sets its reason.
	fail *booking.FailPayment
	// delayed: the payment continues as a late one.
	delayed bool
}

// processID is the id of the steps of the payment. A delayed one takes some of them again.
func (p *payment) processID() string {
	if p.booking.Delayed {
		return string(p.payment) + "/" + string(p.id)
	}
	return string(p.payment)
}

// payment reads the payment in progress from the booking's stream.
func (b *Bookings) payment(ctx context.Context, from Origin, bookingID events.BookingID) (*payment, error) {
	now, err := b.state(ctx, bookingID)
	if err != nil {
		return nil, err
	}
	s, err := b.performanceOf(ctx, &now.Booking)
	if err != nil {
		return nil, err
	}
	h := holdOf(from, s, &now.Booking)
	fail := &booking.FailPayment{PaymentID: h.payment, Reason: events.FailedLate}
	return &payment{hold: h, booking: now.Booking, fail: fail}, nil
}

// holdOf returns the present or last hold of a booking.
func holdOf(from Origin, s *performanceInfo, state *booking.State) hold {
	h := hold{from: from, info: s, id: state.HoldID(), payment: state.PaymentID, holder: state.Holder,
		terms: state.Terms, areas: areasIn(s.layout, state.Areas), label: state.Label}
	for _, booked := range state.Seats {
		if at, ok := s.layout.Find(booked.Seat); ok {
			h.seats, h.prices = append(h.seats, at), append(h.prices, booked.Price)
		}
	}
	return h
}

// bookingStep returns the stage with one step at the booking itself.
func bookingStep(bookingID events.BookingID, step process.Step) process.Stage {
	step.Stream = booking.Stream(bookingID)
	return process.Stage{Steps: []process.Step{step}}
}

// debit debits the wallet. If the balance is insufficient, the payment has failed and the booking
// keeps its earlier state; any other refusal means that another run has closed the payment.
func (b *Bookings) debit(p *payment) process.Stage {
	if p.booking.Amount == 0 || p.booking.PaymentStream != "" {
		return process.Stage{}
	}
	return process.Stage{Steps: []process.Step{{
		Name: "debit", Stream: wallet.Stream(p.holder), Do: &wallet.Debit{PaymentID: p.payment, Amount: p.booking.Amount},
		Undo: &wallet.Refund{PaymentID: p.payment}, // closes a payment that fails here, too
		Refused: func(ctx context.Context, err error) (error, bool) {
			// Nothing precedes the debit of a payment in time, so one that was closed undebited
			// failed for lack of money.
			closed := !p.booking.Late && errors.Is(err, wallet.ErrCancelled)
			if !closed && refused(err).Code != core.CodeInsufficientBalance {
				return p.failLate(ctx, err)
			}
			if p.fail.Reason = events.FailedBalance; closed {
				err = b.insufficientBalance(ctx, p)
			}
			return err, false
		},
	}}}
}

// insufficientBalance returns the refusal of a payment that was closed for lack of money, or the failure.
func (b *Bookings) insufficientBalance(ctx context.Context, p *payment) error {
	var refusal *core.Refusal
	if _, err := b.desk.View(ctx, wallet.Stream(p.holder), func(c core.Core) {
		refusal = wallet.TooLittle(c.(*wallet.Wallet).Balance(), p.booking.Amount)
	}); err != nil {
		return err
	}
	return refusal
}

// failLate ends a payment whose seats were lost.
func (p *payment) failLate(context.Context, error) (error, bool) {
	p.fail.Reason = events.FailedLate
	return tooLate(p.info, &p.booking, nil), true
}

// failRetake ends a late payment that can't retake its seats or its allowance.
func (p *payment) failRetake(err error) (error, bool) {
	if lost := (*lostError)(nil); errors.As(err, &lost) {
		p.fail.Reason = events.FailedLate
		return tooLate(p.info, &p.booking, lost), true
	}
	p.fail.Reason = events.FailedLimit
	return err, true
}

// tooLate returns the refusal of the payment of an expired booking; lost has the unavailable seats,
// if known.
func tooLate(s *performanceInfo, state *booking.State, lost *lostError) *core.Refusal {
	refusal := &core.Refusal{Code: core.CodeHoldExpired, Fields: map[string]any{"expired_at": state.ExpiresAt.UTC()},
		Detail: "the booking was not paid in time, and its seats can't be had again; nothing is debited"}
	if lost != nil && len(lost.seats) > 0 {
		refusal.Fields["seats"] = s.layout.Names(lost.seats)
	}
	if lost != nil && len(lost.areas) > 0 {
		refusal.Fields["areas"] = lost.areas
	}
	return refusal
}

// completion returns the command id under which any run completes a payment: a repetition gets the
// same answer.
func completion(paymentID events.HoldID) actors.CommandID {
	return process.ID("booked", string(paymentID))
}

// complete books the booking.
func (b *Bookings) complete(p *payment) process.Stage {
	return bookingStep(p.booking.ID, process.Step{
		Name: "booked", ID: completion(p.payment), Do: &booking.Complete{PaymentID: p.payment}, Refused: p.failLate,
		Took: func(_ context.Context, answer actors.Answer) error {
			if !answer.Replayed && len(answer.Facts) > 0 {
				b.paid(Purchase{p.from, p.holder, p.info.room})
			}
			return nil
		},
	})
}

// errCompleted: a payment that was to be aborted is completed.
var errCompleted = errors.New("another run has completed the payment")

// abortPayment ends a payment that can't be completed: it is refunded, or, if it was not debited
// yet, it never will be, by any node. Failure: also errCompleted.
func (b *Bookings) abortPayment(ctx context.Context, p *payment, running *process.Process) error {
	now, err := b.state(ctx, p.booking.ID)
	switch {
	case err != nil:
		return err
	case now.Booking.Paid: // even if it was released since
		return errCompleted
	case p.booking.Amount == 0:
		return nil
	}
	refund := p.refund()
	_, err = b.runner.Take(ctx, p.from.request(), running, &refund)
	return err
}

// refund refunds the amount debited by the hold's payment, or prevents the debit.
func (h *hold) refund() process.Step {
	return process.Step{Name: "refund", Stream: wallet.Stream(h.holder), Do: &wallet.Refund{PaymentID: h.payment}}
}

// refundOf refunds a booking except the withheld amount.
func (h *hold) refundOf(state *booking.State) process.Step {
	step := h.refund()
	if state.Status == events.BookingIsCancelled {
		step.Name = "refund-called-off"
		step.Do = &wallet.Refund{PaymentID: h.payment, RefundID: events.CallOffRefund(h.payment), Amount: state.Refunds}
	} else if state.Refunding && state.Refunds != state.Amount {
		step.Do = &wallet.Refund{
			PaymentID: h.payment,
			RefundID:  events.ReleaseRefund(h.payment),
			Amount:    state.Refunds,
		}
	}
	return step
}
