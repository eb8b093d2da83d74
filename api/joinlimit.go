package api

import (
	"hash/maphash"
	"net/netip"
	"sync/atomic"
	"time"

	"admitone/api/codes"
	"admitone/api/connections"
)

// joinSlots is the number of counters of a limit. They take 512 KiB under any load.
const joinSlots = 1 << 16

// joinLimit limits how often one network may join waiting rooms, with a burst of one minute's joins.
// Networks are assigned to counters by a seeded hash, so memory is bounded however many addresses an
// attacker has. Networks with the same counter share its allowance, which far exceeds normal use.
//
// [connections.NetworkOf] returns the network of an address.
type joinLimit struct {
	every time.Duration // the average interval of joins
	seed  maphash.Seed
	began time.Time
	// slots are the theoretical arrival times of the generic cell rate algorithm, relative to began.
	slots [joinSlots]atomic.Int64
}

func newJoinLimit(perMinute int) *joinLimit {
	if perMinute < 1 {
		return nil
	}
	return &joinLimit{every: time.Minute / time.Duration(perMinute), seed: maphash.MakeSeed(), began: time.Now()}
}

// allow counts a join from a network and returns 0, or returns the time to wait before the next one.
func (l *joinLimit) allow(from netip.Prefix, now time.Time) (wait time.Duration) {
	slot := &l.slots[maphash.Comparable(l.seed, from)%joinSlots]
	at := now.Sub(l.began)
	for {
		previous := slot.Load()
		next := max(time.Duration(previous), at) + l.every
		if wait := next - at - time.Minute; wait > 0 {
			return wait
		}
		if slot.CompareAndSwap(previous, int64(next)) {
			return 0
		}
	}
}

// joinAllowed counts a join of this caller, and refuses it if there are too many. Callers without a
// countable address are exempt.
func (s *Server) joinAllowed(r *request) error {
	if s.joins == nil {
		return nil
	}
	address, counts, _ := r.callerAddress()
	if !counts {
		return nil
	}
	if wait := s.joins.allow(connections.NetworkOf(address), time.Now()); wait > 0 {
		return &problem{code: codes.RateLimited,
			detail: "too many joins from your address; no place was lost, try again later", after: wait}
	}
	return nil
}
