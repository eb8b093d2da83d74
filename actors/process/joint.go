package process

import (
	"context"
	"errors"

	"admitone/actors"
	"admitone/actors/core"
)

// RunJoint takes all steps of p by one append. A refused step ends the process before anything is
// done; after a failure either all steps have been taken or none. No earlier run may have begun p.
//
// Errors: those of Run; actors.ErrNotJoint if the steps must be taken one by one.
func (r *Runner) RunJoint(ctx context.Context, from actors.Request, p *Process) error {
	entities, ok := r.Entities.(actors.JointDispatcher)
	if !ok {
		return actors.ErrNotJoint
	}
	if turns, ok := r.Entities.(actors.TurnDispatcher); ok && !turns.AppendsTogether() {
		return actors.ErrNotJoint
	}
	count := 0
	for i := range p.Stages {
		count += len(p.Stages[i].Steps)
	}
	steps, requests := make([]*Step, 0, count), make([]actors.Request, 0, count)
	for i := range p.Stages {
		for j := range p.Stages[i].Steps {
			step := &p.Stages[i].Steps[j]
			if step.Do == nil {
				return actors.ErrNotJoint
			}
			steps, requests = append(steps, step), append(requests, step.firstRequest(from, p))
		}
	}
	if p.Begin != nil {
		p.Begin()
	}
	answers, err := entities.AskAll(ctx, requests, func(i int, answer actors.Answer) error {
		if steps[i].Took == nil {
			return nil
		}
		return steps[i].Took(ctx, answer)
	})
	if refused := (*actors.RefusedError)(nil); errors.As(err, &refused) {
		return steps[refused.At].refusedWith(ctx, refused.Refusal)
	}
	if err != nil {
		return err
	}
	for i := range answers {
		if r.Observe != nil {
			r.Observe(answers[i].Facts)
		}
	}
	if last := len(steps) - 1; steps[last].Took != nil {
		return steps[last].Took(ctx, answers[last])
	}
	return nil
}

// refusedWith returns the result of the process when the step is refused.
func (s *Step) refusedWith(ctx context.Context, refusal *core.Refusal) error {
	if s.Refused == nil {
		return refusal
	}
	err, _ := s.Refused(ctx, refusal)
	return err
}
