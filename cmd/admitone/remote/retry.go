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
	// retryFor bounds the time from the first attempt to the last.
	retryFor = 30 * time.Second
	// retryDelay is the pause before each retry.
	retryDelay = 500 * time.Millisecond
)

// CallWithRetry is Call with retries, for up to thirty seconds, while the server's log is unreachable
// or the connection breaks. All attempts have the same Idempotency-Key. Errors: those of Call.
func (r *Log) CallWithRetry(ctx context.Context, method, path string, body string, into any) error {
	headers := []string{"Idempotency-Key", string(actors.NewCommandID())}
	if method == http.MethodGet {
		headers = nil
	}
	for start, retries := time.Now(), 0; ; retries++ {
		_, err := r.exchange(ctx, method, path, body, headers, into)
		var noAnswer *unanswered // on the first attempt, the address is probably wrong
		if retries == 0 && errors.As(err, &noAnswer) || !retryable(err) || time.Since(start) > retryFor {
			return err
		}
		if err := waitRetry(ctx); err != nil {
			return err
		}
	}
}

// retryable reports whether the same request may succeed soon.
func retryable(err error) bool {
	return errors.Is(err, events.ErrUnavailable)
}

// waitRetry waits for the next attempt. Error: ctx.Err().
func waitRetry(ctx context.Context) error {
	select {
	case <-time.After(retryDelay):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
