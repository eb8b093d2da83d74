package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/events"
	"admitone/projections"
)

// statuses of all codes that programs may meet, as in API.md section 1. A new
// refusal is a line here.
var statuses = map[string]int{
	"malformed_json": 400, "bad_cursor": 400, "bad_parameter": 400,
	"unauthenticated": 401,
	"forbidden":       403, "pass_required": 403, "pass_invalid": 403,
	"not_found": 404, "method_not_allowed": 405,
	"sold_out": 409, "limit_exceeded": 409, "already_exists": 409, "already_confirmed": 409, "not_held": 409,
	"already_entered": 409, "deadline_passed": 409, "registration_closed": 409, "tournament_full": 409,
	"seat_taken": 409, "insufficient_balance": 409, "room_closed": 409,
	"hold_expired": 410, "released": 410,
	"stale_revision": 412, "body_too_large": 413, "unsupported_media_type": 415,
	"invalid_field": 422, "unknown_field": 422, "idempotency_key_reused": 422,
	"upgrade_required": 426, "revision_required": 428,
	"overloaded": 429, "rate_limited": 429, "request_header_too_large": 431,
	"internal":        500,
	"log_unavailable": 503, "projection_behind": 503, "shutting_down": 503,
}

// retryAfter is how many seconds a client should wait after a code, if at all.
var retryAfter = map[string]string{
	"overloaded": "1", "rate_limited": "1", "log_unavailable": "2", "projection_behind": "1", "shutting_down": "5",
}

// problem is an error of the API: a code of the table above, and what goes with it.
type problem struct {
	code   string
	detail string
	fields map[string]any
	after  time.Duration // when to try again, whole seconds; 0 is what the code says
}

func (p *problem) Error() string { return p.code + ": " + p.detail }

func refuse(code, detail string) *problem { return &problem{code: code, detail: detail} }

func notFound(resource string) *problem {
	return &problem{code: "not_found", detail: "there is no such " + resource, fields: map[string]any{"resource": resource}}
}

func invalidField(field, detail string) *problem {
	return &problem{code: "invalid_field", detail: detail, fields: map[string]any{"field": field}}
}

// problemOf translates every error that a handler can return. What it does not
// know is a bug: it is logged and told as internal.
//
// log is called only if there is something to log: refusals are most of what a
// sale answers once it is sold out.
func problemOf(err error, log func() *slog.Logger) *problem {
	if p, ok := err.(*problem); ok {
		return p
	}
	if r, ok := err.(*core.Refusal); ok {
		return &problem{code: r.Code, detail: r.Detail, fields: r.Fields}
	}
	var http *fiber.Error
	switch {
	case errors.Is(err, actors.ErrOverloaded):
		return refuse("overloaded", "too much is in flight; nothing was done, try again in a moment")
	case errors.Is(err, actors.ErrStopping), errors.Is(err, projections.ErrClosed):
		return refuse("shutting_down", "this server is shutting down; nothing was done, try again")
	case errors.Is(err, actors.ErrUnavailable), errors.Is(err, events.ErrUnavailable), errors.Is(err, events.ErrClosed),
		errors.Is(err, events.ErrDamaged), errors.Is(err, events.ErrBadMetadata), errors.Is(err, events.ErrBadFact),
		errors.Is(err, context.DeadlineExceeded):
		log().Error("the log is unavailable", "error", err)
		return refuse("log_unavailable", "the outcome is unknown; retrying with the same Idempotency-Key is safe")
	case errors.Is(err, projections.ErrNotFound): // there is such a thing, or who asked would have been told
		return refuse("projection_behind", "the read side has not heard of that yet; try again")
	case errors.As(err, &http):
		return problemOfFiber(http)
	}
	log().Error("a request failed in a way nobody thought of", "error", err)
	return refuse("internal", "this is a bug; the server's log has the details under this request's id")
}

func problemOfFiber(err *fiber.Error) *problem {
	switch err.Code {
	case http.StatusNotFound:
		return notFound("route")
	case http.StatusMethodNotAllowed:
		return refuse("method_not_allowed", "this path has no such method; see the Allow header")
	case http.StatusRequestTimeout:
		return refuse("bad_parameter", "the request did not arrive in time")
	case http.StatusRequestEntityTooLarge:
		return errBodyTooLarge
	case http.StatusRequestHeaderFieldsTooLarge:
		return refuse("request_header_too_large", "address and headers may have 4 KiB together")
	}
	return refuse("bad_parameter", "the request could not be read")
}

// write answers with a problem, as RFC 9457 has it.
func (p *problem) write(c *fiber.Ctx, requestID string) error {
	status, ok := statuses[p.code]
	if !ok {
		status, p = 500, refuse("internal", "an unlisted code: "+p.code)
	}
	o := events.OpenObject(make([]byte, 0, 256))
	o.String("type", "about:blank#"+p.code)
	o.String("title", http.StatusText(status))
	o.Int("status", int64(status))
	o.String("detail", p.detail)
	o.String("code", p.code)
	o.String("request_id", requestID)
	if err := p.appendFields(&o); err != nil {
		return err
	}
	c.Status(status)
	c.Response().Header.Set(headerRequestID, requestID) // a failed upgrade has wiped it
	if p.after > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.FormatInt(wholeSeconds(p.after), 10))
	} else if seconds := retryAfter[p.code]; seconds != "" {
		c.Set(fiber.HeaderRetryAfter, seconds)
	}
	if p.code == "unauthenticated" {
		c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="admitone"`)
	}
	c.Response().Header.SetContentType("application/problem+json")
	c.Response().SetBodyRaw(o.Close())
	return nil
}

// wholeSeconds rounds up: who comes back then is not too early.
func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// appendFields adds the members that go with a code, in the order of their names.
func (p *problem) appendFields(o *events.Object) error {
	names := make([]string, 0, 4)
	for name := range p.fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch value := p.fields[name].(type) {
		case int64:
			o.Int(name, value)
		case string:
			o.String(name, value)
		default:
			encoded, err := json.Marshal(value)
			if err != nil {
				return fmt.Errorf("field %s of %s: %w", name, p.code, err)
			}
			o.Raw(name, encoded)
		}
	}
	return nil
}
