package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/api/input"
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
	// contact of the body, and the text that is hashed in place of the body if it had one; see
	// takeContact.
	contact, hashed []byte
	// command is set for one of a batch that has no ctx: its parts are read, and its answer is
	// written, there.
	command *batchCommand
	// submitted is passed on with the command, if it is one of a batch; see [actors.Request].
	submitted func()
	// commands is how many a batch has.
	commands int
	// batch is the request of the batch that it is a command of, if that needs a ctx.
	batch *request
	// intent is nil until recordIntent is called.
	intent *events.RefusalRecorded
}

func (r *request) log() *slog.Logger {
	return r.server.config.Logger.With("request_id", r.id, "method", r.method(), "path", loggedPath(r.path()))
}

func (r *request) method() string {
	if r.command != nil {
		return r.command.item.Method.text
	}
	return r.ctx.Method()
}

// path returns the normal form of the path.
func (r *request) path() string {
	if r.command != nil {
		return r.command.item.Path.text
	}
	return r.ctx.Path()
}

// body returns the body as it was sent.
func (r *request) body() []byte {
	if r.command != nil {
		return r.command.item.Body
	}
	return r.ctx.Request().Body()
}

// header returns a header that commands of batches have as well, "" if it is missing.
func (r *request) header(name string) string {
	switch {
	case r.command == nil:
		return r.ctx.Get(name)
	case name == headerPass:
		return r.command.item.AdmissionPass.text
	}
	return ""
}

