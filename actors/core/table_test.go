package core

import (
	"iter"
	"maps"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// frozenCopy is a result of Freeze and its expected content.
type frozenCopy struct {
	entries iter.Seq2[int, int]
	want    map[int]int
}

func (f frozenCopy) check(t interface {
	Helper()
	Errorf(string, ...any)
}, about string) {
	t.Helper()
	got := make(map[int]int, len(f.want))
	n := 0
	for k, v := range f.entries {
		got[k] = v
		n++
	}
	if n != len(got) {
		t.Errorf("%s: %d entries for %d distinct keys, want each key once", about, n, len(got))
	}
	if !maps.Equal(got, f.want) {
		t.Errorf("%s: %d entries differ from the %d expected ones", about, len(got), len(f.want))
	}
}

// TestTableBehavesLikeMap compares a table with a map under random writes, deletes and freezes.
// Ranges of keys make the table large enough to split its buckets.
func TestTableBehavesLikeMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, model := NewTable[int, int](), map[int]int{}
		var frozen []frozenCopy
		key := rapid.IntRange(0, 4*bucketSize)
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				k, v := key.Draw(t, "key"), rapid.Int().Draw(t, "value")
				table.Set(k, v)
				model[k] = v
			},
			"set many": func(t *rapid.T) {
				from, n := key.Draw(t, "from"), rapid.IntRange(1, bucketSize).Draw(t, "n")
				for k := from; k < from+n; k++ {
					table.Set(k, n)
					model[k] = n
				}
			},
			"delete": func(t *rapid.T) {
				k := key.Draw(t, "key")
				table.Delete(k)
				delete(model, k)
			},
			"delete many": func(t *rapid.T) {
				from, n := key.Draw(t, "from"), rapid.IntRange(1, bucketSize).Draw(t, "n")
				for k := from; k < from+n; k++ {
					table.Delete(k)
					delete(model, k)
				}
			},
			"freeze": func(*rapid.T) {
				frozen = append(frozen, frozenCopy{table.Freeze(), maps.Clone(model)})
			},
			"clone": func(t *rapid.T) {
				clone := table.Clone()
				frozen = append(frozen, frozenCopy{clone.All(), maps.Clone(model)})
				k := key.Draw(t, "key")
				if rapid.Bool().Draw(t, "continue with the clone") {
					table, clone = clone, table
					frozen[len(frozen)-1].entries = clone.All()
				}
				table.Delete(k)
				delete(model, k)
			},
			"": func(t *rapid.T) { checkTable(t, table, model) },
		})
		for i := range frozen {
			frozen[i].check(t, "a frozen copy")
		}
	})
}

// checkTable compares the results of all reading methods.
func checkTable(t *rapid.T, table *Table[int, int], model map[int]int) {
	if table.Len() != len(model) {
		t.Fatalf("Len() = %d, want %d", table.Len(), len(model))
	}
	frozenCopy{table.All(), model}.check(t, "All")
	for k := -1; k <= 5*bucketSize; k++ {
		got, ok := table.Get(k)
		want, wantOK := model[k]
		if got != want || ok != wantOK {
			t.Fatalf("Get(%d) = %d, %v, want %d, %v", k, got, ok, want, wantOK)
		}
	}
}

// TestReadingFrozenCopyDuringChanges reads ten frozen copies while the table changes. It is mainly
// for the race detector.
func TestReadingFrozenCopyDuringChanges(t *testing.T) {
	table, model := NewTable[int, int](), map[int]int{}
	var readers sync.WaitGroup
	for round := range 10 {
		for k := round * 1000; k < round*1000+3000; k++ {
			table.Set(k, round)
			model[k] = round
		}
		for k := round * 500; k < round*500+300; k++ {
			table.Delete(k)
			delete(model, k)
		}
		frozen := frozenCopy{table.Freeze(), maps.Clone(model)}
		readers.Go(func() {
			for range 3 {
				frozen.check(t, "a copy read during changes of the table")
			}
		})
	}
	for k := range 12_000 {
		table.Set(k, -1)
		table.Delete(k)
	}
	readers.Wait()
	if table.Len() != 0 {
		t.Errorf("Len() = %d after all keys were deleted, want 0", table.Len())
	}
}

