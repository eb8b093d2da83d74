package api

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// The methods and headers that pages of allowed origins may use (Fetch standard, section 3.2).
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

	// sharedFor is the time for which a browser may cache the response to a preflight, in seconds.
	sharedFor = "600"
)

// shareWithPages implements CORS: pages of Config.AllowOrigins may send requests to server and read all
// responses, including errors. Browsers send no cookies or other credentials of their own; a page with
// a token sends it itself.
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

// share sets the CORS headers of a response.
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
		// Even if there is no such route, so that the page can read the error.
		c.Response.ResetBody()
		header.SetContentType("")
		c.SetStatusCode(fiber.StatusNoContent)
		header.Set(fiber.HeaderAccessControlAllowMethods, sharedMethods)
		header.Set(fiber.HeaderAccessControlAllowHeaders, sharedRequestHeaders)
		header.Set(fiber.HeaderAccessControlMaxAge, sharedFor)
	}
}
