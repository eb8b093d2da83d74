package process

import (
	"context"
	"errors"

	"admitone/actors"
	"admitone/actors/core"
)

// together takes all steps of p by one append. A step that is refused ends the process before
// anything is done, and after a failure either all steps have been taken or none.
//
// Errors: those of Run; actors.ErrNotJoint, if the steps are to be taken one after another.
func (r *Runner) together(ctx context.Context, from actors.Request, p *Process) error {
	entities, ok := r.Entities.(actors.JointDispatcher)
	if !ok {
		return actors.ErrNotJoint
	}
	var steps []*Step
	var requests []actors.Request
	for i := range p.Stages {
		for j := range p.Stages[i].Steps {
			step := &p.Stages[i].Steps[j]
			if step.Do == nil {
				return actors.ErrNotJoint
			}
			steps, requests = append(steps, step), append(requests, step.request(from, p))
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
		return steps[refused.At].refusal(ctx, refused.Refusal)
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

// refusal is what a refusal of the step makes the process return.
func (s *Step) refusal(ctx context.Context, refusal *core.Refusal) error {
	if s.Refused == nil {
		return refusal
	}
	err, _ := s.Refused(ctx, refusal)
	return err
}
