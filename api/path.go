package api

import (
	"bytes"
	"net/url"
	"strings"

	"admitone/api/codes"

	"github.com/valyala/fasthttp"
)

// Paths are routed literally: dot segments are not resolved, empty segments are kept, an escaped slash is
// part of its segment, and each segment is decoded once. Before anything else reads it, a path is
// normalised so that only characters that need escapes are escaped. So an entity has one path in the
// router, in the ids of keyed commands and in logs.

// normalizePaths normalises the paths of requests, and refuses those with invalid escapes.
func (s *Server) normalizePaths(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		if !normalizePath(&c.Request) {
			s.refusePath(c)
			return
		}
		next(c)
	}
}

// normalizePath normalises the path of a request; ok is false if it has invalid escapes.
func normalizePath(r *fasthttp.Request) (ok bool) {
	if target := r.Header.RequestURI(); bytes.HasPrefix(target, []byte("//")) {
		// fasthttp would interpret the next segment as a host, although this is a path whose first
		// segment is empty (RFC 9112 section 3.2.1). With "/." before it, fasthttp parses it as a path.
		r.SetRequestURI("/." + string(target))
	}
	if path := r.URI().PathOriginal(); !isNormal(path) {
		plain, ok := normalPath(string(path))
		if !ok {
			return false
		}
		r.URI().SetPath(plain)
	}
	return true
}

var errBadEscape = refuse(codes.BadParameter,
	"a % in the path is followed by two hexadecimal digits, or escaped as %25")

// refusePath refuses a path that can't be decoded.
func (s *Server) refusePath(c *fasthttp.RequestCtx) {
	ctx := s.app.AcquireCtx(c)
	defer s.app.ReleaseCtx(ctx)
	// The answer is written to memory, which can't fail.
	_ = s.unroutedError(ctx, errBadEscape)
}

// isNormal reports whether a path needs no normalisation, because no character of it could need an escape.
// It may return false for a normal path.
func isNormal(path []byte) bool {
	for _, c := range path {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("/-._~$&+=:@", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// normalPath returns the normal form of a path; ok is false if it has an invalid escape.
func normalPath(path string) (plain string, ok bool) {
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

// segment returns the decoded path parameter name. It may contain any bytes, also invalid UTF-8.
func (r *request) segment(name string) string {
	if r.command != nil {
		return r.command.segment(name)
	}
	return decoded(r.ctx.Params(name))
}

// decoded decodes a segment of a path that normalizePaths has normalised.
func decoded(segment string) string {
	plain, err := url.PathUnescape(segment)
	if err != nil { // only in tests, which may bypass normalizePaths
		return segment
	}
	return plain
}
