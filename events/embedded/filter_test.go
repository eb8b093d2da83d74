package embedded

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestFilterHasWhatWasAdded: whatever was added is there, also in several layers.
func TestFilterHasWhatWasAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := filter{key: sipKey{rapid.Uint64().Draw(t, "key"), rapid.Uint64().Draw(t, "key")}}
		texts := rapid.SliceOf(rapid.String()).Draw(t, "texts")
		for i, text := range texts {
			f.add(f.hash(text))
			for _, before := range texts[:i+1] {
				if !f.has(f.hash(before)) {
					t.Fatalf("%q is missing", before)
				}
			}
		}
	})
}

// TestFilterGrows: with four times as many hashes as the first layer is made for, each is there, few
// others are, and the size is bounded.
func TestFilterGrows(t *testing.T) {
	const n = 4 * firstBlocks * perBlock
	var f filter
	added := rand.New(rand.NewPCG(1, 2))
	for range n {
		f.add(added.Uint64())
	}
	wrong, blocks := 0, 0
	added, others := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(3, 4))
	for i := range n {
		if !f.has(added.Uint64()) {
			t.Fatalf("hash %d is missing", i)
		}
		if f.has(others.Uint64()) {
			wrong++
		}
	}
	for _, l := range f.layers {
		blocks += len(l.blocks)
	}
	if wrong > n/50 || f.size() < n*9/10 || blocks*blockBytes > 3*n {
		t.Errorf("%d of %d others seem to be there; size %d, %d bytes", wrong, n, f.size(), blocks*blockBytes)
	}
	t.Logf("%.2f %% of others seem to be there, %.2f bytes a hash", 100*float64(wrong)/n, float64(blocks*blockBytes)/n)
}

func BenchmarkFilter(b *testing.B) {
	f := filter{key: sipKey{1, 2}}
	for i := range 1 << 20 {
		f.add(f.hash(fmt.Sprint("seat-", i)))
	}
	i := 0
	for b.Loop() {
		f.has(uint64(i) * 0x9e3779b97f4a7c15)
		i++
	}
}
