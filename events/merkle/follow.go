package merkle

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

const (
	// pace is how long the follower rests when it has taken in what there was: a
	// hundred events at once cost less than one after another, and nobody waits.
	pace = 50 * time.Millisecond
	// busy is how many events in a page mean that there are more already.
	busy = 256
	// backOff and backOffMax bound the rest after a failure.
	backOff, backOffMax = 50 * time.Millisecond, 5 * time.Second
	// catchUpPage is how many events are read at once.
	catchUpPage = 1024
)

// errAgain: the hashes were begun anew, and the log is followed from its beginning.
var errAgain = errors.New("merkle: the hashes are made again")

// Run follows the log until ctx ends, and writes down a head now and then. It is
// called once. A log or a disk that fails is tried again, ever less often.
//
// Errors: ctx.Err(); [ErrContradicted] and [ErrGap], after which no head is signed
// any more; events.ErrDamaged, events.ErrClosed.
func (t *Tree) Run(ctx context.Context) error {
	keeping := make(chan struct{})
	ctx, stop := context.WithCancel(ctx)
	go func() {
		defer close(keeping)
		t.keepHeads(ctx)
	}()
	defer func() { stop(); <-keeping }()
	for rest := backOff; ; rest = min(2*rest, backOffMax) {
		before := t.Size()
		err := t.follow(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case final(err):
			t.mu.Lock()
			t.fail(err)
			t.mu.Unlock()
			return err
		case errors.Is(err, errAgain):
			continue
		case t.Size() > before:
			rest = backOff
		}
		t.Logger.Warn("the tree can't follow the log and will try again", "error", err, "size", t.Size(), "in", rest)
		select {
		case <-ctx.Done():
		case <-time.After(rest/2 + rand.N(rest/2)):
		}
	}
}

// final says whether trying again would be of no use.
func final(err error) bool {
	return errors.Is(err, ErrGap) || errors.Is(err, events.ErrDamaged) || errors.Is(err, events.ErrClosed)
}

// follow grows the tree until something fails, or the hashes are begun anew.
func (t *Tree) follow(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	t.mu.Lock()
	after, turn := t.edge.Size, t.again
	t.stop = func() { stop(errAgain) }
	t.mu.Unlock()
	rest := time.NewTimer(pace)
	defer rest.Stop()
	err := t.Store.Follow(ctx, events.Position(after), func(page []events.Recorded) error {
		hurry, err := t.grow(page, turn)
		if err != nil || hurry || len(page) >= busy {
			return err
		}
		rest.Reset(pace)
		select {
		case <-rest.C:
		case <-t.nudge:
		case <-ctx.Done():
		}
		return nil
	})
	if cause := context.Cause(ctx); errors.Is(cause, errAgain) {
		return cause
	}
	return err
}

// grow puts a page of events under the tree, and says whether somebody waits for
// more. turn is the again that the page was read in.
func (t *Tree) grow(page []events.Recorded, turn int) (hurry bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if turn != t.again {
		return false, errAgain
	}
	next, added := t.edge.Clone(), make([]tlog.Hash, 0, 2*len(page)+64)
	for i := range page {
		e := &page[i]
		if e.Position <= events.Position(next.Size) {
			continue
		}
		if e.Position != events.Position(next.Size+1) {
			return false, fmt.Errorf("%w: %d follows %d", ErrGap, e.Position, next.Size)
		}
		added = next.Add(added, e)
		if err := t.agree(&next); err != nil {
			return false, err
		}
	}
	if err := t.hashes.write(t.edge.Size, added); err != nil {
		return false, err
	}
	t.edge = next
	if t.past != nil && next.Size >= t.head.Size {
		t.past.stop()
		t.past = nil
	}
	t.wake()
	return t.waiting > 0, nil
}

// wake lets those look who wait for the tree to grow; mu must be held.
func (t *Tree) wake() {
	close(t.grown)
	t.grown = make(chan struct{})
}

// fail ends the tree's growing for good; mu must be held.
func (t *Tree) fail(err error) {
	if t.failure == nil {
		t.failure = err
	}
	t.wake()
}

// agree holds an edge to the heads that were signed over as many events. They are
// ahead only while the hashes are made again.
func (t *Tree) agree(edge *Edge) error {
	if edge.Size > t.head.Size {
		return nil
	}
	signed := &t.head
	if t.past != nil && edge.Size < t.head.Size {
		signed = t.past.at(edge.Size)
	}
	if signed != nil && signed.Size == edge.Size && signed.Root != edge.Root() {
		return fmt.Errorf("%w: the first %d events have the root %v, and a head with %v was signed",
			ErrContradicted, edge.Size, edge.Root(), signed.Root)
	}
	return nil
}

// keepHeads writes down a head at every interval.
func (t *Tree) keepHeads(ctx context.Context) {
	tick := time.NewTicker(t.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := t.keep(); err != nil && ctx.Err() == nil {
				t.Logger.Warn("no head could be written down", "error", err)
			}
		}
	}
}

// CatchUp takes in what the log has now, for those who don't run the tree.
// Errors: as [Tree.Run]; what events.Store.ReadAll returns.
func (t *Tree) CatchUp(ctx context.Context) error {
	end, err := t.Store.Head(ctx)
	if err != nil {
		return err
	}
	for {
		t.mu.Lock()
		after, turn, failure := events.Position(t.edge.Size), t.again, t.failure
		t.mu.Unlock()
		if failure != nil || after >= end {
			return failure
		}
		page, err := t.Store.ReadAll(ctx, after, events.Forward, catchUpPage)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return fmt.Errorf("%w: nothing follows %d", ErrGap, after)
		}
		if _, err := t.grow(page, turn); err != nil && !errors.Is(err, errAgain) {
			return err
		}
	}
}

// pastHeads are the heads that were written down, in turn.
type pastHeads struct {
	next func() (SignedHead, error, bool)
	stop func()
	here *SignedHead
}

func newPastHeads(dir string, verifier note.Verifier) *pastHeads {
	next, stop := iter.Pull2(heads(dir, verifier))
	return &pastHeads{next: next, stop: stop}
}

// at returns the head over a number of events, or nil. It is asked for ever more. A
// line that is no head is verify's to tell.
func (p *pastHeads) at(size int64) *SignedHead {
	for p.here == nil || p.here.Size < size {
		h, err, ok := p.next()
		if !ok {
			p.here = &SignedHead{Head: Head{Size: 1<<63 - 1}}
			break
		}
		if err == nil {
			p.here = &h
		}
	}
	if p.here.Size != size {
		return nil
	}
	return p.here
}
