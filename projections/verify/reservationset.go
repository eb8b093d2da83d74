package verify

import (
	"hash/maphash"
	"time"

	"admitone/events"
)

// reservationSet records every reservation ever made of a product, in about 40 bytes for an open
// reservation and 15 for an ended one (50 if it had a price), so that ten million fit in memory. It
// stores ids and holders as 64-bit hashes with a random seed per run. Among ten million ids the probability of a
// collision is 1 in 370,000. A collision is reported as a violation, which the next run does not find. Because
// the seed is random, no log can be crafted to cause a collision.
type reservationSet struct {
	seed maphash.Seed
	open map[key]claim
	// until has the deadline of each held reservation.
	until map[key]moment
	ended map[key]struct{}
	// past has the ended reservations with a price: payments may arrive for them.
	past map[key]past
	// holders counts units by holder while there is a limit.
	holders map[key]int64
}

// key is a 64-bit hash in two halves, so that a claim is aligned to four bytes.
type key [2]uint32

// claim is a reservation that owns units.
type claim struct {
	holder   key
	quantity uint32
	offer    uint32 // index in the product's offers
}

// past is an ended reservation: released, cancelled, or expired at its deadline.
type past struct {
	claim
	until    moment
	released bool
}

// moment is a time.Time without its location and monotonic clock.
type moment struct{ high, low, nanoseconds uint32 }

func momentOf(t time.Time) moment {
	return moment{uint32(t.Unix() >> 32), uint32(t.Unix()), uint32(t.Nanosecond())}
}

func (m moment) time() time.Time {
	return time.Unix(int64(m.high)<<32|int64(m.low), int64(m.nanoseconds))
}

// maxQuantity is the largest quantity of a claim.
const maxQuantity = 1<<32 - 1

func newReservationSet() *reservationSet {
	return &reservationSet{seed: maphash.MakeSeed(), open: map[key]claim{}, until: map[key]moment{},
		ended: map[key]struct{}{}, past: map[key]past{}}
}

func keyOf(hash uint64) key { return key{uint32(hash >> 32), uint32(hash)} }

func (c *reservationSet) id(id events.ID) key { return keyOf(maphash.Bytes(c.seed, id[:])) }

// claimOf returns a claim of a holder; quantity must be between 1 and maxQuantity.
func (c *reservationSet) claimOf(holder events.Holder, quantity int64) claim {
	return claim{holder: keyOf(maphash.String(c.seed, string(holder))), quantity: uint32(quantity)}
}

// begin adds a claim; deadline is zero if it is confirmed. It returns false if the id
// was present; the claim is then replaced, because checking first would cost a second cache miss.
func (c *reservationSet) begin(id key, added claim, deadline time.Time) bool {
	before := len(c.open)
	c.open[id] = added
	if !deadline.IsZero() {
		c.until[id] = momentOf(deadline)
	}
	c.count(added, 1)
	return len(c.open) > before
}

// deadline returns the deadline of a claim; ok is false if it has none.
func (c *reservationSet) deadline(id key) (t time.Time, ok bool) {
	m, ok := c.until[id]
	return m.time(), ok
}

func (c *reservationSet) end(id key) {
	c.count(c.open[id], -1)
	delete(c.open, id)
	delete(c.until, id)
	c.ended[id] = struct{}{}
}

// reopen opens a claim that had expired.
func (c *reservationSet) reopen(id key, p past) {
	delete(c.ended, id)
	delete(c.past, id)
	c.begin(id, p.claim, p.until.time())
}

// count adds sign times the units of a claim to those of its holder.
func (c *reservationSet) count(of claim, sign int64) {
	if c.holders == nil {
		return
	}
	if c.holders[of.holder] += sign * int64(of.quantity); c.holders[of.holder] == 0 {
		delete(c.holders, of.holder)
	}
}

// countHolders recounts the units by holder after the limit was set or lifted.
func (c *reservationSet) countHolders(limit int64) {
	c.holders = nil
	if limit == 0 {
		return
	}
	c.holders = map[key]int64{}
	for _, open := range c.open {
		c.count(open, 1)
	}
}
