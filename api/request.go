package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/events"
)

const (
	headerRequestID      = "X-Request-Id"
	headerIdempotencyKey = "Idempotency-Key"
)

// request is one request on its way through a handler.
type request struct {
	ctx    *fiber.Ctx
	server *Server
	id     string
	caller caller
	begun  time.Time
	// contact that the body brought, and what is hashed in the place of a body that did;
	// see takeContact.
	contact, hashed []byte
	// wished is nil until wish is called.
	wished *events.RefusalRecorded
}

func (r *request) log() *slog.Logger {
	return r.server.config.Logger.With("request_id", r.id, "method", r.ctx.Method(), "path", loggedPath(r.ctx.Path()))
}

// requestID takes the client's if it is fit for a header and a log, else makes one.
func requestID(c *fiber.Ctx) string {
	given := c.Get(headerRequestID)
	if given == "" || len(given) > 128 || !visibleASCII(given) {
		return string(actors.NewCommandID())
	}
	return given
}

func visibleASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// param returns an id in the path. One that can't exist is not found.
func (r *request) param(name, resource string) (string, error) {
	id := r.ctx.Params(name)
	if !validID(id) {
		return "", notFound(resource)
	}
	return id, nil
}

// validID: 1 to 64 of A-Z a-z 0-9 _ -
func validID(id string) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// maxHolder is the longest name of a holder, in bytes.
const maxHolder = 128

