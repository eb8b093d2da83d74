package actors

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"admitone/actors/product"
	"admitone/events"
)

// TestClockThatRunsBackwards: the times of an entity's decisions never decrease, neither in memory nor
// after a load, with or without a snapshot.
func TestClockThatRunsBackwards(t *testing.T) {
	for _, every := range []int64{0, 1} {
		t.Run(fmt.Sprint("a snapshot every ", every), func(t *testing.T) {
			store := openLog(t, t.TempDir())
			start := time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)
			var now atomic.Int64
			at := func(d time.Duration) { now.Store(start.Add(d).UnixNano()) }
			configure := func(c *Config) {
				c.Now = func() time.Time { return time.Unix(0, now.Load()).UTC() }
				if every > 0 {
					c.Snapshots, c.SnapshotEvery = store, every
				}
			}
			at(0)
			d := openDesk(t, store, configure)
			times := events.SaleTimes{OpensAt: start.Add(time.Second), ClosesAt: start.Add(time.Minute)}
			create := &product.Create{ID: "lamp", Name: "Lamp", Stock: 9, HoldSeconds: 60, SaleTimes: times}
			if _, err := ask(d, create); err != nil {
				t.Fatal(err)
			}
			expect := func(d *Desk, want string) {
				t.Helper()
				if _, err := ask(d, one("ann")); code(err) != want {
					t.Errorf("reserving: got %v, want %s", err, want)
				}
			}
			expect(d, "not_open")
			at(time.Second)
			expect(d, "ok")
			at(-time.Hour)
			expect(d, "ok")
			closeDesk(t, d)
			d = openDesk(t, store, configure)
			expect(d, "ok")
			at(time.Minute)
			expect(d, "sale_closed")
			at(time.Second) // the clock is behind, but the newest event is the close
			expect(d, "sale_closed")
			closeDesk(t, d)
			expect(openDesk(t, store, configure), "sale_closed")

			page, err := store.Read(context.Background(), lamp, 0, events.Forward, 100)
			if err != nil {
				t.Fatal(err)
			}
			var before time.Time
			for i := range page {
				decided, err := events.DecidedAt(page[i].Metadata)
				if err != nil || decided.Before(before) {
					t.Errorf("revision %d was decided at %v, want no earlier than the previous one at %v: %v", i, decided, before, err)
				}
				before = decided
			}
		})
	}
}
