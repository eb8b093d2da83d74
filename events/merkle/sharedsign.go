package merkle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"admitone/events"
)

const (
	// patience is the maximum time after the next head is due before another server takes over.
	patience = 10 * time.Second
	// minPatience is the minimum.
	minPatience = time.Second
	// pollHeads is the maximum interval at which heads of another server are read while the log
	// grows; pollWaiting that while a caller waits for one.
	pollHeads, pollWaiting = time.Second, 100 * time.Millisecond
	// waitingPause is the minimum pause between two reads of heads for a log that grows, while a caller
	// waits for one. Without callers a log that grows needs none: see untilTurn.
	waitingPause = 10 * time.Millisecond
	// headsPage is the number of heads read at once.
	headsPage = 64
	// headsLimit bounds a read or an append of heads, lastHeadLimit the last append.
	headsLimit, lastHeadLimit = 10 * time.Second, 2 * time.Second
	// retryPause is the pause after a failure.
	retryPause = time.Second
)

// signer is the part of a shared tree that decides which server signs when. Only keepHeads uses it.
type signer struct {
	seen   time.Time // when the newest head was found or signed; zero if before the start
	begun  time.Time // since when there are events that no head covers; zero for none
	turned time.Time // when its last turn ended
	next   time.Time // when its next turn is due; zero as soon as the log grows
	every  time.Duration
	warned bool // of a different key
}

// due returns the time at which this server has to sign the events without a head. leads reports
// whether the newest head is its own, or there is none.
func (s *signer) due(leads bool) time.Time {
	at := s.seen.Add(s.every)
	if leads {
		return at
	}
	if s.begun.After(at) {
		at = s.begun
	}
	return at.Add(max(minPatience, min(patience, s.every)))
}

// writeHeads reads the heads of other servers, and signs heads, until ctx ends.
func (t *SharedTree) writeHeads(ctx context.Context) {
	s := &signer{every: t.Every}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			t.signLast(s)
			return
		case <-t.more:
			if wait := t.untilTurn(s); wait > 0 {
				timer.Reset(wait)
				continue
			}
		case <-timer.C:
		}
		wait, err := t.headsTurn(ctx, s)
		switch {
		case err == nil || ctx.Err() != nil:
		case final(err):
			t.stopFor(err)
			return
		default:
			t.Logger.Warn("the heads of the log cannot be read or signed; retrying", "error", err)
			wait = retryPause
		}
		s.turned, s.next = time.Now(), time.Time{}
		if wait < untilGrowth {
			s.next = s.turned.Add(wait)
		}
		timer.Reset(wait)
	}
}

// untilGrowth is the wait for the log to grow, after which the next turn is due at once.
const untilGrowth = time.Duration(math.MaxInt64)

// untilTurn returns the time until the next turn: a log that grows needs none for every page of events,
// because each may read from the log.
func (t *SharedTree) untilTurn(s *signer) time.Duration {
	next := s.next
	t.mu.Lock()
	defer t.mu.Unlock()
	if soon := s.turned.Add(waitingPause); t.waiting > 0 && soon.Before(next) {
		next = soon
	}
	return time.Until(next)
}

// headsTurn does all due work, and returns the time until the next, or untilGrowth.
func (t *SharedTree) headsTurn(ctx context.Context, s *signer) (wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, headsLimit)
	defer cancel()
	if err := t.load(ctx, s); err != nil {
		return 0, err
	}
	for t.uncovered(s) {
		found, err := t.readHeads(ctx, s)
		if err != nil {
			return 0, err
		}
		if found {
			continue
		}
		t.mu.Lock()
		waiting, leads, may := t.waiting > 0, t.signed.term == 0 || t.signed.node == t.Node, t.maySign(s)
		t.mu.Unlock()
		wait = pollHeads
		if may {
			if wait = time.Until(s.due(leads)); wait <= 0 {
				if err := t.signNext(ctx, s); err != nil {
					return 0, err
				}
				continue
			}
		}
		if !leads || !may {
			wait = min(wait, pollHeads, max(s.every/4, pollWaiting))
			if waiting {
				wait = min(wait, pollWaiting)
			}
		}
		return wait, nil
	}
	return untilGrowth, nil
}

// load reads the heads that were signed before the start, once.
func (t *SharedTree) load(ctx context.Context, s *signer) error {
	if t.loaded {
		return nil
	}
	signed, err := loadSignings(ctx, t.Store)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.signed, t.loaded = signed, true
	if signed.newest.Note != "" {
		if signed.node != t.Node {
			s.seen = time.Now()
		}
		if err := t.noteHead(); err != nil {
			return err
		}
	}
	return t.dropUnsigned()
}

// dropUnsigned drops the leaves found on disk that no head covers: after a crash they may be wrong.
// mu must be held. Errors: the disk's.
func (t *SharedTree) dropUnsigned() error {
	h := t.signed.newest
	if t.fresh || t.pending != nil || t.compact.Size <= h.Size {
		return nil
	}
	compact, err := readRange(h.Size, t.hashes)
	if err != nil {
		return t.distrust(err)
	}
	return t.truncate(compact, h.Last)
}

