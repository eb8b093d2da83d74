package projections

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
)

// TestThePastOfTheBoxOffice: what is read from the entities' streams as of any
// position is what the views had when they had come there.
func TestThePastOfTheBoxOffice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := newMemoryLog()
		c := newClerk(func(stream events.StreamID, fact events.Fact) { log.add(stream, fact) })
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c.something(t)
		}
		now, then := openIn(t, log, vfs.NewMem()), openIn(t, log, vfs.NewMem())
		defer now.Close()
		defer then.Close()
		at := rapid.IntRange(0, len(log.recorded)).Draw(t, "at")
		folded(t, now, log.recorded)
		folded(t, then, log.recorded[:at])
		for _, id := range []string{"a", "a-b", "c"} {
			samePerformance(t, now, then, id, events.Position(at))
		}
		for _, id := range c.order {
			want, ok, _ := then.Booking(id)
			got, err := BookingAt(t.Context(), log, id, events.Position(at))
			if err != nil || (got != nil) != ok || ok && !reflect.DeepEqual(*got, want) {
				t.Fatalf("%+v, %v; want %+v", got, err, want)
			}
		}
		for _, holder := range []string{"ada", "ada-b"} {
			sameMoney(t, now, then, holder, events.Position(at))
		}
	})
}

func samePerformance(t *rapid.T, now, then *Projections, id string, at events.Position) {
	want, ok, err := then.Performance(id)
	if err != nil {
		t.Fatal(err)
	}
	seats, err := now.TouchedSeats(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, touched := range [][]string{nil, seats} {
		row, m, err := PerformanceAt(t.Context(), now.store, id, at, touched)
		if err != nil || (row != nil) != ok {
			t.Fatalf("%+v, %v; want %t", row, err, ok)
		}
		if !ok {
			continue
		}
		row.blocks, row.layout, want.blocks, want.layout = 0, nil, 0, nil
		if !reflect.DeepEqual(*row, want) {
			t.Fatalf("at %d %+v, want %+v", at, *row, want)
		}
		had, _, _ := then.SeatMap(id)
		if !slices.Equal(m.marks, had.marks) {
			t.Fatalf("at %d %q, want %q", at, m.marks, had.marks)
		}
	}
}

func sameMoney(t *rapid.T, now, then *Projections, holder string, at events.Position) {
	want, ok, _ := then.Wallet(holder)
	got, err := WalletAt(t.Context(), now.store, holder, at)
	if err != nil || (got != nil) != ok || ok && *got != want {
		t.Fatalf("%+v, %v; want %+v", got, err, want)
	}
	for after, more := uint64(0), true; more; more = after != 0 {
		entries, next, err := WalletEntriesAt(t.Context(), now.store, holder, at, after, 2)
		had, beyond, _ := then.WalletEntries(holder, after, 2)
		if err != nil || !slices.Equal(entries, had) || next != beyond {
			t.Fatalf("%+v, %d, %v; want %+v, %d", entries, next, err, had, beyond)
		}
		bookings, followed, err := now.HolderBookingsAt(t.Context(), holder, at, after, 2)
		made, _, _ := then.HolderBookings(holder, after, 2)
		if err != nil || fmt.Sprint(bookings) != fmt.Sprint(made) || len(bookings) < 2 && followed != 0 {
			t.Fatalf("%+v, %d, %v; want %+v", bookings, followed, err, made)
		}
		after = next
	}
}

// unread is a log that can't be read.
type unread struct{ events.Store }

func (unread) Read(context.Context, events.StreamID, events.Revision, events.Direction, int) ([]events.Recorded, error) {
	return nil, events.ErrUnavailable
}

// TestAPastThatCannotBeRead: half a map is none.
func TestAPastThatCannotBeRead(t *testing.T) {
	if _, _, err := PerformanceAt(t.Context(), unread{}, "a", 1, nil); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("a performance: %v", err)
	}
	m := &SeatMap{Position: 9, layout: newLayout(clerkSections), marks: make([]byte, 8)}
	if _, err := m.readAll(t.Context(), unread{}, "a", []int32{1, 2, 3}); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("its seats: %v", err)
	}
}

// TestPerformancesByDate: pages of a range, and what is equal to its ends.
func TestPerformancesByDate(t *testing.T) {
	log := newMemoryLog()
	day := func(n int) time.Time { return time.Date(2031, 6, n, 20, 0, 0, 0, time.UTC) }
	for i, id := range []string{"d", "c", "b", "a"} {
		log.add(hall(id), &events.PerformanceCreated{PerformanceID: id, StartsAt: day(1 + i/2), Sections: clerkSections})
	}
	log.add(hall("z"), &events.PerformanceCreated{PerformanceID: "z", StartsAt: day(1).Add(-1), Sections: clerkSections})
	for _, flushed := range []bool{false, true} {
		p := openIn(t, log, vfs.NewMem())
		defer p.Close()
		if err := p.apply(log.recorded); err != nil {
			t.Fatal(err)
		}
		if flushed {
			p.mu.Lock()
			p.flush()
			p.mu.Unlock()
		}
		for _, test := range []struct {
			from, to time.Time
			want     string
		}{
			{time.Time{}, time.Time{}, "zcdab"}, {day(1), time.Time{}, "cdab"}, {day(1), day(2), "cd"}, {time.Time{}, day(1), "z"},
			{day(1).Add(1), day(2).Add(1), "ab"}, {day(3), time.Time{}, ""}, {day(2), day(1), ""},
		} {
			for size := 1; size < 4; size++ {
				got := ""
				for after, more := "", true; more; more = after != "" {
					page, next, err := p.Performances(test.from, test.to, after, size)
					if err != nil || len(page) > size {
						t.Fatal(len(page), err)
					}
					for _, row := range page {
						got += row.ID
					}
					after = next
				}
				if got != test.want {
					t.Errorf("from %v to %v by %d: %q, want %q", test.from, test.to, size, got, test.want)
				}
			}
		}
	}
}
