package api

import (
	"bytes"
	"slices"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"admitone/api/codes"
	"admitone/api/connections"
)

// headerNosniff, set to nosniff, prevents browsers from guessing the type of a response. Every response has it.
const (
	headerNosniff = fiber.HeaderXContentTypeOptions
	nosniff       = "nosniff"
)

// checkFraming wraps Fiber's handler. It refuses requests that can be parsed in more than one way, maps methods
// unknown to Fiber to TRACE, which no route has, and adds nosniff to every response.
func (s *Server) checkFraming(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		if fault := misframed(&c.Request.Header); fault != "" {
			s.refuseMisframed(c, fault)
		} else {
			if !slices.Contains(fiber.DefaultMethods, string(c.Method())) {
				c.Request.Header.SetMethod(fiber.MethodTrace)
			}
			next(c)
		}
		setHeader(&c.Response.Header, nameContentTypeOptions, nosniff)
		if conn, ok := c.Conn().(*connections.Conn); ok && conn.Spare() {
			c.SetConnectionClose()
		}
	}
}

// handleUnreadable is checkFraming for requests that fasthttp could not parse.
func handleUnreadable(next func(*fasthttp.RequestCtx, error)) func(*fasthttp.RequestCtx, error) {
	next = dropSilentConns(next)
	return func(c *fasthttp.RequestCtx, err error) {
		next(c, err)
		c.Response.Header.Set(headerNosniff, nosniff)
	}
}

// refuseMisframed refuses a request and closes the connection, because it is unknown where the next request
// starts.
func (s *Server) refuseMisframed(c *fasthttp.RequestCtx, fault string) {
	ctx := s.app.AcquireCtx(c)
	defer s.app.ReleaseCtx(ctx)
	if err := s.unroutedError(ctx, refuse(codes.BadParameter, fault)); err != nil {
		c.Response.Reset() // the problem could not be written
		c.SetStatusCode(fiber.StatusBadRequest)
	}
	c.SetConnectionClose()
}

var (
	contentLength    = []byte(fiber.HeaderContentLength)
	transferEncoding = []byte(fiber.HeaderTransferEncoding)
	chunked          = []byte("chunked")
)

// misframed returns why a request is ambiguous or invalid by RFC 9112, "" if it is neither. fasthttp is too
// lenient: where it parses two requests, a proxy may parse and check only one (request smuggling).
func misframed(h *fasthttp.RequestHeader) string {
	if version := string(h.Protocol()); version != "HTTP/1.1" && version != "HTTP/1.0" {
		return "send HTTP/1.1 or HTTP/1.0"
	}
	if fault := badTarget(h); fault != "" {
		return fault
	}
	length, coded := false, false
	for remaining := h.RawHeaders(); len(remaining) > 0; {
		end := bytes.IndexByte(remaining, '\n')
		if end < 1 || remaining[end-1] != '\r' {
			return "a header line does not end in CR and LF"
		}
		line := remaining[:end-1]
		remaining = remaining[end+1:]
		if len(line) == 0 {
			break // the end of the header
		}
		if line[0] == ' ' || line[0] == '\t' {
			return "a header line is folded"
		}
		name, value, _ := bytes.Cut(line, []byte{':'})
		switch {
		case bytes.IndexByte(name, ' ') >= 0:
			return "a header name contains a space"
		case bytes.EqualFold(name, contentLength):
			length = true
		case bytes.EqualFold(name, transferEncoding):
			coded = true
			if !bytes.EqualFold(bytes.Trim(value, " \t"), chunked) {
				return "the only Transfer-Encoding supported is chunked"
			}
		}
	}
	if length && coded {
		return "send Content-Length or Transfer-Encoding, not both"
	}
	return ""
}

// badTarget returns why a request target is invalid, "" if it is valid. A target must not have a fragment, and the
// authority of its absolute form must be the same as Host.
func badTarget(h *fasthttp.RequestHeader) string {
	target := h.RequestURI()
	if bytes.IndexByte(target, '#') >= 0 {
		return "a request target has no fragment"
	}
	if len(target) == 0 || target[0] == '/' {
		return ""
	}
	_, after, absolute := bytes.Cut(target, []byte("://"))
	if !absolute {
		return "" // * or, for CONNECT, an authority: no route has either
	}
	if end := bytes.IndexAny(after, "/?"); end >= 0 {
		after = after[:end]
	}
	if !bytes.EqualFold(after, h.Host()) {
		return "the request target names a different host than the header Host"
	}
	return ""
}
