package merkle

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// CompactRange is the compact range of a tree from its first leaf: the hashes that are needed to append leaves
// and to compute the root. The zero value is the empty tree.
type CompactRange struct {
	// Size is the number of leaves.
	Size int64 `json:"size"`
	// Peaks are the roots of the largest complete subtrees, from left to right: one for each bit that is set in
	// Size.
	Peaks []tlog.Hash `json:"peaks"`
}

// errRange means that the peaks do not match the size.
var errRange = errors.New("not the compact range of a tree")

// Check returns an error if the number of peaks does not match the size.
func (g *CompactRange) Check() error {
	if g.Size < 0 || len(g.Peaks) != bits.OnesCount64(uint64(g.Size)) {
		return fmt.Errorf("%w: %d leaves, %d peaks", errRange, g.Size, len(g.Peaks))
	}
	return nil
}

// Add appends an event. It returns dst with the new hashes appended, in the order of tlog.StoredHashIndex: the
// hash of the leaf and those of the subtrees that it completes.
func (g *CompactRange) Add(dst []tlog.Hash, e *events.Recorded) []tlog.Hash {
	return g.addLeaf(dst, Leaf(e))
}

// addLeaf is Add for a leaf hash.
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

// Root returns the root of the tree; that of the empty tree is the SHA-256 of the empty string.
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

// readRange reads the compact range of the first size leaves from the hashes of a tree.
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
