package actors

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

// counted counts the events read.
type counted struct {
	events.Store
	read atomic.Int64
}

// Read implements events.Store.
func (c *counted) Read(
	ctx context.Context,
	stream events.StreamID,
	from events.Revision,
	dir events.Direction,
	limit int,
) ([]events.Recorded, error) {
	page, err := c.Store.Read(ctx, stream, from, dir, limit)
	c.read.Add(int64(len(page)))
	return page, err
}

// waitFor waits until done returns true, for a minute at most.
func waitFor(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("timed out after a minute waiting for %s", what)
		}
	}
}

// sell sells units of the lamp, one by one.
func sell(t testing.TB, d *Desk, units int) {
	t.Helper()
	for range units {
		if _, err := ask(d, one("ann")); err != nil {
			t.Fatal(err)
		}
	}
}

// remaining loads the lamp on a desk of its own and returns the remaining units and the number of
// events read.
func remaining(t testing.TB, store events.Store, snapshots events.Snapshots, kind core.Kind) (left, read int64) {
	t.Helper()
	c := &counted{Store: store}
	d := openDesk(t, c, func(config *Config) {
		config.Snapshots, config.SnapshotEvery, config.Kinds = snapshots, 4, []core.Kind{kind}
	})
	_, err := d.View(
		context.Background(),
		lamp,
		func(c core.Core) { left = c.(interface{ Remaining() int64 }).Remaining() },
	)
	must(t, err)
	return left, c.read.Load()
}

// writeHistory writes 101 events of a lamp, with snapshots in between.
func writeHistory(t testing.TB, dir string) {
	t.Helper()
	store := openLog(t, dir)
	d := openDesk(t, store, func(c *Config) { c.Snapshots, c.SnapshotEvery = store, 30 })
	mustCreate(t, d, 1000)
	for due := range int64(3) { // wait, because an entity writes one snapshot at a time
		sell(t, d, 30)
		waitFor(t, "a snapshot", func() bool { return d.Stats().Snapshots > due })
	}
	sell(t, d, 10)
	closeDesk(t, d)
	if got := d.Stats().Snapshots; got < 3 || got > 4 {
		t.Errorf("%d snapshots of 101 events, want 3 or 4", got)
	}
	mustClose(t, store)
}

// TestALoadBeginsWithTheSnapshot: a load reads the snapshot, its last event and those after it; a
// snapshot that does not match the log is ignored.
func TestALoadBeginsWithTheSnapshot(t *testing.T) {
	const all = 101
	newer := products
	newer.SnapshotVersion++
	broken := products
	broken.New = func() core.Core { return &unrestorable{product.New().(*product.Product)} }
	for name, test := range map[string]struct {
		kind  core.Kind
		spoil func(t *testing.T, dir string)
		whole bool // want the whole stream to be read
		later int  // commands after the snapshot
	}{
		"matching":           {kind: products},
		"with later events":  {kind: products, later: 7},
		"of another version": {kind: newer, whole: true},
		"that panics":        {kind: broken, whole: true},
		"damaged":            {kind: products, spoil: damage, whole: true},
		"of another history": {kind: products, spoil: anotherHistory, whole: true},
		"ahead of the log":   {kind: products, spoil: aheadOfTheLog, whole: true},
		"empty":              {kind: products, spoil: truncate, whole: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeHistory(t, dir)
			if test.spoil != nil {
				test.spoil(t, dir)
			}
			store := openLog(t, dir)
			sell(t, openDesk(t, store, nil), test.later)
			left, read := remaining(t, store, store, test.kind)
			if p := audit(t, store, nil); left != p.Remaining() {
				t.Errorf("remaining = %d, want %d as from the log", left, p.Remaining())
			}
			if whole := read >= all-10; whole != test.whole {
				t.Errorf("%d of %d events were read, want all: %t", read, all, test.whole)
			}
		})
	}
}

// unrestorable panics in Restore.
type unrestorable struct{ *product.Product }

// Restore implements core.Core.
func (*unrestorable) Restore(io.Reader) error { panic("broken in Restore") }

