package bloom

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestFilterHasAddedTexts: Has returns true for every text that was added.
func TestFilterHasAddedTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Filter{Key: Key{rapid.Uint64().Draw(t, "key"), rapid.Uint64().Draw(t, "key")}}
		texts := rapid.SliceOf(rapid.String()).Draw(t, "texts")
		for i, text := range texts {
			f.Add(f.Hash(text))
			for _, before := range texts[:i+1] {
				if !f.Has(f.Hash(before)) {
					t.Fatalf("Has = false for %q, which was added", before)
				}
			}
		}
	})
}

// TestFilterGrows: a filter with four times as many hashes as the first layer has room for has all of them, few false
// positives and a bounded size.
func TestFilterGrows(t *testing.T) {
	const n = 4 * FirstBlocks * perBlock
	var f Filter
	added := rand.New(rand.NewPCG(1, 2))
	for range n {
		f.Add(added.Uint64())
	}
	falsePositives, blocks := 0, 0
	added, others := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(3, 4))
	for i := range n {
		if !f.Has(added.Uint64()) {
			t.Fatalf("Has = false for hash %d, which was added", i)
		}
		if f.Has(others.Uint64()) {
			falsePositives++
		}
	}
	for _, l := range f.Layers {
		blocks += len(l.Blocks)
	}
	if falsePositives > n/50 || f.Size() < n*9/10 || blocks*64 > 3*n {
		t.Errorf("%d false positives, size %d, %d bytes; want at most %d, at least %d, at most %d", falsePositives, f.Size(),
			blocks*64, n/50, n*9/10, 3*n)
	}
	t.Logf("%.2f %% false positives, %.2f bytes per hash", 100*float64(falsePositives)/n, float64(blocks*64)/n)
}

func BenchmarkFilter(b *testing.B) {
	f := Filter{Key: Key{1, 2}}
	for i := range 1 << 20 {
		f.Add(f.Hash(fmt.Sprint("seat-", i)))
	}
	i := 0
	for b.Loop() {
		f.Has(uint64(i) * 0x9e3779b97f4a7c15)
		i++
	}
}
