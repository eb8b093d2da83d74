package api

import (
	"hash/maphash"
	"net/netip"
	"sync/atomic"
	"time"

	"admitone/api/codes"
	"admitone/api/connections"
)

// joinSlots is the number of counters of a joinLimit. They occupy 512 KiB.
const joinSlots = 1 << 16

// joinLimit limits how often callers from one network may join waiting rooms. The joins allowed in a minute may
// come as one burst. A seeded hash maps networks to counters, so that the memory is bounded no matter how many
// addresses an attacker has. Networks with the same counter share its allowance, which far exceeds normal use.
//
// [connections.NetworkOf] returns the network of an address.
type joinLimit struct {
	every time.Duration // the average time between joins
	seed  maphash.Seed
	start time.Time
	// slots are the theoretical arrival times of the generic cell rate algorithm, as durations since start.
	slots [joinSlots]atomic.Int64
}

// newJoinLimit returns a limit of perMinute joins per minute, nil for none.
func newJoinLimit(perMinute int) *joinLimit {
	if perMinute < 1 {
		return nil
	}
	return &joinLimit{every: time.Minute / time.Duration(perMinute), seed: maphash.MakeSeed(), start: time.Now()}
}

// allow counts a join from a network. If the join exceeds the limit, it is not counted, and wait is the time after
// which the next one is allowed; otherwise wait is 0.
func (l *joinLimit) allow(from netip.Prefix, now time.Time) (wait time.Duration) {
	slot := &l.slots[maphash.Comparable(l.seed, from)%joinSlots]
	at := now.Sub(l.start)
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

// checkJoinLimit counts a join of the caller, and refuses it if there are too many. Callers without an address, and
// those with an exempt one, are not limited.
func (s *Server) checkJoinLimit(r *request) error {
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