// eachSnapshot changes the files of the snapshots in dir.
func eachSnapshot(t *testing.T, dir string, change func(name string, content []byte)) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "snapshots", "*"))
	must(t, err)
	changed := 0
	for _, name := range names {
		if content, err := os.ReadFile(name); err == nil { // not a folder
			change(name, content)
			changed++
		}
	}
	if changed == 0 {
		t.Fatal("there are no snapshots")
	}
}

func damage(t *testing.T, dir string) {
	eachSnapshot(t, dir, func(name string, content []byte) {
		content[len(content)/2] ^= 1
		must(t, os.WriteFile(name, content, 0o600))
	})
}

func truncate(t *testing.T, dir string) {
	eachSnapshot(t, dir, func(name string, _ []byte) { must(t, os.Truncate(name, 0)) })
}

// anotherHistory copies the snapshots of another log of the same length.
func anotherHistory(t *testing.T, dir string) {
	other := t.TempDir()
	writeHistory(t, other)
	eachSnapshot(t, other, func(name string, content []byte) {
		must(t, os.WriteFile(filepath.Join(dir, "snapshots", filepath.Base(name)), content, 0o600))
	})
}

// aheadOfTheLog copies a later snapshot, as after a backup was restored.
func aheadOfTheLog(t *testing.T, dir string) {
	store := openLog(t, dir)
	d := openDesk(t, store, func(c *Config) { c.Snapshots, c.SnapshotEvery = store, 4 })
	sell(t, d, 50)
	closeDesk(t, d)
	mustClose(t, store)
	later := t.TempDir()
	must(t, os.Rename(filepath.Join(dir, "snapshots"), filepath.Join(later, "snapshots")))
	must(t, os.RemoveAll(filepath.Join(dir, "log")))
	writeHistory(t, dir)
	must(t, os.RemoveAll(filepath.Join(dir, "snapshots")))
	must(t, os.Rename(filepath.Join(later, "snapshots"), filepath.Join(dir, "snapshots")))
}

// heldSnapshots blocks snapshots until release is closed.
type heldSnapshots struct {
	events.Snapshots
	began   chan struct{}
	release chan struct{}
}

// SaveSnapshot implements events.Snapshots.
func (h *heldSnapshots) SaveSnapshot(stream events.StreamID, head events.Snapshot, write func(io.Writer) error) error {
	h.began <- struct{}{}
	<-h.release
	return h.Snapshots.SaveSnapshot(stream, head, write)
}

// TestEntityStaysDuringItsSnapshot: an entity is not evicted while its snapshot is written, and
// commands continue.
func TestEntityStaysDuringItsSnapshot(t *testing.T) {
	store := openLog(t, t.TempDir())
	h := &heldSnapshots{Snapshots: store, began: make(chan struct{}, 10), release: make(chan struct{})}
	d := openDesk(t, store, func(c *Config) { c.Snapshots, c.SnapshotEvery = h, 10 })
	mustCreate(t, d, 1000)
	sell(t, d, 12)
	<-h.began
	sell(t, d, 20)
	for range 10 {
		d.Sweep()
	}
	if s := d.Stats(); s.Active != 1 || s.Dropped != 0 || s.Snapshots != 0 {
		t.Errorf("stats while the snapshot is being written = %+v, want Active 1, Dropped 0, Snapshots 0", s)
	}
	close(h.release)
	waitFor(t, "no command in flight", func() bool { return d.Stats().InFlight == 0 })
	// By now it has enough unsaved events for a sweep to request a snapshot before its eviction.
	waitFor(t, "the eviction of the entity", func() bool { d.Sweep(); return d.Stats().Active == 0 })
	if s := d.Stats(); s.Snapshots != 2 || s.Loads != 0 { // it was new, so its stream was never read
		t.Errorf("stats after the eviction = %+v, want Snapshots 2, Loads 0", s)
	}
	if left, read := remaining(t, store, store, products); left != 968 ||
		read != 2 { // one to see that the stream is long, one to check the snapshot
		t.Errorf("remaining = %d, %d events were read; want 968 and 2", left, read)
	}
}

// lookupCounter counts the lookups of snapshots.
type lookupCounter struct {
	events.Snapshots
	times atomic.Int64
}

// LoadSnapshot implements events.Snapshots.
func (s *lookupCounter) LoadSnapshot(stream events.StreamID, read func(events.Snapshot, io.Reader) error) error {
	s.times.Add(1)
	return s.Snapshots.LoadSnapshot(stream, read)
}

