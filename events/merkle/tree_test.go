package merkle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// checkTree compares a tree with hashes computed from the log.
func (l *memLog) checkTree(t *testing.T, tree *Tree) {
	t.Helper()
	if err := tree.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, err := tree.Head()
	if err != nil {
		t.Fatal(err)
	}
	want := l.compactRange()
	if h.Size != want.Size || h.Root != want.Root() {
		t.Fatalf("the tree has %d leaves and the root %v, want %d and %v", h.Size, h.Root, want.Size, want.Root())
	}
	var compact CompactRange
	var all []tlog.Hash
	for i := range l.all {
		all = compact.Add(all, &l.all[i])
	}
	for i := range all {
		if stored, err := tree.hashes.ReadHashes([]int64{int64(i)}); err != nil || stored[0] != all[i] {
			t.Fatalf("hash %d = %v, %v; want %v", i, stored, err, all[i])
		}
	}
}

// headLines returns the lines of headsFile.
func headLines(t *testing.T, dir string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, headsFile))
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
}

// TestRun: a tree that is stopped and opened again follows the log, and writes one head per stop if the log has
// grown.
func TestRun(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	for _, more := range []int{0, 3, 0, 200, 1} {
		log.add(more)
		tree := log.mustOpen(t, dir)
		stop := runTree(t, tree)
		log.add(5)
		receiptOf(t, tree, events.Position(len(log.all)))
		if err := stop(); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		log.add(7) // after Run has ended, before Close
		log.checkTree(t, tree)
		if err := tree.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		log.writeTree(t, dir) // writes no head, because the log has not grown
	}
	if lines := headLines(t, dir); len(lines) != 5 {
		t.Errorf("%s has %d heads, want 5: %q", headsFile, len(lines), lines)
	}
	log.add(1) // simulate a crash before a head over this event is written
	tree := log.mustOpen(t, dir)
	log.checkTree(t, tree)
}

// TestRunWritesHeads: heads are written at intervals while the tree runs.
func TestRunWritesHeads(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	tree, err := Open(t.Context(), Config{Store: log, Dir: dir, Key: keyOf(t, "e7", 1), Every: time.Millisecond,
		Logger: discardLogger})
	if err != nil {
		t.Fatal(err)
	}
	runTree(t, tree)
	written := func() int64 {
		tree.disk.Lock()
		defer tree.disk.Unlock()
		return tree.written
	}
	for range 3 {
		log.add(3)
		for written() < int64(len(log.all)) {
			receiptOf(t, tree, events.Position(len(log.all)))
		}
	}
	for h, err := range heads(dir, tree.Key.Verifier()) {
		if err != nil || h.Size == 0 {
			t.Errorf("head = %+v, %v; want a size above 0", h, err)
		}
	}
}

// TestCrash: the tree is restored after a crash, whatever the files contain after the last complete head.
func TestCrash(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	log.add(23)
	log.writeTree(t, dir)
	log.add(30)
	tree := log.mustOpen(t, dir)
	if err := tree.CatchUp(t.Context()); err != nil { // writes hashes but no head
		t.Fatal(err)
	}
	allHashes, err := os.ReadFile(filepath.Join(dir, hashesFile))
	if err != nil {
		t.Fatal(err)
	}
	before := headLines(t, dir)[0] + "\n"
	if err := tree.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := headLines(t, dir)[1] + "\n"
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	crash := func(hashes []byte, heads string) {
		t.Helper()
		dir := t.TempDir()
		if err := errors.Join(os.WriteFile(filepath.Join(dir, hashesFile), hashes, 0o600),
			os.WriteFile(filepath.Join(dir, headsFile), []byte(heads), 0o600)); err != nil {
			t.Fatal(err)
		}
		tree := log.mustOpen(t, dir)
		log.checkTree(t, tree)
		if err := tree.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if lines := headLines(t, dir); strings.Join(lines, "") != strings.TrimSuffix(before+next, "\n") {
			t.Fatalf("seed %d: heads = %q, want %q", seed, lines, before+next)
		}
	}
	for cut := int(offset(23)); cut <= len(allHashes); cut += 13 {
		torn := bytes.Clone(allHashes[:cut])
		for i := int(offset(23)); i < cut; i++ { // unsynced data can be arbitrary
			torn[i] ^= byte(random.IntN(256))
		}
		crash(torn, before)
	}
	for cut := range len(next) {
		crash(allHashes, before+next[:cut])
	}
	crash(allHashes, before+strings.Repeat("\x00", 100))
	crash(nil, before+next) // an empty file of hashes
}

