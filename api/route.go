package api

import (
	"time"

	"github.com/gofiber/fiber/v2"
)

// handler answers a request, or returns the error to answer with.
type handler func(*request) error

// handle adds a route with the common middleware: request id, authentication, recovery from panics,
// conversion of errors, access log and metrics. A GET route also answers HEAD.
func (s *Server) handle(method, path string, h handler) { s.handleOn(s.app, method, path, h) }

// handleOn is handle for the application of one of the server's listeners.
func (s *Server) handleOn(app *fiber.App, method, path string, h handler) {
	if s.config.AsOf != nil && method != fiber.MethodGet {
		h = s.refusePastCommand
	}
	h = s.withRateLimit(method, path, withKey(h))
	s.batches.add(method, path, h)
	s.serve(app, method, path, s.withAuth(s.withForwarding(h)))
}

// handleSigned adds a POST route whose requests are authenticated only by a signature, which h checks. Token,
// origin and Idempotency-Key are ignored, and no rate limit applies.
func (s *Server) handleSigned(path string, h handler) {
	if s.config.AsOf != nil {
		h = s.refusePastCommand
	}
	s.serve(s.app, fiber.MethodPost, path, h)
}

// serve adds a route with the middleware of handle, except for authentication.
func (s *Server) serve(app *fiber.App, method, path string, h handler) {
	route := s.metrics.route(method, path)
	serve := func(c *fiber.Ctx) error {
		r := &request{ctx: c, server: s, start: time.Now()}
		r.id = requestID(c)
		setHeader(&c.Response().Header, nameRequestID, r.id)
		if err := s.callHandler(r, h); err != nil {
			if err := r.answerProblem(s.problem(r, err)); err != nil {
				return err
			}
		}
		elapsed := time.Since(r.start)
		status := c.Response().StatusCode()
		route.observe(status, elapsed)
		s.access.record(r, status, elapsed)
		return nil
	}
	app.Add(method, path, serve)
	if method == fiber.MethodGet {
		app.Add(fiber.MethodHead, path, serve)
	}
}
