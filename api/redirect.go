package api

import (
	"strings"

	"admitone/api/input"

	"github.com/gofiber/fiber/v2"
)

// meantPages has the first segments of the paths of pages, and whether an id may follow.
var meantPages = map[string]bool{
	"products": true, "performances": true, "tournaments": true, "waiting-rooms": true, "audit": false, "docs": false,
}

// redirectTarget returns where to redirect a request for a path without a route, "" if there is no page for it.
// It drops a trailing slash, keeps the query, and maps the path of a product to its anchor on the page
// of products. Paths below /v1/ are never redirected.
func redirectTarget(c *fiber.Ctx) string {
	if c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
		return ""
	}
	if c.Path() == "/favicon.ico" { // browsers request it even if the page names an icon
		return "/assets/icon.svg"
	}
	path := strings.TrimSuffix(c.Path(), "/")
	name, id, one := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	mayHave, known := meantPages[name]
	if path != "/"+name && path != "/"+name+"/"+id || !known || one && !(mayHave && input.ValidID(id)) {
		return ""
	}
	query := ""
	if asked := c.Context().URI().QueryString(); len(asked) > 0 {
		query = "?" + string(asked)
	}
	switch {
	case name == "products" && one:
		return "/" + query + "#name-" + id
	case name == "products":
		return "/" + query
	}
	return path + query
}
