package api

import (
	"context"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/events"
)

// ask passes a command to the entity of stream.
func (r *request) ask(
	stream events.StreamID,
	command core.Command,
	conditional *editBase,
) (answer actors.Answer, err error) {
	err = r.keyed(func(id actors.CommandID) error {
		answer, err = r.send(r.asking(), id, stream, command, conditional)
		return err
	})
	r.saw(stream, &answer)
	return answer, err
}

// askNew passes a command that creates the entity of stream, which the body may have named.
func (r *request) askNew(stream events.StreamID, command core.Command) (answer actors.Answer, err error) {
	// The time counts from here: a plan may take seconds to be read.
	ctx, end := context.WithTimeout(context.Background(), AnswerLimit)
	defer end()
	err = r.keyedIn(ctx, stream.Category(), func(id actors.CommandID) error {
		answer, err = r.send(ctx, id, stream, command, nil)
		return err
	})
	r.saw(stream, &answer)
	return answer, err
}

// send passes a command on under an id.
func (r *request) send(
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

// saw notes the answer to a command, or to one that was refused.
func (r *request) saw(stream events.StreamID, answer *actors.Answer) {
	r.server.note(answer.Position)
	r.decided(stream, answer)
	if answer.Replayed {
		r.set(headerReplay, "true")
	} else {
		r.server.metrics.caused(answer.Facts)
	}
}
