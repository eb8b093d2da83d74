package bloom

import "math/bits"

// Filter is a scalable Bloom filter. Has always returns true for a text that was added; for other texts it returns
// true for half a percent per layer. Each layer has twice the capacity of the previous one, so beyond a million texts
// a filter needs 12 to 24 bits per text. Has and Add touch at most one cache line per layer. It is not safe for
// concurrent use.
type Filter struct {
	Key    Key // must be random, so that nobody can choose texts that fill the filter
	Layers []Layer
}

// Layer is a Bloom filter of a fixed size.
type Layer struct {
	Added  int
	Blocks []Block
}

// Block has the size of a cache line. A text has one bit in each word of its block.
type Block [8]uint64

const (
	// FirstBlocks is the number of blocks of the first layer.
	FirstBlocks = 20480
	// perBlock is the number of texts per block, for twelve bits per text. With ten bits, and a first layer of an
	// eighth, false positives took a tenth of the log's CPU time after 300,000 bookings.
	perBlock = 42
)

// Hash returns the hash of a text for Has and Add.
func (f *Filter) Hash(text string) uint64 { return sipHash(f.Key, text) }

// Has reports whether the text with this hash may have been added.
func (f *Filter) Has(hash uint64) bool {
	for i := len(f.Layers) - 1; i >= 0; i-- {
		if f.Layers[i].has(hash) {
			return true
		}
	}
	return false
}

// Add adds the text with this hash. It reports false if Has was already true.
func (f *Filter) Add(hash uint64) bool {
	if f.Has(hash) {
		return false
	}
	last := len(f.Layers) - 1
	if last < 0 || f.Layers[last].Added >= perBlock*len(f.Layers[last].Blocks) {
		last++
		f.Layers = append(f.Layers, Layer{Blocks: make([]Block, FirstBlocks<<last)})
	}
	f.Layers[last].add(hash)
	return true
}

// Size returns the number of calls of Add that returned true.
func (f *Filter) Size() int {
	size := 0
	for i := range f.Layers {
		size += f.Layers[i].Added
	}
	return size
}

func (l *Layer) has(hash uint64) bool {
	b, in := l.find(hash)
	for i := range b {
		if b[i]&(1<<(in&63)) == 0 {
			return false
		}
		in >>= 6
	}
	return true
}

func (l *Layer) add(hash uint64) {
	b, in := l.find(hash)
	for i := range b {
		b[i] |= 1 << (in & 63)
		in >>= 6
	}
	l.Added++
}

// find returns the block of a hash and the numbers of its bits in the words of the block, six bits for each, from
// the lowest.
func (l *Layer) find(hash uint64) (*Block, uint64) {
	at, _ := bits.Mul64(hash, uint64(len(l.Blocks)))
	// The highest bits of the hash select the block. The multiplication makes the result depend on all bits.
	return &l.Blocks[at], hash * 0x9e3779b97f4a7c15 >> 16
}