// validHolder: printable text that can stand in an address and in a stream's name.
func validHolder(name string) bool {
	if name == "" || len(name) > maxHolder || !utf8.ValidString(name) {
		return false
	}
	for _, c := range name {
		if !unicode.IsPrint(c) || strings.ContainsRune(`/~?#%\`, c) {
			return false
		}
	}
	return strings.TrimSpace(name) == name
}

// validText is what people read: up to most characters, none of them a control.
func validText(s string, most int) bool {
	return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, unicode.IsControl)
}

// maxName is the longest name of a thing, in characters.
const maxName = 200

// checkName checks the name of a thing, if one is given.
func checkName(name *string) error {
	if name != nil && !validText(*name, maxName) {
		return invalidField("name", "1 to 200 characters, none of them a control character")
	}
	return nil
}

// newID is the client's choice, or else made: from the idempotency key, so that a
// retry means the same thing, or fresh.
func (r *request) newID(chosen *string) (string, error) {
	if chosen != nil {
		if !validID(*chosen) {
			return "", invalidField("id", "1 to 64 of A-Z a-z 0-9 _ and -")
		}
		return *chosen, nil
	}
	key, err := r.key()
	if err != nil || key == "" {
		return actors.NewID().String(), err
	}
	return events.EventID("id "+r.keyOwner()+" "+key, 0).String(), nil
}

// whole checks an optional whole number.
func whole(field string, value *int64, otherwise, least, most int64) (int64, error) {
	if value == nil {
		return otherwise, nil
	}
	if *value < least || *value > most {
		return 0, invalidField(field, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return *value, nil
}

// limit of a list.
func (r *request) limit() (int, error) { return r.limitUpTo(500) }

func (r *request) limitUpTo(most int) (int, error) {
	given := r.ctx.Query("limit")
	if given == "" {
		return 50, nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 || n > most {
		return 0, refuse("bad_parameter", "limit is a whole number from 1 to "+strconv.Itoa(most))
	}
	return n, nil
}

// cursor of a list: where the page before ended.
func (r *request) cursor() (string, error) {
	given := r.ctx.Query("cursor")
	if given == "" {
		return "", nil
	}
	after, err := base64.RawURLEncoding.DecodeString(given)
	if err != nil || len(after) == 0 || len(after) > 256 || !utf8.Valid(after) {
		return "", refuse("bad_cursor", "take the cursor from next of the page before, as it is")
	}
	return string(after), nil
}

// position reads a query parameter that is a place in the log.
func (r *request) position(name string) (events.Position, bool, error) {
	given := r.ctx.Query(name)
	if given == "" {
		return 0, false, nil
	}
	n, err := strconv.ParseUint(given, 10, 63)
	if err != nil {
		return 0, false, refuse("bad_parameter", name+" is a whole number, 0 or more")
	}
	return events.Position(n), true, nil
}

// ifMatch reads the revision that an edit is based on.
func (r *request) ifMatch() (*events.Revision, error) {
	given := strings.TrimSpace(r.ctx.Get(fiber.HeaderIfMatch))
	switch given {
	case "":
		return nil, refuse("revision_required", "send If-Match with the ETag of what you have read")
	case "*":
		return nil, refuse("revision_required", "If-Match: * would overwrite what you have not seen; send the ETag of what you have read")
	}
	unquoted := strings.TrimSuffix(strings.TrimPrefix(given, `"`), `"`)
	n, err := strconv.ParseUint(unquoted, 10, 63)
	if err != nil || len(given) != len(unquoted)+2 {
		return nil, refuse("bad_parameter", `If-Match is one ETag as it was given, for example "7"`)
	}
	revision := events.Revision(n)
	return &revision, nil
}

// tag sets the ETag and says whether the client has that very revision already.
func (r *request) tag(revision events.Revision) (fresh bool) {
	tag := `"` + strconv.FormatInt(int64(revision), 10) + `"`
	r.ctx.Response().Header.Set(fiber.HeaderETag, tag)
	if len(r.ctx.Request().Header.Peek(fiber.HeaderIfNoneMatch)) == 0 {
		return false
	}
	for have := range strings.SplitSeq(r.ctx.Get(fiber.HeaderIfNoneMatch), ",") {
		have = strings.TrimSpace(have)
		if have == "*" || strings.TrimPrefix(have, "W/") == tag {
			return true
		}
	}
	return false
}

// notModified answers that the client has it already.
func (r *request) notModified() error {
	r.ctx.Status(fiber.StatusNotModified)
	return nil
}

// waitLimit is how long a question waits for the read side.
const waitLimit = 2 * time.Second

// caughtUp waits until the views have what the client asks for with min_position,
// and what this server has answered before.
func (r *request) caughtUp() error {
	least, _, err := r.position("min_position")
	if err != nil {
		return err
	}
	return r.seen(max(least, r.server.answered()))
}

// seen waits until the views contain position.
func (r *request) seen(position events.Position) error {
	if r.server.config.Views.Position() >= position {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.server.patience)
	defer cancel()
	err := r.server.config.Views.WaitFor(ctx, position)
	if errors.Is(err, context.DeadlineExceeded) {
		return refuse("projection_behind", "the read side has not reached that position yet; try again")
	}
	return err
}

// ask hands a command to the entity of stream.
func (r *request) ask(stream events.StreamID, command core.Command, conditional *events.Revision) (actors.Answer, error) {
	id, err := r.commandID()
	if err != nil {
		return actors.Answer{}, err
	}
	answer, err := r.server.config.Desk.Ask(context.Background(), actors.Request{
		Stream: stream, Command: command, ID: id, IfRevision: conditional,
		CorrelationID: r.id, CausationID: r.id, Actor: r.caller.name(),
	})
	r.server.note(answer.Position)
	r.decided(stream, &answer)
	if answer.Replayed {
		r.ctx.Set("Idempotent-Replay", "true")
	} else {
		r.server.metrics.caused(answer.Facts)
	}
	return answer, err
}

// commandID is made of the client's key, if it sent one, so that a retry is known.
func (r *request) commandID() (actors.CommandID, error) {
	key, err := r.key()
	if err != nil || key == "" {
		return actors.NewCommandID(), err
	}
	body := r.ctx.Request().Body()
	if r.hashed != nil {
		body = r.hashed
	}
	return actors.KeyedCommandID(r.keyOwner(), key, []byte(r.ctx.Method()), []byte(r.ctx.Path()), body), nil
}

// keyOwner is whose key it is: the caller's. Where nobody says who is calling (open
// mode, and no holder in the body) each path has its own keys, so that two holders
// who confirm under the same key don't meet. No holder's name begins with a slash.
func (r *request) keyOwner() string {
	if r.caller.sub != "" {
		return r.caller.sub
	}
	return r.ctx.Path()
}

// key is the Idempotency-Key of a POST.
func (r *request) key() (string, error) {
	if r.ctx.Method() != fiber.MethodPost {
		return "", nil
	}
	key := r.ctx.Get(headerIdempotencyKey)
	if len(key) > 128 || !visibleASCII(key) {
		return "", refuse("bad_parameter", "an Idempotency-Key has 1 to 128 visible ASCII characters")
	}
	return key, nil
}

// json answers with an object that is encoded already.
func (r *request) json(status int, body []byte) error {
	r.ctx.Status(status)
	r.ctx.Response().Header.SetContentType(fiber.MIMEApplicationJSON)
	r.ctx.Response().SetBodyRaw(body)
	return nil
}

// value answers with v as JSON.
func (r *request) value(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return r.json(status, body)
}
