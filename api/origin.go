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

// OpenAuth trusts every caller. It is meant for a loopback address. Two rules prevent pages of other origins, in a
// browser on this machine, from sending commands. First, Host must be an IP address, localhost or the host of one of
// Origins ("*" allows any): otherwise a page could have its host name resolved to this machine and so belong to the
// server's origin (DNS rebinding). Second, commands from pages of other origins are refused; see isForeign.
type OpenAuth struct {
	// Origins are the allowed origins, as in [Config].AllowOrigins.
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

// acceptsHost reports whether the server answers requests with a Host header.
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

// isForeign reports whether a request is a command from a page whose origin is neither the server's own nor allowed.
// Browsers send Origin with every command of a page (Fetch standard, section 3.1), or at least Sec-Fetch-Site. Other
// programs send neither.
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
