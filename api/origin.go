package api

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/api/codes"
)

const headerFetchSite = "Sec-Fetch-Site"

// OpenAuth trusts every caller; it is meant for a loopback address. Two rules prevent pages of other
// origins, in a browser on this machine, from sending commands. First, Host must be an IP address,
// localhost or a host of Origins ("*" allows any): otherwise a page whose host name resolves to this
// machine would have the same origin (DNS rebinding). Second, commands of pages of other origins are
// refused; see isForeign.
type OpenAuth struct {
	// Origins is as [Config].AllowOrigins.
	Origins []string
}

func (a OpenAuth) caller(c *fiber.Ctx, _ time.Time) (caller, error) {
	if host := string(c.Request().Host()); !a.acceptsHost(host) {
		return caller{}, refuse(core.CodeForbidden,
			fmt.Sprintf("this server does not answer to %q; allow it with --allow-origin", host))
	}
	if a.isForeign(c) {
		return caller{}, refuse(codes.ForeignOrigin,
			"a page of a different origin may not command a server that is open to everybody; "+
				"allow its origin with --allow-origin")
	}
	return caller{role: RoleAdmin, open: true}, nil
}

func (a OpenAuth) acceptsHost(host string) bool {
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

// isForeign reports whether a command was sent by a page of an origin that is neither the server's own nor
// allowed. Browsers send Origin with every command of a page (Fetch standard, section 3.1), or at least
// Sec-Fetch-Site. Programs send neither.
func (a OpenAuth) isForeign(c *fiber.Ctx) bool {
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

// knownOrigin reports whether an origin belongs to host, or is allowed; "*" in allowed allows any.
func knownOrigin(origin, host string, allowed []string) bool {
	if slices.Contains(allowed, "*") || slices.Contains(allowed, origin) {
		return true
	}
	from, err := url.Parse(origin)
	return err == nil && (from.Scheme == "http" || from.Scheme == "https") && from.Host != "" &&
		strings.EqualFold(from.Host, host)
}
