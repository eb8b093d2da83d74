package contacts

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wantLost checks that a subject's contact is known to be lost, rather than forgotten.
func wantLost(t *testing.T, b *Book, subject string) {
	t.Helper()
	if _, got, err := b.Find(subject); !errors.Is(err, ErrDamaged) || got != nil || !b.Known(subject) {
		t.Errorf("%s has %q (%v), want %v", subject, got, err, ErrDamaged)
	}
}

func writeFile(t *testing.T, text []byte, path ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path...), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func removeFile(t *testing.T, path ...string) {
	t.Helper()
	if err := os.Remove(filepath.Join(path...)); err != nil {
		t.Fatal(err)
	}
}

// openLogged opens the book in dir, and returns it with its log messages.
func openLogged(t *testing.T, dir string) (*Book, string) {
	t.Helper()
	logged := &strings.Builder{}
	b, err := Open(dir, slog.New(slog.NewTextHandler(logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, logged.String()
}

// saveThree stores a contact of three holders, and returns the two files.
func saveThree(t *testing.T, dir string) (keys, sealed []byte) {
	t.Helper()
	b := openBook(t, dir)
	for i := range 3 {
		saveContact(t, b, fmt.Sprint("h", i), fmt.Sprint("contact ", i), fmt.Sprint("s/", i))
	}
	b.Close()
	return readFile(t, dir, keysFile), readFile(t, dir, sealedFile)
}

// TestLostFiles loses whole files and parts of them: each loss is logged, lost contacts are never mistaken
// for forgotten ones, new contacts are stored, nothing is overwritten, and restored files have all
// contacts again.
func TestLostFiles(t *testing.T) {
	random := make([]byte, 300)
	for i := range random {
		random[i] = byte(rand.N(256))
	}
	for name, damage := range map[string]func(keys, sealed []byte) (k, s []byte){
		"sealed is emptied":         func(k, _ []byte) ([]byte, []byte) { return k, nil },
		"sealed is random":          func(k, _ []byte) ([]byte, []byte) { return k, random },
		"sealed is zeros":           func(k, s []byte) ([]byte, []byte) { return k, make([]byte, len(s)) },
		"sealed is cut":             func(k, s []byte) ([]byte, []byte) { return k, s[:len(s)-7] },
		"sealed lost a record":      func(k, s []byte) ([]byte, []byte) { return k, s[:len(s)/3*2] },
		"keys are emptied":          func(_, s []byte) ([]byte, []byte) { return nil, s },
		"keys are random":           func(_, s []byte) ([]byte, []byte) { return random, s },
		"keys are zeros":            func(k, s []byte) ([]byte, []byte) { return make([]byte, len(k)), s },
		"keys are cut":              func(k, s []byte) ([]byte, []byte) { return k[:len(k)-7], s },
		"keys lost one":             func(k, s []byte) ([]byte, []byte) { return k[:2*slotSize], s },
		"both are swapped":          func(k, s []byte) ([]byte, []byte) { return s, k },
		"both are emptied":          func(_, _ []byte) ([]byte, []byte) { return nil, nil },
		"keys are a copy of sealed": func(_, s []byte) ([]byte, []byte) { return s, s },
		"sealed is a copy of keys":  func(k, _ []byte) ([]byte, []byte) { return k, k },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			keys, sealed := saveThree(t, dir)
			k, s := damage(bytes.Clone(keys), bytes.Clone(sealed))
			writeFile(t, k, dir, keysFile)
			writeFile(t, s, dir, sealedFile)
			for round := range 2 {
				b, logged := openLogged(t, dir)
				if !strings.Contains(logged, "level=ERROR") || !strings.Contains(logged, dir) {
					t.Errorf("the log is %q, want an error with %s", logged, dir)
				}
				lost := 0
				for i := range 3 {
					if _, got, err := b.Find(fmt.Sprint("s/", i)); string(got) != fmt.Sprint("contact ", i) {
						wantLost(t, b, fmt.Sprint("s/", i))
						lost++
					} else if err != nil {
						t.Error(err)
					}
				}
				if lost == 0 {
					t.Error("no contact is lost, want at least one")
				}
				saveContact(t, b, "h2", "new", fmt.Sprint("new/", round))
				b.Close()
				b = openBook(t, dir)
				for i := range round + 1 {
					wantContact(t, b, fmt.Sprint("new/", i), "new")
				}
				b.Close()
				if !bytes.HasPrefix(readFile(t, dir, keysFile), k) || !bytes.HasPrefix(readFile(t, dir, sealedFile), s) {
					t.Fatal("existing bytes were overwritten")
				}
			}
			writeFile(t, keys, dir, keysFile)
			writeFile(t, sealed, dir, sealedFile)
			b := openBook(t, dir)
			for i := range 3 {
				wantContact(t, b, fmt.Sprint("s/", i), fmt.Sprint("contact ", i))
			}
		})
	}
}

// TestDeletedFile: a deleted file is replaced by an empty one.
func TestDeletedFile(t *testing.T) {
	for _, file := range []string{sealedFile, keysFile} {
		dir := t.TempDir()
		saveThree(t, dir)
		removeFile(t, dir, file)
		b, logged := openLogged(t, dir)
		if !strings.Contains(logged, "level=ERROR") || !strings.Contains(logged, filepath.Join(dir, file)) ||
			!strings.Contains(logged, "=3") {
			t.Errorf("%s deleted: the log is %q, want an error with the path and a count of 3", file, logged)
		}
		wantLost(t, b, "s/1")
		wantContact(t, b, "s/9", "")
	}
}

// earlierSlots creates slots of an earlier version of the key file: with the rest of the holder's
// hash in place of the checksum, and zeros for "", a forgotten holder.
func earlierSlots(keys []byte, holders ...string) []byte {
	earlier := bytes.Clone(keys)
	for i, holder := range holders {
		sum := sha256.Sum256([]byte(holder))
		copy(earlier[i*slotSize:], sum[:])
		if holder == "" {
			copy(earlier[i*slotSize:], make([]byte, slotSize))
		}
	}
	return earlier
}

// TestFlippedBitInKeys: a flipped bit costs at most one holder's contacts, and is logged, also in a file of
// an earlier version. The others are found.
func TestFlippedBitInKeys(t *testing.T) {
	dir := t.TempDir()
	keys, sealed := saveThree(t, dir)
	index := readFile(t, dir, indexFile)
	for _, earlier := range []bool{false, true} {
		if earlier {
			keys, index = earlierSlots(keys, "h0", "h1", "h2"), nil
		}
		for bit := slotSize * 8; bit < 2*slotSize*8; bit += 3 {
			broken := bytes.Clone(keys)
			broken[bit/8] ^= 1 << (bit % 8)
			writeFile(t, broken, dir, keysFile)
			writeFile(t, sealed, dir, sealedFile)
			writeFile(t, index, dir, indexFile)
			b, logged := openLogged(t, dir)
			wantContact(t, b, "s/0", "contact 0")
			wantContact(t, b, "s/2", "contact 2")
			if _, got, err := b.Find("s/1"); err != nil ||
				string(got) != "contact 1" { // a flipped checksum bit does not matter
				wantLost(t, b, "s/1")
				if !strings.Contains(logged, "level=ERROR") || !strings.Contains(logged, filepath.Join(dir, keysFile)) ||
					!strings.Contains(logged, "holders=1") {
					t.Errorf("bit %d: the log is %q, want an error with the path and holders=1", bit, logged)
				}
			} else if at := bit/8 - slotSize; at < sumAt || at >= keyAt {
				t.Errorf("bit %d: the contact is found with a damaged key", bit)
			}
			if bit%9 == 0 { // the holder returns, and is forgotten
				saveContact(t, b, "h1", "again", "s/4")
				wantContact(t, b, "s/4", "again")
				if known, err := b.Forget("h1"); !known || err != nil {
					t.Fatalf("Forget(h1) = %t, %v; want true", known, err)
				}
				wantContact(t, b, "s/1", "")
				wantContact(t, b, "s/4", "")
			}
			b.Close()
		}
	}
}

// TestForgetInDamagedFiles: no key of the holder remains, wherever the damage has put it.
func TestForgetInDamagedFiles(t *testing.T) {
	for name, damage := range map[string]func(keys, sealed []byte) (k, s []byte){
		"swapped":                func(k, s []byte) ([]byte, []byte) { return s, k },
		"flipped bit of the id":  func(k, s []byte) ([]byte, []byte) { k[slotSize] ^= 4; return k, s },
		"flipped bit of the key": func(k, s []byte) ([]byte, []byte) { k[slotSize+keyAt] ^= 4; return k, s },
	} {
		dir := t.TempDir()
		keys, sealed := saveThree(t, dir)
		key := bytes.Clone(keys[slotSize+keyAt+1 : 2*slotSize])
		k, s := damage(keys, sealed)
		writeFile(t, k, dir, keysFile)
		writeFile(t, s, dir, sealedFile)
		b := openBook(t, dir)
		if known, err := b.Forget("h1"); !known || err != nil {
			t.Errorf("%s: Forget = %t, %v; want true", name, known, err)
		}
		b.Close()
		if bytes.Contains(append(readFile(t, dir, keysFile), readFile(t, dir, sealedFile)...), key) {
			t.Errorf("%s: the files still contain the destroyed key", name)
		}
		b = openBook(t, dir)
		if name != "swapped" { // swapped files don't show the holders
			wantContact(t, b, "s/1", "")
			wantContact(t, b, "s/0", "contact 0")
		}
	}
}

// TestFilesOfEarlierVersions: such files open unchanged, forgotten holders stay forgotten, and later losses
// are logged.
func TestFilesOfEarlierVersions(t *testing.T) {
	dir := t.TempDir()
	keys, _ := saveThree(t, dir)
	earlier := earlierSlots(keys, "h0", "", "h2")
	writeFile(t, earlier, dir, keysFile)
	removeFile(t, dir, indexFile)
	for range 2 {
		b, logged := openLogged(t, dir)
		if logged != "" {
			t.Errorf("the log is %q, want nothing", logged)
		}
		wantContact(t, b, "s/0", "contact 0")
		wantContact(t, b, "s/1", "")
		wantContact(t, b, "s/2", "contact 2")
		b.Close()
	}
	if !bytes.HasPrefix(readFile(t, dir, keysFile), earlier) {
		t.Error("the earlier slots were changed")
	}
	b := openBook(t, dir)
	saveContact(t, b, "h1", "back", "s/3")
	wantContact(t, b, "s/1", "")
	if known, err := b.Forget("h0"); !known || err != nil {
		t.Fatalf("Forget(h0) = %t, %v; want true", known, err)
	}
	b.Close()
	b = openBook(t, dir)
	wantContact(t, b, "s/0", "")
	wantContact(t, b, "s/1", "")
	wantContact(t, b, "s/2", "contact 2")
	wantContact(t, b, "s/3", "back")
	b.Close()
	writeFile(t, nil, dir, keysFile)
	b = openBook(t, dir)
	wantLost(t, b, "s/2")
}

// TestLossInFilesOfEarlierVersions: without an index it is unknown which contacts were lost, but the loss is
// logged.
func TestLossInFilesOfEarlierVersions(t *testing.T) {
	dir := t.TempDir()
	keys, sealed := saveThree(t, dir)
	earlier := earlierSlots(keys, "h0", "h1", "h2")
	for _, files := range [][2][]byte{{earlier, nil}, {sealed, earlier}, {earlier, sealed[:len(sealed)/3]}} {
		writeFile(t, files[0], dir, keysFile)
		writeFile(t, files[1], dir, sealedFile)
		writeFile(t, nil, dir, indexFile)
		b, logged := openLogged(t, dir)
		if !strings.Contains(logged, "level=ERROR") || !strings.Contains(logged, "holders=") {
			t.Errorf("the log is %q, want an error with a count of holders", logged)
		}
		b.Close()
		if !bytes.HasPrefix(readFile(t, dir, sealedFile), files[1]) ||
			!bytes.HasPrefix(readFile(t, dir, keysFile), files[0]) {
			t.Error("existing bytes were overwritten")
		}
	}
}
