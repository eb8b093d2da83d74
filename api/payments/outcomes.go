package payments

import (
	"context"
	"errors"
	"time"

	"admitone/events"
)

// pollAfter is the time that the requester of a refund has to record its outcome before this worker
// polls the provider for it.
const pollAfter = time.Second

// errPending means that the outcome of a refund is not known yet.
var errPending = errors.New("the outcome of a refund is not known yet")

// outcomePoller polls the provider for the outcome of requested refunds, because its webhook may be lost
// or never sent. It implements [cursor.Work].
type outcomePoller struct{ *Gateway }

// Wants implements [cursor.Work]: a refund was requested from the provider.
func (w *outcomePoller) Wants(e *events.Recorded) bool {
	return e.Type == (&events.PaymentRefundAsked{}).Name() && w.isOurs(e.Stream)
}

// Do implements [cursor.Work]. It returns errPending while the outcome is unknown, so that the cursor
// retries at growing intervals.
func (w *outcomePoller) Do(ctx context.Context, e *events.Recorded) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	id := fact.(*events.PaymentRefundAsked).RefundID
	state, err := w.payment(ctx, e.Stream)
	if err != nil {
		return err
	}
	if refund, ok := state.Refund(id); !ok || !refund.Asked {
		return nil
	}
	if time.Since(e.Created) < pollAfter {
		return errPending
	}
	refund, _, err := w.findRefund(ctx, state, id)
	if err != nil {
		return w.logRetry("the outcome of a refund can't be read", e, err)
	}
	if refund == nil || !refund.Status.ended() { // nil: it is still being requested
		return errPending
	}
	return w.outcome(ctx, from(e), e.Stream, id, refund)
}
