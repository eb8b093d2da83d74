package api

import (
	"strings"

	"admitone/api/input"
)

// Converting a command to a Fiber request costs as much as executing it. So the handler of a command in
// the usual form reads it directly from the batch. All other commands, for example with escapes or a
// query in the path, or without a route, go through the router.

// maxParts is one more than the segments of the longest direct route.
const maxParts = 8

// pathParts are the segments of a path, including the empty one before the first slash.
type pathParts [maxParts]string

// directRoute is a route whose handler needs no Fiber context.
type directRoute struct {
	method  string
	parts   []string
	handler handler
	metrics *routeMetrics
}

// directRouteOf returns the direct route of a command, nil if it has none, and sets its parts.
func (b *batches) directRouteOf(c *batchCommand) *directRoute {
	item := c.item
	if item.IdempotencyKey.given && hasControls(item.IdempotencyKey.text) || item.AdmissionPass.given ||
		len(item.Path.text)+len(item.IdempotencyKey.text) > maxHeader || c.expired() != nil {
		return nil
	}
	count := c.split(item.Path.text)
	for i := range b.direct {
		if route := &b.direct[i]; route.method == item.Method.text && len(route.parts) == count && c.fits(route) {
			return route
		}
	}
	return nil
}

// split splits a path into c.parts and returns their number, 0 if the path has characters that ids
// can't have, or too many segments.
func (c *batchCommand) split(path string) (count int) {
	for i := range len(path) {
		if !plainCharacters[path[i]] {
			return 0
		}
	}
	for rest, more := path, true; more; count++ {
		if count == maxParts {
			return 0
		}
		c.parts[count], rest, more = strings.Cut(rest, "/")
	}
	return count
}

// plainCharacters are the characters of ids, and the slash.
var plainCharacters = func() (set [256]bool) {
	for c := range len(set) {
		set[c] = c == '/' || input.ValidID(string([]byte{byte(c)}))
	}
	return set
}()

func (c *batchCommand) fits(route *directRoute) bool {
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

// segment returns the path parameter name.
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
	*r = request{server: batch.server, id: batch.id, caller: batch.caller, begun: batch.begun, command: c,
		submitted: c.submitted, until: batch.until}
	if err := batch.server.recovering(r, c.direct.handler); err != nil {
		p := batch.server.problem(r, err)
		if c.status, c.body, err = p.encode(r.id); err != nil {
			p = batch.server.problem(r, err)
			c.status, c.body, _ = p.encode(r.id) // an internal problem has no members that could fail
		}
	}
	c.direct.metrics.count(c.status)
}
