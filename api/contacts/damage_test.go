package contacts

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var quiet = slog.New(slog.DiscardHandler)

// TestDamagedRecord flips bits throughout the record in the middle: the others stay readable, also
// after reopening, the damage is logged, and no byte is truncated.
func TestDamagedRecord(t *testing.T) {
	whole := t.TempDir()
	b := open(t, whole)
	var ends []int64
	for i := range 3 {
		keep(t, b, fmt.Sprint("h", i), fmt.Sprint("contact ", i), fmt.Sprint("s/", i))
		ends = append(ends, b.size)
	}
	b.Close()
	sealed := read(t, whole, sealedFile)
	for bit := ends[0] * 8; bit < ends[1]*8; bit += 5 {
		broken := bytes.Clone(sealed)
		broken[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(filepath.Join(whole, sealedFile), broken, 0o600); err != nil {
			t.Fatal(err)
		}
		told := &strings.Builder{}
		b, err := Open(whole, slog.New(slog.NewTextHandler(told, nil)))
		if err != nil {
			t.Fatalf("bit %d: %v", bit, err)
		}
		has(t, b, "s/0", "contact 0")
		isLost(t, b, "s/1")
		has(t, b, "s/2", "contact 2")
		if want := fmt.Sprintf("byte=%d bytes=%d", ends[0], ends[1]-ends[0]); !strings.Contains(told.String(), want) {
			t.Errorf("bit %d: told %q, want %s", bit, told, want)
		}
		if bit%65 != 0 {
			b.Close()
			continue
		}
		keep(t, b, "h1", "again", "s/1")
		b.Close()
		if after := read(t, whole, sealedFile); !bytes.HasPrefix(after, broken) {
			t.Fatalf("bit %d: existing bytes were changed", bit)
		}
		b = open(t, whole)
		has(t, b, "s/1", "again")
		has(t, b, "s/2", "contact 2")
		b.Close()
	}
}

// TestDamagedLastRecord: an acknowledged one is lost, and logged. Without the index, as in files of
// earlier versions, it can't be distinguished from one truncated by a power loss; even then no byte
// of it is overwritten.
func TestDamagedLastRecord(t *testing.T) {
	for _, indexed := range []bool{true, false} {
		dir := t.TempDir()
		b := open(t, dir)
		keep(t, b, "ada", "one", "s/1")
		first := b.size
		keep(t, b, "bob", "two", "s/2")
		b.Close()
		broken := read(t, dir, sealedFile)
		broken[len(broken)-1] ^= 1
		write(t, broken, dir, sealedFile)
		if !indexed {
			remove(t, dir, indexFile)
		}
		b, told := openAndHear(t, dir)
		has(t, b, "s/1", "one")
		level := "level=WARN"
		if indexed {
			level = "level=ERROR"
			isLost(t, b, "s/2")
		} else {
			has(t, b, "s/2", "")
		}
		if want := fmt.Sprintf("byte=%d bytes=%d", first, int64(len(broken))-first); !strings.Contains(told, want) ||
			!strings.Contains(told, level) {
			t.Errorf("told %q, want %s, %s", told, level, want)
		}
		keep(t, b, "bob", "three", "s/3")
		b.Close()
		if !bytes.HasPrefix(read(t, dir, sealedFile), broken) {
			t.Error("what was there was changed")
		}
		b = open(t, dir)
		has(t, b, "s/1", "one")
		has(t, b, "s/3", "three")
	}
}

// TestDamagedPage: a record after a page of zeros is found, at any boundary of the search's
// pieces.
func TestDamagedPage(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	keep(t, b, "ada", "first", "s/1")
	b.Close()
	text := read(t, dir, sealedFile)
	for _, lost := range []int{1, 4096, scanPiece - 1, scanPiece, scanPiece + 1, 3*scanPiece + 7} {
		damaged := append(append(bytes.Clone(text), make([]byte, lost)...), text...)
		at := int64(len(text) + lost)
		if next, err := nextRecord(bytes.NewReader(damaged), int64(len(text)), int64(len(damaged))); next != at ||
			err != nil {
			t.Errorf("after %d bytes: the next record is at %d (%v), want %d", lost, next, err, at)
		}
	}
}

// volatile is a file that keeps only synced bytes after a power loss.
type volatile struct {
	*os.File
	left   []byte
	synced func()
}

// Sync implements file.
func (v *volatile) Sync() error {
	err := v.File.Sync()
	text, readErr := os.ReadFile(v.Name())
	v.left = text
	v.synced()
	return errors.Join(err, readErr)
}

// TestPowerLossAfterAnswer cuts the power after every sync and every answer: forgotten contacts
// stay forgotten, stored ones stay stored, and no contact is stored without its key.
func TestPowerLossAfterAnswer(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	var keys, sealed *volatile
	left := func() *Book { // the book after a power loss now
		after := t.TempDir()
		for name, v := range map[string]*volatile{keysFile: keys, sealedFile: sealed} {
			if err := os.WriteFile(filepath.Join(after, name), v.left, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return open(t, after)
	}
	forgotten := false
	synced := func() {
		if after := left(); after.Known("s/1") && !forgotten {
			has(t, after, "s/1", "ada@example.org")
		}
	}
	keys = &volatile{b.keys.file.(*os.File), nil, synced}
	sealed = &volatile{b.sealed.(*os.File), nil, synced}
	b.keys.file, b.sealed = keys, sealed

	keep(t, b, "ada", "ada@example.org", "s/1")
	keep(t, b, "bob", "bob@example.org", "s/2")
	after := left()
	has(t, after, "s/1", "ada@example.org")
	has(t, after, "s/2", "bob@example.org")
	key := bytes.Clone(keys.left[slotSize-keySize : slotSize])
	forgotten = true
	if known, err := b.Forget("ada"); !known || err != nil {
		t.Fatalf("forget: %t, %v", known, err)
	}
	after = left()
	has(t, after, "s/1", "")
	has(t, after, "s/2", "bob@example.org")
	if bytes.Contains(keys.left, key) {
		t.Error("the key of a forgotten holder is back after the power loss")
	}
}
