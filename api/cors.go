package api

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// The methods and headers that pages of allowed origins may use, and the headers that they may read (Fetch
// standard, section 3.2).
var (
	corsMethods = strings.Join([]string{fiber.MethodGet, fiber.MethodHead, fiber.MethodPost, fiber.MethodPut,
		fiber.MethodPatch, fiber.MethodDelete}, ", ")
	corsRequestHeaders = strings.Join([]string{fiber.HeaderContentType, fiber.HeaderAuthorization,
		headerIdempotencyKey, fiber.HeaderIfMatch, fiber.HeaderIfNoneMatch, headerPass, headerRequestID}, ", ")
	corsExposedHeaders = strings.Join([]string{fiber.HeaderETag, fiber.HeaderLocation, fiber.HeaderRetryAfter,
		headerRequestID, headerPosition, headerReplay, headerRateLimit, headerRateLimitPolicy}, ", ")
)

const (
	headerPosition        = "Admitone-Position"
	headerReplay          = "Idempotent-Replay"
	headerRateLimit       = "RateLimit"
	headerRateLimitPolicy = "RateLimit-Policy"

	// preflightMaxAge is how long a browser may cache the response to a preflight, in seconds.
	preflightMaxAge = "600"
)

// enableCORS implements CORS: pages of Config.AllowOrigins may send requests to server and read all
// responses, including errors. Credentials of the browser are not allowed: a page sends its token itself.
func (s *Server) enableCORS(server *fasthttp.Server) {
	if len(s.config.AllowOrigins) == 0 {
		return
	}
	handle, fail := server.Handler, server.ErrorHandler
	server.Handler = func(c *fasthttp.RequestCtx) {
		handle(c)
		s.setCORSHeaders(c)
	}
	server.ErrorHandler = func(c *fasthttp.RequestCtx, err error) {
		fail(c, err)
		s.setCORSHeaders(c)
	}
}

// setCORSHeaders sets the CORS headers of a response.
func (s *Server) setCORSHeaders(c *fasthttp.RequestCtx) {
	header, anyOrigin := &c.Response.Header, slices.Contains(s.config.AllowOrigins, "*")
	if !anyOrigin {
		header.Add(fiber.HeaderVary, fiber.HeaderOrigin)
	}
	origin := string(c.Request.Header.Peek(fiber.HeaderOrigin))
	if origin == "" || !knownOrigin(origin, string(c.Request.Host()), s.config.AllowOrigins) {
		return
	}
	if anyOrigin {
		origin = "*"
	}
	header.Set(fiber.HeaderAccessControlAllowOrigin, origin)
	header.Set(fiber.HeaderAccessControlExposeHeaders, corsExposedHeaders)
	if c.IsOptions() && len(c.Request.Header.Peek(fiber.HeaderAccessControlRequestMethod)) > 0 {
		// A preflight succeeds even if there is no such route, so that the page can read the error.
		c.Response.ResetBody()
		header.SetContentType("")
		c.SetStatusCode(fiber.StatusNoContent)
		header.Set(fiber.HeaderAccessControlAllowMethods, corsMethods)
		header.Set(fiber.HeaderAccessControlAllowHeaders, corsRequestHeaders)
		header.Set(fiber.HeaderAccessControlMaxAge, preflightMaxAge)
	}
}
