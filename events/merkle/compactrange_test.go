package merkle

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// stored has the hashes of a tree in memory.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = s[index]
	}
	return found, nil
}

// TestCompactRange compares compact ranges with trees of tlog.
func TestCompactRange(t *testing.T) {
	var want, got stored
	var compact CompactRange
	for n := range int64(300) {
		e := sample(int(n) + 1)
		root, err := tlog.TreeHash(n, want)
		if err != nil {
			t.Fatal(err)
		}
		if compact.Size != n || compact.Root() != root || compact.Check() != nil {
			t.Fatalf("compact range of %d leaves: size %d, root %v; want root %v", n, compact.Size, compact.Root(), root)
		}
		read, err := readRange(n, want)
		if err != nil || read.Root() != root || read.Size != n || len(read.Peaks) != len(compact.Peaks) {
			t.Fatalf("readRange of %d leaves = %+v, %v; want %+v", n, read, err, compact)
		}
		text, err := json.Marshal(compact)
		if err != nil {
			t.Fatal(err)
		}
		var back CompactRange
		if err := json.Unmarshal(text, &back); err != nil || back.Root() != root || back.Check() != nil {
			t.Fatalf("%s is decoded as %+v, %v; want %+v", text, back, err, compact)
		}
		added, err := tlog.StoredHashes(n, AppendLeaf(nil, &e), want)
		if err != nil {
			t.Fatal(err)
		}
		want, got = append(want, added...), compact.Add(got, &e)
	}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("Add returned %d hashes that differ from the %d of tlog", len(got), len(want))
	}
	for _, bad := range []CompactRange{{Size: -1}, {Size: 1}, {Size: 2, Peaks: make([]tlog.Hash, 2)}} {
		if bad.Check() == nil {
			t.Errorf("Check of %+v = nil, want an error", bad)
		}
	}
}

// TestLeafCoversEveryField: the leaf depends on every field of an event.
func TestLeafCoversEveryField(t *testing.T) {
	e := sample(5)
	want := Leaf(&e)
	changes := map[string]func(*events.Recorded){
		"ID":       func(e *events.Recorded) { e.ID[15]++ },
		"Type":     func(e *events.Recorded) { e.Type = "product.reserved.v2" },
		"Data":     func(e *events.Recorded) { e.Data = append(bytes.Clone(e.Data), ' ') },
		"Metadata": func(e *events.Recorded) { e.Metadata = e.Metadata[:len(e.Metadata)-1] },
		"Fact":     nil, // the decoded form of Data
		"Event":    nil, // the five above
		"Stream":   func(e *events.Recorded) { e.Stream += "x" },
		"Revision": func(e *events.Recorded) { e.Revision++ },
		"Position": func(e *events.Recorded) { e.Position++ },
		"Created":  func(e *events.Recorded) { e.Created = e.Created.Add(1) },
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[events.Recorded]()) {
		change, known := changes[field.Name]
		if !known {
			t.Errorf("field %s has no change in this test; add one", field.Name)
		}
		if change == nil {
			continue
		}
		other := e
		change(&other)
		if Leaf(&other) == want {
			t.Errorf("the leaf is the same after a change of %s, want a different one", field.Name)
		}
	}
	// Moving a byte from one field to the next changes the leaf.
	other := e
	other.Data, other.Metadata = e.Data[:len(e.Data)-1], append([]byte{'}'}, e.Metadata...)
	if Leaf(&other) == want {
		t.Error("the leaf is the same after moving a byte from the data to the metadata, want a different one")
	}
	other = e
	other.Created = e.Created.In(time.FixedZone("CEST", 7200))
	if Leaf(&other) != want {
		t.Error("the leaf differs for the same time in a different zone, want the same one")
	}
}

// TestLeafIsFrozen: existing signed heads depend on these bytes.
func TestLeafIsFrozen(t *testing.T) {
	e := events.Recorded{
		Event: events.Event{ID: events.ID{1, 2, 3}, Type: "product.reserved.v1", Data: []byte(`{"quantity":1}`),
			Metadata: []byte(`{"hash":"00"}`)},
		Stream: "product-1", Revision: 3, Position: 4, Created: time.Unix(1_900_000_000, 700).UTC(),
	}
	const want = "admitone event 1\n\x00\x00\x00\x09product-1" + "\x00\x00\x00\x00\x00\x00\x00\x03" +
		"\x00\x00\x00\x00\x00\x00\x00\x04" +
		"\x00\x00\x00\x00\x71\x3f\xb3\x00\x00\x00\x02\xbc" +
		"\x01\x02\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x00\x00\x13product.reserved.v1" + "\x00\x00\x00\x0e{\"quantity\":1}" + "\x00\x00\x00\x0d{\"hash\":\"00\"}"
	if leaf := AppendLeaf(nil, &e); string(leaf) != want {
		t.Errorf("AppendLeaf = %q, want %q", leaf, want)
	}
	if Leaf(&e) != tlog.RecordHash([]byte(want)) {
		t.Errorf("Leaf = %v, want %v", Leaf(&e), tlog.RecordHash([]byte(want)))
	}
}
