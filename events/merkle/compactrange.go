package merkle

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// CompactRange is the compact range of a tree from its first leaf: it suffices to append leaves and
// to compute the root. The zero value is the empty tree.
type CompactRange struct {
	// Size is the number of leaves.
	Size int64 `json:"size"`
	// Peaks are the roots of the complete subtrees that make up Size, the largest first: one for
	// each bit of it.
	Peaks []tlog.Hash `json:"peaks"`
}

// errRange: the peaks do not match the size.
var errRange = errors.New("not the compact range of a tree")

// Check checks that there is a peak for each bit of the size.
func (g *CompactRange) Check() error {
	if g.Size < 0 || len(g.Peaks) != bits.OnesCount64(uint64(g.Size)) {
		return fmt.Errorf("%w: %d peaks for %d leaves", errRange, len(g.Peaks), g.Size)
	}
	return nil
}

// Add appends an event. It returns dst with the new hashes in the order of tlog.StoredHashIndex:
// the leaf, and every subtree that it completes.
func (g *CompactRange) Add(dst []tlog.Hash, e *events.Recorded) []tlog.Hash {
	return g.addLeaf(dst, Leaf(e))
}

// addLeaf is Add for the hash of a leaf.
func (g *CompactRange) addLeaf(dst []tlog.Hash, hash tlog.Hash) []tlog.Hash {
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

// Root returns the root of the tree, for an empty one the SHA-256 of the empty string.
func (g *CompactRange) Root() tlog.Hash {
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

// Clone returns a copy that shares nothing with g.
func (g *CompactRange) Clone() CompactRange {
	return CompactRange{Size: g.Size, Peaks: append([]tlog.Hash(nil), g.Peaks...)}
}

// readRange reads the compact range of a tree of a size from its hashes.
func readRange(size int64, hashes tlog.HashReader) (CompactRange, error) {
	var indexes []int64
	for level := bits.Len64(uint64(size)) - 1; level >= 0; level-- {
		if size>>level&1 == 1 {
			indexes = append(indexes, tlog.StoredHashIndex(level, size>>(level+1)<<1))
		}
	}
	peaks, err := hashes.ReadHashes(indexes)
	return CompactRange{Size: size, Peaks: peaks}, err
}
