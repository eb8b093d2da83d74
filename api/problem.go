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
	"github.com/valyala/fasthttp"

	"admitone/actors"
	"admitone/actors/admission"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/events"
	"admitone/projections"
	"admitone/projections/live"
)

// statuses has the HTTP status of every code that clients may get. openapi.yaml lists the same codes. A code that
// belongs to one kind of entity is added by the init function of its file.
var statuses = map[core.Code]int{
	codes.MalformedJSON:           400,
	codes.BadCursor:               400,
	codes.BadParameter:            400,
	codes.Unauthenticated:         401,
	core.CodeForbidden:            403,
	core.CodePassRequired:         403,
	core.CodePassInvalid:          403,
	codes.ForeignOrigin:           403,
	core.CodeNotFound:             404,
	codes.MethodNotAllowed:        405,
	core.CodeSoldOut:              409,
	core.CodeLimitExceeded:        409,
	core.CodeTooLarge:             413,
	core.CodeAlreadyExists:        409,
	core.CodeAlreadyConfirmed:     409,
	core.CodeNotHeld:              409,
	core.CodePaymentInProgress:    409,
	core.CodeAmountMismatch:       409,
	core.CodePaymentReferenceUsed: 409,
	core.CodeAlreadyEntered:       409,
	core.CodeNotOpen:              409,
	core.CodeSaleClosed:           409,
	core.CodeCancelled:            409,
	core.CodeCancellationClosed:   409,
	core.CodeDeadlinePassed:       409,
	core.CodeRegistrationClosed:   409,
	core.CodeTournamentFull:       409,
	core.CodeSeatTaken:            409,
	core.CodeInsufficientBalance:  409,
	core.CodeRoomClosed:           409,
	core.CodeHoldExpired:          410,
	core.CodeReleased:             410,
	core.CodeStaleRevision:        412,
	codes.BodyTooLarge:            413,
	codes.UnsupportedMediaType:    415,
	core.CodeInvalidField:         422,
	codes.UnknownField:            422,
	core.CodeIdempotencyKeyReused: 422,
	codes.UpgradeRequired:         426,
	core.CodeRevisionRequired:     428,
	core.CodeOverloaded:           429,
	codes.RateLimited:             429,
	codes.RequestHeaderTooLarge:   431,
	codes.Internal:                500,
	codes.LogUnavailable:          503,
	codes.ProjectionBehind:        503,
	codes.ShuttingDown:            503,
	codes.Draining:                503,
	codes.KeysDiffer:              503,
	codes.KeysUnavailable:         503,
}

// retryAfter has the default Retry-After of a code, in seconds.
var retryAfter = map[core.Code]string{
	core.CodeOverloaded:    "1",
	codes.RateLimited:      "1",
	codes.LogUnavailable:   "2",
	codes.ProjectionBehind: "1",
	codes.ShuttingDown:     "5",
	codes.Draining:         "5",
	codes.KeysDiffer:       "5",
	codes.KeysUnavailable:  "1",
}

// problem is an error response of the API. Its code is in statuses.
type problem struct {
	code   core.Code
	detail string
	fields core.Fields   // further members
	after  time.Duration // Retry-After, rounded up to seconds; 0 means the default of the code
}

func (p *problem) Error() string { return string(p.code) + ": " + p.detail }

func refuse(code core.Code, detail string) *problem { return &problem{code: code, detail: detail} }

func notFound(resource string) *problem {
	return &problem{code: core.CodeNotFound,
		detail: "there is no such " + resource, fields: map[string]any{"resource": resource}}
}

func invalidField(field, detail string) *problem {
	return &problem{code: core.CodeInvalidField, detail: detail, fields: map[string]any{"field": field}}
}

