package api

import (
	"context"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/events"
)

// dispatch sends a command to the entity of stream, under the id of the Idempotency-Key.
func (r *request) dispatch(
	stream events.StreamID,
	command core.Command,
	conditional *editBase,
) (answer actors.Answer, err error) {
	err = r.keyed(func(id actors.CommandID) error {
		answer, err = r.dispatchAs(r.commandContext(), id, stream, command, conditional)
		return err
	})
	r.noteAnswer(stream, &answer)
	return answer, err
}

// dispatchNew is dispatch for a command that creates the entity of stream, whose id the body may contain.
func (r *request) dispatchNew(stream events.StreamID, command core.Command) (answer actors.Answer, err error) {
	// The limit starts here, because reading a plan may take seconds.
	ctx, end := context.WithTimeout(context.Background(), AnswerLimit)
	defer end()
	err = r.keyedIn(ctx, stream.Category(), func(id actors.CommandID) error {
		answer, err = r.dispatchAs(ctx, id, stream, command, nil)
		return err
	})
	r.noteAnswer(stream, &answer)
	return answer, err
}

// dispatchAs sends a command to the entity of stream under an id.
func (r *request) dispatchAs(
	ctx context.Context,
	id actors.CommandID,
	stream events.StreamID,
	command core.Command,
	conditional *editBase,
) (actors.Answer, error) {
	request := actors.Request{
		Stream: stream, Command: command, ID: id,
		CorrelationID: r.id, CausationID: r.id, Actor: r.caller.name(), Bounded: !r.caller.serves(),
		Submitted: r.submitted,
	}
	r.setForwarded(&request)
	if conditional != nil {
		conditional.on(&request)
	}
	return r.server.config.Desk.Ask(ctx, request)
}

// noteAnswer records the position and the effects of an answer or a refusal.
func (r *request) noteAnswer(stream events.StreamID, answer *actors.Answer) {
	r.server.note(answer.Position)
	r.noteDecision(stream, answer)
	if answer.Replayed {
		r.set(headerReplay, "true")
	} else {
		r.server.metrics.countFacts(answer.Facts)
	}
}
