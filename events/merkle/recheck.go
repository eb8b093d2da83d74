package merkle

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"
)

// recheckStep is the number of leaves between two checks of the context.
const recheckStep = 4096

// recheck verifies all hashes that the tree was opened with against each other and the root. If any is damaged,
// it starts a rebuild. It computes one hash per event, in the background.
func (t *Tree) recheck(ctx context.Context) {
	t.mu.Lock()
	compact, generation := t.compact.Clone(), t.rebuilds
	t.mu.Unlock()
	err := checkHashes(ctx, t.hashes.file, compact)
	if err == nil || ctx.Err() != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if generation != t.rebuilds || t.failure != nil { // a rebuild is already in progress
		return
	}
	t.Logger.Warn("the tree's hashes are damaged; rebuilding them from the log", "error", err, "size", compact.Size)
	if err := t.rebuild(); err != nil { // not fatal: the rebuild overwrites the hashes
		t.Logger.Warn("cannot truncate the tree's hashes", "error", err)
	}
}

// checkHashes checks that the stored hashes of a tree are consistent with its leaf hashes and its root. Errors:
// ctx.Err(); an error that names the wrong hash; those of the file system.
func checkHashes(ctx context.Context, in io.ReaderAt, compact CompactRange) error {
	var (
		computed CompactRange
		added    []tlog.Hash
		stored   tlog.Hash
		hashes   = bufio.NewReaderSize(io.NewSectionReader(in, 0, offset(compact.Size)), 64<<10)
	)
	for computed.Size < compact.Size {
		if computed.Size%recheckStep == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := io.ReadFull(hashes, stored[:]); err != nil {
			return err
		}
		added = computed.addLeaf(added[:0], stored)
		for _, hash := range added[1:] {
			if _, err := io.ReadFull(hashes, stored[:]); err != nil {
				return err
			}
			if hash != stored {
				return fmt.Errorf("a stored hash of a subtree that ends at leaf %d is %v, want %v", computed.Size, stored, hash)
			}
		}
	}
	if computed.Root() != compact.Root() {
		return errors.New("the stored leaf hashes do not have the root of the tree")
	}
	return nil
}
