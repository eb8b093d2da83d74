package api

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// What pages of the allowed origins may send and read (Fetch standard, section 3.2).
var (
	sharedMethods = strings.Join([]string{fiber.MethodGet, fiber.MethodHead, fiber.MethodPost, fiber.MethodPut,
		fiber.MethodPatch, fiber.MethodDelete}, ", ")
	sharedRequestHeaders = strings.Join([]string{fiber.HeaderContentType, fiber.HeaderAuthorization,
		headerIdempotencyKey, fiber.HeaderIfMatch, fiber.HeaderIfNoneMatch, headerPass, headerRequestID}, ", ")
	sharedResponseHeaders = strings.Join([]string{fiber.HeaderETag, fiber.HeaderLocation, fiber.HeaderRetryAfter,
		headerRequestID, headerPosition, headerReplay, headerRateLimit, headerRateLimitPolicy}, ", ")
)

const (
	headerPosition        = "Admitone-Position"
	headerReplay          = "Idempotent-Replay"
	headerRateLimit       = "RateLimit"
	headerRateLimitPolicy = "RateLimit-Policy"

	// sharedFor is how many seconds a browser may remember the answer to a preflight.
	sharedFor = "600"
)

// shareWithPages lets pages of Config.AllowOrigins send requests to server and read the responses,
// those that report an error too. Cookies and other credentials of a browser are not sent along: a
// page that has a token sends it itself.
func (s *Server) shareWithPages(server *fasthttp.Server) {
	if len(s.config.AllowOrigins) == 0 {
		return
	}
	handle, fail := server.Handler, server.ErrorHandler
	server.Handler = func(c *fasthttp.RequestCtx) {
		handle(c)
		s.share(c)
	}
	server.ErrorHandler = func(c *fasthttp.RequestCtx, err error) {
		fail(c, err)
		s.share(c)
	}
}

// share writes the headers of the Fetch standard to a response.
func (s *Server) share(c *fasthttp.RequestCtx) {
	header, anybody := &c.Response.Header, slices.Contains(s.config.AllowOrigins, "*")
	if !anybody {
		header.Add(fiber.HeaderVary, fiber.HeaderOrigin)
	}
	origin := string(c.Request.Header.Peek(fiber.HeaderOrigin))
	if origin == "" || !knownOrigin(origin, string(c.Request.Host()), s.config.AllowOrigins) {
		return
	}
	if anybody {
		origin = "*"
	}
	header.Set(fiber.HeaderAccessControlAllowOrigin, origin)
	header.Set(fiber.HeaderAccessControlExposeHeaders, sharedResponseHeaders)
	if c.IsOptions() && len(c.Request.Header.Peek(fiber.HeaderAccessControlRequestMethod)) > 0 {
		// Also if there is no such route, so that the page can read that.
		c.Response.ResetBody()
		header.SetContentType("")
		c.SetStatusCode(fiber.StatusNoContent)
		header.Set(fiber.HeaderAccessControlAllowMethods, sharedMethods)
		header.Set(fiber.HeaderAccessControlAllowHeaders, sharedRequestHeaders)
		header.Set(fiber.HeaderAccessControlMaxAge, sharedFor)
	}
}
