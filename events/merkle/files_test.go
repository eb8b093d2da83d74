package merkle

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

func coveredSize(t *testing.T, log *memLog, dir string) int64 {
	t.Helper()
	size, err := CoveredSize(dir, keyOf(t, log.epoch, 1).Verifier())
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// TestLeafCount: leafCount ignores a partly written leaf or hash at the end of the file.
func TestLeafCount(t *testing.T) {
	if n := leafCount(0); n != 0 {
		t.Errorf("leafCount(0) = %d, want 0", n)
	}
	for n := int64(1); n < 600; n++ {
		for _, more := range []int64{0, 1, tlog.HashSize - 1} {
			if got := leafCount(offset(n) + more); got != n {
				t.Fatalf("leafCount of %d hashes and %d bytes = %d, want %d", tlog.StoredHashCount(n), more, got, n)
			}
		}
		if got := leafCount(offset(n) - 1); got != n-1 {
			t.Fatalf("leafCount of %d leaves without the last byte = %d, want %d", n, got, n-1)
		}
	}
}

// TestIdleHead: a head is written to newestFile when the log becomes idle, independently of the interval, and the
// tree does not open over a shorter log.
func TestIdleHead(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	tree := log.mustOpen(t, dir) // with the default interval of ten seconds
	stop := runTree(t, tree)
	verifier := keyOf(t, log.epoch, 1).Verifier()
	for _, more := range []int{3, 20} {
		log.add(more)
		for want, end := int64(len(log.all)), time.Now().Add(15*time.Second); ; {
			if time.Now().After(end) {
				t.Fatalf("no head over %d events was written within 15 seconds", want)
			}
			h, err := readNewest(dir, verifier)
			if err != nil {
				t.Fatal(err)
			}
			if h.Size == want {
				break
			}
			receiptOf(t, tree, events.Position(want)) // wait until the tree covers the events
		}
	}
	stop()
	if lines := headLines(t, dir); len(lines) != 1 || lines[0] != "" {
		t.Errorf("%s has %q, want no heads, because the interval has not passed", headsFile, lines)
	}
	if err := os.Remove(filepath.Join(dir, hashesFile)); err != nil { // a power loss can lose unsynced hashes
		t.Fatal(err)
	}
	if got := coveredSize(t, log, dir); got != 23 {
		t.Errorf("CoveredSize = %d, want 23 as in the newest head", got)
	}
	short := newMemLog()
	short.add(22)
	if _, err := short.open(t, dir); !errors.Is(err, ErrContradicted) {
		t.Errorf("Open of a tree over 23 events with a log of 22: %v, want %v", err, ErrContradicted)
	}
	other := newMemLog()
	other.add(23)
	other.all[4].Data = []byte(`{}`)
	tree, err := other.open(t, dir)
	if err == nil {
		err = tree.CatchUp(t.Context())
	}
	if !errors.Is(err, ErrContradicted) {
		t.Errorf("Open and CatchUp with a different log of 23 events: %v, want %v", err, ErrContradicted)
	}
	log.checkTree(t, log.mustOpen(t, dir))
}

// TestCoveredSizeOfHashes: CoveredSize counts hashes after the last head.
func TestCoveredSizeOfHashes(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	if got := coveredSize(t, log, filepath.Join(dir, "none")); got != 0 {
		t.Errorf("CoveredSize without a tree = %d, want 0", got)
	}
	log.add(5)
	log.writeTree(t, dir)
	log.add(7)
	tree := log.mustOpen(t, dir)
	if err := tree.CatchUp(t.Context()); err != nil { // writes hashes but no head
		t.Fatal(err)
	}
	if got := coveredSize(t, log, dir); got != 12 {
		t.Errorf("CoveredSize = %d, want 12", got)
	}
	other := newMemLog()
	other.epoch = "e8"
	if got := coveredSize(t, other, dir); got != 0 {
		t.Errorf("CoveredSize with the key of a different log = %d, want 0", got)
	}
	log.all = log.all[:11]
	if _, err := log.open(t, dir); !errors.Is(err, ErrContradicted) {
		t.Errorf("Open of a tree over 12 events with a log of 11: %v, want %v", err, ErrContradicted)
	}
	if got := coveredSize(t, log, dir); got != 12 {
		t.Errorf("CoveredSize after a refused Open = %d, want 12", got)
	}
}

// TestDamagedHeadLine: damage to the last line of headsFile affects no other head, and valid heads are kept.
func TestDamagedHeadLine(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	for range 3 {
		log.add(5)
		log.writeTree(t, dir)
	}
	path := filepath.Join(dir, headsFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for at := last; at < len(whole); at++ {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 4
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		tree := log.mustOpen(t, dir)
		h, want := tree.head, int64(10)
		tree.closeFiles()
		if at == len(whole)-1 { // only the newline is damaged
			want = 15
		}
		after, err := os.ReadFile(path)
		if err != nil || h.Size != want || !bytes.HasPrefix(after, whole[:last]) || want == 15 && !bytes.Equal(after, whole) {
			t.Errorf("byte %d damaged: head over %d events, %v, file %q; want %d events and earlier heads kept", at, h.Size,
				err, after, want)
		}
		if err := os.Remove(filepath.Join(dir, hashesFile)); err != nil {
			t.Fatal(err)
		}
	}
	many := append(bytes.Clone(whole), bytes.Repeat([]byte("damaged\n"), maxHeadLine)...)
	if err := os.WriteFile(path, many, 0o600); err != nil {
		t.Fatal(err)
	}
	if tree := log.mustOpen(t, dir); tree.head.Size != 15 {
		t.Errorf("with damaged lines at the end: head over %d events, want 15", tree.head.Size)
	}
}