// TestFrozenEmptyTable checks that the frozen copy of an empty table stays empty.
func TestFrozenEmptyTable(t *testing.T) {
	table := NewTable[int, int]()
	frozen := frozenCopy{table.Freeze(), nil}
	table.Set(1, 1)
	table.Delete(2)
	frozen.check(t, "the copy of an empty table")
}

// TestIterationStopsOnRequest checks that an iteration can stop at any entry, including the last of
// a bucket.
func TestIterationStopsOnRequest(t *testing.T) {
	table := NewTable[int, int]()
	for k := range 3 * bucketSize {
		table.Set(k, k)
	}
	for stop := range 3 * bucketSize {
		seen := 0
		for range table.All() {
			if seen++; seen > stop {
				break
			}
		}
		if seen != stop+1 {
			t.Fatalf("the iteration gave %d entries, want %d", seen, stop+1)
		}
	}
}

// TestBucketsStaySmall grows a table to a million entries. A bucket that is not yet split in its
// round has about twice the average; much more than that means that the hash or the split is wrong.
func TestBucketsStaySmall(t *testing.T) {
	const entries = 1_000_000
	table := NewTable[[16]byte, int]()
	for i := range entries {
		before := table.bucketCount()
		table.Set(key16(i), i)
		if grown := table.bucketCount() - before; grown > 1 {
			t.Fatalf("entry %d added %d buckets, want at most 1", i, grown)
		}
		if power := i & (i + 1); power == 0 || i == entries-1 {
			checkBuckets(t, table)
		}
	}
	for i := range entries {
		if got, ok := table.Get(key16(i)); !ok || got != i {
			t.Fatalf("Get(%d) = %d, %t; want %d, true", i, got, ok, i)
		}
	}
}

func checkBuckets(t *testing.T, table *Table[[16]byte, int]) {
	t.Helper()
	total, largest := 0, 0
	for _, b := range snapshot(table) {
		total += len(b.entries)
		largest = max(largest, len(b.entries))
	}
	if total != table.Len() {
		t.Errorf("the buckets have %d entries, want Len() = %d", total, table.Len())
	}
	if largest > 6*bucketSize {
		t.Errorf("the largest bucket has %d of %d entries, want at most %d", largest, total, 6*bucketSize)
	}
	if wasted := table.bucketCount() - 1; wasted*bucketSize > total {
		t.Errorf("%d buckets for %d entries, want at least %d entries in a bucket on average", table.bucketCount(),
			total, bucketSize)
	}
}

// TestOneWriteCopiesOneBucket checks that a write after a freeze copies only its own bucket, and
// that each bucket is copied once.
func TestOneWriteCopiesOneBucket(t *testing.T) {
	const entries = 10_000
	table := NewTable[[16]byte, int]()
	for i := range entries {
		table.Set(key16(i), i)
	}
	table.Freeze()
	full := 0
	for _, b := range snapshot(table) {
		if len(b.entries) > 0 {
			full++
		}
	}
	worst, copied := 0, 0
	for i := range entries {
		before := snapshot(table)
		if i%2 == 0 {
			table.Set(key16(i), -i)
		} else {
			table.Delete(key16(i))
		}
		now := replaced(before, table)
		worst, copied = max(worst, now), copied+now
	}
	if worst != 1 {
		t.Errorf("one write copied up to %d buckets, want 1", worst)
	}
	if copied != full {
		t.Errorf("%d buckets were copied, want each of the %d non-empty ones once", copied, full)
	}
}

