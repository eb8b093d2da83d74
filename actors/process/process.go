package process

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/events"
)

// Step is a command to one entity, and how to take it back.
type Step struct {
	// Name identifies the step among those of the process at the entity. Command ids are
	// made of it, so it must not change while processes are under way.
	Name   string
	Stream events.StreamID
	// Do takes the step. Where it has been taken it leads to no facts. A step without Do was
	// taken before the process was described, and can only be undone.
	Do core.Command
	// Undo takes it back, and leads to no facts or is refused where there is nothing to take
	// back. A step without Undo needs none.
	Undo core.Command
	// ID, if set, is used for Do instead of a minted one, once: it is the id of the request,
	// or of a step that stays done whatever happens later. A replayed answer is final.
	ID actors.CommandID
	// Took, if set, is called with the answer to Do, by several goroutines if the stage is
	// not ordered. In a Joint process it may be called for a step before the last when that is
	// decided and not in the log, and again if the steps are then taken one after another. If the step
	// was taken by an earlier run, the answer is Replayed; without an ID it has no facts then. An
	// error ends the process as a refusal does.
	Took func(context.Context, actors.Answer) error
	// Refused, if set, is called when the process ends at this step, with the refusal or the
	// error of Took, before anything is undone. It returns the error that Run returns in its
	// place. over says that another run has ended the process: it may have taken later steps.
	Refused func(context.Context, error) (answer error, over bool)
}

// Stage is a group of steps that don't depend on one another. They are undone at once.
type Stage struct {
	Steps []Step
	// Ordered steps are taken one after another, others at once.
	Ordered bool
}

// Process is what is to be done, in this order, as its own stream says.
type Process struct {
	// ID of what all steps are about; another try has another one.
	ID     string
	Stages []Stage
	// Joint says that all steps may be taken by one append, where the log has that. Then nothing
	// of it needs to be undone.
	Joint bool
	// Begin, if set, is called before steps are taken, again if they are taken once more.
	Begin func()
	// Announced says that the process's own stream has announced it, so that it is completed
	// or withdrawn however often it is interrupted. A failure leaves it to the next run.
	// Without it, a failure has everything undone that may have been done.
	Announced bool
	// Resumed says that earlier runs may have taken steps: then a stage is undone as a whole.
	// It goes without saying for what is Announced.
	Resumed bool
	// Close, if set, is called before the first undo, and makes it durable that no run
	// completes the process any more. An error ends the undoing and is returned.
	Close func(context.Context) error
	// Withdraw, if set, has the Undo of the announcement. It is taken last.
	Withdraw *Step
}

// Runner runs processes. Its methods may be called from many goroutines at once.
type Runner struct {
	Entities actors.Dispatcher
	// Observe, if set, is called with the facts of every step, by many goroutines at once.
	Observe func([]events.Fact)
}

// tries bounds how often the command of one step is sent in a run.
const tries = 8

// ID is the id of the first command of a step. Later tries have the revision that was read
// before them behind the process's id.
func ID(step, process string) actors.CommandID {
	return actors.KeyedCommandID("", step+"/"+process) // no caller has the name ""
}

// Begun is err where something has been written already. Then what is overloaded was not refused
// without a trace: the outcome is unknown, and a retry goes on.
func Begun(err error) error {
	if errors.Is(err, actors.ErrOverloaded) {
		return fmt.Errorf("%w: %v", actors.ErrUnavailable, err)
	}
	return err
}

// Run takes the steps of p on behalf of the request from: every command has its CorrelationID
// and Actor, and is caused by it. It returns nil when all are taken.
//
// Errors: a refusal, or what Step.Refused makes of it, once all is undone and durable; the
// error of Close; a failure of [actors.Desk.Ask], as [Begun] tells it if p is announced: then p
// may be completed or not, and to describe it from its stream and run it again is safe.
func (r *Runner) Run(ctx context.Context, from actors.Request, p *Process) error {
	if p.Joint && !p.Resumed && !p.Announced {
		if err := r.together(ctx, from, p); !errors.Is(err, actors.ErrNotJoint) {
			return err
		}
	}
	if p.Begin != nil {
		p.Begin()
	}
	for i := range p.Stages {
		at, err := r.stage(ctx, from, p, &p.Stages[i])
		if err == nil {
			continue
		}
		failed := !isRefusal(err)
		if failed && p.Announced {
			return Begun(err)
		}
		step, over := &p.Stages[i].Steps[at], false
		if !failed && step.Refused != nil {
			err, over = step.Refused(ctx, err)
		}
		taken := slices.Clone(p.Stages[:i+1])
		switch last := &taken[i]; {
		case over:
			taken = p.Stages
		case p.Announced || p.Resumed || len(last.Steps) > 1 && !last.Ordered: // any step may be taken
		case failed: // and perhaps taken
			last.Steps = last.Steps[:at+1]
		default:
			last.Steps = last.Steps[:at]
		}
		if undone := r.undo(ctx, from, p, taken); undone != nil && !failed {
			return undone
		}
		return err
	}
	return nil
}

