package projections

import (
	"context"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/projections/row"
)

// TestStoredRecordsAreNeverAbsent: a record that was set is found, in memory or on disk, whether set in this run
// or an earlier one, and whether or not the keys on disk have been added.
func TestStoredRecordsAreNeverAbsent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		db, err := pebble.Open("", &pebble.Options{FS: vfs.NewMem(), Logger: errorLogger{}})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var p *Projections
		var r *records[int64]
		begin := func() {
			p = &Projections{db: db, keyFilter: newKeyFilter()}
			newRecords(p, "q", appendCount, decodeCount).filter = p.keyFilter.forView("q\x00")
			r = newRecords(p, "r", appendCount, decodeCount)
			r.filter = p.keyFilter.forView(r.prefix)
		}
		begin()
		model := map[string]int64{}
		key := rapid.StringOfN(rapid.SampledFrom([]rune("abc\x00")), 0, 4, -1)
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				k, v := key.Draw(t, "key"), rapid.Int64().Draw(t, "value")
				r.set(k, &v)
				model[k] = v
			},
			"flush": func(t *rapid.T) { flushRecords(t, r) },
			"restart": func(t *rapid.T) {
				flushRecords(t, r)
				begin()
			},
			"fill": func(t *rapid.T) {
				if err := p.keyFilter.fill(context.Background(), p); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				for k, want := range model {
					for _, read := range []func(string) (int64, bool, error){r.find, r.get} {
						if got, ok, err := read(k); got != want || !ok || err != nil {
							t.Fatalf("%q is %d, %v, %v; want %d", k, got, ok, err, want)
						}
					}
				}
			},
		})
	})
}

// TestAbsentRecordsAreNotSearched: with more keys than fit into a batch, no existing key is absent, and
// nearly all others are known to be absent.
func TestAbsentRecordsAreNotSearched(t *testing.T) {
	db, err := pebble.Open("", &pebble.Options{FS: vfs.NewMem(), Logger: errorLogger{}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p := &Projections{db: db, keyFilter: newKeyFilter()}
	r := newRecords(p, "r", appendCount, decodeCount)
	const n = 2*fillBatch + 3
	for i := range int64(n) {
		r.set(fmt.Sprint(i), &i)
	}
	flushRecords(t, r)
	r.filter = p.keyFilter.forView(r.prefix)
	if r.filter.absent("x") {
		t.Error("a key is absent before the filter is complete, want present")
	}
	if err := p.keyFilter.fill(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	p.db = nil // a search would panic
	others := 0
	for i := range n {
		if r.filter.absent(fmt.Sprint(i)) {
			t.Fatalf("the stored key %d is absent, want present", i)
		}
		if other := fmt.Sprint("x", i); r.filter.absent(other) {
			others++
			if _, ok, err := r.get(other); ok || err != nil {
				t.Fatalf("get(%s) = %v, %v; want none", other, ok, err)
			}
		}
	}
	if others < n*95/100 {
		t.Errorf("%d of %d other keys are known to be absent, want 95%%", others, n)
	}
}

func appendCount(dst []byte, n *int64) []byte { return row.AppendInt(dst, *n) }

func flushRecords(t interface{ Fatal(...any) }, r *records[int64]) {
	b := r.p.db.NewBatch()
	defer b.Close()
	if err := r.flush(b); err != nil {
		t.Fatal(err)
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		t.Fatal(err)
	}
}
