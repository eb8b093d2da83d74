package projections

import (
	"maps"
	"slices"
	"testing"

	"admitone/projections/row"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"
)

// TestRecordsMatchASortedMap: look-ups and scans equal those of a map, whether the records are in memory or on disk.
func TestRecordsMatchASortedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		db, err := pebble.Open("", &pebble.Options{FS: vfs.NewMem(), Logger: errorLogger{}})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		p := &Projections{db: db, keyFilter: newKeyFilter()}
		p.keyFilter.complete = true
		r := newRecords(p, "r", func(dst []byte, v *int64) []byte { return row.AppendInt(dst, *v) },
			func(record []byte) (int64, error) {
				reader := row.NewReader(record)
				return reader.Int(), reader.Done()
			})
		if rapid.Bool().Draw(t, "has filter") {
			r.filter = p.keyFilter.forView(r.prefix)
		}
		model := map[string]int64{}
		key := rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00")), 0, 3, -1)
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				k, v := key.Draw(t, "key"), rapid.Int64().Draw(t, "value")
				r.set(k, &v)
				model[k] = v
			},
			"delete": func(t *rapid.T) {
				k := key.Draw(t, "key")
				r.delete(k)
				delete(model, k)
			},
			"flush": func(t *rapid.T) {
				b := db.NewBatch()
				defer b.Close()
				if err := r.flush(b); err != nil {
					t.Fatal(err)
				}
				if err := b.Commit(pebble.NoSync); err != nil {
					t.Fatal(err)
				}
			},
			"scan": func(t *rapid.T) {
				checkScan(t, r, model, key.Draw(t, "from"), key.Draw(t, "end"), rapid.IntRange(1, 9).Draw(t, "limit"))
			},
			"": func(t *rapid.T) {
				k := key.Draw(t, "key")
				want, wantOK := model[k]
				for _, look := range []func(string) (int64, bool, error){r.find, r.get} {
					if got, ok, err := look(k); got != want || ok != wantOK || err != nil {
						t.Fatalf("%q is %d, %v, %v; want %d, %v", k, got, ok, err, want, wantOK)
					}
				}
				checkScan(t, r, model, "", "c", 1000)
			},
		})
	})
}

// checkScan compares a scan with the model. It deletes all records after opening the scan, which must not see that.
func checkScan(t *rapid.T, r *records[int64], model map[string]int64, from, end string, limit int) {
	if from > end {
		from, end = end, from
	}
	s, err := r.scan(from, end)
	if err != nil {
		t.Fatal(err)
	}
	before, order, fresh := maps.Clone(r.changed), slices.Clone(r.order), maps.Clone(r.fresh)
	for k := range model {
		r.delete(k)
	}
	var keys []string
	if err := s.each(func(k string, v *int64) bool {
		if model[k] != *v {
			t.Fatalf("%q is %d, want %d", k, *v, model[k])
		}
		keys = append(keys, k)
		return len(keys) < limit
	}); err != nil {
		t.Fatal(err)
	}
	r.changed, r.order, r.fresh = before, order, fresh
	want := slices.DeleteFunc(slices.Sorted(maps.Keys(model)), func(k string) bool { return k < from || k >= end })
	if want = want[:min(limit, len(want))]; !slices.Equal(keys, want) {
		t.Fatalf("scan from %q to %q: %q, want %q", from, end, keys, want)
	}
}
