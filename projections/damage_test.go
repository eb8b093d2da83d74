package projections

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// logRecorder records the log messages of the views.
type logRecorder struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logRecorder) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// hasRebuild reports whether a rebuild of the views was logged.
func (l *logRecorder) hasRebuild() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), "rebuilt")
}

// openDir opens views on the disk, and returns them with their log messages.
func openDir(t testing.TB, log events.Store, dir string) (*Projections, *logRecorder) {
	t.Helper()
	logged := &logRecorder{}
	p, err := Open(Config{Store: log, Dir: dir, Spawn: spawn, FrameEvery: -1,
		Logger: slog.New(slog.NewTextHandler(logged, nil))})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { p.Close() })
	return p, logged
}

// soldProducts is the number of products in the log of soldLog.
const soldProducts = 60

// soldLog returns a log with soldProducts products, each with a hold.
func soldLog(epoch string) *logtest.Memory {
	log := logtest.NewMemory()
	log.Name = epoch
	for i := range soldProducts {
		id := fmt.Sprintf("p%02d", i)
		name := make([]byte, 400) // incompressible
		rand.NewChaCha8(sha256.Sum256([]byte(epoch + id))).Read(name)
		log.Add(
			product(events.ProductID(id)),
			&events.ProductCreated{ProductID: events.ProductID(id), DisplayName: hex.EncodeToString(name), Stock: 9},
			&events.ProductHeld{ReservationID: "r", Holder: "h", Quantity: 2, ExpiresAt: time.Unix(4e9, 0), Remaining: 7},
		)
	}
	return log
}

