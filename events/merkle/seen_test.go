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

func seen(t *testing.T, log *memLog, dir string) int64 {
	t.Helper()
	size, err := Seen(dir, keyOf(t, log.epoch, 1).Verifier())
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// TestLeaves computes the number of leaves from the size of a hashes file, complete or truncated.
func TestLeaves(t *testing.T) {
	if n := leaves(0); n != 0 {
		t.Errorf("an empty file has %d leaves, want 0", n)
	}
	for n := int64(1); n < 600; n++ {
		for _, more := range []int64{0, 1, tlog.HashSize - 1} {
			if got := leaves(offset(n) + more); got != n {
				t.Fatalf("%d hashes and %d bytes have %d leaves, want %d", tlog.StoredHashCount(n), more, got, n)
			}
		}
		if got := leaves(offset(n) - 1); got != n-1 {
			t.Fatalf("a byte less than %d leaves need has %d leaves, want %d", n, got, n-1)
		}
	}
}

// TestIdleHead: a head is written once the log is idle, independently of the interval, and a log
// that ends before it is refused.
func TestIdleHead(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	tree := log.mustOpen(t, dir) // with the default interval of ten seconds
	stop := runTree(t, tree)
	verifier := keyOf(t, log.epoch, 1).Verifier()
	for _, more := range []int{3, 20} {
		log.add(more)
		for want, end := int64(len(log.all)), time.Now().Add(15*time.Second); ; {
			if time.Now().After(end) {
				t.Fatalf("no head over %d events is on the disk", want)
			}
			h, err := readNewest(dir, verifier)
			if err != nil {
				t.Fatal(err)
			}
			if h.Size == want {
				break
			}
			receiptOf(t, tree, events.Position(want)) // an event to wait for
		}
	}
	stop()
	if lines := headLines(t, dir); len(lines) != 1 || lines[0] != "" {
		t.Errorf("heads of idle moments accumulate: %q, want none", lines)
	}
	if err := os.Remove(filepath.Join(dir, hashesFile)); err != nil { // as a power loss may leave it
		t.Fatal(err)
	}
	if got := seen(t, log, dir); got != 23 {
		t.Errorf("the newest head is over %d events, want 23", got)
	}
	short := newMemLog()
	short.add(22)
	if _, err := short.open(t, dir); !errors.Is(err, ErrContradicted) {
		t.Errorf("a tree over 23 events opened on a log of 22: %v, want %v", err, ErrContradicted)
	}
	other := newMemLog()
	other.add(23)
	other.all[4].Data = []byte(`{}`)
	tree, err := other.open(t, dir)
	if err == nil {
		err = tree.CatchUp(t.Context())
	}
	if !errors.Is(err, ErrContradicted) {
		t.Errorf("a different log of 23 events: %v, want %v", err, ErrContradicted)
	}
	log.checkTree(t, log.mustOpen(t, dir))
}

// TestSeenByTheHashes: the hashes show how far the log was, even after the last head.
func TestSeenByTheHashes(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	if got := seen(t, log, filepath.Join(dir, "none")); got != 0 {
		t.Errorf("no tree has seen %d, want 0", got)
	}
	log.add(5)
	log.writeTree(t, dir)
	log.add(7)
	tree := log.mustOpen(t, dir)
	if err := tree.CatchUp(t.Context()); err != nil { // writes hashes but no head
		t.Fatal(err)
	}
	if got := seen(t, log, dir); got != 12 {
		t.Errorf("the tree has seen %d, want 12", got)
	}
	other := newMemLog()
	other.epoch = "e8"
	if got := seen(t, other, dir); got != 0 {
		t.Errorf("of a different log the tree has seen %d, want 0", got)
	}
	log.all = log.all[:11]
	if _, err := log.open(t, dir); !errors.Is(err, ErrContradicted) {
		t.Errorf("a tree over 12 events opened on a log of 11: %v, want %v", err, ErrContradicted)
	}
	if got := seen(t, log, dir); got != 12 {
		t.Errorf("after that the tree has seen %d, want 12", got)
	}
}

// TestDamagedLines: damage to the last line of the heads, including its end, affects no other head,
// and no readable head is removed.
func TestDamagedLines(t *testing.T) {
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
		broken := bytes.Clone(whole)
		broken[at] ^= 4
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		tree := log.mustOpen(t, dir)
		h, want := tree.head, int64(10)
		tree.closeFiles()
		if at == len(whole)-1 { // the end of the line
			want = 15
		}
		after, err := os.ReadFile(path)
		if err != nil || h.Size != want || !bytes.HasPrefix(after, whole[:last]) || want == 15 && !bytes.Equal(after, whole) {
			t.Errorf("byte %d: the last head is over %d events, want %d; %v", at, h.Size, want, err)
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
		t.Errorf("after a damaged page the last head is over %d events, want 15", tree.head.Size)
	}
}
