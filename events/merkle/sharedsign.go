package merkle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"admitone/events"
)

const (
	// maxTakeoverDelay and minTakeoverDelay bound the delay, after the next head is due, before another server
	// takes over.
	maxTakeoverDelay, minTakeoverDelay = 10 * time.Second, time.Second
	// pollHeads is the maximum interval between reads of another server's heads while there are events that no
	// head covers; pollWaiting is the maximum while a caller waits for a head.
	pollHeads, pollWaiting = time.Second, 100 * time.Millisecond
	// waitingPause is the minimum pause between two turns while a caller waits for a head and the log grows.
	waitingPause = 10 * time.Millisecond
	// headsPage is the number of heads per read.
	headsPage = 64
	// headsTimeout bounds a turn, lastHeadTimeout the signing of the last head.
	headsTimeout, lastHeadTimeout = 10 * time.Second, 2 * time.Second
	// retryPause is the pause after a failure.
	retryPause = time.Second
)

// signer has the state with which a shared tree decides when it signs. Only the goroutine of writeHeads uses it. In
// each turn, the tree reads the heads of other servers and signs one if it is due.
type signer struct {
	headAt         time.Time // when the newest head was read or signed; zero if that was before the start
	uncoveredSince time.Time // since when there are events that no head covers; zero for none
	turnEnded      time.Time // when the last turn ended
	nextTurn       time.Time // when the next turn is due; zero for as soon as the log grows
	every          time.Duration
	warned         bool // of a different key
	failing        bool // the last turn failed
}

// due returns the time at which this server must sign a head if no other server does. isSigner tells whether this
// server signed the newest head, or there is none.
func (s *signer) due(isSigner bool) time.Time {
	at := s.headAt.Add(s.every)
	if isSigner {
		return at
	}
	if s.uncoveredSince.After(at) {
		at = s.uncoveredSince
	}
	return at.Add(max(minTakeoverDelay, min(maxTakeoverDelay, s.every)))
}

// writeHeads reads the heads of other servers and signs heads until ctx ends.
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
		wait, err := t.turn(ctx, s)
		switch {
		case err == nil:
			s.failing = false
		case ctx.Err() != nil:
		case final(err):
			t.stopWith(err)
			return
		default:
			t.noteFailure(s, err)
			wait = retryPause
		}
		s.turnEnded, s.nextTurn = time.Now(), time.Time{}
		if wait < untilGrowth {
			s.nextTurn = s.turnEnded.Add(wait)
		}
		timer.Reset(wait)
	}
}

// noteFailure logs a failure that is retried. Of several consecutive ones, the first is a warning.
func (t *SharedTree) noteFailure(s *signer, err error) {
	level := slog.LevelWarn
	if s.failing {
		level = slog.LevelDebug
	}
	s.failing = true
	t.Logger.Log(context.Background(), level, "the heads of the log cannot be read or signed; retrying", "error", err)
}

// untilGrowth is a wait of indefinite length: the next turn is due as soon as the log grows.
const untilGrowth = time.Duration(math.MaxInt64)

// untilTurn returns the time until the next turn. Not every page of events starts a turn, because turns read from
// the log.
func (t *SharedTree) untilTurn(s *signer) time.Duration {
	next := s.nextTurn
	t.mu.Lock()
	defer t.mu.Unlock()
	if soon := s.turnEnded.Add(waitingPause); t.waiting > 0 && soon.Before(next) {
		next = soon
	}
	return time.Until(next)
}

// turn reads new heads and signs a head if it is due. It returns the time until the next turn, or untilGrowth.
func (t *SharedTree) turn(ctx context.Context, s *signer) (wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, headsTimeout)
	defer cancel()
	if err := t.load(ctx, s); err != nil {
		return 0, err
	}
	for t.hasUncovered(s) {
		found, err := t.readHeads(ctx, s)
		if err != nil {
			return 0, err
		}
		if found {
			continue
		}
		t.mu.Lock()
		waiting, isSigner, maySign := t.waiting > 0, t.signed.term == 0 || t.signed.node == t.Node, t.maySign(s)
		t.mu.Unlock()
		wait = pollHeads
		if maySign {
			if wait = time.Until(s.due(isSigner)); wait <= 0 {
				if err := t.signNext(ctx, s); err != nil {
					return 0, err
				}
				continue
			}
		}
		if !isSigner || !maySign {
			wait = min(wait, pollHeads, max(s.every/4, pollWaiting))
			if waiting {
				wait = min(wait, pollWaiting)
			}
		}
		return wait, nil
	}
	return untilGrowth, nil
}

