package remote

import (
	"context"
	"errors"
	"net/http"
	"time"

	"admitone/actors"
	"admitone/events"
)

const (
	// againFor is how long a request is retried while the log is unreachable.
	againFor = 30 * time.Second
	// againAfter is the pause before each retry.
	againAfter = 500 * time.Millisecond
)

// CallAgain is Call with retries, for up to thirty seconds, while the server's log is unreachable
// or the connection breaks, with one Idempotency-Key for all attempts. Errors: those of Call.
func (r *Log) CallAgain(ctx context.Context, method, path string, body string, into any) error {
	headers := []string{"Idempotency-Key", string(actors.NewCommandID())}
	if method == http.MethodGet {
		headers = nil
	}
	for start, sent := time.Now(), 0; ; sent++ {
		_, err := r.exchange(ctx, method, path, body, headers, into)
		var gone *unanswered // a server that has never answered does not exist
		if sent == 0 && errors.As(err, &gone) || !passing(err) || time.Since(start) > againFor {
			return err
		}
		if err := again(ctx); err != nil {
			return err
		}
	}
}

// passing reports whether the same request may succeed soon.
func passing(err error) bool {
	return errors.Is(err, events.ErrUnavailable)
}

// again waits for the next attempt. Error: ctx.Err().
func again(ctx context.Context) error {
	select {
	case <-time.After(againAfter):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
