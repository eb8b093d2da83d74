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
	// defaultPatience is how long a call is retried.
	defaultPatience = 30 * time.Second
	// attemptTimeout bounds one attempt.
	attemptTimeout = 15 * time.Second
	// maxAnswer bounds an answer, in bytes.
	maxAnswer = 64 << 20
	// firstPause and longestPause are between two attempts if the server names no time.
	firstPause, longestPause = 100 * time.Millisecond, 5 * time.Second
)

// Options of a client. The zero Options are those for an open server.
type Options struct {
	// Token is sent as a bearer token: a JWT, or a key of the API. "" sends none.
	Token string
	// HTTP sends the requests; http.DefaultClient if nil. It must not retry by itself.
	HTTP *http.Client
	// Patience bounds a call with all of its retries and the pauses between them (30 s). Negative
	// is one attempt.
	Patience time.Duration
}

// Client speaks to one server, or to several behind one address. Its methods may be called from
// any goroutine.
type Client struct {
	base    *url.URL
	options Options
}

// New returns a client of the server at an address such as https://tickets.example. An error means
// that this is none.
func New(address string, options Options) (*Client, error) {
	base, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the address of the server: %w", err)
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("the address of the server is a URL with http or https, and not %q", address)
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

// Key sets the Idempotency-Key of a command, in place of one that is made up.
func Key(key string) Option { return func(c *call) { c.header.Set("Idempotency-Key", key) } }

// unkeyed sends no Idempotency-Key.
func unkeyed(c *call) { c.header.Del("Idempotency-Key") }

// Pass shows the pass of a waiting room.
func Pass(pass string) Option { return func(c *call) { c.header.Set("Admission-Pass", pass) } }

// RequestID names the request in the server's log and in the events that it causes.
func RequestID(id string) Option { return func(c *call) { c.header.Set("X-Request-Id", id) } }

// At reads the past: moment is a time (RFC 3339) or a position in the log.
func At(moment string) Option { return Query("at", moment) }

// MinPosition lets a read wait until it shows the position of an answer.
func MinPosition(position int64) Option {
	return Query("min_position", strconv.FormatInt(position, 10))
}

// Query sets a parameter, such as a filter of a list or the size of its pages (limit).
func Query(name, value string) Option { return func(c *call) { c.query.Set(name, value) } }

// call is a request, which may be sent more than once.
type call struct {
	method string
	path   string // encoded
	query  url.Values
	header http.Header
	body   []byte
	// final means that it must not be sent again unless the server says that nothing was done.
	final bool
}

// newCall returns a call of a path's parts. A body that is nil is left out.
func newCall(method string, body any, options []Option, parts ...string) (*call, error) {
	c := &call{method: method, path: "/v1", query: url.Values{}, header: http.Header{"Accept": {"application/json"}}}
	for _, part := range parts {
		if part == "" || part == "." || part == ".." {
			return nil, fmt.Errorf("%q can't be a part of a path", part)
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

// newKey makes up an Idempotency-Key.
func newKey() string {
	var bytes [16]byte
	rand.Read(bytes[:]) // never fails
	return hex.EncodeToString(bytes[:])
}

// do sends a call until it is answered, or patience ends, and returns the body of the answer.
//
// Errors: an [*Error] that no retry changes; an [*Unanswered]; ctx.Err().
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

// pauseAfter returns a random part of a pause that doubles.
func pauseAfter(attempt int) time.Duration {
	longest := min(firstPause<<min(attempt, 10), longestPause)
	return longest/2 + mathrand.N(longest/2)
}

// sleep waits. Errors: ctx.Err().
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

// send sends a call and decodes the answer.
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

// edit sends an edit that is based on a version: an edit_tag, or a revision as a decimal number.
func edit[T any](ctx context.Context, c *Client, tag string, body any, o []Option, parts ...string) (T, error) {
	return send[T](ctx, c, http.MethodPatch, body, append([]Option{basedOn(tag)}, o...), parts...)
}

// basedOn sets If-Match.
func basedOn(tag string) Option {
	return func(c *call) { c.header.Set("If-Match", strconv.Quote(tag)) }
}
