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

func openBook(t *testing.T, dir string) *Book {
	t.Helper()
	b, err := Open(dir, discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func saveContact(t *testing.T, b *Book, holder, contact string, subjects ...string) {
	t.Helper()
	if err := b.Store(events.Holder(holder), []byte(contact), subjects...); err != nil {
		t.Fatal(err)
	}
}

// wantContact checks the contact of a subject; "" means no contact.
func wantContact(t *testing.T, b *Book, subject, want string) {
	t.Helper()
	_, got, err := b.Find(subject)
	if err != nil || string(got) != want {
		t.Errorf("%s has %q (%v), want %q", subject, got, err, want)
	}
}

func readFile(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "contacts")
	b := openBook(t, dir)
	saveContact(t, b, "ada", "ada@example.org", "booking/1", "booking/2")
	saveContact(t, b, "bob", "bob@example.org", "booking/3")
	saveContact(t, b, "ada", "ada@example.net", "booking/2")
	for range 2 {
		wantContact(t, b, "booking/1", "ada@example.org")
		wantContact(t, b, "booking/2", "ada@example.net")
		wantContact(t, b, "booking/3", "bob@example.org")
		wantContact(t, b, "booking/4", "")
		if first, fourth := b.Known("booking/1"), b.Known("booking/4"); !first || fourth {
			t.Errorf("Known of booking/1 and booking/4 = %t, %t; want true, false", first, fourth)
		}
		b.Close()
		b = openBook(t, dir)
	}
	for _, file := range []string{keysFile, sealedFile} {
		if bytes.Contains(readFile(t, dir, file), []byte("example")) {
			t.Errorf("the file %s contains a contact in clear text", file)
		}
	}
}

func TestForgetRemovesKeys(t *testing.T) {
	dir := t.TempDir()
	b := openBook(t, dir)
	saveContact(t, b, "ada", "ada@example.org", "booking/1")
	saveContact(t, b, "bob", "bob@example.org", "booking/2")
	key := readFile(t, dir, keysFile)[slotSize-keySize : slotSize]
	if known, err := b.Forget("ada"); !known || err != nil {
		t.Fatalf("Forget = %t, %v; want true", known, err)
	}
	if known, err := b.Forget("ada"); known || err != nil {
		t.Fatalf("repeated Forget = %t, %v; want false", known, err)
	}
	if bytes.Contains(readFile(t, dir, keysFile), key) {
		t.Error("the key file still contains the destroyed key")
	}
	for range 2 {
		wantContact(t, b, "booking/1", "")
		wantContact(t, b, "booking/2", "bob@example.org")
		if !b.Known("booking/1") {
			t.Error("Known(booking/1) = false after Forget, want true")
		}
		b.Close()
		b = openBook(t, dir)
	}
	saveContact(t, b, "ada", "ada again", "booking/5")
	wantContact(t, b, "booking/1", "") // a different key
	wantContact(t, b, "booking/5", "ada again")
}

// TestPowerLoss truncates the files at every byte of the last contact: the earlier contact is intact, and
// the book stores new ones.
func TestPowerLoss(t *testing.T) {
	whole := t.TempDir()
	b := openBook(t, whole)
	saveContact(t, b, "ada", "one", "s/1")
	first := b.size
	saveContact(t, b, "bob", "two", "s/2")
	keys, sealed := readFile(t, whole, keysFile), readFile(t, whole, sealedFile)
	for cut := first - slotSize; cut <= int64(len(sealed)); cut++ { // before first: within the second key
		dir := t.TempDir()
		err := errors.Join(
			os.WriteFile(filepath.Join(dir, keysFile), keys[:slotSize+min(slotSize, cut-first+slotSize)], 0o600),
			os.WriteFile(filepath.Join(dir, sealedFile), sealed[:max(first, cut)], 0o600),
		)
		if err != nil {
			t.Fatal(err)
		}
		b := openBook(t, dir)
		wantContact(t, b, "s/1", "one")
		want := ""
		if cut == int64(len(sealed)) {
			want = "two"
		}
		wantContact(t, b, "s/2", want)
		saveContact(t, b, "bob", "three", "s/3")
		b.Close()
		b = openBook(t, dir)
		wantContact(t, b, "s/1", "one")
		wantContact(t, b, "s/3", "three")
		b.Close()
	}
}

func TestRecordIsBoundToSubject(t *testing.T) {
	dir := t.TempDir()
	b := openBook(t, dir)
	saveContact(t, b, "ada", "one", "s/1")
	saveContact(t, b, "ada", "two", "s/2")
	moved := record{subject: "s/9", holder: "ada"}
	r, _, err := parseRecord(readFile(t, dir, sealedFile))
	if err != nil {
		t.Fatal(err)
	}
	moved.sealed = r.sealed
	b.Close()
	if err := os.WriteFile(filepath.Join(dir, sealedFile), moved.append(readFile(t, dir, sealedFile)), 0o600); err != nil {
		t.Fatal(err)
	}
	b = openBook(t, dir)
	wantContact(t, b, "s/1", "one")
	wantLost(t, b, "s/9")
}

// TestDamageBeforeTheEnd: a book with an unreadable part opens, and nothing is truncated.
func TestDamageBeforeTheEnd(t *testing.T) {
	dir := t.TempDir()
	b := openBook(t, dir)
	saveContact(t, b, "ada", "one", "s/1")
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
	b = openBook(t, dir)
	wantLost(t, b, "s/1")
	if info, err := os.Stat(path); err != nil || info.Size() != size {
		t.Errorf("the unreadable part was truncated: %v, %v; want %d bytes", info, err, size)
	}
}

func TestFailureIsPermanent(t *testing.T) {
	b := openBook(t, t.TempDir())
	saveContact(t, b, "ada", "one", "s/1")
	b.sealed.Close()
	for range 2 {
		if err := b.Store("ada", []byte("two"), "s/2"); err == nil {
			t.Error("Store to a closed file: no error, want one")
		}
	}
	if b.Known("s/2") {
		t.Error("Known(s/2) = true for a contact that was not stored")
	}
}

// TestConcurrentUse stores, finds and forgets concurrently.
func TestConcurrentUse(t *testing.T) {
	dir := t.TempDir()
	b := openBook(t, dir)
	var callers sync.WaitGroup
	for i := range 16 {
		callers.Go(func() {
			holder := fmt.Sprint("h", i%5)
			for j := range 20 {
				subject := fmt.Sprint("s/", i, "/", j)
				if err := b.Store(events.Holder(holder), []byte("c "+subject), subject); err != nil {
					t.Error(err)
				}
				if _, got, err := b.Find(subject); err != nil || holder != "h0" && string(got) != "c "+subject {
					t.Errorf("Find(%s) = %q, %v; want the contact stored", subject, got, err)
				}
				if holder == "h0" && j%7 == 0 {
					if _, err := b.Forget(events.Holder(holder)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	callers.Wait()
	if _, err := b.Forget("h0"); err != nil {
		t.Fatal(err)
	}
	b.Close()
	b = openBook(t, dir)
	for i := range 16 {
		for j := range 20 {
			subject, want := fmt.Sprint("s/", i, "/", j), ""
			if i%5 != 0 {
				want = "c " + subject
			}
			wantContact(t, b, subject, want)
		}
	}
}
