package api

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"admitone/actors"
	"admitone/api/codes"
)

const (
	// maxLarge bounds the large bodies that are in memory at a time.
	maxLarge = 32
	// largeSlack is the excess over the limit up to which a body is still read to its end, so that
	// the refusal can be sent.
	largeSlack = 32 << 10
	// largeTimeout bounds the time to read a large body.
	largeTimeout = 2 * time.Minute
	// largeLifetime bounds how long a large body counts as in memory: fasthttp does not report every
	// connection that breaks while a body is read.
	largeLifetime = 2 * largeTimeout
)

// largeBody is the limit of a route whose bodies may be larger than maxBody.
type largeBody struct {
	method string
	// path is the route's, with * in place of an id.
	path    string
	max     int
	tooMuch *problem
	// limit bounds the bodies of the route that are in memory at a time; 0 means maxLarge.
	limit int
	// roles are the roles whose bodies are read; nil for all callers that may act.
	roles []Role
	// signed means that requests are authenticated by a signature of the body alone.
	signed bool
}

// largeRoutes are the routes that accept large bodies.
var largeRoutes = []largeBody{
	{method: fiber.MethodPost, path: batchPath, max: maxBatchBody,
		tooMuch: refuse(codes.BodyTooLarge, "the body of a batch may have 1 MiB")},
	{method: fiber.MethodPost, path: plansPath, max: maxPlanBody, limit: 1,
		tooMuch: refuse(codes.BodyTooLarge, "a seating plan may have 32 MiB"), roles: []Role{RoleAdmin}},
	{method: fiber.MethodPut, path: "/v1/performances/*/blocks", max: maxBlockBody, limit: 4,
		tooMuch: refuse(codes.BodyTooLarge, "the body of a request that blocks may have 1 MiB"), roles: []Role{RoleAdmin}},
	{method: fiber.MethodPost, path: "/v1/payments/*", max: maxReport, limit: 4,
		tooMuch: refuse(codes.BodyTooLarge, "a report of a payment provider may have 1 MiB"), signed: true},
}

// largeOf returns the entry of largeRoutes for a request, nil for none.
func largeOf(h *fasthttp.RequestHeader) *largeBody {
	path, _, _ := bytes.Cut(h.RequestURI(), []byte{'?'})
	for i := range largeRoutes {
		if r := &largeRoutes[i]; string(h.Method()) == r.method && r.matches(string(path)) {
			return r
		}
	}
	return nil
}

// matches reports whether a path matches the route.
func (b *largeBody) matches(path string) bool {
	prefix, suffix, hasID := strings.Cut(b.path, "*")
	if !hasID {
		return path == b.path
	}
	id, ok := strings.CutPrefix(path, prefix)
	if ok {
		id, ok = strings.CutSuffix(id, suffix)
	}
	return ok && id != "" && !strings.Contains(id, "/")
}

// largeBodies are the large bodies in memory, by the header of their request.
type largeBodies struct {
	mu    sync.Mutex
	until map[*fasthttp.RequestHeader]largeUse // guarded by mu
	count atomic.Int32                         // of until; written under mu
}

// largeUse is a large body in memory, which counts at most until the time until.
type largeUse struct {
	until time.Time
	route *largeBody
}

// acquire counts a large body, or returns false if too many are in memory.
func (l *largeBodies) acquire(h *fasthttp.RequestHeader, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until == nil {
		l.until = map[*fasthttp.RequestHeader]largeUse{}
	}
	route, same := largeOf(h), 0
	for other, use := range l.until {
		if now.After(use.until) {
			delete(l.until, other)
		} else if use.route == route {
			same++
		}
	}
	if len(l.until) >= maxLarge || route != nil && route.limit > 0 && same >= route.limit {
		return false
	}
	l.until[h] = largeUse{now.Add(largeLifetime), route}
	l.count.Store(int32(len(l.until)))
	return true
}

func (l *largeBodies) release(h *fasthttp.RequestHeader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.until, h)
	l.count.Store(int32(len(l.until)))
}

func (l *largeBodies) has(h *fasthttp.RequestHeader) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.until[h]
	return ok
}

// acceptLargeBodies makes server accept large bodies from authenticated callers. All others are refused
// before the body is read, by the limit of the other routes.
func (s *Server) acceptLargeBodies(server *fasthttp.Server) {
	large := &s.batches.large
	server.HeaderReceived = func(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
		length := h.ContentLength()
		if 0 <= length && length <= maxRead {
			return fasthttp.RequestConfig{}
		}
		route := largeOf(h)
		if route == nil || length > route.max+largeSlack || s.largeCaller(h) != nil || !large.acquire(h, time.Now()) {
			return fasthttp.RequestConfig{}
		}
		return fasthttp.RequestConfig{MaxRequestBodySize: route.max + largeSlack, ReadTimeout: largeTimeout}
	}
	handle, fail := server.Handler, server.ErrorHandler
	server.Handler = func(c *fasthttp.RequestCtx) {
		if large.count.Load() > 0 {
			defer large.release(&c.Request.Header)
		}
		handle(c)
	}
	server.ErrorHandler = func(c *fasthttp.RequestCtx, err error) {
		defer large.release(&c.Request.Header)
		fail(c, err)
	}
}

// largeCaller returns why the sender of a header may not send a large body, nil if it may.
func (s *Server) largeCaller(h *fasthttp.RequestHeader) error {
	route := largeOf(h)
	if route != nil && route.signed {
		return nil
	}
	var c fasthttp.RequestCtx
	h.CopyTo(&c.Request.Header)
	ctx := s.app.AcquireCtx(&c)
	defer s.app.ReleaseCtx(ctx)
	caller, err := s.callerOf(ctx, time.Now())
	if err != nil {
		return err
	}
	if route != nil && len(route.roles) > 0 {
		return caller.requireRole(route.roles...)
	}
	return caller.requireActor()
}

// largeRefusal returns the problem for a body that exceeded the limit: otherwise, for a route without
// large bodies.
func (s *Server) largeRefusal(c *fiber.Ctx, otherwise *problem) *problem {
	h := &c.Request().Header
	route := largeOf(h)
	if route == nil {
		return otherwise
	}
	if err := s.largeCaller(h); err != nil {
		return problemOf(err, func() *slog.Logger { return s.config.Logger })
	}
	if s.batches.large.has(h) || h.ContentLength() > route.max+largeSlack {
		return route.tooMuch
	}
	return problemOf(actors.ErrOverloaded, nil)
}
