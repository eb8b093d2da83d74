package merkle

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

const (
	// followPause is the pause of the follower once it has caught up, because batches are cheaper than single
	// events.
	followPause = 50 * time.Millisecond
	// busyPage is the number of events in a page from which on the follower does not pause.
	busyPage = 256
	// idleTime is the time without events after which a log is idle.
	idleTime = 100 * time.Millisecond
	// catchUpPage is the number of events per read of CatchUp.
	catchUpPage = 1024
)

// errRebuild means that the hashes are being rebuilt: the log must be followed from its beginning.
var errRebuild = errors.New("the hashes are being rebuilt")

// Run follows the log until ctx ends, and writes heads periodically. It must be called at most once. It retries
// failures of the log or the disk with backoff.
//
// Errors: ctx.Err(); [ErrContradicted], [ErrGap], events.ErrDamaged and events.ErrClosed, after which no more
// heads are signed.
func (t *Tree) Run(ctx context.Context) error {
	var background sync.WaitGroup
	ctx, stop := context.WithCancel(ctx)
	background.Go(func() { t.writeHeads(ctx) })
	background.Go(func() { t.recheck(ctx) })
	defer func() { stop(); background.Wait() }()
	position := func() events.Position { return events.Position(t.Size()) }
	return events.FollowAlways(ctx, position, func() error {
		err := t.follow(ctx)
		for errors.Is(err, errRebuild) && ctx.Err() == nil {
			err = t.follow(ctx)
		}
		return err
	}, func(err error, pause time.Duration) bool {
		if final(err) {
			t.mu.Lock()
			t.fail(err)
			t.mu.Unlock()
			return false
		}
		t.Logger.Warn("the tree cannot follow the log; retrying", "error", err, "size", t.Size(), "in", pause)
		return true
	})
}

// final reports whether err is permanent.
func final(err error) bool {
	return errors.Is(err, ErrGap) || errors.Is(err, events.ErrDamaged) || errors.Is(err, events.ErrClosed)
}

// follow adds the events of the log to the tree until a failure or a rebuild.
func (t *Tree) follow(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	t.mu.Lock()
	after, generation := t.compact.Size, t.rebuilds
	t.stop = func() { stop(errRebuild) }
	t.mu.Unlock()
	pauseTimer := time.NewTimer(followPause)
	defer pauseTimer.Stop()
	err := t.Store.Follow(ctx, events.Position(after), func(page []events.Recorded) error {
		urgent, err := t.grow(page, generation)
		if err != nil || urgent || len(page) >= busyPage {
			return err
		}
		pauseTimer.Reset(followPause)
		select {
		case <-pauseTimer.C:
		case <-t.nudge:
		case <-ctx.Done():
		}
		return nil
	})
	if cause := context.Cause(ctx); errors.Is(cause, errRebuild) {
		return cause
	}
	return err
}

// grow adds a page of events to the tree. urgent reports whether a caller waits for more. generation is the
// value of rebuilds when the page was read.
func (t *Tree) grow(page []events.Recorded, generation int) (urgent bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if generation != t.rebuilds {
		return false, errRebuild
	}
	next, added := t.compact.Clone(), make([]tlog.Hash, 0, 2*len(page)+64)
	for i := range page {
		e := &page[i]
		if e.Position <= events.Position(next.Size) {
			continue
		}
		if e.Position != events.Position(next.Size+1) {
			return false, fmt.Errorf("%w: position %d follows %d", ErrGap, e.Position, next.Size)
		}
		added = next.Add(added, e)
		if err := t.checkSigned(&next); err != nil {
			return false, err
		}
	}
	if err := t.hashes.write(t.compact.Size, added); err != nil {
		return false, err
	}
	t.compact = next
	if t.past != nil && next.Size >= t.head.Size {
		t.past.stop()
		t.past = nil
	}
	t.wake()
	return t.waiting > 0, nil
}

// wake wakes the callers that wait for the tree to grow. mu must be held.
func (t *Tree) wake() {
	close(t.grown)
	t.grown = make(chan struct{})
}

// fail stops the tree permanently. mu must be held.
func (t *Tree) fail(err error) {
	if t.failure == nil {
		t.failure = err
	}
	t.wake()
}

// checkSigned compares a compact range with the signed head of the same size, if there is one. Only during a
// rebuild is there a signed head that is larger than the tree.
func (t *Tree) checkSigned(compact *CompactRange) error {
	if compact.Size > t.head.Size {
		return nil
	}
	signed := &t.head
	if t.past != nil && compact.Size < t.head.Size {
		signed = t.past.at(compact.Size)
	}
	if signed != nil && signed.Size == compact.Size && signed.Root != compact.Root() {
		return fmt.Errorf("%w: the first %d events have the root %v, but the signed head over them has %v",
			ErrContradicted, compact.Size, compact.Root(), signed.Root)
	}
	return nil
}

// writeHeads writes a head to headsFile at every interval, and one to newestFile whenever the log becomes idle.
func (t *Tree) writeHeads(ctx context.Context) {
	tick := time.NewTicker(t.Every)
	defer tick.Stop()
	idleTimer := time.NewTimer(idleTime)
	defer idleTimer.Stop()
	for {
		t.mu.Lock()
		grown := t.grown
		t.mu.Unlock()
		var err error
		select {
		case <-ctx.Done():
			return
		case <-grown:
			idleTimer.Reset(idleTime)
		case <-idleTimer.C:
			err = t.writeNewestHead()
		case <-tick.C:
			err = t.writeHead()
		}
		if err != nil && ctx.Err() == nil {
			t.Logger.Warn("a signed head of the log could not be written", "error", err)
		}
	}
}

// CatchUp adds all current events of the log, for callers that do not use Run. Errors: those of [Tree.Run],
// events.Store.Head and events.Store.ReadAll.
func (t *Tree) CatchUp(ctx context.Context) error {
	end, err := t.Store.Head(ctx)
	if err != nil {
		return err
	}
	for {
		t.mu.Lock()
		after, generation, failure := events.Position(t.compact.Size), t.rebuilds, t.failure
		t.mu.Unlock()
		if failure != nil || after >= end {
			return failure
		}
		page, err := t.Store.ReadAll(ctx, after, events.Forward, catchUpPage)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return fmt.Errorf("%w: no event follows position %d, and the log ends at %d", ErrGap, after, end)
		}
		if _, err := t.grow(page, generation); err != nil && !errors.Is(err, errRebuild) {
			return err
		}
	}
}

// pastHeads iterates over the heads in headsFile.
type pastHeads struct {
	next    func() (Checkpoint, error, bool)
	stop    func()
	current *Checkpoint
}

func newPastHeads(dir string, verifier note.Verifier) *pastHeads {
	next, stop := iter.Pull2(heads(dir, verifier))
	return &pastHeads{next: next, stop: stop}
}

// at returns the head of a size, or nil. Sizes must increase from call to call. Invalid lines are skipped; a
// [Check] reports them.
func (p *pastHeads) at(size int64) *Checkpoint {
	for p.current == nil || p.current.Size < size {
		h, err, ok := p.next()
		if !ok {
			p.current = &Checkpoint{Head: Head{Size: 1<<63 - 1}}
			break
		}
		if err == nil {
			p.current = &h
		}
	}
	if p.current.Size != size {
		return nil
	}
	return p.current
}
