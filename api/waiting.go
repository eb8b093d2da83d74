package api

import (
	"context"
	"time"
)

// AnswerLimit bounds how long a request waits for the log: behind it the answer is 503
// log_unavailable. A client that waits for five seconds always gets an answer.
const AnswerLimit = 4800 * time.Millisecond

// waiting returns a context that ends when the request has to be answered.
func (r *request) waiting() (context.Context, context.CancelFunc) {
	begun := r.begun
	if r.commands > 0 || r.command != nil { // a batch has limits of its own
		begun = time.Now()
	}
	return context.WithDeadline(context.Background(), begun.Add(AnswerLimit))
}
