package projections

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// TestPastBoxOffice: the past state of an entity, folded from its stream, equals the state in views
// that were folded up to the same position.
func TestPastBoxOffice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logtest.NewMemory()
		c := logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact) })
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c.RandomAction(t)
		}
		now, then := openIn(t, log, vfs.NewMem()), openIn(t, log, vfs.NewMem())
		defer now.Close()
		defer then.Close()
		at := rapid.IntRange(0, len(log.Recorded)).Draw(t, "at")
		foldEvents(t, now, log.Recorded)
		foldEvents(t, then, log.Recorded[:at])
		for _, id := range []events.PerformanceID{"a", "a-b", "c"} {
			checkPerformance(t, now, then, id, events.Position(at))
		}
		for _, id := range c.Order {
			want, ok, _ := then.Booking(id)
			got, err := row.BookingAt(t.Context(), log, events.BookingID(id), events.Position(at))
			if err != nil || (got != nil) != ok || ok && !reflect.DeepEqual(*got, want) {
				t.Fatalf("BookingAt: %+v, %v; want %+v", got, err, want)
			}
		}
		for _, holder := range []events.Holder{"ada", "ada-b"} {
			checkWallet(t, now, then, holder, events.Position(at))
		}
	})
}

func checkPerformance(t *rapid.T, now, then *Projections, id events.PerformanceID, at events.Position) {
	want, ok, err := then.Performance(id)
	if err != nil {
		t.Fatal(err)
	}
	seats, err := now.TouchedSeats(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, touched := range [][]events.SeatName{nil, seats} {
		performance, m, err := row.PerformanceAt(t.Context(), now.store, id, at, touched)
		if err != nil || (performance != nil) != ok {
			t.Fatalf("PerformanceAt: %+v, %v; want %t", performance, err, ok)
		}
		if !ok {
			continue
		}
		performance.Blocks, performance.Layout, want.Blocks, want.Layout = 0, nil, 0, nil
		if !reflect.DeepEqual(*performance, want) {
			t.Fatalf("PerformanceAt(%d): %+v, want %+v", at, *performance, want)
		}
		wantMap, _, _ := then.SeatMap(id)
		if !slices.Equal(m.Marks, wantMap.Marks) {
			t.Fatalf("PerformanceAt(%d): seat map %q, want %q", at, m.Marks, wantMap.Marks)
		}
	}
}

func checkWallet(t *rapid.T, now, then *Projections, holder events.Holder, at events.Position) {
	want, ok, _ := then.Wallet(holder)
	got, err := row.WalletAt(t.Context(), now.store, holder, at)
	if err != nil || (got != nil) != ok || ok && *got != want {
		t.Fatalf("WalletAt: %+v, %v; want %+v", got, err, want)
	}
	for after, more := uint64(0), true; more; more = after != 0 {
		entries, next, err := row.WalletEntriesAt(t.Context(), now.store, holder, at, after, 2)
		wantEntries, wantNext, _ := then.WalletEntries(holder, after, 2)
		if err != nil || !slices.Equal(entries, wantEntries) || next != wantNext {
			t.Fatalf("WalletEntriesAt: %+v, %d, %v; want %+v, %d", entries, next, err, wantEntries, wantNext)
		}
		bookings, nextBooking, err := now.HolderBookingsAt(t.Context(), holder, at, after, 2)
		wantBookings, _, _ := then.HolderBookings(holder, after, 2)
		if err != nil || fmt.Sprint(bookings) != fmt.Sprint(wantBookings) || len(bookings) < 2 && nextBooking != 0 {
			t.Fatalf("HolderBookingsAt: %+v, %d, %v; want %+v", bookings, nextBooking, err, wantBookings)
		}
		after = next
	}
}

// TestPerformancesByDate: performances are listed by date in pages of any size, and the ends of the range are exact.
func TestPerformancesByDate(t *testing.T) {
	log := logtest.NewMemory()
	day := func(n int) time.Time { return time.Date(2031, 6, n, 20, 0, 0, 0, time.UTC) }
	for i, id := range []events.PerformanceID{"d", "c", "b", "a"} {
		log.Add(logtest.PerformanceStream(string(id)),
			&events.PerformanceCreated{PerformanceID: id, StartsAt: day(1 + i/2), Sections: logtest.ModelSections})
	}
	log.Add(logtest.PerformanceStream("z"),
		&events.PerformanceCreated{PerformanceID: "z", StartsAt: day(1).Add(-1), Sections: logtest.ModelSections})
	for _, flushed := range []bool{false, true} {
		p := openIn(t, log, vfs.NewMem())
		defer p.Close()
		if err := p.apply(log.Recorded); err != nil {
			t.Fatal(err)
		}
		if flushed {
			p.mu.Lock()
			p.flush()
			p.mu.Unlock()
		}
		for _, test := range []struct {
			from, to time.Time
			want     events.PerformanceID
		}{
			{time.Time{}, time.Time{}, "zcdab"}, {day(1), time.Time{}, "cdab"}, {day(1), day(2), "cd"},
			{time.Time{}, day(1), "z"},
			{day(1).Add(1), day(2).Add(1), "ab"}, {day(3), time.Time{}, ""}, {day(2), day(1), ""},
		} {
			for size := 1; size < 4; size++ {
				got := events.PerformanceID("")
				for after, more := "", true; more; more = after != "" {
					page, next, err := p.Performances(test.from, test.to, after, size)
					if err != nil || len(page) > size {
						t.Fatalf("Performances returned %d rows, %v; want at most %d", len(page), err, size)
					}
					for _, row := range page {
						got += row.ID
					}
					after = next
				}
				if got != test.want {
					t.Errorf("Performances from %v to %v, %d per page: %q, want %q", test.from, test.to, size, got, test.want)
				}
			}
		}
	}
}
