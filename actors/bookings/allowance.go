package bookings

import (
	"context"

	"admitone/actors/allowance"
	"admitone/actors/core"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// allowanceStep returns a stage that runs step on the holder's allowance, or an empty stage if the
// performance has no limit per holder.
func (h *hold) allowanceStep(step process.Step) process.Stage {
	if h.info.limit == 0 {
		return process.Stage{}
	}
	step.Stream = allowance.Stream(h.info.id, h.holder)
	return process.Stage{Steps: []process.Step{step}}
}

// refuseOverLimit returns limit_exceeded if the holder may not have that many more places, or a failure.
// It is called before a refusal of lower precedence is returned; otherwise takeAllowance decides.
func (b *Bookings) refuseOverLimit(ctx context.Context, p *requestRun, s *performanceInfo, places int64) error {
	if s.limit == 0 {
		return nil
	}
	take := &allowance.Take{HoldID: events.NewHoldID(p.id, p.attempt), Seats: places, Limit: s.limit}
	refusal, err := b.dryRun(ctx, allowance.Stream(s.id, p.Holder), take)
	if err == nil && (refusal == nil || refusal.Code != core.CodeLimitExceeded) {
		return nil
	}
	return either(refusal, err)
}

// takeAllowance takes the seats from the allowance. The seats are held slightly later, so the deadline
// of the allowance is later than theirs by one seat.Grace.
func (h *hold) takeAllowance(refused func(context.Context, error) (error, bool)) process.Stage {
	if h.info.limit == 0 {
		return process.Stage{}
	}
	return h.allowanceStep(process.Step{
		Name: "take-allowance",
		Do: &allowance.Take{HoldID: h.id, Seats: h.places(), Limit: h.info.limit,
			For: h.info.holdFor + 2*seat.Grace, Terms: h.terms},
		Undo:    &allowance.Release{HoldID: h.id},
		Refused: refused,
	})
}

// keepAllowance removes the deadline of the allowance. undo must release the hold.
func (h *hold) keepAllowance(undo core.Command, refused func(context.Context, error) (error, bool)) process.Stage {
	return h.allowanceStep(process.Step{Name: "keep-allowance", Do: &allowance.Keep{HoldID: h.id},
		Undo: undo, Refused: refused})
}

// extendAllowance moves the deadline of the allowance to one seat.Grace after that of the seats.
func (h *hold) extendAllowance(to *seat.Extend) process.Stage {
	return h.allowanceStep(process.Step{Name: "extend-allowance",
		Do: &allowance.Extend{HoldID: h.id, ExpiresAt: to.ExpiresAt.Add(seat.Grace)}})
}

// releaseAllowance returns the seats to the allowance.
func (h *hold) releaseAllowance() process.Stage {
	return h.allowanceStep(process.Step{Name: "release-allowance", Do: &allowance.Release{HoldID: h.id}})
}
