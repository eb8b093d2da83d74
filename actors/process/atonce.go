package process

import (
	"context"
	"errors"

	"admitone/actors"
)

// taking is a step in progress.
type taking struct {
	*Step
	first  *actors.Result // the answer of a turn, nil if there was none
	answer actors.Answer
}

// atOnce takes the steps of a stage concurrently. It returns the index and error of the first that
// failed; untaken reports that none was taken.
func (r *Runner) atOnce(ctx context.Context, from actors.Request, p *Process, s *Stage) (at int, untaken bool,
	err error) {
	if len(s.Steps) == 1 {
		return 0, false, r.one(ctx, from, p, &s.Steps[0], nil)
	}
	steps := make([]taking, len(s.Steps))
	for i := range s.Steps {
		steps[i].Step = &s.Steps[i]
	}
	if s.Turn {
		if at, err := r.turn(ctx, from, p, steps); err != nil {
			return at, true, err
		}
	}
	at, err = Each(steps, func(t *taking) (err error) {
		if t.Do != nil {
			t.answer, err = r.take(ctx, t.forward(from, p), p, t.Step, t.first)
		}
		return err
	})
	if err != nil {
		return at, false, err
	}
	for i := range steps {
		if step := &steps[i]; step.Do != nil && step.Took != nil {
			if err := step.Took(ctx, step.answer); err != nil {
				return i, false, err
			}
		}
	}
	return 0, false, nil
}

// turn decides all steps in one turn, if there are several and the entities can do that. Its error
// is that of the step at index at, and no step was taken then.
func (r *Runner) turn(ctx context.Context, from actors.Request, p *Process, steps []taking) (at int, err error) {
	entities, ok := r.Entities.(actors.TurnDispatcher)
	if !ok || len(steps) < 2 {
		return 0, nil
	}
	requests := make([]actors.Request, len(steps))
	for i := range steps {
		if steps[i].Do == nil {
			return 0, nil
		}
		requests[i] = steps[i].forward(from, p)
	}
	results, err := entities.AskEach(ctx, requests)
	if refused := (*actors.RefusedError)(nil); errors.As(err, &refused) {
		return refused.At, refused.Refusal
	}
	if errors.Is(err, actors.ErrNotJoint) {
		return 0, nil
	}
	for i := range results {
		steps[i].first = &results[i]
	}
	return 0, err
}
