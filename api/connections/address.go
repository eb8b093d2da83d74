package connections

import (
	"net"
	"net/netip"
)

// AddressOf returns the IP address of a peer, the zero Addr if it has none.
func AddressOf(peer net.Addr) netip.Addr {
	tcp, ok := peer.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return canonical(tcp.AddrPort().Addr())
}

// canonical returns an address without its zone, and an IPv4-mapped one as IPv4.
func canonical(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

// Exempt reports whether an address is exempt from limits per address, because it is a loopback, private
// or link-local address, which many clients may share, or the zero Addr.
func Exempt(address netip.Addr) bool {
	return !address.IsValid() || address.IsLoopback() || address.IsPrivate() || address.IsLinkLocalUnicast()
}

// NetworkOf returns the network under which an address is counted: the address itself, or the /64 of
// an IPv6 address, which providers assign to one customer.
func NetworkOf(address netip.Addr) netip.Prefix {
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	network, _ := address.Prefix(bits) // bits never exceeds the address's length
	return network
}
