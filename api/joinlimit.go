package api

import (
	"hash/maphash"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// joinSlots is how many counters a limit has: half a mebibyte, whoever comes.
const joinSlots = 1 << 16

// joinLimit bounds how often one address may join waiting rooms: a minute's worth at
// once, and then evenly. Addresses share counters by a hash that nobody knows, so
// memory is bounded however many addresses an attacker has; two of the same counter
// share its allowance, which is large beside what people need.
//
// An IPv6 address counts as its network of 64 bits, which is what one customer gets.
type joinLimit struct {
	every time.Duration // between two joins in the long run
	seed  maphash.Seed
	began time.Time
	// slots say when, since began, all that was allowed so far will have been evenly
	// spread (the theoretical arrival time of ATM's generic cell rate algorithm).
	slots [joinSlots]atomic.Int64
}

func newJoinLimit(perMinute int) *joinLimit {
	if perMinute < 1 {
		return nil
	}
	return &joinLimit{every: time.Minute / time.Duration(perMinute), seed: maphash.MakeSeed(), began: time.Now()}
}

// take counts a join, or says how long the address has to wait.
func (l *joinLimit) take(from net.Addr, now time.Time) (wait time.Duration) {
	slot := &l.slots[maphash.Comparable(l.seed, networkOf(from))%joinSlots]
	at := now.Sub(l.began)
	for {
		was := slot.Load()
		next := max(time.Duration(was), at) + l.every
		if wait := next - at - time.Minute; wait > 0 {
			return wait
		}
		if slot.CompareAndSwap(was, int64(next)) {
			return 0
		}
	}
}

// networkOf is whom an address counts as.
func networkOf(from net.Addr) netip.Prefix {
	tcp, ok := from.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	address := tcp.AddrPort().Addr().Unmap().WithZone("")
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	network, _ := address.Prefix(bits) // bits fit
	return network
}

// joinAllowed counts a join of this caller. An address of a private network is nobody's
// in particular: behind a proxy it would be everybody's, and there the proxy has to
// look who comes.
func (s *Server) joinAllowed(r *request) error {
	from := r.ctx.Context().RemoteAddr()
	if tcp, ok := from.(*net.TCPAddr); s.joins == nil || ok && (tcp.IP.IsLoopback() || tcp.IP.IsPrivate() || tcp.IP.IsLinkLocalUnicast()) {
		return nil
	}
	if wait := s.joins.take(from, time.Now()); wait > 0 {
		return &problem{code: "rate_limited", detail: "too many joins from your address; no place was lost, try again in a while", after: wait}
	}
	return nil
}