// TestDamagedHashes: receipts are valid even if hashes are damaged, because the hashes are rebuilt.
func TestDamagedHashes(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	log.add(17)
	log.writeTree(t, dir)
	path := filepath.Join(dir, hashesFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(good); at += 11 {
		damage := func() {
			bad := bytes.Clone(good)
			bad[at] ^= 1
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		whileRunning := at%2 == 0
		if !whileRunning {
			damage()
		}
		tree := log.mustOpen(t, dir)
		stop := runTree(t, tree)
		if whileRunning {
			damage()
		}
		for position := range events.Position(17) {
			receiptOf(t, tree, position+1)
		}
		stop()
		if err := tree.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if lines := headLines(t, dir); len(lines) != 1 {
		t.Errorf("heads after rebuilds of the same log: %q, want one", lines)
	}
}

// TestContradiction: no head is signed over a log that contradicts a signed head.
func TestContradiction(t *testing.T) {
	for what, tamper := range map[string]func(*memLog){
		"log truncated":       func(l *memLog) { l.all = l.all[:30] },
		"last event replaced": func(l *memLog) { l.all[40].Data = []byte(`{}`) },
		"all events replaced": func(l *memLog) { clear(l.all) },
	} {
		t.Run(what, func(t *testing.T) {
			log, dir := newMemLog(), t.TempDir()
			log.add(20)
			log.writeTree(t, dir)
			log.add(21)
			log.writeTree(t, dir)
			tamper(log)
			for i := range log.all {
				log.all[i].Position = events.Position(i + 1)
			}
			tree, err := log.open(t, dir)
			if err == nil {
				err = runTree(t, tree)()
				if errors.Is(err, context.Canceled) { // Run was stopped before it read the log
					err = tree.CatchUp(t.Context())
				}
			}
			if !errors.Is(err, ErrContradicted) || !errors.Is(err, events.ErrDamaged) {
				t.Errorf("Open, Run or CatchUp: %v, want %v", err, ErrContradicted)
			}
			if lines := headLines(t, dir); len(lines) != 2 {
				t.Errorf("heads = %q, want only the two signed before", lines)
			}
		})
	}
}

// TestContradictionWhileRunning: a rebuild detects a changed event, and no more heads are signed.
func TestContradictionWhileRunning(t *testing.T) {
	log, dir := newMemLog(), t.TempDir()
	log.add(20)
	log.writeTree(t, dir)
	log.add(21)
	tree := log.mustOpen(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- tree.Run(ctx) }()
	receiptOf(t, tree, 41)
	log.mu.Lock()
	log.all[4].Data = []byte(`{"quantity":2}`)
	log.mu.Unlock()
	if text, err := tree.Receipt(t.Context(), 5); !errors.Is(err, ErrContradicted) {
		t.Errorf("Receipt of a changed event = %s, %v; want %v", text, err, ErrContradicted)
	}
	if err := <-ended; !errors.Is(err, ErrContradicted) {
		t.Errorf("Run: %v, want %v", err, ErrContradicted)
	}
	if _, err := tree.Head(); !errors.Is(err, ErrContradicted) {
		t.Errorf("Head: %v, want %v", err, ErrContradicted)
	}
	if err := tree.Close(t.Context()); !errors.Is(err, ErrContradicted) {
		t.Errorf("Close: %v, want %v", err, ErrContradicted)
	}
}

// TestDifferentLogOrKey: the folder of a tree that belongs to a different log or key is renamed.
func TestDifferentLogOrKey(t *testing.T) {
	first, second, dir := newMemLog(), newMemLog(), filepath.Join(t.TempDir(), "tree")
	second.epoch = "e8"
	first.add(5)
	second.add(4)
	first.writeTree(t, dir)
	second.writeTree(t, dir)
	first.writeTree(t, dir)
	other, err := Open(t.Context(), Config{Store: first, Dir: dir, Key: keyOf(t, "e7", 2), Logger: discardLogger})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n, want := range []string{"admitone/e7\\n5\\n", "admitone/e8\\n4\\n", "admitone/e7\\n5\\n"} {
		if lines := headLines(t, fmt.Sprintf("%s.%d", dir, n+1)); len(lines) != 1 || !strings.HasPrefix(lines[0], `"`+want) {
			t.Errorf("renamed folder %d has the heads %q, want one that begins with %q", n+1, lines, want)
		}
	}
	if lines := headLines(t, dir); len(lines) != 1 {
		t.Errorf("heads of the new tree = %q, want one", lines)
	}
}

// TestGap: a log whose positions have gaps cannot have a tree.
func TestGap(t *testing.T) {
	log := newMemLog()
	log.add(10)
	log.all = append(log.all[:5], log.all[6:]...)
	tree := log.mustOpen(t, t.TempDir())
	if err := tree.Run(t.Context()); !errors.Is(err, ErrGap) {
		t.Errorf("Run: %v, want %v", err, ErrGap)
	}
}
