package api

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/api/codes"
)

const headerFetchSite = "Sec-Fetch-Site"

// OpenAuth trusts every caller; it is for a loopback address only. Two rules keep pages of other
// origins, shown by a browser on this machine, from commanding it. It answers to an address, to
// localhost and to the hosts of Origins ("*" is any): otherwise a page whose own host name
// resolves to this machine would be of the same origin. And a command that a browser sends for a
// page of another origin is refused, see foreign.
type OpenAuth struct {
	// Origins are those of [Config].AllowOrigins.
	Origins []string
}

func (a OpenAuth) caller(c *fiber.Ctx) (caller, error) {
	if host := string(c.Request().Host()); !a.answersTo(host) {
		return caller{}, refuse(core.CodeForbidden,
			fmt.Sprintf("this server does not answer to %q; allow it with --allow-origin", host))
	}
	if a.foreign(c) {
		return caller{}, refuse(codes.ForeignOrigin,
			"a page of another origin may not command a server that is open to everybody; "+
				"allow its origin with --allow-origin")
	}
	return caller{role: RoleAdmin, open: true}, nil
}

func (a OpenAuth) answersTo(host string) bool {
	if slices.Contains(a.Origins, "*") {
		return true
	}
	for _, origin := range a.Origins {
		if from, err := url.Parse(origin); err == nil && from.Host != "" && strings.EqualFold(from.Host, host) {
			return true
		}
	}
	name := host
	if without, _, err := net.SplitHostPort(host); err == nil {
		name = without
	}
	return name == "" || strings.EqualFold(name, "localhost") || net.ParseIP(strings.Trim(name, "[]")) != nil
}

// foreign reports whether a command comes from a page of an origin that is neither the server's
// own nor allowed. A browser sends Origin with every command of a page (Fetch standard, section
// 3.1); one that leaves it out sends Sec-Fetch-Site. Programs send neither.
func (a OpenAuth) foreign(c *fiber.Ctx) bool {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
		return false
	}
	header := &c.Request().Header
	origins := header.PeekAll(fiber.HeaderOrigin)
	for _, origin := range origins {
		if !knownOrigin(string(origin), string(c.Request().Host()), a.Origins) {
			return true
		}
	}
	if len(origins) > 0 {
		return false
	}
	for _, site := range header.PeekAll(headerFetchSite) {
		if s := string(site); s == "cross-site" || s == "same-site" {
			return true
		}
	}
	return false
}

// knownOrigin reports whether an origin is the one that host serves, or among those that are
// allowed; "*" is any.
func knownOrigin(origin, host string, allowed []string) bool {
	if slices.Contains(allowed, "*") || slices.Contains(allowed, origin) {
		return true
	}
	from, err := url.Parse(origin)
	return err == nil && (from.Scheme == "http" || from.Scheme == "https") && from.Host != "" &&
		strings.EqualFold(from.Host, host)
}