// load reads the state of the heads in the log, once.
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
			s.headAt = time.Now()
		}
		if err := t.compareHead(); err != nil {
			return err
		}
	}
	return t.dropUnsigned()
}

// dropUnsigned drops the leaves found on disk that no head covers, because after a crash they may be wrong. mu must be
// held. Errors: those of the file system.
func (t *SharedTree) dropUnsigned() error {
	h := t.signed.newest
	if t.computed || t.pending != nil || t.compact.Size <= h.Size {
		return nil
	}
	compact, err := readRange(h.Size, t.hashes)
	if err != nil {
		return t.rebuild(err)
	}
	return t.truncate(compact, h.Last)
}

// hasUncovered reports whether the tree has events that no known head covers. It also compares a pending head that
// the tree has reached.
func (t *SharedTree) hasUncovered(s *signer) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h := t.pending; h != nil && (h.Size <= t.compact.Size || h.Last <= t.reached) && t.failure == nil {
		if err := t.compareHead(); err != nil {
			t.fail(err)
		}
	}
	uncovered := t.failure == nil && t.pending == nil && t.compact.Size > t.signed.newest.Size
	switch {
	case !uncovered:
		s.uncoveredSince = time.Time{}
	case s.uncoveredSince.IsZero():
		s.uncoveredSince = time.Now()
	}
	return uncovered
}

// compareHead compares the newest head with the tree, or keeps it as pending until the tree reaches it. mu must be
// held. Errors: [ErrContradicted]; those of the file system.
func (t *SharedTree) compareHead() error {
	h := t.signed.newest
	t.pending = nil
	t.wake()
	if h.Size > t.compact.Size {
		t.pending = &h
		if h.Last <= t.reached {
			return t.rebuild(fmt.Errorf("a head over %d own events up to position %d was signed, but the log has %d", h.Size,
				h.Last, t.compact.Size))
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
	return t.rebuild(fmt.Errorf("the signed head over %d own events up to position %d has the root %v, but the tree has "+
		"the root %v at position %d (%v)", h.Size, h.Last, h.Root, compact.Root(), last, err))
}

// readHeads reads a page of new heads, and reports whether there were any.
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
		h, err := t.signed.apply(&page[i])
		if err != nil {
			return false, err
		}
		if h == nil {
			continue
		}
		if err := t.compareHead(); err != nil {
			return false, err
		}
	}
	s.headAt = time.Now()
	return true, nil
}

// maySign reports whether this server has the key of the log's heads, and warns once if it has a different one. mu
// must be held.
func (t *SharedTree) maySign(s *signer) bool {
	if t.Key == nil {
		return false
	}
	if t.signed.key == "" || t.signed.key == t.Key.String() {
		return true
	}
	if !s.warned {
		s.warned = true
		t.Logger.Warn("this server signs no heads, because the heads of the log are signed with a different key; give all "+
			"servers the same file with --head-key-file", "own", t.Key.String(), "log", t.signed.key)
	}
	return false
}

// signNext syncs the leaves, signs a head over the whole tree and appends it to the log. If another server was
// faster, it reads the heads of that server. It signs nothing if the newest head already covers the tree. Errors:
// those of events.Store.Append and Read; [ErrContradicted]; those of the file system.
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
		readErr = cmp.Or(err, fmt.Errorf("%w: the appended head can't be read", events.ErrUnavailable))
	}
	return readErr
}

// signLast signs a last head when the signer shuts down, if there are events that no head covers.
func (t *SharedTree) signLast(s *signer) {
	ctx, cancel := context.WithTimeout(context.Background(), lastHeadTimeout)
	defer cancel()
	if !t.loaded || !t.hasUncovered(s) {
		return
	}
	t.mu.Lock()
	isSigner := t.signed.node == t.Node && t.maySign(s)
	t.mu.Unlock()
	if !isSigner {
		return
	}
	if err := t.signNext(ctx, s); err != nil {
		t.Logger.Warn("a last head of the log could not be signed", "error", err)
	}
}
