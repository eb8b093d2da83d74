package connections

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Headers in which a proxy may name the caller's address.
const (
	ForwardedFor = "X-Forwarded-For"
	Forwarded    = "Forwarded" // RFC 7239
)

// Proxies are the peers that are trusted to name the address of a caller. The zero value trusts none.
type Proxies struct {
	trusted []netip.Prefix
	header  string
}

// ErrBadProxy is returned by [NewProxies] for an invalid network or header.
var ErrBadProxy = errors.New("invalid setting of trusted proxies")

// mappedBits is the length of the prefix of IPv4-mapped IPv6 addresses.
const mappedBits = 96

// NewProxies trusts the peers in networks, each in CIDR notation or a single address, and reads
// header, which is [ForwardedFor] or [Forwarded]. Error: [ErrBadProxy].
func NewProxies(networks []string, header string) (Proxies, error) {
	p := Proxies{}
	for _, name := range []string{ForwardedFor, Forwarded} {
		if strings.EqualFold(header, name) {
			p.header = name
		}
	}
	if p.header == "" {
		return p, fmt.Errorf("%w: the header must be %s or %s, not %q", ErrBadProxy, ForwardedFor, Forwarded, header)
	}
	for _, text := range networks {
		network, err := netip.ParsePrefix(text)
		if address, single := netip.ParseAddr(text); single == nil {
			network, err = netip.PrefixFrom(canonical(address), canonical(address).BitLen()), nil
		}
		if err != nil {
			return p, fmt.Errorf("%w: %q is neither a network, such as 10.1.0.0/16, nor an address", ErrBadProxy, text)
		}
		if address := network.Addr(); address.Is4In6() && network.Bits() >= mappedBits {
			network = netip.PrefixFrom(address.Unmap(), network.Bits()-mappedBits)
		}
		p.trusted = append(p.trusted, network.Masked())
	}
	return p, nil
}

// Header returns the header to read, "" if no peer is trusted.
func (p Proxies) Header() string {
	if len(p.trusted) == 0 {
		return ""
	}
	return p.header
}

// Trusts reports whether a peer is a trusted proxy.
func (p Proxies) Trusts(peer netip.Addr) bool {
	for _, network := range p.trusted {
		if network.Contains(peer) {
			return true
		}
	}
	return false
}

// Caller returns the address of the caller: the peer, or if the peer is a trusted proxy, the last address
// in the header that is not a trusted proxy's. lines are all values of the header, in order. named is
// false if the proxies name no such address; limits per address do not apply in that case. Nothing before
// an invalid element is read, because the caller may have forged it.
func (p Proxies) Caller(peer netip.Addr, lines []string) (caller netip.Addr, named bool) {
	if !p.Trusts(peer) {
		return peer, true
	}
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var element string
			rest, element, more = p.last(rest)
			hop, ok := p.hop(element)
			if !ok {
				return peer, false
			}
			if !p.Trusts(hop) {
				return hop, true
			}
		}
	}
	return peer, false
}

// last splits the last element off a line. It scans from the end, because the caller may have written the
// text before the element: a quote opened there must not affect where the element begins.
func (p Proxies) last(line string) (rest, element string, more bool) {
	quoted := false
	for i := len(line) - 1; i >= 0; i-- {
		switch c := line[i]; {
		case c == '"' && p.header == Forwarded && !(quoted && escaped(line[:i])):
			quoted = !quoted
		case c == ',' && !quoted:
			return line[:i], line[i+1:], true
		}
	}
	return "", line, false
}

// escaped reports whether text ends in an odd number of backslashes, which escape the next character.
func escaped(text string) bool { return (len(text)-len(strings.TrimRight(text, `\`)))%2 == 1 }

// hop parses the element that one proxy added. It returns false if the element names no address.
func (p Proxies) hop(text string) (netip.Addr, bool) {
	if p.header == ForwardedFor {
		return node(strings.TrimSpace(text))
	}
	var named string
	for _, pair := range split(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if !strings.EqualFold(name, "for") {
			continue
		}
		if named != "" {
			return netip.Addr{}, false // ambiguous
		}
		named = unquoted(value)
	}
	return node(named)
}

// node parses an address with or without a port, also in brackets.
func node(text string) (netip.Addr, bool) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok {
			text = inner
		}
	}
	if address, err := netip.ParseAddr(text); err == nil {
		return canonical(address), true
	}
	if both, err := netip.ParseAddrPort(text); err == nil {
		return canonical(both.Addr()), true
	}
	return netip.Addr{}, false
}

// split splits an element at the semicolons outside of quoted strings.
func split(text string) (parts []string) {
	quoted, from := false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == ';' && !quoted:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

// unquoted returns the value of a quoted string or of a token.
func unquoted(text string) string {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	return strings.ReplaceAll(text[1:len(text)-1], `\`, "")
}
