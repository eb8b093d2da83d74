package process

import (
	"context"
	"errors"

	"admitone/actors"
)

// attempt is a step in progress.
type attempt struct {
	*Step
	decided *actors.Result // the result of a shared turn, nil if there was none
	answer  actors.Answer
}

// runConcurrently takes the steps of an unordered stage concurrently. Its results are those of
// runStage.
func (r *Runner) runConcurrently(ctx context.Context, from actors.Request, p *Process,
	s *Stage) (at int, noneTaken bool, err error) {
	if len(s.Steps) == 1 {
		return 0, false, r.runStep(ctx, from, p, &s.Steps[0], nil)
	}
	steps := make([]attempt, len(s.Steps))
	for i := range s.Steps {
		steps[i].Step = &s.Steps[i]
	}
	if s.Turn {
		if at, err := r.decideTogether(ctx, from, p, steps); err != nil {
			return at, true, err
		}
	}
	at, err = Each(steps, func(t *attempt) (err error) {
		if t.Do != nil {
			t.answer, err = r.take(ctx, t.forwardRequest(from, p), p, t.Step, t.decided)
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

// decideTogether decides all steps in one turn, if there are several and the entities support it. If it fails,
// no step was taken, and at is the index of the step that failed.
func (r *Runner) decideTogether(ctx context.Context, from actors.Request, p *Process, steps []attempt) (at int,
	err error) {
	entities, ok := r.Entities.(actors.TurnDispatcher)
	if !ok || len(steps) < 2 {
		return 0, nil
	}
	requests := make([]actors.Request, len(steps))
	for i := range steps {
		if steps[i].Do == nil {
			return 0, nil
		}
		requests[i] = steps[i].forwardRequest(from, p)
	}
	results, err := entities.AskEach(ctx, requests)
	if refused := (*actors.RefusedError)(nil); errors.As(err, &refused) {
		return refused.At, refused.Refusal
	}
	if errors.Is(err, actors.ErrNotJoint) {
		return 0, nil
	}
	for i := range results {
		steps[i].decided = &results[i]
	}
	return 0, err
}
