package api

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/api/input"
)

// Limits of a batch.
const (
	maxBatchBody     = 1 << 20
	maxBatchCommands = 1_000
	// maxBatches bounds the batches that run or wait. Any more are refused as overloaded.
	maxBatches = 256
	// maxSubmitting bounds the batches that submit commands at the same time. A few suffice to keep the
	// appends full, and each command without an answer occupies a stack.
	maxSubmitting = 8
	// maxSlow bounds the slow commands of all batches that run at the same time; see batchRun.
	maxSlow = 1024
)

// batchable lists the routes of the commands that a batch may contain.
var batchable = []string{
	"POST /v1/products/:id/reservations",
	"POST /v1/products/:id/reservations/:rid/confirm",
	"DELETE /v1/products/:id/reservations/:rid",
	"POST /v1/performances/:id/bookings",
	"POST /v1/bookings/:id/payment",
	"DELETE /v1/bookings/:id",
	"POST /v1/tournaments/:id/entries",
	"DELETE /v1/tournaments/:id/entries/:team",
}

// batches runs the commands of batches with the handlers of their routes. It has a router of its own, so
// that a command can't reach any other route.
type batches struct {
	server  *Server
	app     *fiber.App
	serve   fasthttp.RequestHandler // of app
	unknown *routeMetrics           // for commands without a route
	direct  []directRoute
	running chan struct{} // holds an element per batch; its capacity is maxBatches
	slots   chan struct{} // holds an element per batch that submits commands; its capacity is maxSubmitting
	// slowSlots holds an element per running slow command. Its capacity is maxSlow.
	slowSlots chan struct{}
	large     largeBodies
	pool      coroutinePool
	memory    sync.Pool // of *fasthttp.RequestCtx
}

func newBatches(s *Server) *batches {
	b := &batches{server: s, unknown: s.metrics.batchRoute("", ""), running: make(chan struct{}, maxBatches),
		slots: make(chan struct{}, maxSubmitting), slowSlots: make(chan struct{}, maxSlow)}
	b.memory.New = func() any { return &fasthttp.RequestCtx{} }
	b.app = fiber.New(fiber.Config{
		DisableStartupMessage: true, Immutable: true, StrictRouting: true, CaseSensitive: true,
		ErrorHandler: func(c *fiber.Ctx, err error) error {
			return commandOf(c).route(c, b.unknown, func(*request) error { return notBatchable(err) })
		}})
	return b
}

// add adds a route to the router of commands, if it is batchable.
func (b *batches) add(method, path string, h handler) {
	if !slices.Contains(batchable, method+" "+path) {
		return
	}
	metrics := b.server.metrics.batchRoute(method, path)
	b.app.Add(method, path, func(c *fiber.Ctx) error { return commandOf(c).route(c, metrics, h) })
	b.serve = b.app.Handler()
	if !mayInvolveSeveral(path) {
		b.direct = append(b.direct, directRoute{method, strings.Split(path, "/"), h, metrics})
	}
}

// close stops the idle goroutines. No batch may be running.
func (b *batches) close() { b.pool.close() }

// notBatchable returns the problem for a command that matches none of the batchable routes. err is the router's.
func notBatchable(err error) error {
	p := problemOf(err, nil)
	return &problem{code: p.code, fields: p.fields, detail: "a batch may contain only commands that reserve, confirm, " +
		"release, book, pay, cancel, enter or withdraw, each with the method and path of its own route"}
}

const batchPath = "/v1/batch"

func (s *Server) batchRoutes() { s.handle(fiber.MethodPost, batchPath, s.batch) }

// batch runs the commands in the body. Its answer has their answers, in the same order.
func (s *Server) batch(r *request) error {
	if err := r.caller.requireActor(); err != nil {
		return err
	}
	if len(r.ctx.Request().Header.Peek(headerIdempotencyKey)) > 0 {
		return refuse(codes.BadParameter,
			"a batch does not take an Idempotency-Key; give each of its commands an idempotency_key of its own")
	}
	commands, err := r.batchBody()
	if err != nil {
		return err
	}
	select {
	case s.batches.running <- struct{}{}:
		defer func() { <-s.batches.running }()
	default:
		return actors.ErrOverloaded
	}
	r.commands = len(commands)
	var cancel context.CancelFunc
	r.until, cancel = s.batchContext()
	defer cancel()
	run := batchRun{batches: s.batches, request: r, commands: commands}
	run.run()
	return r.json(fiber.StatusOK, encodeAnswers(commands))
}

// encodeAnswers returns the encoded answers to commands, in the order of the commands.
func encodeAnswers(commands []batchCommand) []byte {
	size := len(`{"answers":[]}`) + 1
	for i := range commands {
		size += len(`{"status":200,"body":},`) + len(commands[i].body)
	}
	dst := append(make([]byte, 0, size), `{"answers":[`...)
	for i := range commands {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"status":`...)
		dst = strconv.AppendInt(dst, int64(commands[i].status), 10)
		dst = append(dst, `,"body":`...)
		dst = append(dst, commands[i].body...)
		dst = append(dst, '}')
	}
	return append(dst, "]}\n"...)
}

// optionalText is a string member that may be absent, but not null.
type optionalText struct {
	text  string
	given bool
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (o *optionalText) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '"' {
		return fmt.Errorf("%v is not a string", dec.PeekKind())
	}
	o.given = true
	token, err := dec.ReadToken()
	o.text = token.String()
	return err
}

// batchItem is a command as it is sent in the body of a batch.
type batchItem struct {
	Method         optionalText   `json:"method"`
	Path           optionalText   `json:"path"`
	Body           jsontext.Value `json:"body"`
	IdempotencyKey optionalText   `json:"idempotency_key"`
	AdmissionPass  optionalText   `json:"admission_pass"`
}

// batchBody decodes and validates the body, except for the routes and bodies of the commands.
func (r *request) batchBody() ([]batchCommand, error) {
	text := r.ctx.Request().Body()
	if len(text) > maxBatchBody {
		return nil, largeBodyOf(&r.ctx.Request().Header).tooLarge
	}
	if err := r.sendsJSON(); err != nil {
		return nil, err
	}
	var body struct {
		Commands []batchItem `json:"commands"`
	}
	if err := input.DecodeNulls(text, &body, bodyPart); err != nil {
		return nil, withIndex(err)
	}
	if len(body.Commands) < 1 || len(body.Commands) > maxBatchCommands {
		return nil, invalidField("commands", fmt.Sprintf("a batch has 1 to %d commands", maxBatchCommands))
	}
	commands := make([]batchCommand, len(body.Commands))
	for i := range body.Commands {
		item := &body.Commands[i]
		switch {
		case !item.Method.given:
			return nil, invalidField(fmt.Sprintf("commands[%d].method", i), "the method is missing; for example POST")
		case !item.Path.given:
			return nil, invalidField(fmt.Sprintf("commands[%d].path", i),
				"the path is missing; for example /v1/bookings/x/payment")
		}
		commands[i].item = item
	}
	return commands, nil
}

var commandIndex = regexp.MustCompile(`^commands\.(\d+)`)

// withIndex rewrites the field of a refusal from commands.3.path to commands[3].path.
func withIndex(err error) error {
	refusal, ok := err.(*core.Refusal)
	if !ok || refusal.Fields.Field() == "" {
		return err
	}
	indexed := *refusal
	indexed.Fields = core.Fields{"field": commandIndex.ReplaceAllString(refusal.Fields.Field(), "commands[$1]")}
	return &indexed
}
