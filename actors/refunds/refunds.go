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

// Settle says that a refund was paid back outside.
type Settle struct {
	// Request has the ID of the request and where it comes from; stream and command are not used.
	actors.Request
	// Payment is the stream of the payment that the refund is of.
	Payment   events.StreamID
	RefundID  events.RefundID
	Reference string
}

// Run settles a refund once. The same again does nothing. It returns where the payment's stream stands.
//
// Refusals: not_found; payment_reference_used (the refund was settled under another reference, or
// the reference has settled another refund; resource says which).
func Run(ctx context.Context, desk actors.Dispatcher, cmd Settle) (actors.Answer, error) {
	var state payment.State
	var done bool
	settle := &payment.Settle{RefundID: cmd.RefundID, Reference: cmd.Reference}
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
	case refusal != nil:
		return now, refusal
	case done:
		now.Replayed = true
		return now, nil
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
