package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/cmd/admitone/usage"
	"admitone/events"
)

const (
	// pageSize is the maximum number of events per request.
	pageSize = 500
	// pollInterval is the pause between polls of Follow and between attempts of Edit.
	pollInterval = 200 * time.Millisecond
	// requestTimeout bounds one request.
	requestTimeout = 30 * time.Second
)

// Log is the log of a running server, read through its HTTP routes.
type Log struct {
	base   string // without a slash at the end
	token  string
	client *http.Client
	epoch  func() string
}

var _ events.Store = (*Log)(nil)

// New returns the log of an address such as http://127.0.0.1:8080. It sends no request.
func New(address, token string) (*Log, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, usage.Errorf("%q is not a server URL; expected something like http://127.0.0.1:8080", address)
	}
	r := &Log{base: strings.TrimRight(address, "/"), token: token, client: &http.Client{Timeout: requestTimeout}}
	r.epoch = sync.OnceValue(r.fetchEpoch)
	return r, nil
}

// SetTimeout sets the timeout of each request to d, instead of 30 seconds.
func (r *Log) SetTimeout(d time.Duration) { r.client.Timeout = d }

// Problem is an error response of the server (RFC 9457).
type Problem struct {
	Status   int       `json:"status"`
	Code     core.Code `json:"code"`
	Resource string    `json:"resource"`
	Detail   string    `json:"detail"`
}

// unanswered is the error for a server that does not answer. It matches events.ErrUnavailable.
type unanswered struct {
	base  string
	cause error
}

// Error names the address and the cause.
func (u *unanswered) Error() string {
	return fmt.Sprintf("the server at %s does not answer: %v; a server is started with: admitone serve", u.base, u.cause)
}

// Is implements errors.Is.
func (*unanswered) Is(target error) bool { return target == events.ErrUnavailable }

// Error returns status, code and detail.
func (p *Problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// Call sends a request with an optional JSON body and decodes the answer.
// Errors: events.ErrUnavailable; a *Problem; a usage error for status 401 or 403; ctx.Err(); an
// unexpected response.
func (r *Log) Call(ctx context.Context, method, path string, body string, into any) error {
	_, err := r.exchange(ctx, method, path, body, nil, into)
	return err
}

// editAttempts bounds the attempts of Edit when edits conflict or the views lag behind the log.
const editAttempts = 20

// Edit changes a resource with optimistic concurrency: it reads the resource into now, sends the
// result of body with If-Match, and retries on a conflict. method is PATCH or PUT. Errors: as Call.
func (r *Log) Edit(ctx context.Context, method, path string, now any, body func() string) error {
	start := time.Now()
	for attempt := 1; ; attempt++ {
		tag, err := r.exchange(ctx, http.MethodGet, path, "", nil, now)
		if err == nil {
			_, err = r.exchange(ctx, method, path, body(), []string{"If-Match", tag}, &struct{}{})
		}
		if retryable(err) && time.Since(start) < retryFor {
			attempt = 0
			if err := waitRetry(ctx); err != nil {
				return err
			}
			continue
		}
		var refused *Problem
		if err == nil || attempt == editAttempts || !errors.As(err, &refused) {
			return err
		}
		if refused.Code != core.CodeStaleRevision && refused.Code != codes.ProjectionBehind {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollInterval):
		}
	}
}

// exchange is Call with further headers (alternating names and values). It returns the ETag of the
// response.
func (r *Log) exchange(ctx context.Context, method, path, body string, headers []string,
	into any) (tag string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, r.base+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		request.Header.Set("Authorization", "Bearer "+r.token)
	}
	response, err := r.client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", &unanswered{r.base, err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: the connection to %s broke: %v", events.ErrUnavailable, r.base, err)
	case response.StatusCode/100 == 2:
		if err := json.Unmarshal(text, into); err != nil {
			return "", fmt.Errorf("unexpected answer of %s%s: %w", r.base, path, err)
		}
		return response.Header.Get("ETag"), nil
	}
	p := &Problem{Status: response.StatusCode}
	if json.Unmarshal(text, p) != nil || p.Code == "" {
		return "", fmt.Errorf("%s%s answered %s; is it an admitone server?", r.base, path, response.Status)
	}
	switch p.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "", usage.Errorf("%s refuses: %s; give --token one of: admitone token --sub me --role admin "+
			"--jwt-secret-file FILE", r.base, p.Detail)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return "", fmt.Errorf("%w: %s: %w", events.ErrUnavailable, r.base, p)
	}
	return "", p
}

// sequence is an ordered source of events that are numbered from 1: the log by position, or a stream
// by revision plus one.
type sequence struct {
	path   string
	number func(*events.Recorded) uint64
}

func wholeLog() sequence {
	return sequence{"/v1/events?after=", func(e *events.Recorded) uint64 { return uint64(e.Position) }}
}

