package merkle

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// Edge is the right edge of a tree: all it takes to let the tree grow and to know
// its root. The zero Edge is that of the empty tree.
type Edge struct {
	// Size is how many leaves there are.
	Size int64 `json:"size"`
	// Peaks are the roots of the complete parts that Size is made of, the largest
	// first: one for each bit of it.
	Peaks []tlog.Hash `json:"peaks"`
}

// errEdge: the peaks are not those of a tree of that size.
var errEdge = errors.New("merkle: not the edge of a tree")

// Check says whether there is a peak for each bit of the size.
func (g *Edge) Check() error {
	if g.Size < 0 || len(g.Peaks) != bits.OnesCount64(uint64(g.Size)) {
		return fmt.Errorf("%w: %d peaks for %d leaves", errEdge, len(g.Peaks), g.Size)
	}
	return nil
}

// Add puts an event behind the others. It returns dst with the hashes that come
// with it, in the order in which tlog.StoredHashIndex counts them: the leaf, and
// every part that it completes.
func (g *Edge) Add(dst []tlog.Hash, e *events.Recorded) []tlog.Hash {
	hash := Leaf(e)
	dst = append(dst, hash)
	for n := g.Size; n&1 == 1; n >>= 1 {
		last := len(g.Peaks) - 1
		hash = tlog.NodeHash(g.Peaks[last], hash)
		g.Peaks = g.Peaks[:last]
		dst = append(dst, hash)
	}
	g.Peaks = append(g.Peaks, hash)
	g.Size++
	return dst
}

// Root is the hash of the whole tree; of the empty one it is SHA-256 of nothing.
func (g *Edge) Root() tlog.Hash {
	last := len(g.Peaks) - 1
	if last < 0 {
		return sha256.Sum256(nil)
	}
	root := g.Peaks[last]
	for i := last - 1; i >= 0; i-- {
		root = tlog.NodeHash(g.Peaks[i], root)
	}
	return root
}

// Clone returns an edge that shares nothing with g.
func (g *Edge) Clone() Edge {
	return Edge{Size: g.Size, Peaks: append([]tlog.Hash(nil), g.Peaks...)}
}

// edgeOf reads the edge of a tree of a size off its hashes.
func edgeOf(size int64, hashes tlog.HashReader) (Edge, error) {
	var indexes []int64
	for level := bits.Len64(uint64(size)) - 1; level >= 0; level-- {
		if size>>level&1 == 1 {
			indexes = append(indexes, tlog.StoredHashIndex(level, size>>(level+1)<<1))
		}
	}
	peaks, err := hashes.ReadHashes(indexes)
	return Edge{Size: size, Peaks: peaks}, err
}
