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
	// Request has the ID of the request and where it comes from; stream and command are not used.
	actors.Request
	// Payment is the stream of the refunded payment.
	Payment   events.StreamID
	RefundID  events.RefundID
	Reference string
	// Outcome means that the command reports the provider's answer.
	Outcome bool
	// Reason is the organiser's reason to settle a refund that the provider was asked for, "" for none.
	Reason string
}

// Run settles a refund. Idempotent. It returns the place of the payment's stream.
//
// Refusals: idempotency_key_reused; not_found; payment_reference_used (the refund was settled under
// a different reference, the reference has settled another refund, or its payout has come back;
// resource names it); payment_in_progress (the provider has been asked, and this is neither its
// outcome nor has a reason).
func Run(ctx context.Context, desk actors.Dispatcher, cmd Settle) (actors.Answer, error) {
	var state payment.State
	var done bool
	settle := &payment.Settle{RefundID: cmd.RefundID, Reference: cmd.Reference, Outcome: cmd.Outcome,
		Reason: cmd.Reason}
	var refusal error
	now, err := desk.View(ctx, cmd.Payment, func(c core.Core) {
		state = c.(*payment.Payment).State()
		var facts []events.Fact
		facts, refusal = c.Decide(settle, time.Time{})
		done = refusal == nil && len(facts) == 0
	})
	switch {
	case err != nil:
		return now, err
	case refusal != nil || done:
		if err := process.RequireUnusedKey(ctx, desk, cmd.Request, cmd.Payment); err != nil {
			return now, err
		}
		now.Replayed = done
		return now, refusal
	}
	claim := &settlement.Claim{Provider: state.Received.Provider, Reference: cmd.Reference, RefundID: cmd.RefundID}
	var settled actors.Answer
	runner := process.Runner{Entities: desk}
	err = runner.Run(ctx, cmd.Request, &process.Process{ID: string(cmd.RefundID) + "/" + cmd.Reference, Announced: true,
		Stages: []process.Stage{
			{Steps: []process.Step{{Name: "claim", Do: claim,
				Stream: events.SettlementStream(claim.Provider, cmd.Reference)}}},
			{Steps: []process.Step{{Name: "settle", Do: settle, Stream: cmd.Payment, ID: cmd.ID,
				Took: func(_ context.Context, answer actors.Answer) error { settled = answer; return nil }}}},
		}})
	return settled, err
}
