package api

import (
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

	"github.com/gofiber/fiber/v2"

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

// request is one HTTP request, or one command of a batch, that a handler answers.
type request struct {
	ctx    *fiber.Ctx
	server *Server
	id     string
	caller caller
	start  time.Time // when the server received it
	// sentKey is the Idempotency-Key, once keyRead is true; see key.
	sentKey string
	keyRead bool
	// contact is the encoded contact in the body. If hashed is not nil, the command's id is derived from it
	// in place of the body; see parseContact.
	contact, hashed []byte
	// command is set for a command of a batch with a direct route. There is no ctx then: the request is
	// read from command, and the answer is written to it.
	command *batchCommand
	// submitted is for [actors.Request]; nil except for a command of a batch.
	submitted func()
	// commands is the number of commands, for a batch.
	commands int
	// batch is the request of the batch, for a command of a batch without a direct route.
	batch *request
	// until ends when a batch and its commands must be answered; nil for all other requests.
	until context.Context
	// hop is set if another node may decide the request, too.
	hop *hop
	// refusal is the result of refusalRecord, nil until that is called.
	refusal *events.RefusalRecorded
}

// log returns a logger with the attributes of the request.
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

// body returns the raw body.
func (r *request) body() []byte {
	if r.command != nil {
		return r.command.item.Body
	}
	return r.ctx.Request().Body()
}

// header returns a header, "" if it is absent. A command of a batch has only the header headerPass.
func (r *request) header(name string) string {
	switch {
	case r.command == nil:
		return r.ctx.Get(name)
	case name == headerPass:
		return r.command.item.AdmissionPass.text
	}
	return ""
}

// set sets a header of the answer. The answer to a command of a batch has no headers.
func (r *request) set(name, value string) {
	if r.command == nil {
		r.ctx.Set(name, value)
	}
}

// setCanonical is like set, but takes the name of the header in canonical form.
func (r *request) setCanonical(name []byte, value string) {
	if r.command == nil {
		setHeader(&r.ctx.Response().Header, name, value)
	}
}

// requestID returns the request id that the client has sent, or a new one if there is no valid one.
func requestID(c *fiber.Ctx) string {
	given := c.Request().Header.PeekCanonical(nameRequestID)
	if len(given) == 0 || len(given) > 128 || !visibleASCII(string(given)) {
		return string(actors.NewCommandID())
	}
	return string(given)
}

// visibleASCII reports whether s has only visible ASCII characters.
func visibleASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// param returns the path parameter called name, which must be an id. Error: not_found, if it is not.
func param[ID ~string](r *request, name, resource string) (ID, error) {
	id := r.segment(name)
	if !input.ValidID(id) {
		return "", notFound(resource)
	}
	return ID(id), nil
}

// validText reports whether s has at most limit characters, none of them a control character, and is not blank.
func validText(s string, limit int) bool {
	return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= limit &&
		!strings.ContainsFunc(s, unicode.IsControl)
}

// maxName bounds the name of an entity, in characters.
const maxName = 200

// checkName validates the name of an entity, unless it is nil.
func checkName(name *string) error {
	if name != nil && !validText(*name, maxName) {
		return invalidField("name", "1 to 200 characters, none of them a control character")
	}
	return nil
}

// newID returns the id of a new entity: the one that the client has chosen or, if it is nil, one derived from the
// Idempotency-Key, so that a retry creates the same entity. Without either it is random.
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

// wholeNumber returns an optional integer, or fallback if it is nil. Error: the integer is not between lowest and
// highest.
func wholeNumber(field string, value *int64, fallback, lowest, highest int64) (int64, error) {
	if value == nil {
		return fallback, nil
	}
	if *value < lowest || *value > highest {
		return 0, invalidField(field, fmt.Sprintf("a whole number from %d to %d", lowest, highest))
	}
	return *value, nil
}

// limit parses the query parameter limit of a list.
func (r *request) limit() (int, error) { return r.limitUpTo(500) }

// limitUpTo is limit for a list with larger pages.
func (r *request) limitUpTo(largest int) (int, error) {
	given := r.ctx.Query("limit")
	if given == "" {
		return 50, nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 || n > largest {
		return 0, refuse(codes.BadParameter, "limit must be a whole number from 1 to "+strconv.Itoa(largest))
	}
	return n, nil
}

// checkParameters refuses query parameters that are not in names, and repeated ones. If a list ignored a misspelt
// filter, it would answer with more than was requested, and if it ignored a second value, with less.
func (r *request) checkParameters(names ...string) error {
	given := map[string]bool{}
	for key := range r.ctx.Context().QueryArgs().All() {
		name := string(key)
		switch {
		case !slices.Contains(names, name):
			return refuse(codes.BadParameter, "there is no parameter "+strconv.Quote(name)+
				"; the parameters are "+strings.Join(names, ", "))
		case given[name]:
			return refuse(codes.BadParameter, name+" is given more than once")
		}
		given[name] = true
	}
	return nil
}

// cursor returns the decoded cursor of a list, "" for the first page.
func (r *request) cursor() (string, error) {
	given := r.ctx.Query("cursor")
	if given == "" {
		return "", nil
	}
	after, err := base64.RawURLEncoding.DecodeString(given)
	if err != nil || len(after) == 0 || len(after) > 256 || !utf8.Valid(after) {
		return "", refuse(codes.BadCursor, "send the \"next\" of the previous page, unchanged")
	}
	return string(after), nil
}

// position parses a query parameter that is a log position. ok is false if it is absent.
func (r *request) position(name string) (position events.Position, ok bool, err error) {
	given := r.ctx.Query(name)
	if given == "" {
		return 0, false, nil
	}
	n, err := strconv.ParseUint(given, 10, 63)
	if err != nil {
		return 0, false, refuse(codes.BadParameter, name+" must be a whole number, 0 or more")
	}
	return events.Position(n), true, nil
}

// noSuchRevision is a revision that no entity can have. It stands for an If-Match that was never an ETag.
const noSuchRevision = events.EndRevision

// ifMatch returns the revision on which an edit is based. If-Match requires the strong comparison (RFC 9110 section
// 8.8.3.2), so for another spelling of a revision, or for a weak ETag, it returns noSuchRevision.
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
	revision := noSuchRevision
	digits := strings.Trim(given, `"`)
	if n, err := strconv.ParseUint(digits, 10, 63); err == nil && len(lines) == 1 && given == etag(events.Revision(n)) {
		revision = events.Revision(n)
	}
	return &revision, nil
}

// editBase is the precondition of an edit: the revision of the entity or, if edit is true, that of its newest edit.
type editBase struct {
	revision events.Revision
	edit     bool
}

// applyTo sets the precondition in a request to the desk.
func (b *editBase) applyTo(request *actors.Request) {
	if b.edit {
		request.IfEdited = &b.revision
	} else {
		request.IfRevision = &b.revision
	}
}

// ifMatchEdit is ifMatch for a resource with an edit_tag. It accepts the edit_tag and the ETag.
func (r *request) ifMatchEdit() (*editBase, error) {
	revision, err := r.ifMatch()
	if err != nil {
		return nil, refuse(core.CodeRevisionRequired, "send If-Match with the edit_tag of what you have read, in quotes")
	}
	if *revision != noSuchRevision {
		return &editBase{revision: *revision}, nil
	}
	given := r.ctx.Get(fiber.HeaderIfMatch)
	digits := strings.TrimPrefix(strings.Trim(given, `"`), "e")
	n, err := strconv.ParseUint(digits, 10, 63)
	edited := events.Revision(n)
	lines := r.ctx.Request().Header.PeekAll(fiber.HeaderIfMatch)
	if err != nil || len(lines) > 1 || given != `"`+editTag(edited)+`"` {
		return &editBase{revision: noSuchRevision}, nil
	}
	return &editBase{revision: edited, edit: true}, nil
}

// editTag returns the edit_tag of a resource whose newest edit has revision edited.
func editTag(edited events.Revision) string { return "e" + strconv.FormatInt(int64(edited), 10) }

// etag returns the ETag of a revision.
func etag(revision events.Revision) string {
	return `"` + strconv.FormatInt(int64(revision), 10) + `"`
}

// setETag sets the ETag of an answer. fresh is true if the sender of a GET or HEAD has this revision already.
// If-None-Match uses the weak comparison (RFC 9110 section 13.1.2), because a proxy that compresses a response
// makes its ETag weak.
func (r *request) setETag(revision events.Revision) (fresh bool) {
	if r.command != nil {
		return false
	}
	tag := etag(revision)
	setHeader(&r.ctx.Response().Header, nameETag, tag)
	if method := r.ctx.Method(); method != fiber.MethodGet && method != fiber.MethodHead {
		return false
	}
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

// notModified answers 304: the client has the current state.
func (r *request) notModified() error {
	r.ctx.Status(fiber.StatusNotModified)
	return nil
}

// defaultViewsTimeout is the value of Server.viewsTimeout except in tests.
const defaultViewsTimeout = 2 * time.Second

// waitForViews waits until the views include the query parameter min_position, if it is given, and the events of all
// answers that this server has given. Errors: bad_parameter; projection_behind; the views'.
func (r *request) waitForViews() error {
	position, _, err := r.position("min_position")
	if err != nil {
		return err
	}
	return r.server.awaitViews(max(position, r.server.answeredPosition()))
}

// awaitViews waits until the views include position. Errors: projection_behind; the views'.
func (s *Server) awaitViews(position events.Position) error {
	if s.config.Views.Position() >= position {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.viewsTimeout)
	defer cancel()
	err := s.config.Views.WaitFor(ctx, position)
	if errors.Is(err, context.DeadlineExceeded) {
		return refuse(codes.ProjectionBehind, "the read side has not reached that position yet; try again")
	}
	return err
}
