package merkle

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"admitone/events"
)

// check checks the log against the tree in dir, "" for none, and a head, nil for none.
func (l *memLog) check(t *testing.T, dir string, against *Head) (heads int, err error) {
	t.Helper()
	c, err := NewCheck(dir, l.epoch, keyOf(t, "e7", 1).Verifier())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if against != nil {
		c.Against(*against)
	}
	for i := range l.all {
		if err := c.Take(&l.all[i]); err != nil {
			return c.Heads(), err
		}
	}
	return c.Heads(), c.End()
}

func TestCheck(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	if n, err := log.check(t, dir, nil); err != nil || n != 0 {
		t.Errorf("check without a tree: %d heads matched, %v; want 0", n, err)
	}
	for range 4 {
		log.add(9)
		log.writeTree(t, dir)
	}
	log.add(5)
	if n, err := log.check(t, dir, nil); err != nil || n != 4 {
		t.Errorf("check against a tree: %d heads matched, %v; want 4", n, err)
	}
	for size := range int64(42) {
		prefix := memLog{all: log.all[:size]}
		compact := prefix.compactRange()
		if n, err := log.check(t, "", &Head{Size: size, Root: compact.Root()}); err != nil || n != 1 && size > 0 {
			t.Errorf("check against a head over %d events: %d heads matched, %v; want 1", size, n, err)
		}
		for _, wrong := range []Head{{Size: size + 1, Root: compact.Root()}, {Size: size, Root: Leaf(&log.all[0])}} {
			if wrong.Size == 1 && wrong.Root == Leaf(&log.all[0]) {
				continue
			}
			if _, err := log.check(t, "", &wrong); !errors.Is(err, ErrContradicted) {
				t.Errorf("check against the wrong head %+v: %v, want %v", wrong, err, ErrContradicted)
			}
		}
	}
	longer := log.compactRange()
	if _, err := log.check(t, "", &Head{Size: 42, Root: longer.Root()}); !errors.Is(err, ErrContradicted) {
		t.Errorf("check against a head over more events than the log has: %v, want %v", err, ErrContradicted)
	}
}

// TestCheckDetectsTampering: a tampered log contradicts the heads of the tree as well as a head kept elsewhere, even
// if the hash chains are valid.
func TestCheckDetectsTampering(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	log.add(30)
	log.writeTree(t, dir)
	compact := log.compactRange()
	written := &Head{Size: 30, Root: compact.Root()}
	original := log.all
	wantDetected := func(what string, tampered []events.Recorded) {
		t.Helper()
		log.all = tampered
		for i := range log.all {
			log.all[i].Position = events.Position(i + 1)
		}
		for name, check := range map[string]func() (int, error){
			"the tree":    func() (int, error) { return log.check(t, dir, nil) },
			"a kept head": func() (int, error) { return log.check(t, "", written) },
		} {
			if _, err := check(); !errors.Is(err, ErrContradicted) || !errors.Is(err, events.ErrDamaged) {
				t.Errorf("%s, check against %s: %v, want %v", what, name, err, ErrContradicted)
			}
		}
	}
	for i := range original {
		wantDetected("event removed", slices.Delete(slices.Clone(original), i, i+1))
		wantDetected("log truncated", slices.Clone(original[:i]))
		wantDetected("event inserted", slices.Insert(slices.Clone(original), i, sample(99)))
		changed := slices.Clone(original)
		changed[i].Created = changed[i].Created.Add(100)
		wantDetected("time changed", changed)
		for j := range i {
			swapped := slices.Clone(original)
			swapped[i], swapped[j] = swapped[j], swapped[i]
			wantDetected("events swapped", swapped)
		}
	}
	log.all = slices.Clone(original)
	log.all[3].Position = 9
	if _, err := log.check(t, dir, nil); !errors.Is(err, ErrGap) {
		t.Errorf("check of positions with a gap: %v, want %v", err, ErrGap)
	}
}

// TestCheckDetectsDamagedTree changes bytes of the tree's files.
func TestCheckDetectsDamagedTree(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	for range 2 {
		log.add(4)
		log.writeTree(t, dir)
	}
	for _, name := range []string{hashesFile, headsFile} {
		path := filepath.Join(dir, name)
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range good {
			bad := bytes.Clone(good)
			bad[i] ^= 1
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			// A damaged newline at the end is not an error, because it can be due to a crash.
			if _, err := log.check(t, dir, nil); !errors.Is(err, ErrContradicted) && !(name == headsFile && i == len(good)-1) {
				t.Errorf("byte %d of %s changed: %v, want %v", i, name, err, ErrContradicted)
			}
		}
		if err := os.WriteFile(path, good[:len(good)-1], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := log.check(t, dir, nil); !errors.Is(err, ErrContradicted) && name == hashesFile {
			t.Errorf("%s truncated: %v, want %v", name, err, ErrContradicted)
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log.epoch = "e8"
	if _, err := log.check(t, dir, nil); !errors.Is(err, ErrContradicted) {
		t.Errorf("check against the tree of a different log: %v, want %v", err, ErrContradicted)
	}
}
