package merkle

import (
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// BenchmarkAdd measures adding an event to a compact range: a leaf hash and, on average, one more hash.
func BenchmarkAdd(b *testing.B) {
	e := sample(1)
	b.SetBytes(int64(len(AppendLeaf(nil, &e))))
	b.ReportAllocs()
	var compact CompactRange
	var added []tlog.Hash
	for b.Loop() {
		added = compact.Add(added[:0], &e)
	}
}

// BenchmarkReceipt measures creating a receipt with a tree of a hundred thousand leaves.
func BenchmarkReceipt(b *testing.B) {
	log := newMemLog()
	log.add(100_000)
	tree := log.mustOpen(b, b.TempDir())
	if err := tree.CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tree.Receipt(b.Context(), 77_777); err != nil {
			b.Fatal(err)
		}
	}
}
