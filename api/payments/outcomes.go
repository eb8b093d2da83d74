package payments

import (
	"context"
	"errors"
	"time"

	"admitone/events"
)

// pollAfter is the age at which a requested refund is polled for: usually the refunder has recorded the
// outcome by then.
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
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	id := fact.(*events.PaymentRefundAsked).RefundID
	state, err := w.paymentState(ctx, e.Stream)
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
	if refund == nil || !refund.Status.isFinal() { // nil: the refunder is still requesting it
		return errPending
	}
	return w.recordOutcome(ctx, originOf(e), e.Stream, id, refund)
}
