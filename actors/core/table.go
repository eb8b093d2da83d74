package core

import (
	"hash/maphash"
	"iter"
)

// bucketSize is how many entries a bucket of a [Table] has on average. It bounds
// what one write can cost while the table is frozen: one bucket is copied.
const bucketSize = 256

// Table is a hash table that can be frozen in no time: Freeze hands out the
// present content, and the table goes on by copying a bucket the first time it
// is written to. It grows by one bucket at a time (linear hashing, Litwin 1980),
// so that no single write pays for a million entries. The zero Table is not
// usable; see NewTable.
type Table[K comparable, V any] struct {
	seed    maphash.Seed
	buckets []*bucket[K, V]
	level   uint   // 1<<level buckets at the start of this round of splits
	split   int    // the next bucket to split
	count   int    // entries
	gen     uint64 // buckets of an older generation belong to a frozen copy
}

type bucket[K comparable, V any] struct {
	gen uint64
	m   map[K]V
}

// NewTable returns an empty table.
func NewTable[K comparable, V any]() *Table[K, V] {
	t := &Table[K, V]{seed: maphash.MakeSeed()}
	t.buckets = []*bucket[K, V]{{m: nil}}
	return t
}

// Len is the number of entries.
func (t *Table[K, V]) Len() int { return t.count }

// Get returns the value of key.
func (t *Table[K, V]) Get(key K) (V, bool) {
	v, ok := t.buckets[t.index(key)].m[key]
	return v, ok
}

// Set puts value under key.
func (t *Table[K, V]) Set(key K, value V) {
	b := t.own(t.index(key))
	before := len(b.m)
	b.m[key] = value
	if len(b.m) == before {
		return
	}
	t.count++
	if t.count > len(t.buckets)*bucketSize {
		t.grow()
	}
}

// Delete removes key.
func (t *Table[K, V]) Delete(key K) {
	i := t.index(key)
	if _, ok := t.buckets[i].m[key]; !ok {
		return
	}
	delete(t.own(i).m, key)
	t.count--
}

// All iterates over the entries in no particular order.
func (t *Table[K, V]) All() iter.Seq2[K, V] { return entries(t.buckets) }

// Freeze returns the present entries for another goroutine to read. The copy
// lives as long as somebody holds it.
func (t *Table[K, V]) Freeze() iter.Seq2[K, V] {
	frozen := make([]*bucket[K, V], len(t.buckets))
	copy(frozen, t.buckets)
	t.gen++
	return entries(frozen)
}

func entries[K comparable, V any](buckets []*bucket[K, V]) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, b := range buckets {
			for k, v := range b.m {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

func (t *Table[K, V]) index(key K) int {
	if len(t.buckets) == 1 {
		return 0
	}
	h := maphash.Comparable(t.seed, key)
	i := int(h & (1<<t.level - 1))
	if i < t.split {
		i = int(h & (1<<(t.level+1) - 1))
	}
	return i
}

// own returns bucket i for writing, as a copy if a frozen copy shares it.
func (t *Table[K, V]) own(i int) *bucket[K, V] {
	b := t.buckets[i]
	if b.gen == t.gen && b.m != nil {
		return b
	}
	mine := &bucket[K, V]{gen: t.gen, m: make(map[K]V, len(b.m)+1)}
	for k, v := range b.m {
		mine.m[k] = v
	}
	t.buckets[i] = mine
	return mine
}

// grow splits one bucket in two.
func (t *Table[K, V]) grow() {
	old := t.buckets[t.split]
	low := &bucket[K, V]{gen: t.gen, m: make(map[K]V, len(old.m)/2)}
	high := &bucket[K, V]{gen: t.gen, m: make(map[K]V, len(old.m)/2)}
	bit := uint64(1) << t.level
	for k, v := range old.m {
		if maphash.Comparable(t.seed, k)&bit == 0 {
			low.m[k] = v
		} else {
			high.m[k] = v
		}
	}
	t.buckets[t.split] = low
	t.buckets = append(t.buckets, high)
	t.split++
	if t.split == 1<<t.level {
		t.level++
		t.split = 0
	}
}
