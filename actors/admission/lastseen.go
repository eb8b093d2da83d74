package admission

import (
	"sync"
	"sync/atomic"
	"time"
)

// seenChunk is the number of tickets per chunk of the table.
const seenChunk = 4096

// cells is a chunk of the table. A cell has the time of a ticket's last heartbeat, and in the low
// intervalBits bits the poll interval that the visitor was given, both in milliseconds.
type cells [seenChunk]atomic.Uint64

// intervalBits is enough for four hours; the other bits of a cell are enough for thirty years.
const intervalBits = 24

// The special values of a cell. A stamp is at least seenFirst.
const (
	seenNever    = 0
	seenDropping = 1
	seenEnded    = 2
	seenFirst    = 1 << intervalBits
)

// lastSeen is a table of the last heartbeats by ticket, with eight bytes for each. It is safe for
// concurrent use.
type lastSeen struct {
	base   time.Time
	mu     sync.Mutex // held while the directory grows
	chunks atomic.Pointer[[]atomic.Pointer[cells]]
}

func newLastSeen(base time.Time) *lastSeen {
	s := &lastSeen{base: base}
	s.chunks.Store(&[]atomic.Pointer[cells]{})
	return s
}

// stamp returns the value of a cell for a heartbeat.
func (s *lastSeen) stamp(at time.Time, interval time.Duration) uint64 {
	return uint64(max(at.Sub(s.base), 0).Milliseconds()+1)<<intervalBits | uint64(interval.Milliseconds())
}

// read decodes a stamp.
func (s *lastSeen) read(stamp uint64) (at time.Time, interval time.Duration) {
	at = s.base.Add(time.Duration(stamp>>intervalBits-1) * time.Millisecond)
	return at, time.Duration(stamp&(seenFirst-1)) * time.Millisecond
}

// cell returns the cell of a ticket, nil if it has none.
func (s *lastSeen) cell(ticket int64) *atomic.Uint64 {
	chunks, number := *s.chunks.Load(), int((ticket-1)/seenChunk)
	if number >= len(chunks) {
		return nil
	}
	if c := chunks[number].Load(); c != nil {
		return &c[(ticket-1)%seenChunk]
	}
	return nil
}

// create returns the cell of a ticket, and adds it if necessary.
func (s *lastSeen) create(ticket int64) *atomic.Uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := int((ticket - 1) / seenChunk)
	chunks := *s.chunks.Load()
	if number >= len(chunks) {
		larger := make([]atomic.Pointer[cells], max(number+1, 2*len(chunks)))
		for i := range chunks {
			larger[i].Store(chunks[i].Load())
		}
		chunks = larger
		s.chunks.Store(&chunks)
	}
	c := chunks[number].Load()
	if c == nil {
		c = &cells{}
		chunks[number].Store(c)
	}
	return &c[(ticket-1)%seenChunk]
}

// record records a heartbeat and the poll interval given to the visitor, whatever the cell has.
func (s *lastSeen) record(ticket int64, now time.Time, interval time.Duration) {
	cell := s.cell(ticket)
	if cell == nil {
		cell = s.create(ticket)
	}
	cell.Store(s.stamp(now, interval))
}

// recordJoin records a join as a heartbeat after which the first poll is never too soon. No-op for a
// place that is being dropped or has ended.
func (s *lastSeen) recordJoin(ticket int64, now time.Time) {
	cell := s.cell(ticket)
	if cell == nil {
		cell = s.create(ticket)
	}
	last := cell.Load()
	for (last == seenNever || last >= seenFirst) && !cell.CompareAndSwap(last, s.stamp(now, 0)) {
		last = cell.Load()
	}
}

// recordPoll records a heartbeat of a waiting visitor, and the poll interval given to the visitor. A
// poll after less than half of the previous interval is too soon: recordPoll records nothing and
// returns the remaining part of that interval. dropping means that the place is being dropped or has
// ended.
func (s *lastSeen) recordPoll(
	ticket int64, now time.Time, interval time.Duration,
) (remaining time.Duration, dropping bool) {
	cell := s.cell(ticket)
	if cell == nil {
		cell = s.create(ticket)
	}
	for {
		last := cell.Load()
		if last != seenNever && last < seenFirst {
			return 0, true
		}
		if last != seenNever {
			if at, interval := s.read(last); now.Sub(at) < interval/2 {
				return interval - now.Sub(at), false
			}
		}
		if cell.CompareAndSwap(last, s.stamp(now, interval)) {
			return 0, false
		}
	}
}

// markEnded records that a visitor has left or used the pass, until the published line shows that.
func (s *lastSeen) markEnded(ticket int64) {
	cell := s.cell(ticket)
	if cell == nil {
		cell = s.create(ticket)
	}
	cell.Store(seenEnded)
}

// ended reports whether markEnded was called for a ticket.
func (s *lastSeen) ended(ticket int64) bool {
	cell := s.cell(ticket)
	return cell != nil && cell.Load() == seenEnded
}

// known reports whether a ticket has an entry.
func (s *lastSeen) known(ticket int64) bool {
	cell := s.cell(ticket)
	return cell != nil && cell.Load() != seenNever
}

// seenSince reports whether the last heartbeat of a ticket was at from or later.
func (s *lastSeen) seenSince(ticket int64, from time.Time) bool {
	cell := s.cell(ticket)
	if cell == nil {
		return false
	}
	last := cell.Load()
	return last >= seenFirst && !s.before(last, from)
}

// isSilent reports whether a waiting visitor was last seen before limit. It records a visitor who was
// never seen as seen now.
func (s *lastSeen) isSilent(ticket int64, now, limit time.Time) bool {
	cell := s.cell(ticket)
	if cell == nil {
		cell = s.create(ticket)
	}
	last := cell.Load()
	if last == seenNever {
		cell.CompareAndSwap(seenNever, s.stamp(now, 0))
		return false
	}
	return s.before(last, limit)
}

// markDropping marks the place of a visitor as being dropped. It returns false if the visitor was
// seen since limit.
func (s *lastSeen) markDropping(ticket int64, limit time.Time) bool {
	cell := s.cell(ticket)
	last := cell.Load()
	return s.before(last, limit) && cell.CompareAndSwap(last, seenDropping)
}

// before reports whether a stamp is the time of a heartbeat before limit.
func (s *lastSeen) before(stamp uint64, limit time.Time) bool {
	at, _ := s.read(stamp)
	return stamp >= seenFirst && at.Before(limit)
}

// forget frees the chunks that are not wanted, if all their tickets are up to last.
func (s *lastSeen) forget(last int64, wanted func(chunk int) bool) {
	s.mu.Lock() // otherwise a concurrent copy of the directory could restore a freed chunk
	defer s.mu.Unlock()
	chunks := *s.chunks.Load()
	for number := range chunks {
		if int64(number+1)*seenChunk <= last && !wanted(number) {
			chunks[number].Store(nil)
		}
	}
}
