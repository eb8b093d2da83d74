package events_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"admitone/events"
)

// paged is a log of one stream with a given number of events, whose reads can fail.
type paged struct {
	events.Store
	size      int
	fails     int // the event whose page can't be read, -1 for none
	reads     atomic.Int64
	inside    atomic.Int64
	maxInside atomic.Int64
}

var errUnread = errors.New("unread")

func (p *paged) page(ctx context.Context, from, limit int) (page []events.Recorded, err error) {
	p.reads.Add(1)
	p.maxInside.Store(max(p.maxInside.Load(), p.inside.Add(1)))
	defer p.inside.Add(-1)
	if p.fails >= from && p.fails < from+limit {
		return nil, errUnread
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

// TestPages: iterations have every event once and in order, end with an error where one is, and leave
// nothing behind when they are left.
func TestPages(t *testing.T) {
	for _, size := range []int{0, 1, 1023, 1024, 1025, 5000, 8192} {
		for _, begin := range []int{0, 1, 1500} {
			for _, fails := range []int{-1, 3000} {
				for _, leave := range []int{1 << 30, 2000} {
					log := &paged{size: size, fails: fails}
					name := fmt.Sprintf("%d events from %d, fault at %d, left after %d", size, begin, fails, leave)
					iteratePages(t, name+", a stream", log, events.Stream(t.Context(), log, "s", events.Revision(begin)), begin, leave)
					iteratePages(t, name+", all", log, events.All(t.Context(), log, events.Position(7*begin)), begin, leave)
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
	begin, leave int,
) {
	t.Helper()
	next := begin
	for e, err := range all {
		if err != nil {
			if !errors.Is(err, errUnread) || log.fails < 0 || next > log.fails || next < log.fails-1023 {
				t.Errorf("%s: %v after %d events, want the read error", name, err, next)
			}
			next = -1
			break
		}
		if int(e.Revision) != next {
			t.Fatalf("%s: event %d follows %d, want no gap", name, e.Revision, next-1)
		}
		if next++; next-begin == leave {
			break
		}
	}
	if want := min(max(log.size, begin), begin+leave); next != want && (log.fails < 0 || next != -1) {
		t.Errorf("%s: it ended after %d, want %d", name, next, want)
	}
	if log.inside.Load() != 0 || log.maxInside.Load() > 2 {
		t.Errorf("%s: %d reads are still in progress, at most %d at once; want none, at most 2", name, log.inside.Load(), log.maxInside.Load())
	}
}
