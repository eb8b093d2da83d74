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

// request is the context of one request, or of one command of a batch, in its handler.
type request struct {
	ctx    *fiber.Ctx
	server *Server
	id     string
	caller caller
	begun  time.Time
	// sentKey is the Idempotency-Key, once keyRead is true; see key.
	sentKey string
	keyRead bool
	// contact is the contact in the body. hashed is hashed into the command's id in place of the body, if
	// it is not nil; see parseContact.
	contact, hashed []byte
	// command is set for a command of a batch that has no ctx: the request is read from it, and the
	// answer written to it.
	command *batchCommand
	// submitted is passed to the desk for a command of a batch; see [actors.Request].
	submitted func()
	// commands is the number of commands of a batch.
	commands int
	// batch is the request of the batch, for a command of a batch that has a ctx.
	batch *request
	// until is set for a batch and its commands. It ends when they must be answered.
	until context.Context
	// hop is set if another node may decide the request too.
	hop *hop
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

// body returns the raw body.
func (r *request) body() []byte {
	if r.command != nil {
		return r.command.item.Body
	}
	return r.ctx.Request().Body()
}

// header returns a header that commands of batches may have too, "" if it is absent.
func (r *request) header(name string) string {
	switch {
	case r.command == nil:
		return r.ctx.Get(name)
	case name == headerPass:
		return r.command.item.AdmissionPass.text
	}
	return ""
}

// set sets a header of the answer. No-op for a command of a batch, whose answers have no headers.
func (r *request) set(name, value string) {
	if r.command == nil {
		r.ctx.Set(name, value)
	}
}

// setCanonical is set by the canonical name of a header.
func (r *request) setCanonical(name []byte, value string) {
	if r.command == nil {
		setHeader(&r.ctx.Response().Header, name, value)
	}
}

// requestID returns the client's request id, if it is valid, or a new one.
func requestID(c *fiber.Ctx) string {
	given := c.Request().Header.PeekCanonical(nameRequestID)
	if len(given) == 0 || len(given) > 128 || !visibleASCII(string(given)) {
		return string(actors.NewCommandID())
	}
	return string(given)
}

func visibleASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// param returns the path parameter name, which must be an id. Error: not_found for an invalid id.
func param[ID ~string](r *request, name, resource string) (ID, error) {
	id := r.segment(name)
	if !input.ValidID(id) {
		return "", notFound(resource)
	}
	return ID(id), nil
}

// validText reports whether s has at most limit characters, none of them a control character, and not only
// white space.
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

// newID returns the client's choice of an id, or derives one from the Idempotency-Key, so that a retry
// creates the same entity. Without either it returns a random one.
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

// wholeNumber returns an optional integer, or fallback if it is nil. Error: it is not from lowest to highest.
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

// checkParameters refuses query parameters other than names, and repeated ones. A list that ignored a misspelt
// filter would answer with everything, and one that ignored a second value with less than was requested.
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
		return "", refuse(codes.BadCursor, "send the next of the previous page unchanged")
	}
	return string(after), nil
}

// position parses a query parameter that is a log position. It returns false for none.
func (r *request) position(name string) (events.Position, bool, error) {
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

// noSuchRevision is a revision that no entity can have. It is the base of an edit whose ETag this server has
// never sent.
const noSuchRevision = events.EndRevision

// ifMatch returns the revision on which an edit is based. If-Match requires the strong comparison (RFC 9110
// section 8.8.3.2), so a different spelling of a revision, or a weak ETag, is stale: noSuchRevision.
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

// editBase is the precondition of an edit: the revision of the entity or, if edit is set, of its
// newest edit.
type editBase struct {
	revision events.Revision
	edit     bool
}

// on sets the precondition of a request.
func (b *editBase) on(request *actors.Request) {
	if b.edit {
		request.IfEdited = &b.revision
	} else {
		request.IfRevision = &b.revision
	}
}

// ifMatchEdit is ifMatch for a resource with an edit_tag, which is accepted as well as its ETag.
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

// tag sets the ETag and reports whether the sender of a GET or HEAD has that revision already. If-None-Match
// uses the weak comparison (RFC 9110 section 13.1.2), because a proxy that compresses a response makes its
// ETag weak.
func (r *request) tag(revision events.Revision) (fresh bool) {
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

// notModified answers that the client has the resource already.
func (r *request) notModified() error {
	r.ctx.Status(fiber.StatusNotModified)
	return nil
}

// waitLimit bounds the wait of a request for the views.
const waitLimit = 2 * time.Second

// caughtUp waits until the views include min_position, if given, and the events of all earlier answers of
// this server. Error: projection_behind.
func (r *request) caughtUp() error {
	position, _, err := r.position("min_position")
	if err != nil {
		return err
	}
	return r.server.awaitViews(max(position, r.server.answered()))
}

// awaitViews waits until the views include position. Error: projection_behind.
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
