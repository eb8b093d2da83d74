package projections

import (
	"hash/maphash"
	"time"

	"admitone/events"
)

// claims has every reservation that was ever made of a product, in some 35 bytes for
// one that owns units and 15 for one that has ended: a log of ten million must fit.
// So ids and holders are known by 64 bits of a hash whose seed is new in every run.
// That two ids meet in ten million is one chance in 370,000, and would be reported as
// a violation that the next run does not find; nobody can prepare a log for it.
type claims struct {
	seed maphash.Seed
	open map[key]claim
	// until has the deadlines of those that are held.
	until map[key]moment
	ended map[key]struct{}
	// holders counts units by holder while there is a limit.
	holders map[key]int64
}

// key is a hash, in two halves so that a claim has 12 bytes and not 16.
type key [2]uint32

// claim is a reservation that owns units.
type claim struct {
	holder   key
	quantity uint32
}

// moment is a time without what a time.Time has besides.
type moment struct{ high, low, nanoseconds uint32 }

func momentOf(t time.Time) moment {
	return moment{uint32(t.Unix() >> 32), uint32(t.Unix()), uint32(t.Nanosecond())}
}

func (m moment) time() time.Time {
	return time.Unix(int64(m.high)<<32|int64(m.low), int64(m.nanoseconds))
}

// maxQuantity is the most that a claim can be about.
const maxQuantity = 1<<32 - 1

func newClaims() *claims {
	return &claims{seed: maphash.MakeSeed(), open: map[key]claim{}, until: map[key]moment{}, ended: map[key]struct{}{}}
}

func keyOf(hash uint64) key { return key{uint32(hash >> 32), uint32(hash)} }

func (c *claims) id(id events.ID) key { return keyOf(maphash.Bytes(c.seed, id[:])) }

// claim is what a fact says; quantity is between 1 and maxQuantity.
func (c *claims) claim(holder string, quantity int64) claim {
	return claim{keyOf(maphash.String(c.seed, holder)), uint32(quantity)}
}

// begin adds a claim; deadline is zero if it is confirmed. It returns false if there
// was one already, whose place it has taken then: a second look-up would be a second
// miss of all caches.
func (c *claims) begin(id key, made claim, deadline time.Time) bool {
	before := len(c.open)
	c.open[id] = made
	if !deadline.IsZero() {
		c.until[id] = momentOf(deadline)
	}
	c.count(made, 1)
	return len(c.open) > before
}

// deadline of a claim; ok is false if it has none any more.
func (c *claims) deadline(id key) (t time.Time, ok bool) {
	m, ok := c.until[id]
	return m.time(), ok
}

func (c *claims) end(id key) {
	c.count(c.open[id], -1)
	delete(c.open, id)
	delete(c.until, id)
	c.ended[id] = struct{}{}
}

// count adds sign times the units of a claim to those of its holder.
func (c *claims) count(of claim, sign int64) {
	if c.holders == nil {
		return
	}
	if c.holders[of.holder] += sign * int64(of.quantity); c.holders[of.holder] == 0 {
		delete(c.holders, of.holder)
	}
}

// countHolders counts anew: a limit may have been set or lifted.
func (c *claims) countHolders(limit int64) {
	c.holders = nil
	if limit == 0 {
		return
	}
	c.holders = map[key]int64{}
	for _, made := range c.open {
		c.count(made, 1)
	}
}
