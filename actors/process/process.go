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

// Step is a command to one entity, and the command that undoes it.
type Step struct {
	// Name identifies the step among the process's steps at the same entity. Command ids are derived
	// from it, so it must not change while processes are in progress.
	Name   string
	Stream events.StreamID
	// Do takes the step, and leads to no facts if the step is already taken. A step without Do was
	// taken before the process was described, and can only be undone.
	Do core.Command
	// Undo undoes the step. It leads to no facts or is refused if there is nothing to undo. A step
	// without Undo needs none.
	Undo core.Command
	// ID, if set, replaces the derived id of Do: the request's id, or the id of a step that stays
	// done whatever happens later. A replayed answer is then final.
	ID actors.CommandID
	// Took, if set, is called with the answer to Do; in an unordered stage in the order of the steps,
	// once all are taken. In a Joint process it may be called for any step but the last as soon as
	// the step is decided, before it is in the log, and again if the steps are then taken one by one.
	// If an earlier run took the step, the answer is Replayed, and has no facts unless ID is set. An
	// error ends the process like a refusal.
	Took func(context.Context, actors.Answer) error
	// Refused, if set, is called when the process ends at this step, with the refusal or the error
	// of Took, before anything is undone. Run returns answer instead. ended means that another run
	// has ended the process, and may have taken later steps.
	Refused func(context.Context, error) (answer error, ended bool)
	// Retry, if set, is called when Do was refused in an ordered stage, and reports whether to
	// retry it. It may wait.
	Retry func(context.Context, error) bool
}

// Stage is a group of independent steps. They are undone concurrently.
type Stage struct {
	Steps []Step
	// Ordered steps are taken one by one, others concurrently.
	Ordered bool
	// Turn means that unordered steps are decided in one turn, where the entities can do that: if
	// one is refused, all are. All processes must name the entities in the same order.
	Turn bool
}

// Process is a list of stages, as described from its own stream.
type Process struct {
	// ID is the hold, payment or other id that all steps concern. A new process needs a new one.
	ID     string
	Stages []Stage
	// Joint means that all steps may be taken by one append, where the log supports it.
	Joint bool
	// Begin, if set, is called before the steps are taken, and again before they are retried.
	Begin func()
	// Announced means that the process's own stream has announced it, so that it is completed or
	// withdrawn however often it is interrupted: a failure leaves it to the next run. Otherwise a
	// failure undoes every step that may have been taken.
	Announced bool
	// Resumed means that earlier runs may have taken steps, so that a stage is undone as a whole.
	// Announced implies it.
	Resumed bool
	// Close, if set, is called before the first undo and before Withdraw. It durably records that no
	// run may complete the process. An error stops the undoing and is returned.
	Close func(context.Context) error
	// Withdraw, if set, is a step whose Undo undoes the announcement. It comes last.
	Withdraw *Step
}

// Runner runs processes. It is safe for concurrent use.
type Runner struct {
	Entities actors.Dispatcher
	// Observe, if set, is called with the facts of every step, concurrently.
	Observe func([]events.Fact)
}

// maxAttempts bounds how often a run sends the command of one step.
const maxAttempts = 8

// ID returns the id of the first attempt of a step. For later attempts, the revision that was read
// is appended to the process's id.
func ID(step, process string) actors.CommandID {
	return actors.KeyedCommandID("", step+"/"+process) // no caller is named ""
}

// RequireUnusedKey refuses a keyed request (idempotency_key_reused) if the entity of stream has
// decided another request with its key. It is for requests that are decided by a different entity
// than other requests about the same subject. It writes nothing. Errors: those of
// [actors.Desk.Ask].
func RequireUnusedKey(ctx context.Context, entities actors.Dispatcher, request actors.Request,
	stream events.StreamID) error {
	if _, keyed := request.ID.Key(); !keyed {
		return nil
	}
	request.Stream, request.Command = stream, &core.Expire{} // any command will do
	_, err := entities.Ask(ctx, request)
	return err
}