func oneStream(stream events.StreamID) sequence {
	return sequence{"/v1/streams/" + url.PathEscape(string(stream)) + "/events?from=",
		func(e *events.Recorded) uint64 { return uint64(e.Revision) + 1 }}
}

// eventsAfter returns up to limit events with higher numbers than after, none if the stream does not exist.
func (r *Log) eventsAfter(
	ctx context.Context, q sequence, after uint64, limit int,
) (found []events.Recorded, err error) {
	for len(found) < limit {
		highest := min(limit-len(found), pageSize)
		var page struct {
			Items []events.CloudEvent `json:"items"`
		}
		err := r.Call(ctx, http.MethodGet, q.path+strconv.FormatUint(after, 10)+"&limit="+strconv.Itoa(highest), "", &page)
		if p := (*Problem)(nil); errors.As(err, &p) && p.Code == core.CodeNotFound && p.Resource == "stream" {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			e, err := page.Items[i].Event()
			if err != nil {
				return nil, fmt.Errorf("%w: %w", events.ErrDamaged, err)
			}
			found, after = append(found, e), q.number(&e)
		}
		if len(page.Items) < highest {
			break
		}
	}
	return found, nil
}

// end returns the number of the last event, 0 for none.
func (r *Log) end(ctx context.Context, q sequence) (uint64, error) {
	const unknown = uint64(events.EndPosition) // no event has this number
	low, high := uint64(0), unknown            // there is an event at low, and none after high
	for step := uint64(1024); low < high; step *= 2 {
		probe := low + (high-low)/2
		if high == unknown && step < high-low {
			probe = low + step
		}
		page, err := r.eventsAfter(ctx, q, probe, 1)
		if err != nil {
			return 0, err
		}
		if len(page) > 0 {
			low = q.number(&page[0])
		} else {
			high = probe
		}
	}
	return low, nil
}

// eventsBefore returns up to limit events with lower numbers than from, in descending order.
func (r *Log) eventsBefore(ctx context.Context, q sequence, from uint64, limit int) ([]events.Recorded, error) {
	if from > uint64(events.EndPosition)-1 {
		end, err := r.end(ctx, q)
		if err != nil {
			return nil, err
		}
		from = end + 1
	}
	for span := uint64(max(limit, 0)); span > 0 && from > 1; span *= 2 {
		after := from - 1 - min(span, from-1)
		found, err := r.eventsAfter(ctx, q, after, int(from-1-after))
		if err != nil {
			return nil, err
		}
		// Numbers may have gaps, so the page may extend beyond from.
		found = slices.DeleteFunc(found, func(e events.Recorded) bool { return q.number(&e) >= from })
		if len(found) >= limit || after == 0 {
			slices.Reverse(found)
			return found[:min(limit, len(found))], nil
		}
	}
	return nil, nil
}

// Append implements events.Store. It always fails: this log is read-only.
func (r *Log) Append(context.Context, events.StreamID, events.Revision, []events.Event) (events.Appended, error) {
	return events.Appended{}, fmt.Errorf("%w: a log read over HTTP can't be written", events.ErrUnavailable)
}

// Read implements events.Store.
func (r *Log) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	if dir == events.Forward {
		return r.eventsAfter(ctx, oneStream(stream), uint64(max(from, 0)), limit)
	}
	if from < 0 {
		return nil, nil
	}
	page, err := r.eventsBefore(ctx, oneStream(stream), uint64(from)+2, limit)
	if len(page) > 0 && from != events.EndRevision && page[0].Revision != from {
		return nil, err // from is after the end of the stream
	}
	return page, err
}

// ReadAll implements events.Store.
func (r *Log) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	if dir == events.Forward {
		return r.eventsAfter(ctx, wholeLog(), uint64(min(from, events.EndPosition)), limit)
	}
	return r.eventsBefore(ctx, wholeLog(), uint64(from), limit)
}

// Follow implements events.Store, by polling.
func (r *Log) Follow(ctx context.Context, after events.Position, handle func([]events.Recorded) error) error {
	for {
		page, err := r.eventsAfter(ctx, wholeLog(), uint64(after), pageSize)
		if err != nil {
			return err
		}
		if len(page) > 0 {
			if err := handle(page); err != nil {
				return err
			}
			after = page[len(page)-1].Position
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollInterval):
		}
	}
}

// Head implements events.Store.
func (r *Log) Head(ctx context.Context) (events.Position, error) {
	end, err := r.end(ctx, wholeLog())
	return events.Position(end), err
}

// Epoch implements events.Store. It returns "" if the server does not answer.
func (r *Log) Epoch() string { return r.epoch() }

func (r *Log) fetchEpoch() string {
	var ready struct {
		Epoch string `json:"epoch"`
	}
	if err := r.Call(context.Background(), http.MethodGet, "/readyz", "", &ready); err != nil {
		return ""
	}
	return ready.Epoch
}

// Close implements events.Store.
func (r *Log) Close() error {
	r.client.CloseIdleConnections()
	return nil
}
