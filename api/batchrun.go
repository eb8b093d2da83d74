package api

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"admitone/actors"
	"admitone/api/codes"
	"admitone/events"
)

const (
	// batchWindow bounds the commands of one batch that are submitted and have no answer yet. Each has a
	// stack of about 16 KB.
	batchWindow = 256
	// slowWindow bounds the slow commands of one batch that have a goroutine; see batchRun.
	slowWindow = 128
	// batchTimeout is the time after which no more commands of a batch are started. The remaining ones are
	// refused as overloaded.
	batchTimeout = 30 * time.Second
)

// batchCommand is a command of a batch, and its answer.
type batchCommand struct {
	item      *batchItem
	request   *request // of the batch
	batches   *batches
	submitted func() // see run
	status    int    // of the answer
	body      []byte // of the answer, without the newline
	// subrequest is the command as a request without a Fiber context; direct and parts are its route and
	// the segments of its path.
	subrequest request
	direct     *directRoute
	parts      pathParts
}

// batchRun runs the commands of one batch, those of each entity in order.
//
// A command to one entity is submitted, and its answer is awaited later, so that many commands share an
// append. A slow command, which involves several entities or a pass, runs to its end on a goroutine of its
// own. Later commands with the same claims wait until it has ended; see claim.
type batchRun struct {
	*batches
	request      *request
	commands     []batchCommand
	hasSlot      bool                                 // whether this batch has an element in slots
	pending      []*coroutine                         // of the submitted commands without an answer, in order
	slow         sync.WaitGroup                       // the goroutines of slow commands
	windowSlots  chan struct{}                        // holds an element per goroutine of a slow command
	claimants    map[string]*claimants                // the slow commands, by the keys that they claim
	caughtUp     bool                                 // whether catchUp was called
	holderLimits map[events.PerformanceID]holderLimit // results of hasHolderLimit
	readFailed   bool                                 // whether the log has failed in hasHolderLimit
}

func (b *batchRun) run() {
	defer b.slow.Wait()
	defer b.releaseSlot()
	for i := range b.commands {
		c := &b.commands[i]
		c.request, c.batches = b.request, b.batches
		if c.item.AdmissionPass.given || mayInvolveSeveral(c.item.Path.text) {
			b.start(c)
			continue
		}
		b.waitForSlow(c)
		b.acquireSlot()
		b.submit(c)
	}
}

func (b *batchRun) acquireSlot() {
	if b.hasSlot {
		return
	}
	select {
	case b.slots <- struct{}{}:
		b.hasSlot = true
	case <-b.request.commandContext().Done():
	}
}

// submit runs c until its entity has received it, or to its end if it is refused before.
func (b *batchRun) submit(c *batchCommand) {
	if len(b.pending) >= batchWindow {
		b.finishFirst()
	}
	co := b.pool.get()
	if co.start(c) {
		b.pool.put(co)
		return
	}
	b.pending = append(b.pending, co)
}

// finishFirst waits for the answer to the earliest pending command.
func (b *batchRun) finishFirst() {
	co := b.pending[0]
	b.pending = b.pending[1:]
	for !co.resume() {
	}
	b.pool.put(co)
}

// releaseSlot waits for all outstanding answers, and lets another batch submit commands.
func (b *batchRun) releaseSlot() {
	for len(b.pending) > 0 {
		b.finishFirst()
	}
	if b.hasSlot {
		<-b.slots
	}
}

// waitForSlow waits until the slow commands that c may not overtake have ended. c is a command to one entity,
// so its claim is exclusive.
func (b *batchRun) waitForSlow(c *batchCommand) {
	if len(b.claimants) == 0 {
		return
	}
	for _, claim := range b.claims(c) {
		if earlier := b.claimants[claim.key]; earlier != nil {
			<-earlier.exclusive
		}
	}
}

// start runs the slow command c once the slow commands that it may not overtake have ended. Earlier commands
// to one entity have been submitted already. Commands get their window slots in order, so no command waits for
// another one that has none.
func (b *batchRun) start(c *batchCommand) {
	if b.claimants == nil {
		b.claimants, b.windowSlots = map[string]*claimants{}, make(chan struct{}, slowWindow)
	}
	end := make(chan struct{})
	before := b.claim(c, end)
	b.windowSlots <- struct{}{}
	b.slow.Go(func() {
		defer close(end)
		defer func() { <-b.windowSlots }()
		for _, other := range before {
			<-other
		}
		select {
		case b.slowSlots <- struct{}{}:
			defer func() { <-b.slowSlots }()
		case <-b.request.commandContext().Done(): // run refuses c
		}
		c.run(nil)
	})
}

// mayInvolveSeveral reports whether a command with this path may involve several entities: every path but those of
// products and tournaments may.
func mayInvolveSeveral(path string) bool {
	return !strings.HasPrefix(path, "/v1/products/") && !strings.HasPrefix(path, "/v1/tournaments/")
}

