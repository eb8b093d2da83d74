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
) (actors.Answer, error) {
	return r.askBy(r.asking(), r.keyed, stream, command, conditional)
}

// askNew passes a command that creates the entity of stream, which the body may have named.
func (r *request) askNew(stream events.StreamID, command core.Command) (actors.Answer, error) {
	// The time counts from here: a plan may take seconds to be read.
	ctx, end := context.WithTimeout(context.Background(), AnswerLimit)
	defer end()
	return r.askBy(ctx, func(do func(actors.CommandID) error) error {
		return r.keyedIn(ctx, stream.Category(), do)
	}, stream, command, nil)
}

// askBy passes a command on under the id that keyed gives it.
func (r *request) askBy(
	ctx context.Context,
	keyed func(do func(actors.CommandID) error) error,
	stream events.StreamID,
	command core.Command,
	conditional *editBase,
) (answer actors.Answer, err error) {
	err = keyed(func(id actors.CommandID) error {
		request := actors.Request{
			Stream: stream, Command: command, ID: id,
			CorrelationID: r.id, CausationID: r.id, Actor: r.caller.name(), Bounded: !r.caller.serves(),
			Submitted: r.submitted,
		}
		r.mayBeElsewhere(&request)
		if conditional != nil {
			conditional.on(&request)
		}
		answer, err = r.server.config.Desk.Ask(ctx, request)
		return err
	})
	r.server.note(answer.Position)
	r.decided(stream, &answer)
	if answer.Replayed {
		r.set(headerReplay, "true")
	} else {
		r.server.metrics.caused(answer.Facts)
	}
	return answer, err
}
