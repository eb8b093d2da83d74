package core

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"slices"
)

// bucketSize is the average number of entries in a bucket of a [Table]. Buckets are small, because
// they are searched linearly, and because the first write to one after a freeze copies it.
const bucketSize = 12

// bucketStep is the number of entries by which a full bucket grows.
const bucketStep = 4

// pageSize is the number of buckets in a page. Freeze copies the list of pages, and the first write
// to a page copies that page.
const pageSize = 256

// Table is a hash table with cheap snapshots: Freeze returns the current entries, and afterwards
// the table copies each bucket on the first write to it. The table grows by one bucket at a time
// (linear hashing, Litwin 1980), so that no single write moves a million entries. Its buckets are
// slices, which take half the memory of a Go map. Create one with [NewTable]. A nil table is empty
// and read-only.
type Table[K comparable, V any] struct {
	seed  maphash.Seed
	pages []*page[K, V]
	level uint   // 1<<level buckets at the start of this round of splits
	split int    // the next bucket to split
	count int    // entries
	gen   uint64 // pages and buckets of an older generation belong to a frozen copy
}

type page[K comparable, V any] struct {
	gen     uint64
	buckets []*bucket[K, V]
}

type bucket[K comparable, V any] struct {
	gen     uint64
	entries []entry[K, V]
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// NewTable returns an empty table. It makes one allocation, because most tables stay small.
func NewTable[K comparable, V any]() *Table[K, V] {
	var first struct {
		table   Table[K, V]
		page    page[K, V]
		bucket  bucket[K, V]
		pages   [1]*page[K, V]
		buckets [1]*bucket[K, V]
	}
	first.buckets[0], first.pages[0] = &first.bucket, &first.page
	first.page.buckets = first.buckets[:]
	first.table.seed, first.table.pages = maphash.MakeSeed(), first.pages[:]
	return &first.table
}

// Len is the number of entries.
func (t *Table[K, V]) Len() int {
	if t == nil {
		return 0
	}
	return t.count
}

// Get returns the value of key.
func (t *Table[K, V]) Get(key K) (V, bool) {
	if t != nil {
		b := t.bucket(t.index(key))
		if i := b.find(key); i >= 0 {
			return b.entries[i].value, true
		}
	}
	var none V
	return none, false
}

// Set puts value under key.
func (t *Table[K, V]) Set(key K, value V) {
	b := t.own(t.index(key))
	if i := b.find(key); i >= 0 {
		b.entries[i].value = value
		return
	}
	b.add(entry[K, V]{key, value})
	t.count++
	if t.count > t.bucketCount()*bucketSize {
		t.grow()
	}
}

// Load fills an empty table with entries, such as those of a snapshot, which must have distinct
// keys. size is their expected number; a wrong one only makes the table slower. Load is faster than
// calls of Set: it searches and splits nothing, and groups the entries by page first, so that the
// buckets being filled fit into the processor's cache. While it runs, it needs twice the memory of
// the entries.
func (t *Table[K, V]) Load(size int, entries iter.Seq2[K, V]) {
	size = max(size, 0)
	buckets := max(1, (size+bucketSize-1)/bucketSize)
	t.level = uint(bits.Len(uint(buckets)) - 1)
	t.split = buckets - 1<<t.level
	t.pages, t.count = nil, 0
	byPage := make([][]entry[K, V], (buckets+pageSize-1)/pageSize)
	for key, value := range entries {
		p := t.index(key) / pageSize
		if byPage[p] == nil {
			byPage[p] = make([]entry[K, V], 0, t.expected(p, size))
		}
		byPage[p] = append(byPage[p], entry[K, V]{key, value})
	}
	for p, part := range byPage {
		t.loadPage(min(pageSize, buckets-p*pageSize), part)
		byPage[p] = nil
	}
}

// expected returns an estimate of how many of size entries fall into page p, with a margin for the
// randomness of the hash. A bucket that was split in this round has half the entries of the others.
func (t *Table[K, V]) expected(p, size int) int {
	each := size * pageSize >> t.level
	if first := p * pageSize; first < t.split || first >= 1<<t.level {
		each /= 2
	}
	return min(each+each/16+bucketStep, size)
}

// loadPage appends a page of n buckets with the entries.
func (t *Table[K, V]) loadPage(n int, entries []entry[K, V]) {
	var sizes [pageSize]int
	for i := range entries {
		sizes[t.index(entries[i].key)%pageSize]++
	}
	buckets := make([]bucket[K, V], n)
	for i := range buckets {
		buckets[i] = bucket[K, V]{gen: t.gen, entries: make([]entry[K, V], 0, sizes[i])}
		t.append(&buckets[i])
	}
	for i := range entries {
		b := &buckets[t.index(entries[i].key)%pageSize]
		b.entries = append(b.entries, entries[i])
	}
	t.count += len(entries)
}

// Delete removes key.
func (t *Table[K, V]) Delete(key K) {
	place := t.index(key)
	i := t.bucket(place).find(key)
	if i < 0 {
		return
	}
	b := t.own(place)
	last := len(b.entries) - 1
	b.entries[i] = b.entries[last]
	b.entries[last] = entry[K, V]{}
	b.entries = b.entries[:last]
	t.count--
}

// All iterates over the entries in no particular order.
func (t *Table[K, V]) All() iter.Seq2[K, V] {
	if t == nil {
		return all[K, V](nil)
	}
	return all(t.pages)
}

// Freeze returns the current entries, which another goroutine may read while the table changes.
func (t *Table[K, V]) Freeze() iter.Seq2[K, V] {
	if t == nil {
		return all[K, V](nil)
	}
	frozen := make([]*page[K, V], len(t.pages))
	copy(frozen, t.pages)
	t.gen++
	return all(frozen)
}

// Clone returns an independent copy. It is as cheap as Freeze. Values are copied shallowly.
func (t *Table[K, V]) Clone() *Table[K, V] {
	if t == nil {
		return nil
	}
	t.gen++
	clone := *t
	clone.pages = slices.Clone(t.pages)
	return &clone
}

func all[K comparable, V any](pages []*page[K, V]) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, p := range pages {
			for _, b := range p.buckets {
				for i := range b.entries {
					if !yield(b.entries[i].key, b.entries[i].value) {
						return
					}
				}
			}
		}
	}
}

