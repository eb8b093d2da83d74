package api

import (
	"context"
	"time"

	"admitone/events"
)

const (
	// AnswerLimit bounds how long a request waits for the log. Then it is answered with 503
	// log_unavailable, so a client that waits for five seconds always gets an answer.
	AnswerLimit = 4800 * time.Millisecond
	// stallTimeout is the time without new events after which a batch that has waited for AnswerLimit ends.
	stallTimeout = time.Second
)

// answerContext returns a context that ends when the request must be answered.
func (r *request) answerContext() (context.Context, context.CancelFunc) {
	if r.until != nil {
		return context.WithTimeout(r.until, AnswerLimit)
	}
	return context.WithDeadline(context.Background(), r.start.Add(AnswerLimit))
}

// commandContext returns the context of a command to one entity. It is that of the batch, or one without a deadline,
// because the desk has its own.
func (r *request) commandContext() context.Context {
	if r.until != nil {
		return r.until
	}
	return context.Background()
}

// batchContext returns the context of a batch. It ends after AnswerLimit or, as long as new events are recorded at
// least every stallTimeout, later.
func (s *Server) batchContext() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	watch := time.AfterFunc(AnswerLimit-stallTimeout, func() {
		defer cancel()
		tick := time.NewTicker(stallTimeout)
		defer tick.Stop()
		for {
			before := s.newestPosition()
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if s.newestPosition() == before {
				return
			}
		}
	})
	return ctx, func() { watch.Stop(); cancel() }
}

// newestPosition returns the newest position of the log that this server knows.
func (s *Server) newestPosition() events.Position {
	return max(s.config.Views.Position(), s.answeredPosition())
}
