package actors

import (
	"context"
	"fmt"

	"admitone/events"
)

// replay answers a repeated key from the log, with the facts of its first use.
func (e *entity) replay(p *envelope) {
	ctx, cancel := context.WithTimeout(context.Background(), e.desk.config.LoadTimeout)
	defer cancel()
	answer, err := e.readAnswer(ctx, p.outcome.replay)
	if err != nil {
		e.fail(p, Unavailable(err))
		return
	}
	p.reply <- result{answer: answer}
	e.desk.release(e.entry)
}

// replayPage is the number of events read at a time for a repeated key. It is small because nearly
// every command has one event, and clients can repeat a key without limit.
const replayPage = 4

// readAnswer reads the answer to the command whose first event has revision from.
func (e *entity) readAnswer(ctx context.Context, from events.Revision) (Answer, error) {
	answer := Answer{Replayed: true}
	for first := (command{}); ; from += replayPage {
		page, err := e.desk.config.Store.Read(ctx, e.entry.stream, from, events.Forward, replayPage)
		if err != nil {
			return Answer{}, err
		}
		for i := range page {
			event := &page[i]
			metadata, err := events.ParseMetadata(event.Metadata)
			if err != nil {
				return Answer{}, err
			}
			this := command{CommandID(metadata.CommandID), metadata.At.UnixNano()}
			if first.id != "" && this != first {
				return answer, nil
			}
			fact, err := event.Decode()
			if err != nil {
				return Answer{}, err
			}
			first, answer.At = this, metadata.At
			answer.Facts = append(answer.Facts, fact)
			answer.Revision, answer.Position = event.Revision, event.Position
		}
		if len(page) < replayPage {
			if first.id == "" {
				return Answer{}, fmt.Errorf("%w: %s has no revision %d", events.ErrDamaged, e.entry.stream, from)
			}
			return answer, nil
		}
	}
}
