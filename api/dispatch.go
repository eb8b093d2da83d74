package api

import (
	"context"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/events"
)

// dispatch sends a command to the entity of stream, with the id that is derived from the Idempotency-Key. base is the
// precondition, nil for none.
func (r *request) dispatch(stream events.StreamID, command core.Command,
	base *editBase) (answer actors.Answer, err error) {
	err = r.keyed(func(id actors.CommandID) error {
		answer, err = r.dispatchAs(r.commandContext(), id, stream, command, base)
		return err
	})
	r.noteAnswer(stream, &answer)
	return answer, err
}

// dispatchNew is dispatch for a command that creates the entity of stream. The body may contain the entity's id.
func (r *request) dispatchNew(stream events.StreamID, command core.Command) (answer actors.Answer, err error) {
	// The time starts now, not with the request, because reading a plan may take seconds.
	ctx, cancel := context.WithTimeout(context.Background(), AnswerLimit)
	defer cancel()
	err = r.keyedIn(ctx, stream.Category(), func(id actors.CommandID) error {
		answer, err = r.dispatchAs(ctx, id, stream, command, nil)
		return err
	})
	r.noteAnswer(stream, &answer)
	return answer, err
}

// dispatchAs sends a command to the entity of stream with a given id.
func (r *request) dispatchAs(ctx context.Context, id actors.CommandID, stream events.StreamID, command core.Command,
	base *editBase) (actors.Answer, error) {
	request := actors.Request{
		Stream: stream, Command: command, ID: id,
		CorrelationID: r.id, CausationID: r.id, Actor: r.caller.name(), Bounded: !r.caller.actsForOthers(),
		Submitted: r.submitted,
	}
	r.setForwarded(&request)
	if base != nil {
		base.applyTo(&request)
	}
	return r.server.config.Desk.Ask(ctx, request)
}

// noteAnswer records the position of an answer or a refusal, and counts its facts.
func (r *request) noteAnswer(stream events.StreamID, answer *actors.Answer) {
	r.server.notePosition(answer.Position)
	r.noteDecision(stream, answer)
	if answer.Replayed {
		r.set(headerReplay, "true")
	} else {
		r.server.metrics.countFacts(answer.Facts)
	}
}
