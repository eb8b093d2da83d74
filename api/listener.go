package api

import (
	"math"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
)

// newApp returns a Fiber application without routes, for one listener.
func (s *Server) newApp() *fiber.App {
	app := fiber.New(fiber.Config{
		DisableStartupMessage: true,
		Immutable:             true,
		BodyLimit:             maxRead,
		ReadBufferSize:        maxHeader,
		Concurrency:           math.MaxInt32, // the pool bounds connections, and answers those beyond
		ReadTimeout:           5 * time.Second,
		WriteTimeout:          10 * time.Second,
		IdleTimeout:           60 * time.Second,
		StrictRouting:         true,
		CaseSensitive:         true,
		ErrorHandler:          s.unroutedError,
	})
	server := app.Server()
	// A hijacked connection's Close does nothing otherwise; see package sockets.
	server.KeepHijackedConns = true
	server.Handler = s.closeAfterResponse(s.framed(s.plainPaths(server.Handler)))
	server.ErrorHandler = unreadable(server.ErrorHandler)
	return app
}

// ListenOperations serves the routes of operations on ln, whose connections are bounded already,
// until Shutdown has ended all else. It is for servers with Config.OperationsApart.
func (s *Server) ListenOperations(ln net.Listener) error { return s.operations.Listener(ln) }
