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

// payment is a payment in progress, as announced in its booking's stream.
type payment struct {
	hold
	booking booking.State
	// fail ends the payment if a step is refused, which sets the reason.
	fail *booking.FailPayment
	// delayed: the payment continues as a late one.
	delayed bool
}

// processID is the id of the payment's process. A delayed payment takes some steps again, under another id.
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

// holdOf returns the current or most recent hold of a booking.
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

// bookingStep returns a stage with one step, for the booking.
func bookingStep(bookingID events.BookingID, step process.Step) process.Stage {
	step.Stream = booking.Stream(bookingID)
	return process.Stage{Steps: []process.Step{step}}
}

// debit debits the wallet. If the balance is insufficient, the payment fails and the booking keeps its
// earlier state; any other refusal means that another run has closed the payment.
func (b *Bookings) debit(p *payment) process.Stage {
	if p.booking.Amount == 0 || p.booking.PaymentStream != "" {
		return process.Stage{}
	}
	return process.Stage{Steps: []process.Step{{
		Name: "debit", Stream: wallet.Stream(p.holder), Do: &wallet.Debit{PaymentID: p.payment, Amount: p.booking.Amount},
		Undo: &wallet.Refund{PaymentID: p.payment}, // also prevents a later debit
		Refused: func(ctx context.Context, err error) (error, bool) {
			// The debit is the first step of a payment in time. If another run has closed the payment before
			// it was debited, the balance was insufficient.
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

// insufficientBalance returns the refusal of a payment that another run has closed because of the balance,
// or a failure.
func (b *Bookings) insufficientBalance(ctx context.Context, p *payment) error {
	var refusal *core.Refusal
	if _, err := b.desk.View(ctx, wallet.Stream(p.holder), func(c core.Core) {
		refusal = wallet.InsufficientBalance(c.(*wallet.Wallet).Balance(), p.booking.Amount)
	}); err != nil {
		return err
	}
	return refusal
}

// failLate is the [process.Step] Refused function of a payment whose seats were lost.
func (p *payment) failLate(context.Context, error) (error, bool) {
	p.fail.Reason = events.FailedLate
	return tooLate(p.info, &p.booking, nil), true
}

// failRetake is like failLate, for a late payment that can't retake its seats or its allowance.
func (p *payment) failRetake(err error) (error, bool) {
	if lost := (*lostError)(nil); errors.As(err, &lost) {
		p.fail.Reason = events.FailedLate
		return tooLate(p.info, &p.booking, lost), true
	}
	p.fail.Reason = events.FailedLimit
	return err, true
}

// tooLate returns hold_expired for the payment of a booking whose seats are unavailable. lost lists them if
// it is not nil.
func tooLate(s *performanceInfo, state *booking.State, lost *lostError) *core.Refusal {
	refusal := &core.Refusal{Code: core.CodeHoldExpired, Fields: map[string]any{"expired_at": state.ExpiresAt.UTC()},
		Detail: "the booking was not paid in time, and its seats are no longer available; nothing is debited"}
	if lost != nil && len(lost.seats) > 0 {
		refusal.Fields["seats"] = s.layout.Names(lost.seats)
	}
	if lost != nil && len(lost.areas) > 0 {
		refusal.Fields["areas"] = lost.areas
	}
	return refusal
}

// completion returns the id of the command that completes a payment. It is the same in every run, so that a
// repetition gets the same answer.
func completion(paymentID events.HoldID) actors.CommandID {
	return process.ID("booked", string(paymentID))
}

// complete makes the booking booked.
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

// errCompleted is returned instead of aborting a payment that another run has completed.
var errCompleted = errors.New("another run has completed the payment")

// abortPayment ends a payment that can't be completed: the wallet refunds it, or refuses to debit it later.
// Its errors include errCompleted.
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

// refund returns the step that refunds the payment, or prevents its debit.
func (h *hold) refund() process.Step {
	return process.Step{Name: "refund", Stream: wallet.Stream(h.holder), Do: &wallet.Refund{PaymentID: h.payment}}
}

// refundOf returns the step that refunds a booking, less the withheld amount.
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