// bucketCount returns the number of buckets.
func (t *Table[K, V]) bucketCount() int { return 1<<t.level + t.split }

func (t *Table[K, V]) bucket(i int) *bucket[K, V] { return t.pages[i/pageSize].buckets[i%pageSize] }

// put replaces bucket i by b.
func (t *Table[K, V]) put(i int, b *bucket[K, V]) { t.ownPage(i / pageSize).buckets[i%pageSize] = b }

// append adds a bucket at the end.
func (t *Table[K, V]) append(b *bucket[K, V]) {
	last := len(t.pages) - 1
	if last < 0 || len(t.pages[last].buckets) == pageSize {
		t.pages = append(t.pages, &page[K, V]{gen: t.gen})
		last++
	}
	p := t.ownPage(last)
	p.buckets = append(p.buckets, b)
}

// ownPage returns page i for writing, as a copy if a frozen copy shares it.
func (t *Table[K, V]) ownPage(i int) *page[K, V] {
	p := t.pages[i]
	if p.gen != t.gen {
		p = &page[K, V]{gen: t.gen, buckets: append(make([]*bucket[K, V], 0, len(p.buckets)+1), p.buckets...)}
		t.pages[i] = p
	}
	return p
}

func (t *Table[K, V]) index(key K) int {
	if t.bucketCount() == 1 {
		return 0
	}
	h := maphash.Comparable(t.seed, key)
	i := int(h & (1<<t.level - 1))
	if i < t.split {
		i = int(h & (1<<(t.level+1) - 1))
	}
	return i
}

func (b *bucket[K, V]) find(key K) int {
	for i := range b.entries {
		if b.entries[i].key == key {
			return i
		}
	}
	return -1
}

// add grows the bucket by a few entries at a time: doubling would waste a quarter
// of the table.
func (b *bucket[K, V]) add(e entry[K, V]) {
	if len(b.entries) == cap(b.entries) {
		more := make([]entry[K, V], len(b.entries), len(b.entries)+bucketStep)
		copy(more, b.entries)
		b.entries = more
	}
	b.entries = append(b.entries, e)
}

// own returns bucket i for writing, as a copy if a frozen copy shares it.
func (t *Table[K, V]) own(i int) *bucket[K, V] {
	b := t.bucket(i)
	if b.gen == t.gen {
		return b
	}
	copied := &bucket[K, V]{gen: t.gen, entries: make([]entry[K, V], len(b.entries), len(b.entries)+1)}
	copy(copied.entries, b.entries)
	t.put(i, copied)
	return copied
}

// grow splits one bucket in two.
func (t *Table[K, V]) grow() {
	old := t.bucket(t.split)
	bit := uint64(1) << t.level
	halves := [2]*bucket[K, V]{{gen: t.gen}, {gen: t.gen}}
	for _, e := range old.entries {
		half := 0
		if maphash.Comparable(t.seed, e.key)&bit != 0 {
			half = 1
		}
		halves[half].add(e)
	}
	t.put(t.split, halves[0])
	t.append(halves[1])
	t.split++
	if t.split == 1<<t.level {
		t.level++
		t.split = 0
	}
}
