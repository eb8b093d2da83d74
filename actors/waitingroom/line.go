package waitingroom

import (
	"math/bits"
	"slices"
)

// blockSize is how many places a block has. It bounds what one change costs after
// the line was published: one block is copied.
const blockSize = 1024

const blockWords = blockSize / 64

// bitset has a bit for each place of a block.
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

// next is the first bit from i on; ok is false if there is none.
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

// after is the first bit behind i.
func (p *bitset) after(i int) (at int, ok bool) {
	if i+1 == blockSize {
		return 0, false
	}
	return p.next(i + 1)
}

// block is a part of the line: who waits there, who has been admitted and who went
// by wish or with what they came for. Who is none of these has expired.
type block struct {
	gen                     uint64 // a block of an older generation belongs to a published line
	live                    int32  // who waits or has been admitted
	waiting, admitted, left bitset
}

// rows are the places of a line, numbered from 0 in its order. A block in which
// nobody waits or has a pass any more is nil, and at the front not there at all.
type rows struct {
	first  int      // the number of blocks[0]
	blocks []*block // shared with whoever published them; see line.own
	counts []uint32 // who waits, by block
	size   uint32   // places
	head   uint32   // nobody before it waits
	// A shuffle's order: the place of each early ticket and the ticket of each such
	// place. Never changed once made.
	places, tickets []uint32
}

// place of a ticket.
func (r *rows) place(ticket uint32) uint32 {
	if int(ticket) <= len(r.places) {
		return r.places[ticket-1]
	}
	return ticket - 1
}

// ticket of a place.
func (r *rows) ticket(place uint32) uint32 {
	if int(place) < len(r.tickets) {
		return r.tickets[place]
	}
	return place + 1
}

// at returns the block of a place, nil if everybody there is gone.
func (r *rows) at(place uint32) *block {
	i := int(place/blockSize) - r.first
	if i < 0 || i >= len(r.blocks) {
		return nil
	}
	return r.blocks[i]
}

// next is the first place from a place on at which somebody waits.
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

// line is the rows as the core changes them. What has been published stays as it
// was: a block is copied before it is written to for the first time afterwards.
type line struct {
	rows
	gen uint64
}

// publish returns the rows as they are now, for anybody to read at any time.
func (l *line) publish() rows {
	l.gen++
	published := l.rows
	published.blocks = slices.Clone(l.blocks)
	published.counts = slices.Clone(l.counts)
	return published
}

// own returns the block of a place for writing.
func (l *line) own(place uint32) *block {
	i := int(place/blockSize) - l.first
	b := l.blocks[i]
	if b.gen != l.gen {
		mine := *b
		mine.gen = l.gen
		b = &mine
		l.blocks[i] = b
	}
	return b
}

// add puts a visitor at the end.
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
	b := l.own(place)
	b.waiting.set(int(place % blockSize))
	b.live++
	l.counts[int(place/blockSize)-l.first]++
}

// admit makes a visitor who waits one who has been admitted.
func (l *line) admit(place uint32) {
	b, i := l.own(place), int(place%blockSize)
	b.waiting.clear(i)
	b.admitted.set(i)
	l.counts[int(place/blockSize)-l.first]--
}

// end takes a visitor out. left says that it was by what the visitor
// did.
func (l *line) end(place uint32, left bool) {
	b, i := l.own(place), int(place%blockSize)
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

// release lets go of a block in which everybody is gone, once it is full.
func (l *line) release(number uint32) {
	if uint64(number+1)*blockSize > uint64(l.size) {
		return
	}
	l.blocks[int(number)-l.first] = nil
	l.trim()
}

// trim takes what is over off the front.
func (l *line) trim() {
	for len(l.blocks) > 0 && l.blocks[0] == nil {
		l.blocks, l.counts = l.blocks[1:], l.counts[1:]
		l.first++
	}
}

// order remembers a shuffle's.
func (l *line) order(tickets []uint32) {
	l.tickets, l.places = tickets, make([]uint32, len(tickets))
	for place, ticket := range tickets {
		l.places[ticket-1] = uint32(place)
	}
}

// shuffle puts the first visitors into the order of tickets. None of them has been
// admitted yet.
func (l *line) shuffle(tickets []uint32) {
	before := l.rows
	l.order(tickets)
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

// copy gives a place of a new line the state of a place in an old one.
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
