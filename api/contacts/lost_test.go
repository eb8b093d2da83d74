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

// isLost checks that a subject's contact is known to be lost, rather than forgotten.
func isLost(t *testing.T, b *Book, subject string) {
	t.Helper()
	if _, got, err := b.Find(subject); !errors.Is(err, ErrDamaged) || got != nil || !b.Known(subject) {
		t.Errorf("%s has %q (%v), want %v", subject, got, err, ErrDamaged)
	}
}

func write(t *testing.T, text []byte, path ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path...), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path ...string) {
	t.Helper()
	if err := os.Remove(filepath.Join(path...)); err != nil {
		t.Fatal(err)
	}
}

// openAndHear also returns the lines that the book has logged.
func openAndHear(t *testing.T, dir string) (*Book, string) {
	t.Helper()
	told := &strings.Builder{}
	b, err := Open(dir, slog.New(slog.NewTextHandler(told, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, told.String()
}

// keepThree stores a contact of three holders, and returns the two files.
func keepThree(t *testing.T, dir string) (keys, sealed []byte) {
	t.Helper()
	b := open(t, dir)
	for i := range 3 {
		keep(t, b, fmt.Sprint("h", i), fmt.Sprint("contact ", i), fmt.Sprint("s/", i))
	}
	b.Close()
	return read(t, dir, keysFile), read(t, dir, sealedFile)
}

// TestLostFiles loses whole files and parts of them: all of it is logged, stored contacts are never
// mistaken for forgotten ones, new ones are stored, nothing is overwritten, and a restored copy has
// everything again.
func TestLostFiles(t *testing.T) {
	random := make([]byte, 300)
	for i := range random {
		random[i] = byte(rand.N(256))
	}
	for name, damage := range map[string]func(keys, sealed []byte) (k, s []byte){
		"sealed is emptied":       func(k, _ []byte) ([]byte, []byte) { return k, nil },
		"sealed is random":        func(k, _ []byte) ([]byte, []byte) { return k, random },
		"sealed is zeros":         func(k, s []byte) ([]byte, []byte) { return k, make([]byte, len(s)) },
		"sealed is cut":           func(k, s []byte) ([]byte, []byte) { return k, s[:len(s)-7] },
		"sealed lost a record":    func(k, s []byte) ([]byte, []byte) { return k, s[:len(s)/3*2] },
		"keys are emptied":        func(_, s []byte) ([]byte, []byte) { return nil, s },
		"keys are random":         func(_, s []byte) ([]byte, []byte) { return random, s },
		"keys are zeros":          func(k, s []byte) ([]byte, []byte) { return make([]byte, len(k)), s },
		"keys are cut":            func(k, s []byte) ([]byte, []byte) { return k[:len(k)-7], s },
		"keys lost one":           func(k, s []byte) ([]byte, []byte) { return k[:2*slotSize], s },
		"both are swapped":        func(k, s []byte) ([]byte, []byte) { return s, k },
		"both are emptied":        func(_, _ []byte) ([]byte, []byte) { return nil, nil },
		"keys are the sealed":     func(_, s []byte) ([]byte, []byte) { return s, s },
		"the sealed are the keys": func(k, _ []byte) ([]byte, []byte) { return k, k },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			keys, sealed := keepThree(t, dir)
			k, s := damage(bytes.Clone(keys), bytes.Clone(sealed))
			write(t, k, dir, keysFile)
			write(t, s, dir, sealedFile)
			for round := range 2 {
				b, told := openAndHear(t, dir)
				if !strings.Contains(told, "level=ERROR") || !strings.Contains(told, dir) {
					t.Errorf("logged %q", told)
				}
				lost := 0
				for i := range 3 {
					if _, got, err := b.Find(fmt.Sprint("s/", i)); string(got) != fmt.Sprint("contact ", i) {
						isLost(t, b, fmt.Sprint("s/", i))
						lost++
					} else if err != nil {
						t.Error(err)
					}
				}
				if lost == 0 {
					t.Error("nothing is lost")
				}
				keep(t, b, "h2", "new", fmt.Sprint("new/", round))
				b.Close()
				b = open(t, dir)
				for i := range round + 1 {
					has(t, b, fmt.Sprint("new/", i), "new")
				}
				b.Close()
				if !bytes.HasPrefix(read(t, dir, keysFile), k) || !bytes.HasPrefix(read(t, dir, sealedFile), s) {
					t.Fatal("what lay there was overwritten")
				}
			}
			write(t, keys, dir, keysFile)
			write(t, sealed, dir, sealedFile)
			b := open(t, dir)
			for i := range 3 {
				has(t, b, fmt.Sprint("s/", i), fmt.Sprint("contact ", i))
			}
		})
	}
}

// TestDeletedFile: a deleted file is replaced by an empty one.
func TestDeletedFile(t *testing.T) {
	for _, file := range []string{sealedFile, keysFile} {
		dir := t.TempDir()
		keepThree(t, dir)
		remove(t, dir, file)
		b, told := openAndHear(t, dir)
		if !strings.Contains(told, "level=ERROR") || !strings.Contains(told, filepath.Join(dir, file)) ||
			!strings.Contains(told, "=3") {
			t.Errorf("%s: got %q", file, told)
		}
		isLost(t, b, "s/1")
		has(t, b, "s/9", "")
	}
}

// plainSlots creates slots of an earlier version of the key file: with the rest of the holder's
// hash in place of the checksum, and zeros for forgotten holders.
func plainSlots(keys []byte, holders ...string) []byte {
	plain := bytes.Clone(keys)
	for i, holder := range holders {
		sum := sha256.Sum256([]byte(holder))
		copy(plain[i*slotSize:], sum[:])
		if holder == "" {
			copy(plain[i*slotSize:], make([]byte, slotSize))
		}
	}
	return plain
}

// TestFlippedBitInKeys: it costs at most one holder's contacts, and is logged, also in a file of an
// earlier version. The others are found.
func TestFlippedBitInKeys(t *testing.T) {
	dir := t.TempDir()
	keys, sealed := keepThree(t, dir)
	index := read(t, dir, indexFile)
	for _, plain := range []bool{false, true} {
		if plain {
			keys, index = plainSlots(keys, "h0", "h1", "h2"), nil
		}
		for bit := slotSize * 8; bit < 2*slotSize*8; bit += 3 {
			broken := bytes.Clone(keys)
			broken[bit/8] ^= 1 << (bit % 8)
			write(t, broken, dir, keysFile)
			write(t, sealed, dir, sealedFile)
			write(t, index, dir, indexFile)
			b, told := openAndHear(t, dir)
			has(t, b, "s/0", "contact 0")
			has(t, b, "s/2", "contact 2")
			if _, got, err := b.Find("s/1"); err != nil ||
				string(got) != "contact 1" { // a checksum opens it nevertheless
				isLost(t, b, "s/1")
				if !strings.Contains(told, "level=ERROR") || !strings.Contains(told, filepath.Join(dir, keysFile)) ||
					!strings.Contains(told, "holders=1") {
					t.Errorf("bit %d: logged %q", bit, told)
				}
			} else if at := bit/8 - slotSize; at < sumAt || at >= keyAt {
				t.Errorf("bit %d: it is found with a damaged key", bit)
			}
			if bit%9 == 0 { // the holder returns, and is forgotten
				keep(t, b, "h1", "again", "s/4")
				has(t, b, "s/4", "again")
				if known, err := b.Forget("h1"); !known || err != nil {
					t.Fatal(known, err)
				}
				has(t, b, "s/1", "")
				has(t, b, "s/4", "")
			}
			b.Close()
		}
	}
}

// TestForgetInDamagedFiles: no key of the holder remains, wherever the damage has put it.
func TestForgetInDamagedFiles(t *testing.T) {
	for name, damage := range map[string]func(keys, sealed []byte) (k, s []byte){
		"swapped":   func(k, s []byte) ([]byte, []byte) { return s, k },
		"a bit":     func(k, s []byte) ([]byte, []byte) { k[slotSize] ^= 4; return k, s },
		"a key bit": func(k, s []byte) ([]byte, []byte) { k[slotSize+keyAt] ^= 4; return k, s },
	} {
		dir := t.TempDir()
		keys, sealed := keepThree(t, dir)
		key := bytes.Clone(keys[slotSize+keyAt+1 : 2*slotSize])
		k, s := damage(keys, sealed)
		write(t, k, dir, keysFile)
		write(t, s, dir, sealedFile)
		b := open(t, dir)
		if known, err := b.Forget("h1"); !known || err != nil {
			t.Errorf("%s: %t, %v", name, known, err)
		}
		b.Close()
		if bytes.Contains(append(read(t, dir, keysFile), read(t, dir, sealedFile)...), key) {
			t.Errorf("%s: the key is still on the disk", name)
		}
		b = open(t, dir)
		if name != "swapped" { // its holder is unknown
			has(t, b, "s/1", "")
			has(t, b, "s/0", "contact 0")
		}
	}
}

// TestFormerFiles: they open unchanged, forgotten holders stay forgotten, and later losses are
// logged.
func TestFormerFiles(t *testing.T) {
	dir := t.TempDir()
	keys, _ := keepThree(t, dir)
	plain := plainSlots(keys, "h0", "", "h2")
	write(t, plain, dir, keysFile)
	remove(t, dir, indexFile)
	for range 2 {
		b, told := openAndHear(t, dir)
		if told != "" {
			t.Errorf("logged %q", told)
		}
		has(t, b, "s/0", "contact 0")
		has(t, b, "s/1", "")
		has(t, b, "s/2", "contact 2")
		b.Close()
	}
	if !bytes.HasPrefix(read(t, dir, keysFile), plain) {
		t.Error("the earlier slots were changed")
	}
	b := open(t, dir)
	keep(t, b, "h1", "back", "s/3")
	has(t, b, "s/1", "")
	if known, err := b.Forget("h0"); !known || err != nil {
		t.Fatal(known, err)
	}
	b.Close()
	b = open(t, dir)
	has(t, b, "s/0", "")
	has(t, b, "s/1", "")
	has(t, b, "s/2", "contact 2")
	has(t, b, "s/3", "back")
	b.Close()
	write(t, nil, dir, keysFile)
	b = open(t, dir)
	isLost(t, b, "s/2")
}

// TestLossInFormerFiles: without an index it is unknown which contacts were lost, but the loss is
// logged.
func TestLossInFormerFiles(t *testing.T) {
	dir := t.TempDir()
	keys, sealed := keepThree(t, dir)
	plain := plainSlots(keys, "h0", "h1", "h2")
	for _, files := range [][2][]byte{{plain, nil}, {sealed, plain}, {plain, sealed[:len(sealed)/3]}} {
		write(t, files[0], dir, keysFile)
		write(t, files[1], dir, sealedFile)
		write(t, nil, dir, indexFile)
		b, told := openAndHear(t, dir)
		if !strings.Contains(told, "level=ERROR") || !strings.Contains(told, "holders=") {
			t.Errorf("logged %q", told)
		}
		b.Close()
		if !bytes.HasPrefix(read(t, dir, sealedFile), files[1]) || !bytes.HasPrefix(read(t, dir, keysFile), files[0]) {
			t.Error("what lay there was overwritten")
		}
	}
}
