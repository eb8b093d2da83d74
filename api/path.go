package api

import (
	"bytes"
	"net/url"
	"strings"

	"admitone/api/codes"

	"github.com/valyala/fasthttp"
)

// Paths are routed literally: dot segments are not resolved, empty segments are kept, an escaped slash is part of its
// segment, and each segment is decoded once. Before anything else reads a path, it is normalised, so that it escapes
// only the characters that need it. An entity then has a single path in the router, in the ids of keyed commands and in
// logs.

// normalizePaths makes a handler normalise the paths of requests, and refuse paths with invalid escapes.
func (s *Server) normalizePaths(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		if !normalizePath(&c.Request) {
			s.refusePath(c)
			return
		}
		next(c)
	}
}

// normalizePath normalises the path of a request. ok is false if the path has invalid escapes.
func normalizePath(r *fasthttp.Request) (ok bool) {
	if target := r.Header.RequestURI(); bytes.HasPrefix(target, []byte("//")) {
		// This is a path whose first segment is empty (RFC 9112 section 3.2.1), but fasthttp would take the
		// second segment for a host. With "/." in front, fasthttp parses it as a path.
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
	_ = s.unroutedError(ctx, errBadEscape) // writes to memory, which can't fail
}

// isNormal reports whether a path certainly is normal, because it has no character that is ever escaped. It may return
// false for a normal path.
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

// normalPath returns the normal form of a path. ok is false if the path has an invalid escape.
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

// segment returns the decoded path parameter called name. It may contain any bytes, even invalid UTF-8.
func (r *request) segment(name string) string {
	if r.command != nil {
		return r.command.segment(name)
	}
	return decoded(r.ctx.Params(name))
}

// decoded returns the decoded form of a segment of a normalised path.
func decoded(segment string) string {
	plain, err := url.PathUnescape(segment)
	if err != nil { // only in tests, which may bypass normalizePaths
		return segment
	}
	return plain
}
