package api

import (
	"strings"

	"admitone/api/input"
)

// maxParts exceeds the number of segments of the longest direct route by one.
const maxParts = 8

// pathParts are the segments of a path, including the empty one before the first slash.
type pathParts [maxParts]string

// directRoute is a route whose handler can read a command from the batch itself. Converting a command to a
// Fiber request costs as much as executing it, so only unusual commands go through the router, such as those
// with escapes or a query in their path.
type directRoute struct {
	method  string
	parts   []string
	handler handler
	metrics *routeMetrics
}

// directRouteOf returns the direct route of a command, nil if it has none. It sets c.parts.
func (b *batches) directRouteOf(c *batchCommand) *directRoute {
	item := c.item
	if item.IdempotencyKey.given && hasControls(item.IdempotencyKey.text) || item.AdmissionPass.given ||
		len(item.Path.text)+len(item.IdempotencyKey.text) > maxHeader || c.expired() != nil {
		return nil
	}
	count := c.split(item.Path.text)
	for i := range b.direct {
		if route := &b.direct[i]; route.method == item.Method.text && len(route.parts) == count && c.matches(route) {
			return route
		}
	}
	return nil
}

// split splits a path into c.parts and returns the number of its segments. It returns 0 if a segment has
// characters that ids can't have, or if there are too many segments.
func (c *batchCommand) split(path string) (count int) {
	for i := range len(path) {
		if !plainCharacters[path[i]] {
			return 0
		}
	}
	for remaining, more := path, true; more; count++ {
		if count == maxParts {
			return 0
		}
		c.parts[count], remaining, more = strings.Cut(remaining, "/")
	}
	return count
}

// plainCharacters is the set of the characters of ids and the slash.
var plainCharacters = func() (set [256]bool) {
	for c := range len(set) {
		set[c] = c == '/' || input.ValidID(string([]byte{byte(c)}))
	}
	return set
}()

// matches reports whether c.parts match the path of a route with the same number of segments.
func (c *batchCommand) matches(route *directRoute) bool {
	for i, part := range route.parts {
		if strings.HasPrefix(part, ":") && c.parts[i] != "" {
			continue
		}
		if part != c.parts[i] {
			return false
		}
	}
	return true
}

// segment returns the path parameter called name.
func (c *batchCommand) segment(name string) string {
	for i, part := range c.direct.parts {
		if strings.HasPrefix(part, ":") && part[1:] == name {
			return c.parts[i]
		}
	}
	return ""
}

// runDirect answers the command with the handler of its direct route.
func (c *batchCommand) runDirect() {
	batch := c.request
	r := &c.subrequest
	*r = request{server: batch.server, id: batch.id, caller: batch.caller, start: batch.start, command: c,
		submitted: c.submitted, until: batch.until}
	if err := batch.server.callHandler(r, c.direct.handler); err != nil {
		p := batch.server.problem(r, err)
		if c.status, c.body, err = p.encode(r.id); err != nil {
			p = batch.server.problem(r, err)
			c.status, c.body, _ = p.encode(r.id) // an internal problem has no members that could fail
		}
	}
	c.direct.metrics.count(c.status)
}