// writeViews writes the views of a log to dir, in tables of several levels.
func writeViews(t testing.TB, log *logtest.Memory, dir string) {
	t.Helper()
	p, _ := openDir(t, log, dir)
	for i, part := range [][]events.Recorded{log.Recorded[:60], log.Recorded[60:]} {
		err := p.apply(part)
		p.mu.Lock()
		err = errors.Join(err, p.flush(), p.db.Flush())
		p.mu.Unlock()
		if i == 0 {
			err = errors.Join(err, p.db.Compact(t.Context(), []byte{0}, []byte{0xff}, false))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

// foldFresh folds a log from its beginning.
func foldFresh(t testing.TB, log *logtest.Memory) *Projections {
	t.Helper()
	p := openViews(t, log, vfs.NewMem())
	runViews(t, p)
	<-p.ready
	return p
}

// frames are the frames of a subscriber.
type frames chan *live.Frame

func (f frames) Deliver(frame *live.Frame) { f <- frame }

func (f frames) next(t *testing.T) *live.Frame {
	t.Helper()
	select {
	case frame := <-f:
		return frame
	case <-time.After(waitLimit):
		t.Fatalf("no frame within %v, want one", waitLimit)
		return nil
	}
}

// checkSound compares views that are ready with a fresh fold.
func checkSound(t *testing.T, p, want *Projections) {
	t.Helper()
	p.mu.Lock()
	err := errors.Join(p.flush(), p.damage.found())
	p.mu.Unlock()
	want.mu.Lock()
	err = errors.Join(err, want.flush())
	want.mu.Unlock()
	if err == nil {
		err = compareRecords(p.db, want.db, p.Position())
	}
	if err != nil {
		t.Errorf("VerifyViews: %v, want no difference from a fresh fold", err)
	}
}

// readAll compares every product in p and want. If mayRefuse is set, reads may fail with ErrNotReady.
func readAll(t *testing.T, p, want *Projections, mayRefuse bool) {
	t.Helper()
	for i := range soldProducts {
		id := events.ProductID(fmt.Sprintf("p%02d", i))
		expected, _, _ := want.Product(id)
		row, ok, err := p.Product(id)
		if mayRefuse && errors.Is(err, ErrNotReady) {
			continue
		}
		if err != nil || !ok || row != expected {
			t.Fatalf("Product(%s) = %+v, %v, %v; want %+v", id, row, ok, err, expected)
		}
	}
}

// awaitReady waits until the views are ready and no damage is being repaired.
func awaitReady(t *testing.T, p *Projections) {
	t.Helper()
	for {
		if err := p.awaitReady(t.Context()); err != nil {
			t.Fatal(err)
		}
		if p.damage.found() == nil && p.Ready() {
			return
		}
		time.Sleep(time.Millisecond) // until Run has received the report of the damage
	}
}

// TestDamagedViewsAreRebuiltAtOpen: after any corruption of a file of closed views, no wrong row is returned, and
// the rebuilt views equal a fresh fold.
func TestDamagedViewsAreRebuiltAtOpen(t *testing.T) {
	forEachCorruption(t, 997, func(t *testing.T, log *logtest.Memory, want *Projections, dir, name string, m corruption) {
		if err := m.apply(""); err != nil {
			t.Fatal(err)
		}
		p, logged := openDir(t, log, dir)
		runViews(t, p)
		awaitReady(t, p)
		readAll(t, p, want, true)
		awaitReady(t, p)
		readAll(t, p, want, false)
		checkSound(t, p, want)
		table, marker := strings.HasSuffix(name, ".sst"), strings.HasPrefix(name, "marker.")
		if logged := logged.hasRebuild(); !logged && (m.name == "missing" && (table || marker) || m.name != "missing" && table &&
			!strings.Contains(m.name, "flipped")) {
			t.Errorf("no rebuild was logged, want one")
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestDamagedViewsAreRebuiltWhileRunning is TestDamagedViewsAreRebuiltAtOpen for files in use.
func TestDamagedViewsAreRebuiltWhileRunning(t *testing.T) {
	forEachCorruption(t, 1999, func(t *testing.T, log *logtest.Memory, want *Projections, dir, _ string, m corruption) {
		p, _ := openDir(t, log, dir)
		stop := runViews(t, p)
		awaitReady(t, p)
		// Pebble may remove an obsolete file during a swap. Half a swap is damage too.
		if err := m.apply(""); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		readAll(t, p, want, true)
		awaitReady(t, p)
		readAll(t, p, want, false)
		checkSound(t, p, want)
		stop()
		if err := p.Healthy(); err != nil {
			t.Errorf("Healthy() = %v, want nil", err)
		}
		p.Close()
		again, _ := openDir(t, log, dir)
		runViews(t, again)
		awaitReady(t, again)
		readAll(t, again, want, true)
		awaitReady(t, again)
		readAll(t, again, want, false)
		checkSound(t, again, want)
		again.Close()
	})
}

// TestRebuildingViewsRefuseReads: while a damaged view is rebuilt, reads are refused, and
// subscribers resume with a snapshot.
func TestRebuildingViewsRefuseReads(t *testing.T) {
	log, dir := soldLog("first"), t.TempDir()
	writeViews(t, log, dir)
	p, logged := openDir(t, log, dir)
	runViews(t, p)
	awaitReady(t, p)
	w := make(frames, 16)
	sub, err := p.Subscribe("product:p01", live.Resume{}, w)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	w.next(t)
	log.Change(func() { log.Down = fmt.Errorf("unreachable: %w", events.ErrUnavailable) })
	for _, path := range files(t, dir) {
		if strings.HasSuffix(path, ".sst") {
			if err := overwrite(path, []byte("nothing")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, _, err := p.Product("p50"); !errors.Is(err, ErrNotReady) {
		t.Fatalf("reading a damaged table: %v, want ErrNotReady", err)
	}
	if _, _, err := p.Products("", 10); !errors.Is(err, ErrNotReady) {
		t.Errorf("Products during the rebuild: %v, want ErrNotReady", err)
	}
	for p.Ready() {
		time.Sleep(time.Millisecond)
	}
	if _, err := p.Subscribe("product:p02", live.Resume{}, make(frames, 16)); !errors.Is(err, ErrNotReady) {
		t.Errorf("Subscribe during the rebuild: %v, want ErrNotReady", err)
	}
	log.Change(func() { log.Down = nil })
	awaitReady(t, p)
	if !logged.hasRebuild() {
		t.Error("no rebuild was logged, want a warning")
	}
	if f := w.next(t); f.Kind != live.SnapshotFrame || f.Row().(row.Product).ID != "p01" {
		t.Errorf("the subscriber got %s, want a snapshot of p01", f.Bytes())
	}
	log.Add(product("p01"), &events.ProductReserved{ReservationID: "x", Holder: "h", Quantity: 1, Remaining: 6})
	if f := w.next(t); f.Kind != live.DeltaFrame || f.Row().(row.Product).Sold != 1 {
		t.Errorf("then the subscriber got %s, want a delta with 1 sold", f.Bytes())
	}
	checkSound(t, p, foldFresh(t, log))
}

// TestViewsThatContradictTheLogAreRebuilt: a record that another program changed, with correct checksums, is
// detected by the next event of its entity.
func TestViewsThatContradictTheLogAreRebuilt(t *testing.T) {
	log, dir := soldLog("first"), t.TempDir()
	writeViews(t, log, dir)
	db, err := pebble.Open(dir, &pebble.Options{Logger: errorLogger{slog.New(slog.DiscardHandler)}})
	if err == nil {
		product, tag := row.Product{ID: "p05", Stock: 9, Revision: 7}, tagOf(log.Name)
		err = errors.Join(db.Set([]byte("product\x00p05"), row.AppendProduct(tag[:], &product), pebble.Sync), db.Flush(),
			db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	p, logged := openDir(t, log, dir)
	runViews(t, p)
	awaitReady(t, p)
	log.Add(product("p05"), &events.ProductReserved{ReservationID: "x", Holder: "h", Quantity: 1, Remaining: 6},
		&events.ProductReserved{ReservationID: "y", Holder: "h", Quantity: 1, Remaining: 5})
	for range 7 {
		log.Add(product("p05"), &events.ProductEdited{DisplayName: "p", Stock: 9, Remaining: 5})
	}
	waitFor(t, p, log.Add(product("p06"), &events.ProductEdited{DisplayName: "p", Stock: 9, Remaining: 7}))
	awaitReady(t, p)
	if !logged.hasRebuild() || p.Healthy() != nil {
		t.Errorf("rebuild logged: %v, want true; Healthy() = %v, want nil", logged.hasRebuild(), p.Healthy())
	}
	checkSound(t, p, foldFresh(t, log))
}

// TestSwappedTables: two swapped tables that differ only in their records are detected when the views are opened.
func TestSwappedTables(t *testing.T) {
	dir := t.TempDir()
	p, _ := openDir(t, logtest.NewMemory(), dir)
	for _, key := range []string{"x1", "x2"} {
		value := make([]byte, 5000)
		rand.NewChaCha8(sha256.Sum256([]byte(key))).Read(value)
		if err := errors.Join(p.db.Set([]byte(key), value, pebble.NoSync), p.db.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	var tables []string
	for _, path := range files(t, dir) {
		if strings.HasSuffix(path, ".sst") {
			tables = append(tables, path)
		}
	}
	open := func() error {
		db, lock, err := openReader(dir)
		if err == nil {
			err = errors.Join(db.Close(), lock.Close())
		}
		return err
	}
	if err := open(); err != nil || len(tables) != 2 {
		t.Fatalf("opening the tables %v: %v; want two tables", tables, err)
	}
	if err := swap(tables[0], tables[1]); err != nil {
		t.Fatal(err)
	}
	if err := open(); err == nil || !strings.Contains(err.Error(), "differs from the manifest") {
		t.Errorf("opening two swapped tables of equal size: %v, want an error about the manifest", err)
	}
}

// TestRecordsOfAnotherLog: a record of the views of a different log is ignored, even if its table is valid.
func TestRecordsOfAnotherLog(t *testing.T) {
	log, dir := soldLog("first"), t.TempDir()
	writeViews(t, log, dir)
	p, logged := openDir(t, log, dir)
	foreign := row.Product{ID: "p05", Stock: 1000, Revision: 1}
	tag := tagOf("other")
	if err := p.db.Set([]byte("product\x00p05"), row.AppendProduct(tag[:], &foreign), pebble.NoSync); err != nil {
		t.Fatal(err)
	}
	for _, read := range []func() error{
		func() error { _, _, err := p.Product("p05"); return err },
		func() error { _, _, err := p.Products("", 100); return err },
	} {
		p.damage.forget()
		if err := read(); !errors.Is(err, ErrNotReady) || !errors.Is(err, errForeign) {
			t.Errorf("reading the record of a different log: %v, want ErrNotReady and errForeign", err)
		}
	}
	if t.Failed() {
		return // no damage was reported, so no rebuild would follow
	}
	runViews(t, p)
	for !logged.hasRebuild() {
		time.Sleep(time.Millisecond)
	}
	awaitReady(t, p)
	checkSound(t, p, foldFresh(t, log))
}