// commandKey is the key of the user value with which a fasthttp request carries its command.
type commandKey struct{}

func commandOf(c *fiber.Ctx) *batchCommand {
	return c.Context().UserValue(commandKey{}).(*batchCommand)
}

// run runs the command to its end with the handler of its route. The desk calls submitted, if it is not nil,
// once an entity has received the command.
func (c *batchCommand) run(submitted func()) {
	c.submitted = submitted
	if c.direct = c.batches.directRouteOf(c); c.direct != nil {
		c.runDirect()
		return
	}
	ctx := c.batches.memory.Get().(*fasthttp.RequestCtx)
	if err := c.prepare(&ctx.Request); err != nil {
		c.refuse(ctx, err)
	} else {
		ctx.SetUserValue(commandKey{}, c)
		c.batches.serve(ctx)
	}
	// A copy, because the buffer of the response is reused.
	c.status, c.body = ctx.Response.StatusCode(), bytes.Clone(trimNewline(ctx.Response.Body()))
	ctx.ResetUserValues()
	ctx.Request.Reset()
	ctx.Response.Reset()
	c.batches.memory.Put(ctx)
}

func trimNewline(text []byte) []byte {
	if n := len(text); n > 0 && text[n-1] == '\n' {
		return text[:n-1]
	}
	return text
}

// expired returns the error for a command that may no longer be started, nil if it may.
func (c *batchCommand) expired() error {
	switch until := c.request.until; {
	case time.Since(c.request.start) > batchTimeout:
		return actors.ErrOverloaded
	case until != nil && until.Err() != nil:
		return errLogSilent
	}
	return nil
}

// errLogSilent is the answer to a command of a batch that was not started because the log does not answer.
var errLogSilent = refuse(codes.LogUnavailable, "the log does not answer; nothing was done, try again")

// prepare converts the command to an HTTP request. Error: a problem, if the command is malformed or
// too late to start.
func (c *batchCommand) prepare(r *fasthttp.Request) error {
	item := c.item
	if err := c.expired(); err != nil {
		return err
	}
	if len(item.Path.text)+len(item.IdempotencyKey.text)+len(item.AdmissionPass.text) > maxHeader {
		return refuse(codes.RequestHeaderTooLarge, "path, key and pass must not exceed 4 KiB in total")
	}
	if !validTarget(item.Path.text) {
		return refuse(codes.BadParameter, "path must begin with /, and must not have spaces, control characters or a fragment")
	}
	if hasControls(item.IdempotencyKey.text) || hasControls(item.AdmissionPass.text) {
		return refuse(codes.BadParameter, "idempotency_key and admission_pass must not have control characters")
	}
	r.Header.SetMethod(item.Method.text)
	if !slices.Contains(fiber.DefaultMethods, item.Method.text) {
		r.Header.SetMethod(fiber.MethodTrace) // no route has this method
	}
	r.SetRequestURI(item.Path.text)
	if !normalizePath(r) {
		return errBadEscape
	}
	r.Header.SetContentType(fiber.MIMEApplicationJSON)
	if item.IdempotencyKey.given {
		r.Header.Set(headerIdempotencyKey, item.IdempotencyKey.text)
	}
	if item.AdmissionPass.given {
		r.Header.Set(headerPass, item.AdmissionPass.text)
	}
	r.SetBodyRaw(item.Body)
	return nil
}

func validTarget(path string) bool {
	if path == "" || path[0] != '/' || strings.IndexByte(path, '#') >= 0 || strings.IndexByte(path, ' ') >= 0 {
		return false
	}
	return !hasControls(path)
}

func hasControls(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// route answers the command with the handler of its route.
func (c *batchCommand) route(ctx *fiber.Ctx, metrics *routeMetrics, h handler) error {
	batch := c.request
	r := &request{ctx: ctx, server: batch.server, id: batch.id, caller: batch.caller, start: time.Now(),
		submitted: c.submitted, batch: batch, until: batch.until}
	if err := batch.server.callHandler(r, h); err != nil {
		if err := batch.server.problem(r, err).write(ctx, r.id); err != nil {
			return err
		}
	}
	metrics.count(ctx.Response().StatusCode())
	return nil
}

// refuse answers a command that can't be converted to a request.
func (c *batchCommand) refuse(ctx *fasthttp.RequestCtx, err error) {
	server := c.request.server
	p := problemOf(err, c.request.log)
	server.metrics.countProblem(p)
	if err := p.answer(&ctx.Response, c.request.id); err != nil {
		ctx.Response.SetStatusCode(fiber.StatusInternalServerError) // these problems have no members that could fail
	}
	c.batches.unknown.count(ctx.Response.StatusCode())
}
