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

var discard = slog.New(slog.DiscardHandler)

// TestDamagedRecord flips bits throughout the second of three records: the others stay readable, also
// after reopening, the damage is logged, and no byte is truncated.
func TestDamagedRecord(t *testing.T) {
	whole := t.TempDir()
	b := openBook(t, whole)
	var ends []int64
	for i := range 3 {
		saveContact(t, b, fmt.Sprint("h", i), fmt.Sprint("contact ", i), fmt.Sprint("s/", i))
		ends = append(ends, b.size)
	}
	b.Close()
	sealed := readFile(t, whole, sealedFile)
	for bit := ends[0] * 8; bit < ends[1]*8; bit += 5 {
		broken := bytes.Clone(sealed)
		broken[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(filepath.Join(whole, sealedFile), broken, 0o600); err != nil {
			t.Fatal(err)
		}
		logged := &strings.Builder{}
		b, err := Open(whole, slog.New(slog.NewTextHandler(logged, nil)))
		if err != nil {
			t.Fatalf("bit %d: %v", bit, err)
		}
		wantContact(t, b, "s/0", "contact 0")
		wantLost(t, b, "s/1")
		wantContact(t, b, "s/2", "contact 2")
		if want := fmt.Sprintf("byte=%d bytes=%d", ends[0], ends[1]-ends[0]); !strings.Contains(logged.String(), want) {
			t.Errorf("bit %d: the log is %q, want %s", bit, logged, want)
		}
		if bit%65 != 0 {
			b.Close()
			continue
		}
		saveContact(t, b, "h1", "again", "s/1")
		b.Close()
		if after := readFile(t, whole, sealedFile); !bytes.HasPrefix(after, broken) {
			t.Fatalf("bit %d: existing bytes were changed", bit)
		}
		b = openBook(t, whole)
		wantContact(t, b, "s/1", "again")
		wantContact(t, b, "s/2", "contact 2")
		b.Close()
	}
}

// TestDamagedLastRecord: the loss of an acknowledged record is logged. Without the index, as in files of
// earlier versions, the loss can't be distinguished from a record that a power loss truncated. In either
// case no byte of the record is overwritten.
func TestDamagedLastRecord(t *testing.T) {
	for _, indexed := range []bool{true, false} {
		dir := t.TempDir()
		b := openBook(t, dir)
		saveContact(t, b, "ada", "one", "s/1")
		first := b.size
		saveContact(t, b, "bob", "two", "s/2")
		b.Close()
		broken := readFile(t, dir, sealedFile)
		broken[len(broken)-1] ^= 1
		writeFile(t, broken, dir, sealedFile)
		if !indexed {
			removeFile(t, dir, indexFile)
		}
		b, logged := openLogged(t, dir)
		wantContact(t, b, "s/1", "one")
		level := "level=WARN"
		if indexed {
			level = "level=ERROR"
			wantLost(t, b, "s/2")
		} else {
			wantContact(t, b, "s/2", "")
		}
		if want := fmt.Sprintf("byte=%d bytes=%d", first, int64(len(broken))-first); !strings.Contains(logged, want) ||
			!strings.Contains(logged, level) {
			t.Errorf("the log is %q, want %s, %s", logged, level, want)
		}
		saveContact(t, b, "bob", "three", "s/3")
		b.Close()
		if !bytes.HasPrefix(readFile(t, dir, sealedFile), broken) {
			t.Error("existing bytes were changed")
		}
		b = openBook(t, dir)
		wantContact(t, b, "s/1", "one")
		wantContact(t, b, "s/3", "three")
	}
}

// TestDamagedPage: a record after zeros is found, wherever it lies relative to the chunks of the search.
func TestDamagedPage(t *testing.T) {
	dir := t.TempDir()
	b := openBook(t, dir)
	saveContact(t, b, "ada", "first", "s/1")
	b.Close()
	text := readFile(t, dir, sealedFile)
	for _, lost := range []int{1, 4096, scanChunk - 1, scanChunk, scanChunk + 1, 3*scanChunk + 7} {
		damaged := append(append(bytes.Clone(text), make([]byte, lost)...), text...)
		at := int64(len(text) + lost)
		if next, err := nextRecord(bytes.NewReader(damaged), int64(len(text)), int64(len(damaged))); next != at ||
			err != nil {
			t.Errorf("after %d bytes: the next record is at %d (%v), want %d", lost, next, err, at)
		}
	}
}

// volatile is a file that records the bytes that would survive a power loss.
type volatile struct {
	*os.File
	durable []byte
	synced  func()
}

// Sync implements file.
func (v *volatile) Sync() error {
	err := v.File.Sync()
	text, readErr := os.ReadFile(v.Name())
	v.durable = text
	v.synced()
	return errors.Join(err, readErr)
}

// TestPowerLossAfterAnswer cuts the power after every sync and every answer: forgotten contacts
// stay forgotten, stored ones stay stored, and no contact is stored without its key.
func TestPowerLossAfterAnswer(t *testing.T) {
	dir := t.TempDir()
	b := openBook(t, dir)
	var keys, sealed *volatile
	reopened := func() *Book { // the book after a power loss at this moment
		after := t.TempDir()
		for name, v := range map[string]*volatile{keysFile: keys, sealedFile: sealed} {
			if err := os.WriteFile(filepath.Join(after, name), v.durable, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return openBook(t, after)
	}
	forgotten := false
	synced := func() {
		if after := reopened(); after.Known("s/1") && !forgotten {
			wantContact(t, after, "s/1", "ada@example.org")
		}
	}
	keys = &volatile{b.keys.file.(*os.File), nil, synced}
	sealed = &volatile{b.sealed.(*os.File), nil, synced}
	b.keys.file, b.sealed = keys, sealed

	saveContact(t, b, "ada", "ada@example.org", "s/1")
	saveContact(t, b, "bob", "bob@example.org", "s/2")
	after := reopened()
	wantContact(t, after, "s/1", "ada@example.org")
	wantContact(t, after, "s/2", "bob@example.org")
	key := bytes.Clone(keys.durable[slotSize-keySize : slotSize])
	forgotten = true
	if known, err := b.Forget("ada"); !known || err != nil {
		t.Fatalf("Forget = %t, %v; want true", known, err)
	}
	after = reopened()
	wantContact(t, after, "s/1", "")
	wantContact(t, after, "s/2", "bob@example.org")
	if bytes.Contains(keys.durable, key) {
		t.Error("the key of a forgotten holder is on the disk after a power loss")
	}
}
