package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/events/merkle"
)

// minTamperedBytes is the minimum size of the events that TestEveryByteCounts changes, in bytes.
const minTamperedBytes = 64 << 10

// signedLog is a log with a tree, and its stored records.
type signedLog struct {
	*testing.T
	store *Store
	tree  string // the folder of the tree
	key   *merkle.Key
	raw   [][]byte // the stored records by position, from 1 on
}

// newSignedLog writes a log with at least size bytes of events and signs a head over it.
func newSignedLog(t *testing.T, size int) *signedLog {
	g := &signedLog{T: t, store: mustOpen(t, t.TempDir(), Options{}), tree: t.TempDir(), raw: [][]byte{nil}}
	t.Cleanup(func() { g.store.Close() })
	var prev [4]events.Hash
	for n := 0; size > 0; n++ {
		stream := events.NewStreamID("product", fmt.Sprint(n%4))
		e := sampleBatch(1)[0]
		revision := events.Revision(n / 4)
		e.Metadata, prev[n%4] = events.Seal(nil, prev[n%4], stream, revision, &e,
			&events.Metadata{CommandID: fmt.Sprint("c", n), Actor: "ada"})
		if _, err := g.store.Append(t.Context(), stream, revision-1, []events.Event{e}); err != nil {
			t.Fatal(err)
		}
		value, closer, err := g.store.db.Get(eventKey(events.Position(n + 1)))
		if err != nil {
			t.Fatal(err)
		}
		g.raw = append(g.raw, bytes.Clone(value))
		size -= len(value)
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if g.key, err = merkle.NewKey(make([]byte, merkle.SeedSize), g.store.Epoch()); err != nil {
		t.Fatal(err)
	}
	tree, err := merkle.Open(t.Context(), merkle.Config{Store: g.store, Dir: g.tree, Key: g.key, Logger: discardLogger})
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.verify(g.store); err != nil {
		t.Fatalf("verifying the unchanged log: %v", err)
	}
	return g
}

// verify checks a whole log against the tree.
func (g *signedLog) verify(store *Store) error {
	check, err := merkle.NewCheck(g.tree, store.Epoch(), g.key.Verifier())
	if err != nil {
		return err
	}
	defer check.Close()
	for e, err := range events.All(context.Background(), store, 0) {
		if err == nil {
			err = check.Take(&e)
		}
		if err != nil {
			return err
		}
	}
	return check.End()
}

// overwrite sets a key of the database, bypassing the store.
func overwrite(t *testing.T, store *Store, key, value []byte) {
	t.Helper()
	if err := store.db.Set(key, value, pebble.NoSync); err != nil {
		t.Fatal(err)
	}
}

// TestEveryByteCounts changes each byte of each stored event in turn, with valid checksums of the database. Each change
// is detected: either the event cannot be read, or the root of the tree differs, so that no later head matches. For
// one byte of each event the whole log is checked against the signed head.
func TestEveryByteCounts(t *testing.T) {
	g := newSignedLog(t, minTamperedBytes)
	tried, foundByChain, links := 0, 0, map[events.StreamID]events.Hash{}
	var before merkle.CompactRange
	for position := events.Position(1); position < events.Position(len(g.raw)); position++ {
		stored, key := g.raw[position], eventKey(position)
		good, err := g.store.ReadAll(t.Context(), position-1, events.Forward, 1)
		if err != nil {
			t.Fatal(err)
		}
		after := before.Clone()
		after.Add(nil, &good[0])
		for i := range stored {
			changed := bytes.Clone(stored)
			changed[i] ^= 1 << (i % 8)
			overwrite(t, g.store, key, changed)
			page, err := g.store.ReadAll(t.Context(), position-1, events.Forward, 1)
			if err == nil {
				other := before.Clone()
				if other.Add(nil, &page[0]); other.Root() == after.Root() {
					t.Errorf("byte %d of the event at position %d changed: the root is the same, want a different one", i, position)
				}
				if _, err := events.CheckLink(links[good[0].Stream], &page[0]); err != nil {
					foundByChain++
				}
			} else if !errors.Is(err, events.ErrDamaged) {
				t.Errorf("byte %d of the event at position %d changed: ReadAll: %v, want %v", i, position, err, events.ErrDamaged)
			}
			if tried++; i == int(position)%len(stored) {
				if err := g.verify(g.store); !errors.Is(err, events.ErrDamaged) {
					t.Errorf("byte %d of the event at position %d changed: check of the log: %v, want %v", i, position, err,
						events.ErrDamaged)
				}
			}
		}
		overwrite(t, g.store, key, stored)
		before = after
		if links[good[0].Stream], err = events.CheckLink(links[good[0].Stream], &good[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.verify(g.store); err != nil || tried < minTamperedBytes {
		t.Errorf("check of the restored log: %v after %d changes, want success after at least %d", err, tried,
			minTamperedBytes)
	}
	t.Logf("%d changes in %d events, of which the hash chains of the streams alone detect %d", tried, len(g.raw)-1,
		foundByChain)
}

// TestForgedLogs: a log in which events were removed, swapped or replaced is detected, although its hash chains and
// indexes are valid and its epoch is the same.
func TestForgedLogs(t *testing.T) {
	g := newSignedLog(t, 4<<10)
	original := readSealed(t, g.store)
	last := len(original) - 1
	lastOf := func(stream events.StreamID) int {
		return slices.IndexFunc(original, func(e events.Recorded) bool {
			return e.Stream == stream && !slices.ContainsFunc(original[e.Position:],
				func(later events.Recorded) bool { return later.Stream == stream })
		})
	}
	without := func(n int) []events.Recorded { return slices.Delete(slices.Clone(original), n, n+1) }
	swapped := func(a, b int) []events.Recorded {
		other := slices.Clone(original)
		other[a], other[b] = other[b], other[a]
		return other
	}
	replaced := slices.Clone(original)
	replaced[2].Data = []byte(`{"quantity":100}`)
	for name, tampered := range map[string][]events.Recorded{
		"first event removed":          without(0),
		"event removed":                without(5),
		"last event removed":           without(last),
		"second half removed":          slices.Clone(original[:len(original)/2]),
		"all events removed":           nil,
		"end of a stream removed":      without(lastOf("product-2")),
		"events of streams swapped":    swapped(4, 5),
		"events of one stream swapped": swapped(1, 5),
		"data changed":                 replaced,
	} {
		dir := t.TempDir()
		i := mustOpenImport(t, dir, Options{})
		if err := errors.Join(i.Append(resealed(tampered)), i.Finish(), i.Close()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		forged := mustOpen(t, dir, Options{})
		overwrite(t, forged, epochKey, []byte(g.store.Epoch()))
		if err := forged.Close(); err != nil {
			t.Fatal(err)
		}
		forged = mustOpen(t, dir, Options{})
		if all := readSealed(t, forged); len(all) != len(tampered) || forged.Epoch() != g.store.Epoch() {
			t.Fatalf("%s: the forged log has %d events and epoch %s, want %d and %s", name, len(all), forged.Epoch(),
				len(tampered), g.store.Epoch())
		}
		if err := g.verify(forged); !errors.Is(err, merkle.ErrContradicted) {
			t.Errorf("%s: check of the log: %v, want %v", name, err, merkle.ErrContradicted)
		}
		if len(tampered) < len(original) {
			_, err := merkle.Open(t.Context(), merkle.Config{Store: forged, Dir: g.tree, Key: g.key, Logger: discardLogger})
			if !errors.Is(err, merkle.ErrContradicted) {
				t.Errorf("%s: Open of the tree: %v, want %v", name, err, merkle.ErrContradicted)
			}
		}
		if err := forged.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// readSealed returns the events of a log after verifying its hash chains.
func readSealed(t *testing.T, s *Store) (all []events.Recorded) {
	t.Helper()
	heads := map[events.StreamID]events.Hash{}
	for e, err := range events.All(t.Context(), s, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if heads[e.Stream], err = events.CheckLink(heads[e.Stream], &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// resealed returns a copy of events with consistent positions, revisions, times and hashes.
func resealed(all []events.Recorded) []events.Recorded {
	heads, next := map[events.StreamID]events.Hash{}, map[events.StreamID]events.Revision{}
	out := slices.Clone(all)
	for i := range out {
		e := &out[i]
		m, err := events.ParseMetadata(e.Metadata)
		if err != nil {
			panic(err)
		}
		e.Position, e.Revision = events.Position(i+1), next[e.Stream]
		if i > 0 && e.Created.Before(out[i-1].Created) {
			e.Created = out[i-1].Created
		}
		e.Metadata, heads[e.Stream] = events.Seal(nil, heads[e.Stream], e.Stream, e.Revision, &e.Event, &m)
		next[e.Stream]++
	}
	return out
}