// TestOneNewEntryReplacesThreeBuckets checks that a write that makes the table grow only copies its
// own bucket and replaces the split bucket by two.
func TestOneNewEntryReplacesThreeBuckets(t *testing.T) {
	table := NewTable[[16]byte, int]()
	for i := range 50_000 {
		table.Set(key16(i), i)
	}
	worst := 0
	for i := 50_000; i < 52_000; i++ {
		table.Freeze()
		before := snapshot(table)
		table.Set(key16(i), i)
		worst = max(worst, replaced(before, table))
	}
	if worst > 3 {
		t.Errorf("one write replaced %d buckets, want at most 3", worst)
	}
}

// TestReadsAndDeletesOfAbsentKeysCopyNothing checks that only a change of an entry copies a bucket.
func TestReadsAndDeletesOfAbsentKeysCopyNothing(t *testing.T) {
	table := NewTable[[16]byte, int]()
	for i := range 2000 {
		table.Set(key16(i), i)
	}
	table.Freeze()
	before := snapshot(table)
	for i := range 4000 {
		table.Get(key16(i))
		if i >= 2000 {
			table.Delete(key16(i))
		}
	}
	if n := replaced(before, table); n != 0 {
		t.Errorf("%d buckets were copied, want none", n)
	}
}

func snapshot[K comparable, V any](table *Table[K, V]) []*bucket[K, V] {
	var flat []*bucket[K, V]
	for _, p := range table.pages {
		flat = append(flat, p.buckets...)
	}
	return flat
}

// replaced counts the buckets that differ from before, or are new.
func replaced[K comparable, V any](before []*bucket[K, V], table *Table[K, V]) int {
	n := table.bucketCount() - len(before)
	for i := range before {
		if table.bucket(i) != before[i] {
			n++
		}
	}
	return n
}

// key16 returns a key like the id of a reservation: a common prefix, and a counter at the end.
func key16(i int) (key [16]byte) {
	key[0], key[1] = 0x01, 0x98
	for at := 15; i > 0; at-- {
		key[at] = byte(i)
		i >>= 8
	}
	return key
}

// TestLoad checks that a loaded table behaves like one that was filled by Set, even if the size was
// wrong.
func TestLoad(t *testing.T) {
	const page = pageSize * bucketSize
	for _, size := range []int{0, 1, bucketSize, bucketSize + 1, 1000, page, page + 1, 16 * page, 50_000} {
		for _, sizeHint := range []int{size, size / 3, 3 * size, -1} {
			if sizeHint != size && size > 1000 {
				continue // the buckets would be long, and slow to search
			}
			table := NewTable[[16]byte, int]()
			table.Load(sizeHint, func(yield func([16]byte, int) bool) {
				for i := range size {
					if !yield(key16(i), i) {
						return
					}
				}
			})
			if sizeHint == size {
				checkBuckets(t, table)
			}
			frozen := table.Freeze()
			for i := size / 2; i < 2*size; i++ {
				table.Set(key16(i), -i)
			}
			checkLoaded(t, maps.Collect(frozen), size, size)
			if sizeHint == size {
				checkBuckets(t, table)
			}
			checkLoaded(t, maps.Collect(table.All()), 2*size, size/2)
			if got, ok := table.Get(key16(size - 1)); size > 1 && (!ok || got != 1-size) || table.Len() != 2*size {
				t.Errorf("size %d, %d entries: last = %d, %t, Len() = %d; want %d, true, %d", sizeHint, size, got, ok,
					table.Len(), 1-size, 2*size)
			}
		}
	}
}

// checkLoaded checks entries numbered from 0 to size; those from unchanged on have been negated.
func checkLoaded(t *testing.T, entries map[[16]byte]int, size, unchanged int) {
	t.Helper()
	for i := range size {
		want := i
		if i >= unchanged {
			want = -i
		}
		if got, ok := entries[key16(i)]; !ok || got != want {
			t.Fatalf("entry %d of %d is %d, %t; want %d", i, size, got, ok, want)
		}
	}
	if len(entries) != size {
		t.Errorf("%d entries, want %d", len(entries), size)
	}
}
