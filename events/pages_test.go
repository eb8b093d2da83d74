package events_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"admitone/events"
)

// paged is a log of one stream with size events. Its reads can fail.
type paged struct {
	events.Store
	size      int
	failAt    int // the index of an event that can't be read, -1 for none
	active    atomic.Int64
	maxActive atomic.Int64
}

var errPage = errors.New("the page can't be read")

func (p *paged) page(ctx context.Context, from, limit int) (page []events.Recorded, err error) {
	active := p.active.Add(1)
	for before := p.maxActive.Load(); active > before && !p.maxActive.CompareAndSwap(before, active); {
		before = p.maxActive.Load()
	}
	defer p.active.Add(-1)
	if p.failAt >= from && p.failAt < from+limit {
		return nil, errPage
	}
	for i := from; i < min(p.size, from+limit); i++ {
		page = append(page, events.Recorded{Revision: events.Revision(i), Position: events.Position(7 * (i + 1))})
	}
	return page, ctx.Err()
}

// Read implements events.Store.
func (p *paged) Read(ctx context.Context, _ events.StreamID, from events.Revision, _ events.Direction,
	limit int) ([]events.Recorded, error) {
	return p.page(ctx, int(from), limit)
}

// ReadAll implements events.Store.
func (p *paged) ReadAll(ctx context.Context, from events.Position, _ events.Direction,
	limit int) ([]events.Recorded, error) {
	return p.page(ctx, int(from)/7, limit)
}

// TestPages: iterations return every event once and in order, end with the error of a read, and leave no read
// behind when the caller stops.
func TestPages(t *testing.T) {
	for _, size := range []int{0, 1, 1023, 1024, 1025, 5000, 8192} {
		for _, begin := range []int{0, 1, 1500} {
			for _, failAt := range []int{-1, 3000} {
				for _, stopAfter := range []int{1 << 30, 2000} {
					log := &paged{size: size, failAt: failAt}
					name := fmt.Sprintf("%d events from %d, failure at %d, stopped after %d", size, begin, failAt, stopAfter)
					iteratePages(t, name+", Stream", log, events.Stream(t.Context(), log, "s", events.Revision(begin)), begin,
						stopAfter)
					iteratePages(t, name+", All", log, events.All(t.Context(), log, events.Position(7*begin)), begin, stopAfter)
				}
			}
		}
	}
}

func iteratePages(
	t *testing.T,
	name string,
	log *paged,
	all func(func(events.Recorded, error) bool),
	begin, stopAfter int,
) {
	t.Helper()
	next := begin
	for e, err := range all {
		if err != nil {
			if !errors.Is(err, errPage) || log.failAt < 0 || next > log.failAt || next < log.failAt-1023 {
				t.Errorf("%s: %v before event %d, want %v only from the page of event %d", name, err, next, errPage, log.failAt)
			}
			next = -1
			break
		}
		if int(e.Revision) != next {
			t.Fatalf("%s: event %d, want %d", name, e.Revision, next)
		}
		if next++; next-begin == stopAfter {
			break
		}
	}
	if want := min(max(log.size, begin), begin+stopAfter); next != want && (log.failAt < 0 || next != -1) {
		t.Errorf("%s: the iteration ended before event %d, want %d", name, next, want)
	}
	if log.active.Load() != 0 || log.maxActive.Load() > 2 {
		t.Errorf("%s: %d reads in progress after the end, at most %d concurrently; want 0, at most 2", name,
			log.active.Load(), log.maxActive.Load())
	}
}