// problemOf converts an error of a handler to a problem. An unknown error is a bug: it is logged, and answered as
// internal.
//
// log returns the logger. It is called only if there is something to log, because creating a logger is expensive and
// refusals are frequent.
func problemOf(err error, log func() *slog.Logger) *problem {
	if p, ok := err.(*problem); ok {
		return p
	}
	if r, ok := err.(*core.Refusal); ok {
		p := &problem{code: r.Code, detail: r.Detail, fields: r.Fields}
		if r.Code == core.CodeNotOpen {
			p.after = max(time.Until(r.Fields.OpensAt()), time.Second)
		}
		return p
	}
	if keysSpent := (*actors.KeysSpent)(nil); errors.As(err, &keysSpent) {
		return &problem{code: codes.RateLimited,
			detail: "you have used too many Idempotency-Keys here for one day; try again later, or send it without one",
			after:  keysSpent.Wait}
	}
	var http *fiber.Error
	switch {
	case errors.Is(err, bookings.ErrOvertaken):
		return refuse(core.CodeOverloaded, "others took the chosen seats, or this request is running on another node; "+
			"nothing was done, try again in a moment")
	case errors.Is(err, projections.ErrBehind):
		return refuse(codes.ProjectionBehind, "the read side is catching up with the log; nothing was done, try again")
	case errors.Is(err, actors.ErrOverloaded):
		return refuse(core.CodeOverloaded, "too many requests are in flight; nothing was done, try again in a moment")
	case errors.Is(err, actors.ErrStopping), errors.Is(err, projections.ErrClosed):
		return refuse(codes.ShuttingDown, "this server is shutting down; nothing was done, try again")
	case errors.Is(err, actors.ErrUnavailable), errors.Is(err, events.ErrUnavailable), errors.Is(err, events.ErrClosed),
		errors.Is(err, events.ErrDamaged), errors.Is(err, events.ErrBadMetadata), errors.Is(err, events.ErrBadFact),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		log().Error("the log is unavailable", "error", err)
		return refuse(codes.LogUnavailable, "the outcome is unknown; retrying with the same Idempotency-Key is safe")
	case errors.Is(err, projections.ErrNotReady):
		return refuse(codes.ProjectionBehind, "the read side is catching up with the log; try again")
	case errors.Is(err, live.ErrNotFound): // only the views lack the entity: without it the command would be refused
		return refuse(codes.ProjectionBehind, "the read side does not have that yet; try again")
	case errors.Is(err, admission.ErrKeysDiffer):
		return refuse(codes.KeysDiffer,
			"this server lacks the keys of the log's waiting rooms, so it can neither check passes and places nor "+
				"issue any; ask another server, or try again when it has the keys")
	case errors.As(err, &http):
		return problemOfFiber(http)
	}
	log().Error("a request failed with an unknown error", "error", err)
	return refuse(codes.Internal, "this is a bug; the server's log has the details under this request's id")
}

// problemOfFiber converts an error of Fiber, or of fasthttp, to a problem.
func problemOfFiber(err *fiber.Error) *problem {
	switch err.Code {
	case http.StatusNotFound:
		return notFound("route")
	case http.StatusMethodNotAllowed:
		return refuse(codes.MethodNotAllowed, "this path has no such method; see the Allow header")
	case http.StatusRequestTimeout:
		return refuse(codes.BadParameter, "the request did not arrive in time")
	case http.StatusRequestEntityTooLarge:
		return errBodyTooLarge
	case http.StatusRequestHeaderFieldsTooLarge:
		return refuse(codes.RequestHeaderTooLarge, "address and headers may have at most 4 KiB together")
	}
	return refuse(codes.BadParameter, "the request could not be read")
}

// write answers with a problem.
func (p *problem) write(c *fiber.Ctx, requestID string) error {
	return p.answer(c.Response(), requestID)
}

// encode returns the status and the problem document (RFC 9457).
func (p *problem) encode(requestID string) (status int, body []byte, err error) {
	status, ok := statuses[p.code]
	if !ok {
		status, p = 500, refuse(codes.Internal, "the code "+string(p.code)+" has no status; this is a bug")
	}
	o := events.OpenObject(make([]byte, 0, 256))
	o.String("type", "about:blank#"+string(p.code))
	o.String("title", http.StatusText(status))
	o.Int("status", int64(status))
	o.String("detail", p.detail)
	o.String("code", string(p.code))
	o.String("request_id", requestID)
	if err := p.appendFields(&o); err != nil {
		return 0, nil, err
	}
	return status, o.Close(), nil
}

// answer writes a problem document and its headers.
func (p *problem) answer(response *fasthttp.Response, requestID string) error {
	status, body, err := p.encode(requestID)
	if err != nil {
		return err
	}
	response.SetStatusCode(status)
	response.Header.Set(headerRequestID, requestID) // again, because a failed upgrade to a WebSocket removes it
	if p.after > 0 {
		response.Header.Set(fiber.HeaderRetryAfter, strconv.FormatInt(wholeSeconds(p.after), 10))
	} else if seconds := retryAfter[p.code]; seconds != "" {
		response.Header.Set(fiber.HeaderRetryAfter, seconds)
	}
	if p.code == codes.Unauthenticated {
		response.Header.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="admitone"`)
	}
	if p.code == codes.UpgradeRequired { // RFC 9110 section 15.5.22
		response.Header.Set(fiber.HeaderUpgrade, "websocket")
		response.Header.Set(fiber.HeaderConnection, fiber.HeaderUpgrade)
	}
	setText(response, "application/problem+json", body)
	return nil
}

// wholeSeconds returns d in seconds, rounded up so that a client does not retry too early.
func wholeSeconds(d time.Duration) int64 {
	seconds := int64(d / time.Second)
	if d%time.Second > 0 {
		seconds++
	}
	return seconds
}

// appendFields appends the further members, sorted by name.
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
		case time.Time:
			o.Time(name, value)
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

// errUnexpectedFacts returns the error for an answer whose facts its command can't have. That is a bug.
func errUnexpectedFacts(facts []events.Fact) error {
	return fmt.Errorf("unexpected facts in an answer: %v", facts)
}
