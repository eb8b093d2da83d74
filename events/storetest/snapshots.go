package storetest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"admitone/events"
)

// RunSnapshots runs the tests of events.Snapshots on the target. They are skipped if its stores do not implement it.
// It returns the names of the skipped tests, as Run does.
func RunSnapshots(t *testing.T, target Target) (skipped []string) {
	for _, test := range []struct {
		name string
		run  func(*suite, events.Snapshots)
	}{
		{"None", noSnapshot},
		{"Saved", snapshotSaved},
		{"Replaced", snapshotReplaced},
		{"FailedSaveKeepsPrevious", snapshotFailedSave},
		{"FailedLoad", snapshotFailedLoad},
		{"AnyStream", snapshotAnyStream},
		{"Large", snapshotLarge},
		{"Reopen", snapshotReopen},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Cleanup(func() { skipped = noteSkipped(t, skipped, test.name) })
			start(t, target, func(b *suite) {
				snapshots, ok := b.store.(events.Snapshots)
				if !ok {
					b.Skip("this store does not implement events.Snapshots")
				}
				test.run(b, snapshots)
			})
		})
	}
	return skipped
}

func headOf(n byte) events.Snapshot {
	return events.Snapshot{Version: uint32(n) << 20, Revision: events.Revision(n), Hash: events.Hash{n, 31: n}}
}

func (b *suite) save(s events.Snapshots, stream events.StreamID, head events.Snapshot, body []byte) {
	b.Helper()
	b.noErr(s.SaveSnapshot(stream, head, func(w io.Writer) error {
		// Write in two parts, as encoders do.
		if _, err := w.Write(body[:len(body)/3]); err != nil {
			return err
		}
		_, err := w.Write(body[len(body)/3:])
		return err
	}))
}

func (b *suite) load(s events.Snapshots, stream events.StreamID, head events.Snapshot, body []byte) {
	b.Helper()
	calls := 0
	b.noErr(s.LoadSnapshot(stream, func(got events.Snapshot, r io.Reader) error {
		calls++
		if got != head {
			b.Errorf("LoadSnapshot returned the header %v, want %v", got, head)
		}
		read, err := io.ReadAll(r)
		if !bytes.Equal(read, body) {
			b.Errorf("LoadSnapshot returned %d bytes, want the %d that were saved", len(read), len(body))
		}
		return err
	}))
	if calls != 1 {
		b.Errorf("LoadSnapshot called read %d times, want 1", calls)
	}
}

func (b *suite) wantNone(s events.Snapshots, stream events.StreamID) {
	b.Helper()
	b.wantErr(s.LoadSnapshot(stream, func(events.Snapshot, io.Reader) error {
		b.Error("LoadSnapshot called read without a snapshot")
		return nil
	}), events.ErrNoSnapshot)
}

func noSnapshot(b *suite, s events.Snapshots) { b.wantNone(s, b.stream("a")) }

func snapshotSaved(b *suite, s events.Snapshots) {
	b.save(s, b.stream("a"), headOf(1), []byte("one"))
	b.save(s, b.stream("b"), headOf(2), nil)
	b.load(s, b.stream("a"), headOf(1), []byte("one"))
	b.load(s, b.stream("b"), headOf(2), nil)
	b.wantNone(s, b.stream("c"))
}

func snapshotReplaced(b *suite, s events.Snapshots) {
	b.save(s, b.stream("a"), headOf(1), bytes.Repeat([]byte("longer"), 1000))
	b.save(s, b.stream("a"), headOf(2), []byte("shorter"))
	b.load(s, b.stream("a"), headOf(2), []byte("shorter"))
}

func snapshotFailedSave(b *suite, s events.Snapshots) {
	broken := errors.New("write fails")
	fail := func(stream events.StreamID) {
		b.Helper()
		b.wantErr(s.SaveSnapshot(stream, headOf(9), func(w io.Writer) error {
			if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<20)); err != nil {
				return err
			}
			return broken
		}), broken)
	}
	fail(b.stream("a"))
	b.wantNone(s, b.stream("a"))
	b.save(s, b.stream("a"), headOf(1), []byte("one"))
	fail(b.stream("a"))
	b.load(s, b.stream("a"), headOf(1), []byte("one"))
}

func snapshotFailedLoad(b *suite, s events.Snapshots) {
	b.save(s, b.stream("a"), headOf(1), []byte("one"))
	broken := errors.New("read fails")
	b.wantErr(s.LoadSnapshot(b.stream("a"), func(events.Snapshot, io.Reader) error { return broken }), broken)
	b.load(s, b.stream("a"), headOf(1), []byte("one"))
}

func snapshotAnyStream(b *suite, s events.Snapshots) {
	names := []string{"a", "A", "../a", "a/b", `a\b`, "a.tmp", "nul\x00", "%2e", "Grüße", "con", " ",
		strings.Repeat("long", 200)}
	for i, name := range names {
		b.save(s, b.stream(name), headOf(byte(i)), []byte(name))
	}
	for i, name := range names {
		b.load(s, b.stream(name), headOf(byte(i)), []byte(name))
	}
}

func snapshotLarge(b *suite, s events.Snapshots) {
	body := make([]byte, 3<<20+17)
	for i := range body {
		body[i] = byte(i >> 8 * i)
	}
	b.save(s, b.stream("a"), headOf(1), body)
	b.load(s, b.stream("a"), headOf(1), body)
}

func snapshotReopen(b *suite, s events.Snapshots) {
	if b.target.Reopen == nil {
		b.Skip("this target can't be reopened")
	}
	b.save(s, b.stream("a"), headOf(1), []byte("one"))
	b.noErr(b.store.Close())
	b.store = b.target.Reopen(b.T, b.store)
	b.load(b.store.(events.Snapshots), b.stream("a"), headOf(1), []byte("one"))
}
