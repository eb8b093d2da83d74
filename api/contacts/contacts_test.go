package contacts

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"admitone/events"
)

func open(t *testing.T, dir string) *Book {
	t.Helper()
	b, err := Open(dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func keep(t *testing.T, b *Book, holder, contact string, subjects ...string) {
	t.Helper()
	if err := b.Keep(events.Holder(holder), []byte(contact), subjects...); err != nil {
		t.Fatal(err)
	}
}

// has checks the contact of a subject; "" means no contact.
func has(t *testing.T, b *Book, subject, want string) {
	t.Helper()
	_, got, err := b.Find(subject)
	if err != nil || string(got) != want {
		t.Errorf("%s has %q (%v), want %q", subject, got, err, want)
	}
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "contacts")
	b := open(t, dir)
	keep(t, b, "ada", "ada@example.org", "booking/1", "booking/2")
	keep(t, b, "bob", "bob@example.org", "booking/3")
	keep(t, b, "ada", "ada@example.net", "booking/2")
	for range 2 {
		has(t, b, "booking/1", "ada@example.org")
		has(t, b, "booking/2", "ada@example.net")
		has(t, b, "booking/3", "bob@example.org")
		has(t, b, "booking/4", "")
		if b.Known("booking/4") || !b.Known("booking/1") {
			t.Error("the wrong subjects are known")
		}
		b.Close()
		b = open(t, dir)
	}
	for _, file := range []string{keysFile, sealedFile} {
		if bytes.Contains(read(t, dir, file), []byte("example")) {
			t.Errorf("%s has a contact in clear", file)
		}
	}
}

func TestForgetRemovesKeys(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	keep(t, b, "ada", "ada@example.org", "booking/1")
	keep(t, b, "bob", "bob@example.org", "booking/2")
	key := read(t, dir, keysFile)[slotSize-keySize : slotSize]
	if known, err := b.Forget("ada"); !known || err != nil {
		t.Fatalf("forget: %t, %v", known, err)
	}
	if known, err := b.Forget("ada"); known || err != nil {
		t.Fatalf("forget again: %t, %v", known, err)
	}
	if bytes.Contains(read(t, dir, keysFile), key) {
		t.Error("the key is still on the disk")
	}
	for range 2 {
		has(t, b, "booking/1", "")
		has(t, b, "booking/2", "bob@example.org")
		if !b.Known("booking/1") {
			t.Error("what was forgotten is not known to have been there")
		}
		b.Close()
		b = open(t, dir)
	}
	keep(t, b, "ada", "ada again", "booking/5")
	has(t, b, "booking/1", "") // another key
	has(t, b, "booking/5", "ada again")
}

// TestPowerLoss truncates the files at every byte: earlier contacts are intact, and the book
// continues to work.
func TestPowerLoss(t *testing.T) {
	whole := t.TempDir()
	b := open(t, whole)
	keep(t, b, "ada", "one", "s/1")
	first := b.size
	keep(t, b, "bob", "two", "s/2")
	keys, sealed := read(t, whole, keysFile), read(t, whole, sealedFile)
	for cut := first - slotSize; cut <= int64(len(sealed)); cut++ { // first the keys, then the sealed records
		dir := t.TempDir()
		err := errors.Join(
			os.WriteFile(filepath.Join(dir, keysFile), keys[:slotSize+min(slotSize, cut-first+slotSize)], 0o600),
			os.WriteFile(filepath.Join(dir, sealedFile), sealed[:max(first, cut)], 0o600),
		)
		if err != nil {
			t.Fatal(err)
		}
		b := open(t, dir)
		has(t, b, "s/1", "one")
		want := ""
		if cut == int64(len(sealed)) {
			want = "two"
		}
		has(t, b, "s/2", want)
		keep(t, b, "bob", "three", "s/3")
		b.Close()
		b = open(t, dir)
		has(t, b, "s/1", "one")
		has(t, b, "s/3", "three")
		b.Close()
	}
}

func TestRecordIsBoundToSubject(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	keep(t, b, "ada", "one", "s/1")
	keep(t, b, "ada", "two", "s/2")
	moved := record{subject: "s/9", holder: "ada"}
	r, _, err := parseRecord(read(t, dir, sealedFile))
	if err != nil {
		t.Fatal(err)
	}
	moved.sealed = r.sealed
	b.Close()
	if err := os.WriteFile(filepath.Join(dir, sealedFile), moved.append(read(t, dir, sealedFile)), 0o600); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir)
	has(t, b, "s/1", "one")
	isLost(t, b, "s/9")
}

// TestDamageBeforeTheEnd: with any unreadable part the book opens, and nothing is truncated.
func TestDamageBeforeTheEnd(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	keep(t, b, "ada", "one", "s/1")
	b.Close()
	path, size := filepath.Join(dir, sealedFile), int64(33<<20)
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte{1}, 9); err != nil { // in the only record
		t.Fatal(err)
	}
	file.Close()
	b = open(t, dir)
	isLost(t, b, "s/1")
	if info, err := os.Stat(path); err != nil || info.Size() != size {
		t.Error("what can't be read was cut off")
	}
}

func TestFailureIsPermanent(t *testing.T) {
	b := open(t, t.TempDir())
	keep(t, b, "ada", "one", "s/1")
	b.sealed.Close()
	for range 2 {
		if err := b.Keep("ada", []byte("two"), "s/2"); err == nil {
			t.Error("stored in a closed file")
		}
	}
	if b.Known("s/2") {
		t.Error("a contact that was not stored is known")
	}
}

// TestCrowd keeps, finds and forgets concurrently.
func TestCrowd(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	var crowd sync.WaitGroup
	for i := range 16 {
		crowd.Go(func() {
			holder := fmt.Sprint("h", i%5)
			for j := range 20 {
				subject := fmt.Sprint("s/", i, "/", j)
				if err := b.Keep(events.Holder(holder), []byte("c "+subject), subject); err != nil {
					t.Error(err)
				}
				if _, got, err := b.Find(subject); err != nil || holder != "h0" && string(got) != "c "+subject {
					t.Errorf("%s: %q %v", subject, got, err)
				}
				if holder == "h0" && j%7 == 0 {
					if _, err := b.Forget(events.Holder(holder)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	crowd.Wait()
	if _, err := b.Forget("h0"); err != nil {
		t.Fatal(err)
	}
	b.Close()
	b = open(t, dir)
	for i := range 16 {
		for j := range 20 {
			subject, want := fmt.Sprint("s/", i, "/", j), ""
			if i%5 != 0 {
				want = "c " + subject
			}
			has(t, b, subject, want)
		}
	}
}
