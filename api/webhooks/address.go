package webhooks

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

func prefixes(all ...string) (parsed []netip.Prefix) {
	for _, text := range all {
		parsed = append(parsed, netip.MustParsePrefix(text))
	}
	return parsed
}

var (
	// private are the networks allowed by --webhook-allow-private.
	private = prefixes("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
	// forbidden are networks to which nothing is ever delivered: all other IPv4 networks that the registry
	// of special-purpose addresses (RFC 6890) does not list as public, and special IPv6 networks inside the
	// public range.
	forbidden = prefixes("0.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
		"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "3fff::/20")
	// public is the range of public IPv6 addresses (RFC 4291 section 2.4).
	public = prefixes("2000::/3")

	sixToFour = netip.MustParsePrefix("2002::/16")
	// embeddingIPv4 are IPv6 networks whose addresses end in an IPv4 address: IPv4-mapped, IPv4-translated
	// (RFC 2765), IPv4-compatible, and NAT64 (RFC 6052).
	embeddingIPv4 = prefixes("::ffff:0:0/96", "::ffff:0:0:0/96", "::/96", "64:ff9b::/96")
)

func within(address netip.Addr, networks []netip.Prefix) bool {
	for _, network := range networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// allowed reports whether events may be delivered to an address: a public one, or a private one if
// allowPrivate. An IPv6 address that embeds an IPv4 address is treated like that one. An address with a
// zone is never allowed.
func allowed(address netip.Addr, allowPrivate bool) bool {
	switch {
	case !address.IsValid(), within(address, forbidden):
		return false
	case within(address, private):
		return allowPrivate
	case address.Is4():
		return true
	}
	bytes := address.As16()
	switch {
	case sixToFour.Contains(address):
		return allowed(netip.AddrFrom4([4]byte(bytes[2:6])), allowPrivate)
	case within(address, embeddingIPv4):
		return allowed(netip.AddrFrom4([4]byte(bytes[12:])), allowPrivate)
	case !within(address, public):
		return false
	case bytes[8]&^2 == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe: // ISATAP (RFC 5214)
		return allowed(netip.AddrFrom4([4]byte(bytes[12:])), allowPrivate)
	}
	return true
}

// maxURL bounds the length of a URL.
const maxURL = 2048

// URLFault returns the requirement that a URL violates as the address of a webhook, "" for a valid
// one. It does not resolve the host.
func URLFault(text string, allowPrivate bool) string {
	u, err := url.Parse(text)
	switch {
	case err != nil, len(text) > maxURL, strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' }):
		return "a URL of at most 2048 visible ASCII characters"
	case u.Scheme != "https" && !(allowPrivate && u.Scheme == "http"):
		return "a URL that begins with https://"
	case u.Opaque != "" || u.Hostname() == "":
		return "a URL with a host"
	case u.User != nil:
		return "a URL without a user name; deliveries are signed instead"
	case u.Fragment != "" || strings.HasSuffix(text, "#"):
		return "a URL without a fragment"
	}
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "a URL whose port is from 1 to 65535"
		}
	}
	return hostFault(u.Hostname(), allowPrivate)
}

func hostFault(host string, allowPrivate bool) string {
	const notPublic = "a URL with a public host; --webhook-allow-private allows private networks"
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	if address, err := netip.ParseAddr(host); err == nil {
		if address.Zone() != "" || !allowed(address, allowPrivate) {
			return notPublic
		}
		return ""
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case !isHostName(name):
		return "a URL whose host is a name of letters, digits and hyphens; an international one begins with xn--"
	case looksNumeric(last):
		return "a URL whose host is a name, or an address in its usual form"
	case last == "localhost" && !allowPrivate:
		return notPublic
	}
	return ""
}

// isHostName reports whether a lower-case name is a DNS host name (RFC 1123 section 2.1), in which
// underscores are allowed too. Other characters are refused because a client may map them to ASCII: in
// full-width digits, 127.0.0.1 is an address.
func isHostName(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// looksNumeric reports whether the last label of a host makes some resolvers interpret the host as an
// IPv4 address, as in 2130706433, 127.1 and 0x7f.1.
func looksNumeric(label string) bool {
	digits, set := label, "0123456789"
	if rest, hexadecimal := strings.CutPrefix(label, "0x"); hexadecimal {
		digits, set = rest, "0123456789abcdef"
	}
	return strings.Trim(digits, set) == ""
}
