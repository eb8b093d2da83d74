package embedded

import "math/bits"

// filter is a scalable Bloom filter: of a text that was added, has is always true; of any other, it
// is false but for half a percent per layer. Each layer has twice the capacity of the one before, so
// beyond a million texts it needs 12 to 24 bits for each. Both methods cost at most one cache line
// per layer.
type filter struct {
	key    sipKey // random, so that nobody can choose texts that fill the filter
	layers []layer
}

type layer struct {
	added  int
	blocks []block
}

// block is a cache line. A text has one bit in each of its words.
type block [8]uint64

const (
	// firstBlocks is the size of the first layer, perBlock how many texts a block is made for. With
	// ten bits for each instead of twelve, and a first layer of an eighth, false answers took a
	// tenth of the log's CPU time after 300,000 bookings.
	firstBlocks = 20480
	perBlock    = 42
)

func (f *filter) hash(text string) uint64 { return sipHash(f.key, text) }

// has reports whether the text with this hash may have been added.
func (f *filter) has(hash uint64) bool {
	for i := len(f.layers) - 1; i >= 0; i-- {
		if f.layers[i].has(hash) {
			return true
		}
	}
	return false
}

// add adds the text with this hash and reports whether it was missing.
func (f *filter) add(hash uint64) bool {
	if f.has(hash) {
		return false
	}
	last := len(f.layers) - 1
	if last < 0 || f.layers[last].added >= perBlock*len(f.layers[last].blocks) {
		last++
		f.layers = append(f.layers, layer{blocks: make([]block, firstBlocks<<last)})
	}
	f.layers[last].add(hash)
	return true
}

// size is the number of texts that are added, without those that seemed to be in the filter already.
func (f *filter) size() int {
	size := 0
	for i := range f.layers {
		size += f.layers[i].added
	}
	return size
}

func (l *layer) has(hash uint64) bool {
	b, in := l.find(hash)
	for i := range b {
		if b[i]&(1<<(in&63)) == 0 {
			return false
		}
		in >>= 6
	}
	return true
}

func (l *layer) add(hash uint64) {
	b, in := l.find(hash)
	for i := range b {
		b[i] |= 1 << (in & 63)
		in >>= 6
	}
	l.added++
}

// find returns the block of a hash and its bit in each word, six bits each from the lowest.
func (l *layer) find(hash uint64) (*block, uint64) {
	at, _ := bits.Mul64(hash, uint64(len(l.blocks)))
	// The block follows from the highest bits; the multiplication makes the bits depend on all.
	return &l.blocks[at], hash * 0x9e3779b97f4a7c15 >> 16
}