// uncovered reports whether the tree has events that no known head covers. It also compares a
// pending head that the tree has reached.
func (t *SharedTree) uncovered(s *signer) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h := t.pending; h != nil && (h.Size <= t.compact.Size || h.Last <= t.reached) && t.failure == nil {
		if err := t.noteHead(); err != nil {
			t.fail(err)
		}
	}
	uncovered := t.failure == nil && t.pending == nil && t.compact.Size > t.signed.newest.Size
	switch {
	case !uncovered:
		s.begun = time.Time{}
	case s.begun.IsZero():
		s.begun = time.Now()
	}
	return uncovered
}

// noteHead compares the newest head with the tree, or keeps it as pending until the tree reaches
// it; mu must be held. Errors: [ErrContradicted]; the disk's.
func (t *SharedTree) noteHead() error {
	h := t.signed.newest
	t.pending = nil
	t.wake()
	if h.Size > t.compact.Size {
		t.pending = &h
		if h.Last <= t.reached {
			return t.distrust(fmt.Errorf("a head over %d events up to position %d was signed, and there are %d", h.Size, h.Last,
				t.compact.Size))
		}
		return nil
	}
	compact, err := readRange(h.Size, t.hashes)
	last := events.Position(0)
	if err == nil && h.Size > 0 {
		last, err = t.positions.at(h.Size)
	}
	if err == nil && compact.Root() == h.Root && last == h.Last {
		return nil
	}
	t.pending = &h
	return t.distrust(fmt.Errorf("a head over %d events up to position %d with the root %v was signed; of the log the "+
		"root is %v, at position %d (%v)", h.Size, h.Last, h.Root, compact.Root(), last, err))
}

// readHeads reads the new heads, and reports whether there were any.
func (t *SharedTree) readHeads(ctx context.Context, s *signer) (found bool, err error) {
	t.mu.Lock()
	from := t.signed.revision + 1
	t.mu.Unlock()
	page, err := t.Store.Read(ctx, events.HeadsStream, from, events.Forward, headsPage)
	if err != nil || len(page) == 0 {
		return false, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range page {
		h, err := t.signed.take(&page[i])
		if err != nil {
			return false, err
		}
		if h == nil {
			continue
		}
		if err := t.noteHead(); err != nil {
			return false, err
		}
	}
	s.seen = time.Now()
	return true, nil
}

// maySign reports whether this server's key is the key of the log's heads, and warns once if it is
// not; mu must be held.
func (t *SharedTree) maySign(s *signer) bool {
	if t.Key == nil {
		return false
	}
	if t.signed.key == "" || t.signed.key == t.Key.String() {
		return true
	}
	if !s.warned {
		s.warned = true
		t.Logger.Warn("the heads of this log are signed with a different key than this server's, which signs none; give all "+
			"servers one file with --head-key-file", "own", t.Key.String(), "log", t.signed.key)
	}
	return false
}

// signNext signs a head over the whole tree and appends it to the log. If another server was first,
// it reads that server's heads. The leaves are synced before. It signs nothing while the tree lags
// behind the newest head. Errors: as events.Store.Append and Read; [ErrContradicted]; the disk's.
func (t *SharedTree) signNext(ctx context.Context, s *signer) error {
	t.mu.Lock()
	if t.failure != nil || t.pending != nil || t.compact.Size <= t.signed.newest.Size { // no longer due
		t.mu.Unlock()
		return nil
	}
	term := t.signed.term
	if term == 0 || t.signed.node != t.Node {
		term++
	}
	h, err := t.Key.Sign(Head{Epoch: t.Store.Epoch(), Size: t.compact.Size, Root: t.compact.Root(), Own: true,
		Last: t.last})
	if err != nil {
		t.mu.Unlock()
		return err
	}
	expected, batch := t.signed.revision, t.signed.batch(h, t.Key, term, t.Node, time.Now())
	t.mu.Unlock()
	if err := t.sync(); err != nil {
		return err
	}
	_, err = t.Store.Append(ctx, events.HeadsStream, expected, batch)
	if err != nil && !errors.Is(err, events.ErrConflict) && !errors.Is(err, events.ErrUnknown) {
		return err
	}
	found, readErr := t.readHeads(ctx, s)
	if readErr == nil && !found {
		readErr = cmp.Or(err, fmt.Errorf("%w: a head that was appended can't be read", events.ErrUnavailable))
	}
	return readErr
}

// signLast signs a last head when the signer shuts down, if there are uncovered events.
func (t *SharedTree) signLast(s *signer) {
	ctx, cancel := context.WithTimeout(context.Background(), lastHeadLimit)
	defer cancel()
	if !t.loaded || !t.uncovered(s) {
		return
	}
	t.mu.Lock()
	leads := t.signed.node == t.Node && t.maySign(s)
	t.mu.Unlock()
	if !leads {
		return
	}
	if err := t.signNext(ctx, s); err != nil {
		t.Logger.Warn("a last head of the log could not be signed", "error", err)
	}
}
