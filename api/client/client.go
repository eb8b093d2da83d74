package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// defaultPatience is the default of [Options].Patience.
	defaultPatience = 30 * time.Second
	// attemptTimeout bounds one attempt.
	attemptTimeout = 15 * time.Second
	// maxAnswer bounds the body of a response, in bytes.
	maxAnswer = 64 << 20
	// firstPause and maxPause bound the pause before a retry if the server sends no Retry-After.
	firstPause, maxPause = 100 * time.Millisecond, 5 * time.Second
)

// Options of a client. The zero Options suit a server without authentication.
type Options struct {
	// Token is sent as a bearer token: a JWT or an API key. "" sends none.
	Token string
	// HTTP sends the requests; nil means http.DefaultClient. It must not retry by itself.
	HTTP *http.Client
	// Patience bounds a call with all its retries and pauses; 0 means 30 s. If it is negative, there
	// is one attempt.
	Patience time.Duration
}

// Client calls one server, or several behind one address. Its methods are safe for concurrent use.
type Client struct {
	base    *url.URL
	options Options
}

// New returns a client of the server at address, a URL such as https://tickets.example. Error: the
// address is invalid.
func New(address string, options Options) (*Client, error) {
	base, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the address of the server: %w", err)
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("the address of the server must be an http or https URL, not %q", address)
	}
	base.Path = strings.TrimSuffix(base.Path, "/")
	options.Patience = cmp.Or(options.Patience, defaultPatience)
	if options.HTTP == nil {
		options.HTTP = http.DefaultClient
	}
	return &Client{base, options}, nil
}

// Option changes one call.
type Option func(*call)

// Key sets the Idempotency-Key of a command, which is random otherwise.
func Key(key string) Option { return func(c *call) { c.header.Set("Idempotency-Key", key) } }

// unkeyed omits the Idempotency-Key.
func unkeyed(c *call) { c.header.Del("Idempotency-Key") }

// Pass presents the pass of a waiting room.
func Pass(pass string) Option { return func(c *call) { c.header.Set("Admission-Pass", pass) } }

// RequestID sets the id of the request in the server's log and in the events that it causes.
func RequestID(id string) Option { return func(c *call) { c.header.Set("X-Request-Id", id) } }

// At reads a past state: moment is a time (RFC 3339) or a log position.
func At(moment string) Option { return Query("at", moment) }

// MinPosition makes a read wait until it includes position, as returned by a command.
func MinPosition(position int64) Option {
	return Query("min_position", strconv.FormatInt(position, 10))
}

// Query sets a query parameter, such as a filter of a list or its page size (limit).
func Query(name, value string) Option { return func(c *call) { c.query.Set(name, value) } }

// call is a request with its retries.
type call struct {
	method string
	path   string // encoded
	query  url.Values
	header http.Header
	body   []byte
	// final means that it is not idempotent: it is retried only if the server has rejected it
	// without executing it.
	final bool
}

// newCall returns a call to the path of parts. A nil body is omitted.
func newCall(method string, body any, options []Option, parts ...string) (*call, error) {
	c := &call{method: method, path: "/v1", query: url.Values{}, header: http.Header{"Accept": {"application/json"}}}
	for _, part := range parts {
		if part == "" || part == "." || part == ".." {
			return nil, fmt.Errorf("%q can't be a path segment", part)
		}
		c.path += "/" + strings.ReplaceAll(url.PathEscape(part), "+", "%2B")
	}
	if body != nil {
		var err error
		if c.body, err = json.Marshal(body); err != nil {
			return nil, err
		}
		c.header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		c.header.Set("Idempotency-Key", newKey())
	}
	for _, option := range options {
		option(c)
	}
	c.final = c.header.Get("If-Match") != ""
	return c, nil
}

// newKey returns a random Idempotency-Key.
func newKey() string {
	var bytes [16]byte
	rand.Read(bytes[:]) // never fails
	return hex.EncodeToString(bytes[:])
}

// do sends a call until it is answered or Patience ends, and returns the body of the response.
//
// Errors: an [*Error] that is not worth a retry; an [*Unanswered], also when ctx ends.
func (c *Client) do(ctx context.Context, call *call) ([]byte, error) {
	until := time.Now().Add(c.options.Patience)
	for attempt := 0; ; attempt++ {
		body, err := c.attempt(ctx, call)
		if err == nil {
			return body, nil
		}
		if ctx.Err() != nil {
			return nil, &Unanswered{Key: call.header.Get("Idempotency-Key"), Err: errors.Join(ctx.Err(), err)}
		}
		problem := (*Error)(nil)
		answered := errors.As(err, &problem)
		if answered && problem.Status != http.StatusTooManyRequests && problem.Status < 500 ||
			answered && problem.Code == CodeInternal {
			return nil, err
		}
		wait := pauseAfter(attempt)
		if answered && problem.RetryAfter > 0 {
			wait = problem.RetryAfter
		}
		undone := answered && problem.Status == http.StatusTooManyRequests
		if call.final && !undone || time.Now().Add(wait).After(until) {
			if undone {
				return nil, err
			}
			return nil, &Unanswered{Key: call.header.Get("Idempotency-Key"), Err: err}
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, &Unanswered{Key: call.header.Get("Idempotency-Key"), Err: err}
		}
	}
}

// pauseAfter returns the pause after a failed attempt: exponential backoff with jitter.
func pauseAfter(attempt int) time.Duration {
	longest := min(firstPause<<min(attempt, 10), maxPause)
	return longest/2 + mathrand.N(longest/2)
}

// sleep waits for pause or until ctx ends. Error: ctx.Err().
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// attempt sends a call once.
func (c *Client) attempt(ctx context.Context, call *call) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	address := c.base.String() + call.path
	if len(call.query) > 0 {
		address += "?" + call.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, call.method, address, bytes.NewReader(call.body))
	if err != nil {
		return nil, err
	}
	request.Header = call.header.Clone()
	if c.options.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.options.Token)
	}
	response, err := c.options.HTTP.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, newError(response, body)
	}
	return body, nil
}

// send sends a call and decodes the response.
func send[T any](ctx context.Context, c *Client, method string, body any, o []Option, parts ...string) (T, error) {
	var answer T
	call, err := newCall(method, body, o, parts...)
	if err != nil {
		return answer, err
	}
	text, err := c.do(ctx, call)
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return answer, fmt.Errorf("the answer to %s %s: %w", method, call.path, err)
	}
	return answer, nil
}

func get[T any](ctx context.Context, c *Client, o []Option, parts ...string) (T, error) {
	return send[T](ctx, c, http.MethodGet, nil, o, parts...)
}

func post[T any](ctx context.Context, c *Client, body any, o []Option, parts ...string) (T, error) {
	return send[T](ctx, c, http.MethodPost, body, o, parts...)
}

func put[T any](ctx context.Context, c *Client, body any, o []Option, parts ...string) (T, error) {
	return send[T](ctx, c, http.MethodPut, body, o, parts...)
}

func remove[T any](ctx context.Context, c *Client, o []Option, parts ...string) (T, error) {
	return send[T](ctx, c, http.MethodDelete, nil, o, parts...)
}

// edit sends an edit of the version tag: an edit_tag, or a revision as a decimal number.
func edit[T any](ctx context.Context, c *Client, tag string, body any, o []Option, parts ...string) (T, error) {
	return send[T](ctx, c, http.MethodPatch, body, append([]Option{basedOn(tag)}, o...), parts...)
}

// basedOn sets If-Match.
func basedOn(tag string) Option {
	return func(c *call) { c.header.Set("If-Match", strconv.Quote(tag)) }
}
