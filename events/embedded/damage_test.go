package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

// writeLog makes appends of 40 events each to three streams of a log in dir, and returns the open store and its
// events.
func writeLog(t *testing.T, dir string, appends int) (*Store, []events.Recorded) {
	t.Helper()
	s := mustOpen(t, dir, Options{})
	for i := range appends {
		stream := events.NewStreamID("product", fmt.Sprint(i%3))
		if _, err := s.Append(context.Background(), stream, events.Revision(i/3*40-1), sampleBatch(40)); err != nil {
			t.Fatal(err)
		}
	}
	return s, readEverything(t, s)
}

func readEverything(t *testing.T, s *Store) []events.Recorded {
	t.Helper()
	all, err := readAllWays(s)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// readAllWays reads the log and every stream in both directions.
func readAllWays(s *Store) ([]events.Recorded, error) {
	ctx := context.Background()
	all, err := s.ReadAll(ctx, 0, events.Forward, 1<<20)
	if err != nil {
		return nil, err
	}
	backwards, err := s.ReadAll(ctx, events.EndPosition, events.Backward, 1<<20)
	if err != nil {
		return nil, err
	}
	if len(backwards) != len(all) {
		return nil, fmt.Errorf("ReadAll returned %d events forward and %d backward, want the same", len(all), len(backwards))
	}
	read := 0
	for i := range 3 {
		stream := events.NewStreamID("product", fmt.Sprint(i))
		forward, err := s.Read(ctx, stream, 0, events.Forward, 1<<20)
		if err != nil {
			return nil, err
		}
		backward, err := s.Read(ctx, stream, events.EndRevision, events.Backward, 1<<20)
		if err != nil {
			return nil, err
		}
		if len(forward) != len(backward) {
			return nil, fmt.Errorf("Read of %s returned %d events forward and %d backward, want the same", stream, len(forward),
				len(backward))
		}
		read += len(forward)
	}
	if read != len(all) {
		return nil, fmt.Errorf("the log has %d events and its streams %d, want the same", len(all), read)
	}
	return all, nil
}

func sameRecorded(a, b events.Recorded) bool {
	return a.Stream == b.Stream && a.Revision == b.Revision && a.Position == b.Position && a.Created.Equal(b.Created) &&
		a.ID == b.ID && a.Type == b.Type && string(a.Data) == string(b.Data) && string(a.Metadata) == string(b.Metadata)
}

// files returns the paths of files below dir with a suffix. There must be at least one.
func files(t *testing.T, dir, suffix string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, suffix) {
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("files with the suffix %s below %s: %q, %v; want at least one", suffix, dir, found, err)
	}
	return found
}

// flipBytes tries changes of a single byte of a file, one in every step bytes up to end. It opens a copy of the log
// with each change and reads everything: the result must be events.ErrDamaged or the events that were written. It
// returns the number of changes that yielded events.ErrDamaged, and of all changes.
func flipBytes(t *testing.T, dir, file string, end, step int, want []events.Recorded) (found, tried int) {
	t.Helper()
	intact, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	name, err := filepath.Rel(dir, file)
	if err != nil {
		t.Fatal(err)
	}
	for at := step / 2; at < min(end, len(intact)); at += step {
		broken := slices.Clone(intact)
		broken[at] ^= 0x10
		to := t.TempDir()
		if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), broken, 0o644); err != nil {
			t.Fatal(err)
		}
		tried++
		err := compare(t, to, want)
		if errors.Is(err, events.ErrDamaged) {
			found++
		} else if err != nil {
			t.Errorf("%s with byte %d changed: %v, want %v or the original events", name, at, err, events.ErrDamaged)
		}
	}
	return found, tried
}

func compare(t *testing.T, dir string, want []events.Recorded) error {
	t.Helper()
	s, err := Open(dir, Options{Logger: discardLogger, Fatal: func(err error) { t.Errorf("fatal: %v", err) }})
	if err != nil {
		return err
	}
	defer s.Close()
	all, err := readAllWays(s)
	if err == nil && !slices.EqualFunc(all, want, sameRecorded) {
		return errors.New("the log was read without an error, but its events differ")
	}
	return err
}

func TestFlippedTable(t *testing.T) {
	dir := t.TempDir()
	s, want := writeLog(t, dir, 30)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, table := range files(t, dir, ".sst") {
		if found, tried := flipBytes(t, dir, table, 1<<30, 4001, want); found < tried/2 {
			t.Errorf("%s: %d of %d changes were detected, want at least half", table, found, tried)
		}
	}
}

// ambiguousBytes is the size of the last two blocks of the write-ahead log, which no later block confirms as synced;
// see the package documentation.
const ambiguousBytes = 64 << 10