// set sets a header of the answer; an answer in a batch has none.
func (r *request) set(name, value string) {
	if r.command == nil {
		r.ctx.Set(name, value)
	}
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

// param returns an id in the path. An invalid one is not found.
func param[ID ~string](r *request, name, resource string) (ID, error) {
	id := r.segment(name)
	if !input.ValidID(id) {
		return "", notFound(resource)
	}
	return ID(id), nil
}

// validText accepts text for people: up to most characters, none of them a control character.
func validText(s string, most int) bool {
	return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= most &&
		!strings.ContainsFunc(s, unicode.IsControl)
}

// maxName bounds the name of an entity, in characters.
const maxName = 200

// checkName checks the name of an entity, if one is given.
func checkName(name *string) error {
	if name != nil && !validText(*name, maxName) {
		return invalidField("name", "1 to 200 characters, none of them a control character")
	}
	return nil
}

// newID returns the client's choice, or makes an id: from the Idempotency-Key, so that a retry
// means the same entity, or a new one.
func newID[ID ~string](r *request, chosen *ID) (ID, error) {
	if chosen != nil {
		if !input.ValidID(string(*chosen)) {
			return "", invalidField("id", "1 to 64 of A-Z a-z 0-9 _ and -")
		}
		return *chosen, nil
	}
	key, err := r.key()
	if err != nil || key == "" {
		return ID(actors.NewID().String()), err
	}
	return ID(events.EventID("id "+r.keyOwner()+" "+key, 0).String()), nil
}

// wholeNumber checks an optional whole number.
func wholeNumber(field string, value *int64, otherwise, least, most int64) (int64, error) {
	if value == nil {
		return otherwise, nil
	}
	if *value < least || *value > most {
		return 0, invalidField(field, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return *value, nil
}

// limit reads the limit of a list.
func (r *request) limit() (int, error) { return r.limitUpTo(500) }

func (r *request) limitUpTo(most int) (int, error) {
	given := r.ctx.Query("limit")
	if given == "" {
		return 50, nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 || n > most {
		return 0, refuse(codes.BadParameter, "limit is a whole number from 1 to "+strconv.Itoa(most))
	}
	return n, nil
}

// cursor reads the cursor of a list: where the page before ended.
func (r *request) cursor() (string, error) {
	given := r.ctx.Query("cursor")
	if given == "" {
		return "", nil
	}
	after, err := base64.RawURLEncoding.DecodeString(given)
	if err != nil || len(after) == 0 || len(after) > 256 || !utf8.Valid(after) {
		return "", refuse(codes.BadCursor, "take the cursor from next of the page before, as it is")
	}
	return string(after), nil
}

// position reads a query parameter that is a position in the log.
func (r *request) position(name string) (events.Position, bool, error) {
	given := r.ctx.Query(name)
	if given == "" {
		return 0, false, nil
	}
	n, err := strconv.ParseUint(given, 10, 63)
	if err != nil {
		return 0, false, refuse(codes.BadParameter, name+" is a whole number, 0 or more")
	}
	return events.Position(n), true, nil
}

// neverGiven is a revision that no entity ever has: the base of an edit whose ETag was never
// given out.
const neverGiven = events.EndRevision

// ifMatch reads the revision that an edit is based on. The ETag is compared character by
// character, as RFC 9110 section 8.8.3.2 requires for If-Match: another spelling of a revision,
// or a weak ETag, was never given out, and so is stale.
func (r *request) ifMatch() (*events.Revision, error) {
	lines := r.ctx.Request().Header.PeekAll(fiber.HeaderIfMatch)
	if len(lines) == 0 || len(lines) == 1 && len(lines[0]) == 0 {
		return nil, refuse(core.CodeRevisionRequired, "send If-Match with the ETag of what you have read")
	}
	given := string(lines[0])
	if given == "*" {
		return nil, refuse(core.CodeRevisionRequired,
			"If-Match: * would overwrite what you have not seen; send the ETag of what you have read")
	}
	revision := neverGiven
	digits := strings.Trim(given, `"`)
	if n, err := strconv.ParseUint(digits, 10, 63); err == nil && len(lines) == 1 && given == etag(events.Revision(n)) {
		revision = events.Revision(n)
	}
	return &revision, nil
}

// editBase is what an edit is based on: a revision, or the newest edit, by its own.
type editBase struct {
	revision events.Revision
	edit     bool
}

// on makes a request depend on it.
func (b *editBase) on(request *actors.Request) {
	if b.edit {
		request.IfEdited = &b.revision
	} else {
		request.IfRevision = &b.revision
	}
}

// ifMatchEdit is ifMatch of a resource with an edit_tag, which is taken as well as its ETag.
func (r *request) ifMatchEdit() (*editBase, error) {
	revision, err := r.ifMatch()
	if err != nil || *revision != neverGiven {
		return &editBase{revision: core.Or(revision, 0)}, err
	}
	given := r.ctx.Get(fiber.HeaderIfMatch)
	digits := strings.TrimPrefix(strings.Trim(given, `"`), "e")
	n, err := strconv.ParseUint(digits, 10, 63)
	edited := events.Revision(n)
	lines := r.ctx.Request().Header.PeekAll(fiber.HeaderIfMatch)
	if err != nil || len(lines) > 1 || given != `"`+editTag(edited)+`"` {
		return &editBase{revision: neverGiven}, nil
	}
	return &editBase{revision: edited, edit: true}, nil
}

// editTag returns the edit_tag of a resource whose newest edit has the revision.
func editTag(edited events.Revision) string { return "e" + strconv.FormatInt(int64(edited), 10) }

// etag returns the ETag of a revision.
func etag(revision events.Revision) string {
	return `"` + strconv.FormatInt(int64(revision), 10) + `"`
}

// tag sets the ETag and reports whether the client has that revision already. The comparison of
// If-None-Match is the weak one (RFC 9110 section 13.1.2): a proxy that compresses an answer
// makes its ETag weak.
func (r *request) tag(revision events.Revision) (fresh bool) {
	if r.command != nil {
		return false
	}
	tag := etag(revision)
	r.ctx.Response().Header.Set(fiber.HeaderETag, tag)
	for _, line := range r.ctx.Request().Header.PeekAll(fiber.HeaderIfNoneMatch) {
		for have := range strings.SplitSeq(string(line), ",") {
			have = strings.TrimSpace(have)
			if have == "*" || strings.TrimPrefix(have, "W/") == tag {
				return true
			}
		}
	}
	return false
}

// notModified answers that the client has the resource already.
func (r *request) notModified() error {
	r.ctx.Status(fiber.StatusNotModified)
	return nil
}

// waitLimit bounds how long a query waits for the views.
const waitLimit = 2 * time.Second

// caughtUp waits until the views have min_position, if given, and what this server has answered
// with before.
func (r *request) caughtUp() error {
	least, _, err := r.position("min_position")
	if err != nil {
		return err
	}
	return r.server.seen(max(least, r.server.answered()))
}

// seen waits until the views have position.
func (s *Server) seen(position events.Position) error {
	if s.config.Views.Position() >= position {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.patience)
	defer cancel()
	err := s.config.Views.WaitFor(ctx, position)
	if errors.Is(err, context.DeadlineExceeded) {
		return refuse(codes.ProjectionBehind, "the read side has not reached that position yet; try again")
	}
	return err
}

// ask passes a command to the entity of stream.
func (r *request) ask(
	stream events.StreamID,
	command core.Command,
	conditional *editBase,
) (answer actors.Answer, err error) {
	err = r.keyed(func(id actors.CommandID) error {
		request := actors.Request{
			Stream: stream, Command: command, ID: id,
			CorrelationID: r.id, CausationID: r.id, Actor: r.caller.name(), Bounded: !r.caller.serves(),
			Submitted: r.submitted,
		}
		if conditional != nil {
			conditional.on(&request)
		}
		answer, err = r.server.config.Desk.Ask(context.Background(), request)
		return err
	})
	r.server.note(answer.Position)
	r.decided(stream, &answer)
	if answer.Replayed {
		r.set(headerReplay, "true")
	} else {
		r.server.metrics.caused(answer.Facts)
	}
	return answer, err
}

// json answers with an encoded object.
func (r *request) json(status int, body []byte) error {
	if r.command != nil {
		r.command.status, r.command.body = status, body
		return nil
	}
	r.ctx.Status(status)
	setText(r.ctx.Response(), fiber.MIMEApplicationJSON, body)
	return nil
}

// setText sets the body of an answer. Every body of this API is text and is set here, so that all
// end with a newline.
func setText(a *fasthttp.Response, mediaType string, text []byte) {
	a.Header.SetContentType(mediaType)
	a.SetBodyRaw(endLine(text))
}

// endLine returns text with a newline at its end. It never writes into text, which may be shared.
func endLine(text []byte) []byte {
	if bytes.HasSuffix(text, []byte{'\n'}) {
		return text
	}
	return append(slices.Clip(text), '\n')
}

// value answers with v as JSON.
func (r *request) value(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return r.json(status, body)
}
