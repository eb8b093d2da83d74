package refunds

import (
	"context"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/payment"
	"admitone/actors/process"
	"admitone/actors/settlement"
	"admitone/events"
)

// Settle reports that a refund was paid outside the system.
type Settle struct {
	// Request has the ID and the origin of the request; stream and command are not used.
	actors.Request
	// Payment is the stream of the refunded payment.
	Payment   events.StreamID
	RefundID  events.RefundID
	Reference string
	// Outcome means that the command reports the provider's answer.
	Outcome bool
	// Reason is the organiser's reason to settle a refund that was requested from the provider, "" for none.
	Reason string
}

// Run settles a refund. Idempotent. It returns the answer of the payment's entity.
//
// Refusals: idempotency_key_reused; not_found; payment_reference_used (the refund was settled under
// a different reference, the reference has settled another refund, or its payout has come back;
// resource names it); payment_in_progress (the refund was requested from the provider, and cmd is
// neither the provider's outcome nor has a reason).
func Run(ctx context.Context, desk actors.Dispatcher, cmd Settle) (actors.Answer, error) {
	var paymentState payment.State
	var alreadySettled bool
	settle := &payment.Settle{RefundID: cmd.RefundID, Reference: cmd.Reference, Outcome: cmd.Outcome,
		Reason: cmd.Reason}
	var refusal error
	view, err := desk.View(ctx, cmd.Payment, func(c core.Core) {
		paymentState = c.(*payment.Payment).State()
		var facts []events.Fact
		facts, refusal = c.Decide(settle, time.Time{})
		alreadySettled = refusal == nil && len(facts) == 0
	})
	switch {
	case err != nil:
		return view, err
	case refusal != nil || alreadySettled:
		if err := process.RequireUnusedKey(ctx, desk, cmd.Request, cmd.Payment); err != nil {
			return view, err
		}
		view.Replayed = alreadySettled
		return view, refusal
	}
	provider := paymentState.Received.Provider
	claimStep := process.Step{Name: "claim", Stream: events.SettlementStream(provider, cmd.Reference),
		Do: &settlement.Claim{Provider: provider, Reference: cmd.Reference, RefundID: cmd.RefundID}}
	var settled actors.Answer
	settleStep := process.Step{Name: "settle", Do: settle, Stream: cmd.Payment, ID: cmd.ID,
		Took: func(_ context.Context, answer actors.Answer) error { settled = answer; return nil }}
	runner := process.Runner{Entities: desk}
	err = runner.Run(ctx, cmd.Request, &process.Process{ID: string(cmd.RefundID) + "/" + cmd.Reference, Announced: true,
		Stages: []process.Stage{{Steps: []process.Step{claimStep}}, {Steps: []process.Step{settleStep}}}})
	return settled, err
}