// TestShortStreamsNeedNoSnapshot: no snapshot is looked up for a stream that is too short to have one.
func TestShortStreamsNeedNoSnapshot(t *testing.T) {
	for _, test := range []struct{ sold, times int }{{0, 0}, {8, 0}, {9, 1}, {20, 1}} {
		store := openLog(t, t.TempDir())
		d := openDesk(t, store, nil)
		mustCreate(t, d, 1000)
		sell(t, d, test.sold)
		closeDesk(t, d)
		s := &lookupCounter{Snapshots: store}
		d = openDesk(t, store, func(c *Config) { c.Snapshots, c.SnapshotEvery = s, 40 })
		sell(t, d, 1)
		if p := audit(t, store, nil); p.Remaining() != int64(999-test.sold) || s.times.Load() != int64(test.times) {
			t.Errorf(
				"after %d sales: remaining = %d, %d lookups of a snapshot; want %d, %d",
				test.sold+1,
				p.Remaining(),
				s.times.Load(),
				999-test.sold,
				test.times,
			)
		}
	}
}

// TestSweepingWhileHoldsExpire: the expiries that a request for a snapshot causes are appended before
// the entity is evicted.
func TestSweepingWhileHoldsExpire(t *testing.T) {
	store := openLog(t, t.TempDir())
	log := &counted{Store: store}
	var c clock
	d := openDesk(t, log, func(config *Config) { config.Now, config.Snapshots, config.SnapshotEvery = c.now, store, 4 })
	mustCreate(t, d, 100_000)
	for range 30 {
		_, err := ask(d, &product.Reserve{ReservationID: NewID(), Holder: "ann", Quantity: 1, Hold: true})
		must(t, err)
		sell(t, d, 1)
		c.advance(1 << 36) // more than a minute
		waitFor(t, "the eviction of the entity", func() bool { d.Sweep(); return d.Stats().Active == 0 })
	}
	if s := d.Stats(); s.Conflicts != 0 || s.InFlight != 0 {
		t.Errorf("stats = %+v, want Conflicts 0, InFlight 0", s)
	}
	audit(t, store, nil)
}

// oldSnapshots writes snapshots as older programs did: keys without their callers.
type oldSnapshots struct{ events.Snapshots }

// SaveSnapshot implements events.Snapshots.
func (c oldSnapshots) SaveSnapshot(stream events.StreamID, head events.Snapshot, write func(io.Writer) error) error {
	head.Version &^= keyWindowCounted
	return c.Snapshots.SaveSnapshot(stream, head, func(w io.Writer) error {
		var all bytes.Buffer
		if err := write(&all); err != nil {
			return err
		}
		end := 8 // since
		for range 2 {
			end += 8 + int(binary.LittleEndian.Uint64(all.Bytes()[end:]))*(keySize+16)
		}
		state := end + 8 + int(binary.LittleEndian.Uint64(all.Bytes()[end:]))*12
		_, err := w.Write(append(all.Bytes()[:end:end], all.Bytes()[state:]...))
		return err
	})
}

// TestOlderSnapshotIsRead: the keys in an older snapshot are known, and it need not be written
// again.
func TestOlderSnapshotIsRead(t *testing.T) {
	store := openLog(t, t.TempDir())
	d := openDesk(t, store, func(c *Config) { c.Snapshots, c.SnapshotEvery = oldSnapshots{store}, 30 })
	mustCreate(t, d, 1000)
	key := func(i int) Request {
		return Request{
			Stream:  lamp,
			Command: one("ann"),
			ID:      KeyedCommandID("ann", fmt.Sprint(i)),
			Actor:   "ann",
			Bounded: true,
		}
	}
	for i := range 200 {
		if _, err := d.Ask(context.Background(), key(i)); err != nil {
			t.Fatal(err)
		}
	}
	closeDesk(t, d)
	if _, read := remaining(t, store, store, products); read >= 190 {
		t.Errorf("%d of 201 events were read, want fewer than 190", read)
	}
	again := openDesk(t, store, func(c *Config) { c.Snapshots = store })
	if answer, err := again.Ask(context.Background(), key(7)); err != nil || !answer.Replayed {
		t.Errorf("repeated key: %+v, %v; want a replay", answer, err)
	}
}
