package api

import (
	"bytes"
	"log/slog"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"admitone/actors"
	"admitone/api/codes"
)

const (
	// largeAtOnce bounds the bodies above maxRead that are being read or used at a time.
	largeAtOnce = 32
	// largeSlack is how much larger a large body may be than its limit to be read to its end.
	largeSlack = 32 << 10
	// largeTimeout is how long a large body may take.
	largeTimeout = 2 * time.Minute
	// largeHeld is after when the place of a large body is free again at the latest: fasthttp does
	// not report every connection that breaks while a body is being read.
	largeHeld = 2 * largeTimeout
)

// largeBody is the limit of a route whose bodies may be larger than maxBody.
type largeBody struct {
	path    string
	most    int
	tooMuch *problem
}

// largeRoutes has the routes with large bodies, all of them POST.
var largeRoutes = []largeBody{
	{batchPath, maxBatchBody, refuse(codes.BodyTooLarge, "the body of a batch may have 1 MiB")},
}

// largeOf returns the limit for a request, nil if it has none of its own.
func largeOf(h *fasthttp.RequestHeader) *largeBody {
	if !h.IsPost() {
		return nil
	}
	path, _, _ := bytes.Cut(h.RequestURI(), []byte{'?'})
	for i := range largeRoutes {
		if string(path) == largeRoutes[i].path {
			return &largeRoutes[i]
		}
	}
	return nil
}

// largeBodies are those being read or used, by the header of their request.
type largeBodies struct {
	mu    sync.Mutex
	until map[*fasthttp.RequestHeader]time.Time // guarded by mu
}

// take returns false if there are too many.
func (l *largeBodies) take(h *fasthttp.RequestHeader, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until == nil {
		l.until = map[*fasthttp.RequestHeader]time.Time{}
	}
	for other, until := range l.until {
		if now.After(until) {
			delete(l.until, other)
		}
	}
	if len(l.until) >= largeAtOnce {
		return false
	}
	l.until[h] = now.Add(largeHeld)
	return true
}

func (l *largeBodies) release(h *fasthttp.RequestHeader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.until, h)
}

func (l *largeBodies) has(h *fasthttp.RequestHeader) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.until[h]
	return ok
}

// takeLargeBodies lets server read the large bodies of known callers. Those of others stay within
// the limit of all routes: their header is refused before the body is read.
func (s *Server) takeLargeBodies(server *fasthttp.Server) {
	large := &s.batches.large
	server.HeaderReceived = func(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
		route := largeOf(h)
		if length := h.ContentLength(); route == nil || 0 <= length && length <= maxRead ||
			length > route.most+largeSlack || s.largeCaller(h) != nil || !large.take(h, time.Now()) {
			return fasthttp.RequestConfig{}
		}
		return fasthttp.RequestConfig{MaxRequestBodySize: route.most + largeSlack, ReadTimeout: largeTimeout}
	}
	handle, fail := server.Handler, server.ErrorHandler
	server.Handler = func(c *fasthttp.RequestCtx) {
		if largeOf(&c.Request.Header) != nil {
			defer large.release(&c.Request.Header)
		}
		handle(c)
	}
	server.ErrorHandler = func(c *fasthttp.RequestCtx, err error) {
		defer large.release(&c.Request.Header)
		fail(c, err)
	}
}

// largeCaller returns why a large body is not taken from the sender of a header, nil if it is.
func (s *Server) largeCaller(h *fasthttp.RequestHeader) error {
	var c fasthttp.RequestCtx
	h.CopyTo(&c.Request.Header)
	ctx := s.app.AcquireCtx(&c)
	defer s.app.ReleaseCtx(ctx)
	caller, err := s.callerOf(ctx)
	if err != nil {
		return err
	}
	return caller.act()
}

// largeRefusal returns the answer to a body that was larger than what was to be read.
func (s *Server) largeRefusal(c *fiber.Ctx, otherwise *problem) *problem {
	h := &c.Request().Header
	route := largeOf(h)
	if route == nil {
		return otherwise
	}
	if err := s.largeCaller(h); err != nil {
		return problemOf(err, func() *slog.Logger { return s.config.Logger })
	}
	if s.batches.large.has(h) || h.ContentLength() > route.most+largeSlack {
		return route.tooMuch
	}
	return problemOf(actors.ErrOverloaded, nil)
}
