package esdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"admitone/events"
)

const (
	// MinMaxAppend is the smallest supported limit of a node, because the facts of one command must
	// fit into one append.
	MinMaxAppend = 32 << 10
)

var (
	// ErrSmallAppends means that the node's limit is below MinMaxAppend.
	ErrSmallAppends = errors.New("the node's limit on appends is too small")
	// ErrMayNotReadAll means that the user lacks the right to read the whole log. It is an ErrRefused.
	ErrMayNotReadAll = fmt.Errorf("%w: the user may not read $all; it needs the right $r there, which by default "+
		"administrators alone have", ErrRefused)
)

// limitStream is the target of appends that are meant to be refused. It stays empty.
const limitStream events.StreamID = ownPrefix + "limit"

// farRevision is a revision that no stream reaches.
const farRevision events.Revision = 1 << 40

// MaxAppend returns the size in bytes of the largest append that the node is known to accept. It never
// grows.
func (s *Store) MaxAppend() int64 { return s.maxAppend.Load() }

// learnLimit determines whether the node accepts appends of maxAppend bytes. It sends an append that the
// node must refuse, either because of its size, with an error that states the limit, or because of its
// expected revision. For a user without the right to write, the limit remains unknown, but reading is
// possible. Errors: those of an append; ErrSmallAppends.
func (s *Store) learnLimit(ctx context.Context) error {
	if s.readOnly {
		return nil
	}
	e := events.Event{ID: randomID(), Type: "admitone.limit.v1"}
	e.Data = bytes.Repeat([]byte{'x'}, int(s.MaxAppend())-sizeOf(&e))
	_, err := s.append(ctx, proposal{stream: limitStream, expected: farRevision, batch: []events.Event{e},
		content: bytesContent})
	var f *failure
	switch {
	case errors.Is(err, events.ErrConflict), errors.As(err, &f) && f.exception() == "access-denied":
		return nil
	case errors.Is(err, events.ErrTooLarge):
		if limit := s.MaxAppend(); limit < MinMaxAppend {
			return fmt.Errorf("%w: at most %d bytes, and %d are needed", ErrSmallAppends, limit, MinMaxAppend)
		}
		return nil
	case err == nil:
		err = fmt.Errorf("%w: %s has %d events", events.ErrDamaged, limitStream, farRevision)
	}
	return fmt.Errorf("learning the limit of appends: %w", err)
}

// noteLimit records the limit contained in a refusal.
func (s *Store) noteLimit(f *failure) error {
	for _, key := range [...]string{"maximum-append-size", "maximum-append-event-size"} {
		limit, err := strconv.ParseInt(f.value(key), 10, 64)
		if err != nil || limit < 1 {
			continue
		}
		for old := s.maxAppend.Load(); limit < old && !s.maxAppend.CompareAndSwap(old, limit); old = s.maxAppend.Load() {
		}
	}
	return &events.TooLargeError{Limit: s.MaxAppend(), Cause: f}
}

// mayReadAll checks that the user may read the whole log. Errors: ErrMayNotReadAll; as ReadAll.
func (s *Store) mayReadAll(ctx context.Context) error {
	_, err := s.readAll(ctx, events.EndPosition, events.Backward, 1)
	var f *failure
	if errors.As(err, &f) && f.exception() == "access-denied" {
		return fmt.Errorf("%w: %w", ErrMayNotReadAll, err)
	}
	return err
}
