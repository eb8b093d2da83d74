package api

import (
	"strings"

	"admitone/api/input"

	"github.com/gofiber/fiber/v2"
)

// redirectedPages has the first segments of the paths of pages, and whether an id may follow the segment.
var redirectedPages = map[string]bool{
	"products": true, "performances": true, "tournaments": true, "waiting-rooms": true, "audit": false, "docs": false,
}

// redirectTarget returns where to redirect a request whose path has no route, "" if no page corresponds to the path. It
// drops a trailing slash, keeps the query, and maps the path of a product to its anchor on the page of products. Paths
// below /v1/ are never redirected.
func redirectTarget(c *fiber.Ctx) string {
	if c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
		return ""
	}
	if c.Path() == "/favicon.ico" { // browsers request it even if the page names an icon
		return "/assets/icon.svg"
	}
	path := strings.TrimSuffix(c.Path(), "/")
	name, id, hasID := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	allowsID, known := redirectedPages[name]
	if path != "/"+name && path != "/"+name+"/"+id || !known || hasID && !(allowsID && input.ValidID(id)) {
		return ""
	}
	query := ""
	if given := c.Context().URI().QueryString(); len(given) > 0 {
		query = "?" + string(given)
	}
	switch {
	case name == "products" && hasID:
		return "/" + query + "#name-" + id
	case name == "products":
		return "/" + query
	}
	return path + query
}