func TestFlippedWriteAheadLog(t *testing.T) {
	dir, crashed := t.TempDir(), t.TempDir()
	s, want := writeLog(t, dir, 9) // few enough for a single write-ahead log
	// After kill -9, all events are in the write-ahead log.
	if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	end := int(s.Stats().Bytes) - ambiguousBytes
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	logs := files(t, crashed, ".log")
	if found, tried := flipBytes(t, crashed, logs[len(logs)-1], end, 3001, want); found != tried || tried < 20 {
		t.Errorf("%d of %d changes were detected, want all of at least 20", found, tried)
	}
}

func TestRemovedTable(t *testing.T) {
	dir := t.TempDir()
	s, _ := writeLog(t, dir, 30)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, table := range files(t, dir, ".sst") {
		if err := os.Remove(table); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir, Options{Logger: discardLogger}); !errors.Is(err, events.ErrDamaged) {
		t.Errorf("Open: %v, want %v", err, events.ErrDamaged)
	}
}

// TestInconsistent: records with valid checksums that contradict each other are detected.
func TestInconsistent(t *testing.T) {
	otherStream := func(b *pebble.Batch) error { // points the entry of product-0's second append at that of product-1
		value := make([]byte, indexValueSize)
		putIndexValue(value, 161, 40)
		return b.Set(indexKey("product-0", 40), value, nil)
	}
	otherRevision := func(b *pebble.Batch) error {
		value := make([]byte, indexValueSize)
		putIndexValue(value, 1, 40)
		return b.Set(indexKey("product-0", 40), value, nil)
	}
	drop := func(key []byte) func(b *pebble.Batch) error {
		return func(b *pebble.Batch) error { return b.Delete(key, nil) }
	}
	set := func(key []byte, value string) func(b *pebble.Batch) error {
		return func(b *pebble.Batch) error { return b.Set(key, []byte(value), nil) }
	}
	for _, test := range []struct {
		name   string
		change func(*pebble.Batch) error
		want   error
		opens  bool // the damage is detected by reads and not by Open
	}{
		{"GapInPositions", drop(eventKey(500)), events.ErrDamaged, true},
		{"FirstEventMissing", drop(eventKey(1)), events.ErrDamaged, false},
		{"LastEventMissing", drop(eventKey(1200)), events.ErrDamaged, false},
		{"IndexOfAnotherStream", otherStream, events.ErrDamaged, true},
		{"IndexOfAnotherRevision", otherRevision, events.ErrDamaged, true},
		{"IndexGap", drop(indexKey("product-0", 80)), events.ErrDamaged, true},
		{"IndexBeginMissing", drop(indexKey("product-0", 0)), events.ErrDamaged, true},
		{"IndexEndMissing", drop(indexKey("product-2", 360)), events.ErrDamaged, false},
		{"IndexBytes", set(indexKey("product-0", 80), "short"), events.ErrDamaged, true},
		{"EventBytes", set(eventKey(7), "not an event"), events.ErrDamaged, true},
		{"InvalidKey", set([]byte("e123"), "x"), events.ErrDamaged, false},
		{"FormatMissing", drop(formatKey), events.ErrDamaged, false},
		{"EpochMissing", drop(epochKey), events.ErrDamaged, false},
		{"FormatUnknown", set(formatKey, "2"), ErrFormat, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			s, want := writeLog(t, dir, 30)
			batch := s.db.NewBatch()
			if err := errors.Join(test.change(batch), batch.Commit(pebble.Sync), s.Close()); err != nil {
				t.Fatal(err)
			}
			if err := compare(t, dir, want); !errors.Is(err, test.want) {
				t.Errorf("Open and reads: %v, want %v", err, test.want)
			}
			opened, err := Open(dir, Options{Logger: discardLogger})
			if (err == nil) != test.opens {
				t.Errorf("Open: %v, want success: %t", err, test.opens)
			}
			if err == nil {
				closeStore(t, opened)
			}
		})
	}
}

// TestFollowDamage: Follow returns an error at a missing event.
func TestFollowDamage(t *testing.T) {
	dir := t.TempDir()
	s, _ := writeLog(t, dir, 30)
	if err := errors.Join(s.db.Delete(eventKey(500), pebble.Sync), s.Close()); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir, Options{})
	defer s.Close()
	err := s.Follow(context.Background(), 0, func(page []events.Recorded) error {
		if last := page[len(page)-1].Position; last >= 500 {
			return fmt.Errorf("the handler received position %d after the missing event", last)
		}
		return nil
	})
	if !errors.Is(err, events.ErrDamaged) {
		t.Errorf("Follow: %v, want %v", err, events.ErrDamaged)
	}
}
