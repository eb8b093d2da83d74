package merkle

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"admitone/events"
)

// truncateHeads keeps only the first n events in the stream of heads, as if the server had crashed before it
// appended the others.
func (l *sharedLog) truncateHeads(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.streams[events.HeadsStream] = l.streams[events.HeadsStream][:n]
}

// TestSharedCrash: the heads signed after a crash are right, whatever the files contain after the newest head, and
// however old they are.
func TestSharedCrash(t *testing.T) {
	zero := func(t *testing.T, name string, from int64) {
		file, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(make([]byte, info.Size()-from), from); err != nil {
			t.Fatal(err)
		}
	}
	for name, crash := range map[string]func(t *testing.T, log *sharedLog, dir, before string) string{
		"files ahead of the heads": func(_ *testing.T, _ *sharedLog, dir, _ string) string { return dir },
		"unwritten pages of hashes": func(t *testing.T, _ *sharedLog, dir, _ string) string {
			last := offset(60) - offset(59)
			hashes, err := os.ReadFile(filepath.Join(dir, hashesFile))
			if err != nil {
				t.Fatal(err)
			}
			tail := hashes[int64(len(hashes))-last:]
			zero(t, filepath.Join(dir, hashesFile), offset(40))
			file, err := os.OpenFile(filepath.Join(dir, hashesFile), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if _, err := file.WriteAt(tail, offset(59)); err != nil { // keep the last leaf
				t.Fatal(err)
			}
			return dir
		},
		"unwritten pages of positions": func(t *testing.T, _ *sharedLog, dir, _ string) string {
			zero(t, filepath.Join(dir, positionsFile), 41*positionSize)
			return dir
		},
		"files older than the newest head": func(_ *testing.T, _ *sharedLog, _, before string) string { return before },
		"positions older than the hashes": func(t *testing.T, _ *sharedLog, dir, before string) string {
			positions, err := os.ReadFile(filepath.Join(before, positionsFile))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, positionsFile), positions, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			return dir
		},
		"no heads": func(_ *testing.T, log *sharedLog, dir, _ string) string {
			delete(log.streams, events.HeadsStream)
			return dir
		},
	} {
		t.Run(name, func(t *testing.T) {
			log, key, dir, before := newSharedLog(), keyOf(t, "e7", 1), t.TempDir(), t.TempDir()
			signed := 0
			for _, n := range []int{20, 20, 20} { // keep the files of 20 events, and lose the heads over more than 40
				signed = len(log.streams[events.HeadsStream])
				log.add(t, n)
				tree, stop := log.node(t, "a", dir, key, time.Millisecond)
				log.ownReceipt(t, tree, len(log.ownEvents()))
				stop()
				if len(log.ownEvents()) == 20 {
					if err := os.CopyFS(before, os.DirFS(dir)); err != nil {
						t.Fatal(err)
					}
				}
			}
			log.truncateHeads(signed)
			dir = crash(t, log, dir, before)
			tree, stop := log.node(t, "a", dir, key, time.Millisecond)
			log.add(t, 3)
			for n := range 63 {
				log.ownReceipt(t, tree, n+1)
			}
			stop()
			if c, err := log.checkOwn(t); err != nil || c.Heads() != len(log.heads()) || c.Heads() == 0 {
				t.Errorf("check of the log: %d of %d heads matched, %v; want all", c.Heads(), len(log.heads()), err)
			}
		})
	}
}

// TestNothingToSign: signNext signs nothing if the newest head covers the tree, a rebuild has begun, the tree has
// stopped or its files can't be synced.
func TestNothingToSign(t *testing.T) {
	log, key := newSharedLog(), keyOf(t, "e7", 1)
	log.add(t, 5)
	first, stop := log.node(t, "a", t.TempDir(), key, time.Millisecond)
	log.ownReceipt(t, first, 5)
	stop()
	signed := len(log.heads())
	open := func() *SharedTree {
		tree, err := OpenShared(SharedConfig{Store: log, Dir: t.TempDir(), Key: key, Node: "b", Logger: discardLogger})
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.load(t.Context(), &signer{}); err != nil {
			t.Fatal(err)
		}
		return tree
	}
	grow := func(tree *SharedTree, n int) {
		page := log.ownEvents()[:n]
		if err := tree.grow(t.Context(), events.NewLineage(log), page, tree.rebuilds); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		before func(*SharedTree)
		fails  bool
	}{
		"behind the newest head": {func(tree *SharedTree) { grow(tree, 3) }, false},
		"equal to the newest head": {func(tree *SharedTree) {
			grow(tree, 5)
			tree.hasUncovered(&signer{})
		}, false},
		"ahead of a head that is not compared yet": {func(tree *SharedTree) { log.add(t, 2); grow(tree, 7) }, false},
		"rebuilt": {func(tree *SharedTree) {
			grow(tree, 5)
			tree.hasUncovered(&signer{})
			tree.computed = false
			if err := tree.rebuild(fmt.Errorf("a proof is wrong")); err != nil {
				t.Error(err)
			}
			grow(tree, 7)
		}, false},
		"stopped": {func(tree *SharedTree) { grow(tree, 7); tree.hasUncovered(&signer{}); tree.fail(events.ErrDamaged) }, false},
		"files not synced": {func(tree *SharedTree) {
			grow(tree, 7)
			tree.hasUncovered(&signer{})
			_ = tree.positions.file.Close()
		}, true},
	} {
		tree := open()
		if len(log.ownEvents()) < 7 {
			log.add(t, 2)
		}
		c.before(tree)
		if err := tree.signNext(t.Context(), &signer{}); (err != nil) != c.fails {
			t.Errorf("%s: signNext: %v, want an error: %t", name, err, c.fails)
		}
		if now := len(log.heads()); now != signed {
			t.Fatalf("%s: the log has %d heads, want %d", name, now, signed)
		}
		_ = tree.Close(context.Background())
	}
}