// stage takes the steps of one stage. It returns the first that was not taken, and why.
func (r *Runner) stage(ctx context.Context, from actors.Request, p *Process, s *Stage) (at int, err error) {
	take := func(step *Step) error {
		if step.Do == nil {
			return nil
		}
		answer, err := r.Take(ctx, from, p, step)
		if err == nil && step.Took != nil {
			err = step.Took(ctx, answer)
		}
		return err
	}
	if !s.Ordered {
		return Each(s.Steps, take)
	}
	for i := range s.Steps {
		if err := take(&s.Steps[i]); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// undo closes the process, takes the steps back in reverse order of their stages, and
// withdraws the announcement. It stops at a stage that can't be taken back: the next run
// goes on there.
func (r *Runner) undo(ctx context.Context, from actors.Request, p *Process, taken []Stage) error {
	takeBack := func(step *Step) error {
		_, err := r.Take(ctx, from, p, &Step{Name: "undo " + step.Name, Stream: step.Stream, Do: step.Undo})
		if isRefusal(err) {
			return nil // there is nothing to take back
		}
		return err
	}
	closed := p.Close == nil
	for _, stage := range slices.Backward(taken) {
		steps := slices.DeleteFunc(slices.Clone(stage.Steps), func(s Step) bool { return s.Undo == nil })
		if len(steps) > 0 && !closed {
			if err := p.Close(ctx); err != nil {
				return err
			}
			closed = true
		}
		if _, err := Each(steps, takeBack); err != nil {
			return err
		}
	}
	if p.Withdraw == nil {
		return nil
	}
	return takeBack(p.Withdraw)
}

// request is the first request of a step.
func (s *Step) request(from actors.Request, p *Process) actors.Request {
	request := actors.Request{Stream: s.Stream, Command: s.Do, ID: s.ID,
		CorrelationID: from.CorrelationID, CausationID: string(from.ID), Actor: from.Actor}
	switch s.ID {
	case "":
		request.ID = ID(s.Name, p.ID)
	case from.ID:
		request.CausationID = from.CausationID
	}
	return request
}

// Take takes one step of p: it is for Close, whose command belongs to no stage. Errors: those
// of [actors.Desk.Ask]. A replayed answer has no facts, unless the step has an ID.
func (r *Runner) Take(ctx context.Context, from actors.Request, p *Process, step *Step) (actors.Answer, error) {
	request := step.request(from, p)
	unknown := false // whether an outcome was, once
	for range tries {
		answer, err := r.Entities.Ask(ctx, request)
		switch {
		case err == nil && !answer.Replayed:
			if r.Observe != nil {
				r.Observe(answer.Facts)
			}
			return answer, nil
		case err == nil && step.ID != "":
			return answer, nil
		case err != nil && (!p.Announced || unknown || !errors.Is(err, actors.ErrUnavailable)):
			return actors.Answer{}, err
		}
		now, done, failed := r.look(ctx, step)
		switch {
		case failed != nil:
			return actors.Answer{}, failed
		case done:
			return now, nil
		case err == nil: // the id stands for a decision that holds no more
			request.ID = ID(step.Name, fmt.Sprintf("%s/%d", p.ID, now.Revision))
		default: // it may still be decided under this id, but not twice
			unknown = true
		}
	}
	return actors.Answer{}, fmt.Errorf("%w: %s of %s is done and undone again and again",
		actors.ErrOverloaded, step.Name, p.ID)
}

// look reads whether a step is done: whether its command would lead to no facts. That asks no clock.
func (r *Runner) look(ctx context.Context, step *Step) (now actors.Answer, done bool, err error) {
	now, err = r.Entities.View(ctx, step.Stream, func(c core.Core) {
		facts, refusal := c.Decide(step.Do, time.Time{})
		done = len(facts) == 0 && refusal == nil
	})
	now.Replayed = true
	return now, done, err
}

func isRefusal(err error) bool {
	refusal := (*core.Refusal)(nil)
	return errors.As(err, &refusal)
}
