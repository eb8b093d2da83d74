package events

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
)

// pagedStore implements the reads of the iterators: it has one stream of count events, at positions from 1. Reads
// that start at failAt or later fail.
type pagedStore struct {
	Store
	count, failAt int
	reads         atomic.Int64
}

var errRead = errors.New("the read failed")

func (s *pagedStore) Read(_ context.Context, _ StreamID, from Revision, _ Direction, limit int) ([]Recorded, error) {
	return s.page(int(from), limit)
}

func (s *pagedStore) ReadAll(_ context.Context, from Position, _ Direction, limit int) ([]Recorded, error) {
	return s.page(int(from), limit)
}

func (s *pagedStore) page(from, limit int) ([]Recorded, error) {
	s.reads.Add(1)
	if s.failAt > 0 && from >= s.failAt {
		return nil, errRead
	}
	var page []Recorded
	for i := from; i < s.count && len(page) < limit; i++ {
		page = append(page, Recorded{Revision: Revision(i), Position: Position(i + 1)})
	}
	return page, nil
}

// TestIterators: each event is returned once and in order, for any number of pages.
func TestIterators(t *testing.T) {
	for _, count := range []int{0, 1, pageSize - 1, pageSize, pageSize + 1, 3*pageSize + 5} {
		store := &pagedStore{count: count}
		next := 0
		for e, err := range Stream(t.Context(), store, "product-1", 0) {
			if err != nil || e.Revision != Revision(next) {
				t.Fatalf("Stream over %d events: revision %d, %v; want %d", count, e.Revision, err, next)
			}
			next++
		}
		if next != count {
			t.Errorf("Stream over %d events returned %d, want all", count, next)
		}
		next = 0
		for e, err := range All(t.Context(), store, 0) {
			if err != nil || e.Position != Position(next+1) {
				t.Fatalf("All over %d events: position %d, %v; want %d", count, e.Position, err, next+1)
			}
			next++
		}
		if next != count {
			t.Errorf("All over %d events returned %d, want all", count, next)
		}
	}
}

// TestIteratorStopsEarly: no page is fetched after the caller stops.
func TestIteratorStopsEarly(t *testing.T) {
	store := &pagedStore{count: 3 * pageSize}
	for e := range Stream(t.Context(), store, "product-1", 0) {
		if e.Revision == pageSize-1 {
			break
		}
	}
	if store.reads.Load() != 1 {
		t.Errorf("%d pages were read, want 1", store.reads.Load())
	}
}

// TestIteratorEndsWithError: the iterator returns the events before an error, then the error, and ends.
func TestIteratorEndsWithError(t *testing.T) {
	store := &pagedStore{count: 3 * pageSize, failAt: pageSize}
	var events, failures int
	for _, err := range All(t.Context(), store, 0) {
		if err == nil {
			events++
			continue
		}
		failures++
		if !errors.Is(err, errRead) {
			t.Errorf("error %v, want %v", err, errRead)
		}
	}
	if events != pageSize || failures != 1 {
		t.Errorf("%d events and %d errors, want %d and 1", events, failures, pageSize)
	}
}
