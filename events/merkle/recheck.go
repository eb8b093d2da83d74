package merkle

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"
)

// recheckStep is the number of leaves that are checked between two checks of the context.
const recheckStep = 4096

// recheck verifies the hashes that the tree was opened with against each other and its root, once,
// because any of them may be damaged. Damaged hashes are rebuilt from the log. It costs a hash per
// event, in the background.
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
	if err := t.rebuild(); err != nil { // the rebuild overwrites them
		t.Logger.Warn("cannot truncate the tree's hashes", "error", err)
	}
}

// checkHashes checks that the hashes of a tree are consistent with its leaves and its root. Errors:
// ctx.Err(); one that names the bad hash; the disk's.
func checkHashes(ctx context.Context, in io.ReaderAt, compact CompactRange) error {
	var (
		made   CompactRange
		added  []tlog.Hash
		stored tlog.Hash
		hashes = bufio.NewReaderSize(io.NewSectionReader(in, 0, offset(compact.Size)), 64<<10)
	)
	for made.Size < compact.Size {
		if made.Size%recheckStep == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := io.ReadFull(hashes, stored[:]); err != nil {
			return err
		}
		added = made.addLeaf(added[:0], stored)
		for _, hash := range added[1:] {
			if _, err := io.ReadFull(hashes, stored[:]); err != nil {
				return err
			}
			if hash != stored {
				return fmt.Errorf("a hash over leaf %d is not that of the two below it", made.Size)
			}
		}
	}
	if made.Root() != compact.Root() {
		return errors.New("the hashes do not lead to the root")
	}
	return nil
}
