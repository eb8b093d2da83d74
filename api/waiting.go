package api

import (
	"context"
	"time"

	"admitone/events"
)

const (
	// AnswerLimit bounds how long a request waits for the log; then the answer is 503
	// log_unavailable. A client that waits for five seconds always gets an answer.
	AnswerLimit = 4800 * time.Millisecond
	// stallLimit is the time without new events after which a batch ends, once it has waited for AnswerLimit.
	stallLimit = time.Second
)

// answerContext returns a context that ends when the request must be answered.
func (r *request) answerContext() (context.Context, context.CancelFunc) {
	if r.until != nil {
		return context.WithTimeout(r.until, AnswerLimit)
	}
	return context.WithDeadline(context.Background(), r.begun.Add(AnswerLimit))
}

// commandContext returns the context of a command to one entity: the batch's, or one that the desk bounds.
func (r *request) commandContext() context.Context {
	if r.until != nil {
		return r.until
	}
	return context.Background()
}

// batchContext returns the context of a batch. It ends after AnswerLimit, or later: a large batch may
// continue while new events are recorded at least every stallLimit.
func (s *Server) batchContext() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	watch := time.AfterFunc(AnswerLimit-stallLimit, func() {
		defer cancel()
		tick := time.NewTicker(stallLimit)
		defer tick.Stop()
		for {
			before := s.reached()
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if s.reached() == before {
				return
			}
		}
	})
	return ctx, func() { watch.Stop(); cancel() }
}

// reached returns the newest position of the log that this server knows.
func (s *Server) reached() events.Position { return max(s.config.Views.Position(), s.answered()) }
