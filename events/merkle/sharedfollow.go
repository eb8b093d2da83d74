package merkle

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// Run follows the log until ctx ends, and signs heads while this server is the signer. It must be called at most
// once. It retries failures of the log or the disk with backoff. After a permanent error, such as a contradiction, it
// logs the error, stops the tree and waits for ctx.
//
// Error: ctx.Err().
func (t *SharedTree) Run(ctx context.Context) error {
	headsCtx, stop := context.WithCancel(ctx)
	var signer sync.WaitGroup
	signer.Go(func() { t.writeHeads(headsCtx) })
	defer func() { stop(); signer.Wait() }()
	err := events.FollowAlways(ctx, t.position, func() error {
		err := t.follow(ctx)
		for errors.Is(err, errRebuild) && ctx.Err() == nil {
			err = t.follow(ctx)
		}
		return err
	}, func(err error, pause time.Duration) bool {
		if final(err) {
			t.stopWith(err)
			return false
		}
		t.Logger.Warn("the tree cannot follow the log; retrying", "error", err, "in", pause)
		return true
	})
	if err != nil && ctx.Err() == nil {
		<-ctx.Done()
	}
	return ctx.Err()
}

// stopWith stops the tree permanently and logs the reason.
func (t *SharedTree) stopWith(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failure == nil && !errors.Is(err, events.ErrClosed) {
		t.Logger.Error("this server signs no more heads of the log, and returns neither heads nor receipts; find out "+
			"more with: admitone verify", "error", err)
	}
	t.fail(err)
}

func (t *SharedTree) position() events.Position {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.reached
}

// follow adds the own events of the log to the tree until a failure or a rebuild.
func (t *SharedTree) follow(ctx context.Context) error {
	if err := t.checkLast(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	t.mu.Lock()
	after, generation := t.reached, t.rebuilds
	t.stop = func() { stop(errRebuild) }
	t.mu.Unlock()
	lineage := events.NewLineage(t.Store)
	err := t.Store.Follow(ctx, after, func(page []events.Recorded) error {
		return t.grow(ctx, lineage, page, generation)
	})
	if cause := context.Cause(ctx); errors.Is(cause, errRebuild) {
		return cause
	}
	return err
}

// checkLast compares the last leaf that was found on disk with the log's event, once.
func (t *SharedTree) checkLast(ctx context.Context) error {
	t.mu.Lock()
	size, last, checked, generation := t.compact.Size, t.last, t.checked, t.rebuilds
	t.mu.Unlock()
	if checked || size == 0 {
		return nil
	}
	page, err := t.Store.ReadAll(ctx, last+1, events.Backward, 1)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if generation != t.rebuilds {
		return errRebuild
	}
	leaf, err := t.hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, size-1)})
	if err != nil || len(page) == 0 || page[0].Position != last || Leaf(&page[0]) != leaf[0] {
		return t.rebuild(fmt.Errorf("the last leaf does not match the event at position %d", last))
	}
	t.checked = true
	return nil
}

// grow adds the own events of a page to the tree. generation is the value of rebuilds when following began.
func (t *SharedTree) grow(ctx context.Context, lineage *events.Lineage, page []events.Recorded,
	generation int) error {
	own := make([]bool, len(page))
	for i := range page {
		var err error
		if own[i], err = lineage.Own(ctx, &page[i]); err != nil {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if generation != t.rebuilds {
		return errRebuild
	}
	next, last, reached := t.compact.Clone(), t.last, t.reached
	var added []tlog.Hash
	var newPositions []byte
	for i := range page {
		if page[i].Position <= reached {
			continue
		}
		if reached = page[i].Position; own[i] {
			last = reached
			added = next.Add(added, &page[i])
			newPositions = binary.BigEndian.AppendUint64(newPositions, uint64(last))
		}
	}
	if _, err := t.positions.file.WriteAt(newPositions, t.compact.Size*positionSize); err != nil {
		return err
	}
	if err := t.hashes.write(t.compact.Size, added); err != nil {
		return err
	}
	grown := next.Size > t.compact.Size
	t.compact, t.last, t.reached = next, last, reached
	if grown || t.waiting > 0 || t.pending != nil {
		t.wake()
		notify(t.more)
	}
	return nil
}
