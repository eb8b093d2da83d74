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
	// maxLarge bounds the large bodies that are in memory at the same time.
	maxLarge = 32
	// largeSlack is the number of bytes by which a body may exceed the limit and still be read to its end,
	// so that the client sees the refusal.
	largeSlack = 32 << 10
	// largeTimeout bounds the time to read a large body.
	largeTimeout = 2 * time.Minute
	// largeLifetime bounds how long a large body counts as being in memory, because fasthttp does not
	// report every connection that breaks while a body is read.
	largeLifetime = 2 * largeTimeout
)

// largeBody is the limit of a route whose bodies may be larger than maxBody.
type largeBody struct {
	method string
	// path is that of the route, with * in place of an id.
	path     string
	max      int // in bytes
	tooLarge *problem
	// limit bounds the bodies of the route that are in memory at the same time; 0 means maxLarge.
	limit int
	// roles may send large bodies; nil means every caller who may act for a holder.
	roles []Role
	// signed is true if requests are authenticated only by a signature of the body.
	signed bool
}

// largeRoutes are the routes that accept large bodies.
var largeRoutes = []largeBody{
	{method: fiber.MethodPost, path: batchPath, max: maxBatchBody,
		tooLarge: refuse(codes.BodyTooLarge, "the body of a batch may have at most 1 MiB")},
	{method: fiber.MethodPost, path: plansPath, max: maxPlanBody, limit: 1,
		tooLarge: refuse(codes.BodyTooLarge, "a seating plan may have at most 32 MiB"), roles: []Role{RoleAdmin}},
	{method: fiber.MethodPut, path: "/v1/performances/*/blocks", max: maxBlockBody, limit: 4,
		tooLarge: refuse(codes.BodyTooLarge, "the body of a block may have at most 1 MiB"), roles: []Role{RoleAdmin}},
	{method: fiber.MethodPost, path: "/v1/payments/*", max: maxReport, limit: 4,
		tooLarge: refuse(codes.BodyTooLarge, "a report of a payment provider may have at most 1 MiB"), signed: true},
}

// largeBodyOf returns the entry of largeRoutes for a request, nil for none.
func largeBodyOf(h *fasthttp.RequestHeader) *largeBody {
	path, _, _ := bytes.Cut(h.RequestURI(), []byte{'?'})
	for i := range largeRoutes {
		if r := &largeRoutes[i]; string(h.Method()) == r.method && r.matches(string(path)) {
			return r
		}
	}
	return nil
}

// matches reports whether a path is one of the route.
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
	inUse map[*fasthttp.RequestHeader]largeUse // guarded by mu
	count atomic.Int32                         // the length of inUse; written under mu
}

// largeUse is a large body in memory. It counts until it is released, at most until a time.
type largeUse struct {
	until time.Time
	route *largeBody
}

// acquire counts a large body. It returns false if too many are in memory.
func (l *largeBodies) acquire(h *fasthttp.RequestHeader, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inUse == nil {
		l.inUse = map[*fasthttp.RequestHeader]largeUse{}
	}
	route, sameRoute := largeBodyOf(h), 0
	for other, use := range l.inUse {
		if now.After(use.until) {
			delete(l.inUse, other)
		} else if use.route == route {
			sameRoute++
		}
	}
	if len(l.inUse) >= maxLarge || route != nil && route.limit > 0 && sameRoute >= route.limit {
		return false
	}
	l.inUse[h] = largeUse{now.Add(largeLifetime), route}
	l.count.Store(int32(len(l.inUse)))
	return true
}

func (l *largeBodies) release(h *fasthttp.RequestHeader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.inUse, h)
	l.count.Store(int32(len(l.inUse)))
}

func (l *largeBodies) has(h *fasthttp.RequestHeader) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.inUse[h]
	return ok
}

// acceptLargeBodies makes server accept large bodies from authenticated callers. For all other callers the limit of
// ordinary routes applies, so that they are refused before the body is read.
func (s *Server) acceptLargeBodies(server *fasthttp.Server) {
	large := &s.batches.large
	server.HeaderReceived = func(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
		length := h.ContentLength()
		if 0 <= length && length <= maxRead {
			return fasthttp.RequestConfig{}
		}
		route := largeBodyOf(h)
		if route == nil || length > route.max+largeSlack || s.checkLargeCaller(h) != nil || !large.acquire(h, time.Now()) {
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

// checkLargeCaller returns the error for a sender of a header who may not send a large body, nil if the sender may.
func (s *Server) checkLargeCaller(h *fasthttp.RequestHeader) error {
	route := largeBodyOf(h)
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

// largeRefusal returns the problem for a body that exceeded the limit. For a route without large bodies it is
// otherwise.
func (s *Server) largeRefusal(c *fiber.Ctx, otherwise *problem) *problem {
	h := &c.Request().Header
	route := largeBodyOf(h)
	if route == nil {
		return otherwise
	}
	if err := s.checkLargeCaller(h); err != nil {
		return problemOf(err, func() *slog.Logger { return s.config.Logger })
	}
	if s.batches.large.has(h) || h.ContentLength() > route.max+largeSlack {
		return route.tooLarge
	}
	return problemOf(actors.ErrOverloaded, nil)
}
