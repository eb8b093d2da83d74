package connections

import (
	"net"
	"net/netip"
)

// AddressOf returns the address of a peer, zero if it has none.
func AddressOf(peer net.Addr) netip.Addr {
	tcp, ok := peer.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return plain(tcp.AddrPort().Addr())
}

func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

// Spared reports whether bounds per address do not apply to an address: it is of this machine or
// of a private network, where many share one, or it is no address.
func Spared(address netip.Addr) bool {
	return !address.IsValid() || address.IsLoopback() || address.IsPrivate() || address.IsLinkLocalUnicast()
}

// NetworkOf returns the network that an address counts for: itself, or the /64 of an IPv6
// address, which is what one customer gets.
func NetworkOf(address netip.Addr) netip.Prefix {
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	network, _ := address.Prefix(bits) // bits fit
	return network
}
