package waitingroom

import (
	"math/bits"
	"slices"
)

// blockSize is the number of places in a block. It bounds the cost of a change, which copies the block
// if the line was published since the last one.
const blockSize = 1024

const blockWords = blockSize / 64

// bitset has one bit for each place of a block.
type bitset [blockWords]uint64

func (p *bitset) has(i int) bool { return p[i/64]>>(i%64)&1 != 0 }
func (p *bitset) set(i int)      { p[i/64] |= 1 << (i % 64) }
func (p *bitset) clear(i int)    { p[i/64] &^= 1 << (i % 64) }

// before counts the bits below i.
func (p *bitset) before(i int) (n int) {
	for _, word := range p[:i/64] {
		n += bits.OnesCount64(word)
	}
	return n + bits.OnesCount64(p[i/64]&(1<<(i%64)-1))
}

func (p *bitset) count() (n int) {
	for _, word := range p {
		n += bits.OnesCount64(word)
	}
	return n
}

// next returns the first set bit at or after i; ok is false without one.
func (p *bitset) next(i int) (at int, ok bool) {
	for w := i / 64; w < blockWords; w++ {
		word := p[w]
		if w == i/64 {
			word &= ^uint64(0) << (i % 64)
		}
		if word != 0 {
			return w*64 + bits.TrailingZeros64(word), true
		}
	}
	return 0, false
}

// after returns the first set bit after i.
func (p *bitset) after(i int) (at int, ok bool) {
	if i+1 == blockSize {
		return 0, false
	}
	return p.next(i + 1)
}

// block is a part of the line: the sets of places that wait, are admitted, or have left or finished. A
// place in none of them has expired.
type block struct {
	gen                     uint64 // a block of an older generation belongs to a published line
	live                    int32  // places that wait or are admitted
	waiting, admitted, left bitset
}

// rows are the places of a line, numbered from 0 in its order. A block without waiting or admitted
// places is nil, or removed if it is at the front.
type rows struct {
	first  int      // the index of blocks[0]
	blocks []*block // shared with published lines; see line.writable
	counts []uint32 // waiting places, by block
	size   uint32   // number of places
	head   uint32   // no place before it waits
	// The order of a shuffle: the place of each early ticket, and the ticket of each such place.
	// Immutable once set.
	places, tickets []uint32
}

// place returns the place of a ticket.
func (r *rows) place(ticket uint32) uint32 {
	if int(ticket) <= len(r.places) {
		return r.places[ticket-1]
	}
	return ticket - 1
}

// ticket returns the ticket of a place.
func (r *rows) ticket(place uint32) uint32 {
	if int(place) < len(r.tickets) {
		return r.tickets[place]
	}
	return place + 1
}

// at returns the block of a place, nil if all of its places have ended.
func (r *rows) at(place uint32) *block {
	i := int(place/blockSize) - r.first
	if i < 0 || i >= len(r.blocks) {
		return nil
	}
	return r.blocks[i]
}

// next returns the first waiting place at or after from.
func (r *rows) next(from uint32) (place uint32, ok bool) {
	i := max(int(from/blockSize)-r.first, 0)
	for ; i < len(r.blocks); i++ {
		if r.counts[i] == 0 {
			continue
		}
		start, within := uint32(i+r.first)*blockSize, 0
		if from > start {
			within = int(from - start)
		}
		if at, ok := r.blocks[i].waiting.next(within); ok {
			return start + uint32(at), true
		}
	}
	return 0, false
}

// line has the rows that the core changes. Published rows never change: the first write to a block
// after publishing copies it.
type line struct {
	rows
	gen uint64
}

// publish returns the current rows for concurrent readers.
func (l *line) publish() rows {
	l.gen++
	published := l.rows
	published.blocks = slices.Clone(l.blocks)
	published.counts = slices.Clone(l.counts)
	return published
}

// writable returns the block of a place for writing.
func (l *line) writable(place uint32) *block {
	i := int(place/blockSize) - l.first
	b := l.blocks[i]
	if b.gen != l.gen {
		copied := *b
		copied.gen = l.gen
		b = &copied
		l.blocks[i] = b
	}
	return b
}

// add appends a waiting place.
func (l *line) add() {
	if l.size%blockSize == 0 {
		if len(l.blocks) == 0 {
			l.first = int(l.size / blockSize)
		}
		l.blocks = append(l.blocks, &block{gen: l.gen})
		l.counts = append(l.counts, 0)
	}
	place := l.size
	l.size++
	b := l.writable(place)
	b.waiting.set(int(place % blockSize))
	b.live++
	l.counts[int(place/blockSize)-l.first]++
}

// admit marks a waiting place as admitted.
func (l *line) admit(place uint32) {
	b, i := l.writable(place), int(place%blockSize)
	b.waiting.clear(i)
	b.admitted.set(i)
	l.counts[int(place/blockSize)-l.first]--
}

// end ends a place; left means that its visitor left or finished, and did not expire.
func (l *line) end(place uint32, left bool) {
	b, i := l.writable(place), int(place%blockSize)
	if b.waiting.has(i) {
		l.counts[int(place/blockSize)-l.first]--
	}
	b.waiting.clear(i)
	b.admitted.clear(i)
	if left {
		b.left.set(i)
	}
	b.live--
	if b.live == 0 {
		l.release(place / blockSize)
	}
}

// release drops a full block in which all places have ended.
func (l *line) release(number uint32) {
	if uint64(number+1)*blockSize > uint64(l.size) {
		return
	}
	l.blocks[int(number)-l.first] = nil
	l.trim()
}

// trim drops ended blocks from the front.
func (l *line) trim() {
	for len(l.blocks) > 0 && l.blocks[0] == nil {
		l.blocks, l.counts = l.blocks[1:], l.counts[1:]
		l.first++
	}
}

// setOrder sets the order of a shuffle.
func (l *line) setOrder(tickets []uint32) {
	l.tickets, l.places = tickets, make([]uint32, len(tickets))
	for place, ticket := range tickets {
		l.places[ticket-1] = uint32(place)
	}
}

// shuffle puts the first places into the order of tickets. Nobody may have been admitted yet.
func (l *line) shuffle(tickets []uint32) {
	before := l.rows
	l.setOrder(tickets)
	l.first, l.head = 0, 0
	l.blocks = make([]*block, (int(l.size)+blockSize-1)/blockSize)
	l.counts = make([]uint32, len(l.blocks))
	for i := range l.blocks {
		l.blocks[i] = &block{gen: l.gen}
	}
	for place := range l.size {
		was := before.place(l.ticket(place))
		if from := before.at(was); from != nil {
			l.copy(place, from, int(was%blockSize))
		}
	}
	for i, b := range l.blocks {
		if b.live == 0 && uint64(i+1)*blockSize <= uint64(l.size) {
			l.blocks[i] = nil
		}
	}
	l.trim()
}

// copy copies the state of a place from a block of the old line.
func (l *line) copy(place uint32, from *block, at int) {
	b, i := l.blocks[place/blockSize], int(place%blockSize)
	switch {
	case from.waiting.has(at):
		b.waiting.set(i)
		b.live++
		l.counts[place/blockSize]++
	case from.admitted.has(at):
		b.admitted.set(i)
		b.live++
	case from.left.has(at):
		b.left.set(i)
	}
}
