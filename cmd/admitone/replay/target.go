package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

const (
	// attempts bounds the number of times that a request is sent.
	attempts = 20
	// requestTimeout bounds one attempt.
	requestTimeout = 30 * time.Second
)

// target is the server to which the requests are sent.
type target struct {
	base, token string
	client      *http.Client
}

func newTarget(base, token string, connections int) *target {
	transport := &http.Transport{MaxIdleConns: connections, MaxIdleConnsPerHost: connections,
		MaxConnsPerHost: connections}
	return &target{strings.TrimRight(base, "/"), token, &http.Client{Transport: transport, Timeout: requestTimeout}}
}

// answer is the part of an answer that a replay uses.
type answer struct {
	status int
	etag   string
	ID     string `json:"id"`
	// EditTag is the edit_tag of the entity's settings, which only changes of the settings change.
	EditTag string    `json:"edit_tag"`
	Code    core.Code `json:"code"`
	Detail  string    `json:"detail"`
	text    []byte    // the whole body
}

// refused returns the code of a refusal, "" if the request was granted.
func (a *answer) refused() core.Code {
	if a.status < 300 {
		return ""
	}
	if a.Code == "" {
		return core.Code(strconv.Itoa(a.status))
	}
	return a.Code
}

// send sends a request, with retries, until it is answered. Errors: events.ErrUnavailable; ctx.Err().
func (t *target) send(ctx context.Context, r *httpRequest) (answer, error) {
	var a answer
	var err error
	for range attempts {
		var pause time.Duration
		a, pause, err = t.once(ctx, r)
		if ctx.Err() != nil {
			return a, ctx.Err()
		}
		if err == nil && pause == 0 {
			return a, nil
		}
		if err != nil && r.method == http.MethodPatch {
			break // the edit may have been executed, and has no Idempotency-Key
		}
		select {
		case <-ctx.Done():
			return a, ctx.Err()
		case <-time.After(max(pause, 100*time.Millisecond)):
		}
	}
	if err == nil {
		err = errors.New(string(a.Code) + ": " + a.Detail)
	}
	return a, fmt.Errorf("%w: %s %s%s: %v", events.ErrUnavailable, r.method, t.base, r.path, err)
}

// once sends a request once. A pause above 0 means that it should be retried after that time.
func (t *target) once(ctx context.Context, r *httpRequest) (a answer, pause time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, r.method, t.base+r.path, strings.NewReader(r.body))
	if err != nil {
		return a, 0, err
	}
	if r.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if t.token != "" {
		request.Header.Set("Authorization", "Bearer "+t.token)
	}
	if r.method == http.MethodPost {
		request.Header.Set("Idempotency-Key", r.key)
	}
	if r.ifMatch != "" {
		request.Header.Set("If-Match", r.ifMatch)
	}
	response, err := t.client.Do(request)
	if err != nil {
		return a, 0, err
	}
	defer response.Body.Close()
	if a.text, err = io.ReadAll(response.Body); err != nil {
		return a, 0, err
	}
	a.status, a.etag = response.StatusCode, response.Header.Get("ETag")
	if err := json.Unmarshal(a.text, &a); err != nil && len(a.text) > 0 {
		return a, 0, fmt.Errorf("the answer is not JSON: %w", err)
	}
	if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
		seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
		if err != nil {
			seconds = 1
		}
		return a, time.Duration(max(1, seconds)) * time.Second, nil
	}
	return a, 0, nil
}

const (
	// asyncTimeout bounds the wait for work that continues after an answer.
	asyncTimeout = 5 * time.Minute
	// asyncPoll is the interval at which its status is polled.
	asyncPoll = 20 * time.Millisecond
)

// awaitDone waits until the resource of a path has the status done, but at most for asyncTimeout. Errors: those of
// send.
func (t *target) awaitDone(ctx context.Context, path string) error {
	for until := time.Now().Add(asyncTimeout); time.Now().Before(until); {
		a, err := t.send(ctx, &httpRequest{method: http.MethodGet, path: path + "?limit=1"})
		if err != nil || memberOf(&a, "status") == "done" {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(asyncPoll):
		}
	}
	return nil
}