// UnknownIfOverloaded converts the error of a process that has already written something: overload
// becomes an unknown outcome, because something was done, and a retry resumes the process.
func UnknownIfOverloaded(err error) error {
	if errors.Is(err, actors.ErrOverloaded) {
		return fmt.Errorf("%w: %v", actors.ErrUnavailable, err)
	}
	return err
}

// Run takes the steps of p on behalf of the request from: every command has the CorrelationID and
// Actor of from, and names it as the cause. Unless p is announced, no step is taken after
// from.Until. Run returns nil when all steps are taken.
//
// Errors: a refusal, or what Step.Refused returns, once everything is undone and durable; the error
// of Close; a failure of [actors.Desk.Ask], converted by [UnknownIfOverloaded] if p is announced. After a failure
// p may or may not be completed, and it is safe to describe it from its stream and run it again.
func (r *Runner) Run(ctx context.Context, from actors.Request, p *Process) error {
	if p.Joint && !p.Resumed && !p.Announced {
		if err := r.RunJoint(ctx, from, p); !errors.Is(err, actors.ErrNotJoint) {
			return err
		}
	}
	if p.Begin != nil {
		p.Begin()
	}
	for i := range p.Stages {
		if len(p.Stages[i].Steps) == 0 {
			continue
		}
		at, noneTaken, err := r.runStage(ctx, from, p, &p.Stages[i])
		if err == nil {
			continue
		}
		failed := !isRefusal(err)
		if failed && p.Announced {
			return UnknownIfOverloaded(err)
		}
		step, ended := &p.Stages[i].Steps[at], false
		if !failed && step.Refused != nil {
			err, ended = step.Refused(ctx, err)
		}
		toUndo := slices.Clone(p.Stages[:i+1])
		switch last := &toUndo[i]; {
		case ended:
			toUndo = p.Stages
		case p.Announced || p.Resumed || len(last.Steps) > 1 && !last.Ordered && !noneTaken: // any step may be taken
		case noneTaken:
			last.Steps = nil
		case failed: // the failed step may have been taken too
			last.Steps = last.Steps[:at+1]
		default:
			last.Steps = last.Steps[:at]
		}
		if undoErr := r.undo(ctx, from, p, toUndo); undoErr != nil && !failed {
			return undoErr
		}
		return err
	}
	return nil
}

// runStage takes the steps of one stage. After a failure it returns the index and the error of the
// first step that failed, and whether no step was taken.
func (r *Runner) runStage(ctx context.Context, from actors.Request, p *Process, s *Stage) (at int, noneTaken bool,
	err error) {
	if !s.Ordered {
		return r.runConcurrently(ctx, from, p, s)
	}
	for i := range s.Steps {
		if err := r.runStep(ctx, from, p, &s.Steps[i], s.Steps[i].Retry); err != nil {
			return i, false, err
		}
	}
	return 0, false, nil
}

// runStep takes one step. retry is [Step.Retry], or nil in an unordered stage.
func (r *Runner) runStep(ctx context.Context, from actors.Request, p *Process, step *Step,
	retry func(context.Context, error) bool) error {
	if step.Do == nil {
		return nil
	}
	answer, err := r.take(ctx, step.forwardRequest(from, p), p, step, nil)
	for retry != nil && isRefusal(err) && retry(ctx, err) {
		answer, err = r.take(ctx, step.forwardRequest(from, p), p, step, nil)
	}
	if err == nil && step.Took != nil {
		err = step.Took(ctx, answer)
	}
	return err
}

