package api

import (
	"bytes"
	"net/url"
	"strings"

	"admitone/api/codes"

	"github.com/valyala/fasthttp"
)

// Paths are routed literally: dot segments are not resolved and slashes not joined, an escaped
// slash is part of its segment, and each segment is decoded once. So that one entity has one
// address, to the router, to the keys of retries and to the log, a path is normalised before
// anything reads it: only characters that need escapes have them.

// plainPaths normalises the path of a request, or refuses one with invalid escapes.
func (s *Server) plainPaths(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		if !normalizePath(&c.Request) {
			s.badPath(c)
			return
		}
		next(c)
	}
}

// normalizePath normalises the path of a request; ok is false if it has invalid escapes.
func normalizePath(r *fasthttp.Request) (ok bool) {
	if target := r.Header.RequestURI(); bytes.HasPrefix(target, []byte("//")) {
		// fasthttp takes the next segment for a host, in place of the Host header. It is a
		// path whose first segment is empty (RFC 9112 section 3.2.1); with a dot before it,
		// it is one to fasthttp as well.
		r.SetRequestURI("/." + string(target))
	}
	if path := r.URI().PathOriginal(); !isPlain(path) {
		plain, ok := plainPath(string(path))
		if !ok {
			return false
		}
		r.URI().SetPath(plain)
	}
	return true
}

var errBadEscape = refuse(codes.BadParameter,
	"a % in the path is followed by two hexadecimal digits, or escaped as %25")

// badPath answers a path that can't be decoded.
func (s *Server) badPath(c *fasthttp.RequestCtx) {
	ctx := s.app.AcquireCtx(c)
	defer s.app.ReleaseCtx(ctx)
	// The answer is written to memory, which does not fail.
	_ = s.unroutedError(ctx, errBadEscape)
}

// isPlain reports whether a path is surely normal already: it has no character that could need an
// escape.
func isPlain(path []byte) bool {
	for _, c := range path {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("/-._~$&+=:@", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// plainPath decodes each segment of a path and encodes it again; ok is false after an invalid
// escape.
func plainPath(path string) (plain string, ok bool) {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			return "", false
		}
		segments[i] = url.PathEscape(decoded)
	}
	return strings.Join(segments, "/"), true
}

// segment returns the decoded segment of the path that the route calls name. It may be anything,
// including bytes that are not UTF-8.
func (r *request) segment(name string) string {
	if r.command != nil {
		return r.command.segment(name)
	}
	return decoded(r.ctx.Params(name))
}

// decoded decodes a segment of a path that plainPaths has accepted.
func decoded(segment string) string {
	plain, err := url.PathUnescape(segment)
	if err != nil { // only tests have paths that plainPaths has not seen
		return segment
	}
	return plain
}
