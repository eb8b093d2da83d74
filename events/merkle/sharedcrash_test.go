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

// unsigned removes all heads after the first ones from the log, as if the server had died before
// they were appended.
func (l *sharedLog) unsigned(but int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.streams[events.HeadsStream] = l.streams[events.HeadsStream][:but]
}

// TestSharedCrash: whatever a crash leaves in the files after the newest head, and however old they
// are, the next head is right.
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
		"files that are ahead of the heads": func(_ *testing.T, _ *sharedLog, dir, _ string) string { return dir },
		"pages of hashes that were never written": func(t *testing.T, _ *sharedLog, dir, _ string) string {
			last := offset(60) - offset(59)
			info, err := os.ReadFile(filepath.Join(dir, hashesFile))
			if err != nil {
				t.Fatal(err)
			}
			tail := info[int64(len(info))-last:]
			zero(t, filepath.Join(dir, hashesFile), offset(40))
			file, err := os.OpenFile(filepath.Join(dir, hashesFile), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if _, err := file.WriteAt(tail, offset(59)); err != nil { // the last leaf is right
				t.Fatal(err)
			}
			return dir
		},
		"pages of positions that were never written": func(t *testing.T, _ *sharedLog, dir, _ string) string {
			zero(t, filepath.Join(dir, positionsFile), 41*positionSize)
			return dir
		},
		"files older than the newest head": func(_ *testing.T, _ *sharedLog, _, before string) string { return before },
		"old positions with newer hashes": func(t *testing.T, _ *sharedLog, dir, before string) string {
			positions, err := os.ReadFile(filepath.Join(before, positionsFile))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, positionsFile), positions, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			return dir
		},
		"no head at all": func(_ *testing.T, log *sharedLog, dir, _ string) string {
			delete(log.streams, events.HeadsStream)
			return dir
		},
	} {
		t.Run(name, func(t *testing.T) {
			log, key, dir, before := newSharedLog(), keyOf(t, "e7", 1), t.TempDir(), t.TempDir()
			signed := 0
			for _, n := range []int{20, 20, 20} { // the files of 20 are kept, the heads over more than 40 get lost
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
			log.unsigned(signed)
			dir = crash(t, log, dir, before)
			tree, stop := log.node(t, "a", dir, key, time.Millisecond)
			log.add(t, 3)
			for n := range 63 {
				log.ownReceipt(t, tree, n+1)
			}
			stop()
			if c, err := log.checkOwn(t); err != nil || c.Heads() != len(log.heads()) || c.Heads() == 0 {
				t.Errorf("%d heads matched of %d, %v; want all", c.Heads(), len(log.heads()), err)
			}
		})
	}
}

// TestNothingToSign: a tree that was truncated since it was decided to sign, or that can't be
// synced, signs nothing.
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
		"as far as the newest head": {func(tree *SharedTree) {
			grow(tree, 5)
			tree.uncovered(&signer{})
		}, false},
		"beyond it and not compared": {func(tree *SharedTree) { log.add(t, 2); grow(tree, 7) }, false},
		"distrusted and computed again": {func(tree *SharedTree) {
			grow(tree, 5)
			tree.uncovered(&signer{})
			tree.fresh = false
			if err := tree.distrust(fmt.Errorf("a proof is wrong")); err != nil {
				t.Error(err)
			}
			grow(tree, 7)
		}, false},
		"stopped": {func(tree *SharedTree) { grow(tree, 7); tree.uncovered(&signer{}); tree.fail(events.ErrDamaged) }, false},
		"not synced": {func(tree *SharedTree) {
			grow(tree, 7)
			tree.uncovered(&signer{})
			_ = tree.positions.file.Close()
		}, true},
	} {
		tree := open()
		if len(log.ownEvents()) < 7 {
			log.add(t, 2)
		}
		c.before(tree)
		if err := tree.signNext(t.Context(), &signer{}); (err != nil) != c.fails {
			t.Errorf("%s: signNext = %v, want an error %t", name, err, c.fails)
		}
		if now := len(log.heads()); now != signed {
			t.Fatalf("%s: %d heads in the log, want %d", name, now, signed)
		}
		_ = tree.Close(context.Background())
	}
}