// undo closes the process, undoes the steps in reverse order of their stages, and withdraws the
// announcement. It stops at a stage that can't be undone: the next run resumes there.
func (r *Runner) undo(ctx context.Context, from actors.Request, p *Process, taken []Stage) error {
	undoStep := func(step *Step) error {
		_, err := r.Take(ctx, from, p, &Step{Name: "undo " + step.Name, Stream: step.Stream, Do: step.Undo})
		if isRefusal(err) {
			return nil // there is nothing to undo
		}
		return err
	}
	stages := make([][]Step, 0, len(taken)+1)
	if p.Withdraw != nil {
		stages = append(stages, []Step{*p.Withdraw})
	}
	for _, stage := range taken {
		stages = append(stages, slices.DeleteFunc(slices.Clone(stage.Steps), func(s Step) bool { return s.Undo == nil }))
	}
	closed := p.Close == nil
	for _, steps := range slices.Backward(stages) {
		if len(steps) > 0 && !closed {
			if err := p.Close(ctx); err != nil {
				return err
			}
			closed = true
		}
		if _, err := Each(steps, undoStep); err != nil {
			return err
		}
	}
	return nil
}

// firstRequest returns the request of the first attempt of a step.
func (s *Step) firstRequest(from actors.Request, p *Process) actors.Request {
	request := actors.Request{Stream: s.Stream, Command: s.Do, ID: s.ID,
		CorrelationID: from.CorrelationID, CausationID: string(from.ID), Actor: from.Actor, At: from.At}
	switch s.ID {
	case "":
		request.ID = ID(s.Name, p.ID)
	case from.ID:
		request.CausationID = from.CausationID
	}
	return request
}

// forwardRequest returns the first request of a step of a stage. It must be decided before
// from.Until, unless the process is announced: an announced process continues, like all undoing,
// whether or not the caller still waits.
func (s *Step) forwardRequest(from actors.Request, p *Process) actors.Request {
	request := s.firstRequest(from, p)
	if !p.Announced {
		request.Until = from.Until
	}
	return request
}

// Take takes one step of p outside its stages, for Close. Errors: those of [actors.Desk.Ask]. A
// replayed answer has no facts, unless the step has an ID.
func (r *Runner) Take(ctx context.Context, from actors.Request, p *Process, step *Step) (actors.Answer, error) {
	return r.take(ctx, step.firstRequest(from, p), p, step, nil)
}

// take sends the first request of a step, and retries as the package documents. decided is the result
// of that request if it was already sent, else nil.
func (r *Runner) take(ctx context.Context, request actors.Request, p *Process, step *Step,
	decided *actors.Result) (actors.Answer, error) {
	unknown := false // the outcome of an attempt was unknown
	for range maxAttempts {
		var answer actors.Answer
		var err error
		if decided != nil {
			answer, err, decided = decided.Answer, decided.Err, nil
		} else {
			answer, err = r.Entities.Ask(ctx, request)
		}
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
		view, done, viewErr := r.isDone(ctx, step)
		switch {
		case viewErr != nil:
			return actors.Answer{}, viewErr
		case done:
			return view, nil
		case err == nil: // the decision under this id no longer holds
			request.ID = ID(step.Name, fmt.Sprintf("%s/%d", p.ID, view.Revision))
		default: // retry under the same id, since the lost command may still be decided
			unknown = true
		}
	}
	return actors.Answer{}, fmt.Errorf("%w: step %s of process %s was done and undone %d times by other runs",
		actors.ErrOverloaded, step.Name, p.ID, maxAttempts)
}

// isDone reports whether a step is done, which means that its command would lead to no facts. It
// decides at the zero time, so that no deadline matters.
func (r *Runner) isDone(ctx context.Context, step *Step) (view actors.Answer, done bool, err error) {
	view, err = r.Entities.View(ctx, step.Stream, func(c core.Core) {
		facts, refusal := c.Decide(step.Do, time.Time{})
		done = len(facts) == 0 && refusal == nil
	})
	view.Replayed = true
	return view, done, err
}

func isRefusal(err error) bool {
	_, ok := errors.AsType[*core.Refusal](err)
	return ok
}
