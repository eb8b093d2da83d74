package api

import (
	"math"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
)

// newApp returns a Fiber application for one listener, without routes.
func (s *Server) newApp() *fiber.App {
	app := fiber.New(fiber.Config{
		DisableStartupMessage: true,
		Immutable:             true,
		BodyLimit:             maxRead,
		ReadBufferSize:        maxHeader,
		Concurrency:           math.MaxInt32, // the pool limits connections
		ReadTimeout:           5 * time.Second,
		WriteTimeout:          10 * time.Second,
		IdleTimeout:           60 * time.Second,
		StrictRouting:         true,
		CaseSensitive:         true,
		ErrorHandler:          s.unroutedError,
	})
	server := app.Server()
	// Without this, closing a hijacked connection has no effect; see package sockets.
	server.KeepHijackedConns = true
	server.LazyRequestTime = true // request.start is used instead
	server.Handler = s.closeAfterResponse(
		s.answerHeartbeats(s.acceptFrames(s.acceptVisitorHeartbeats(s.checkFraming(s.normalizePaths(server.Handler))))))
	server.ErrorHandler = handleUnreadable(server.ErrorHandler)
	return app
}

// ListenOperations serves the operational routes on ln until Shutdown, which stops it last. It requires
// Config.OperationsApart. The connections of ln are not limited.
func (s *Server) ListenOperations(ln net.Listener) error { return s.operations.Listener(ln) }
