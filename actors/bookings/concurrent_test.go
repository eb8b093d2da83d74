package bookings

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"admitone/actors"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/events"
)

// remote is a log with latency, which counts round trips. Time is virtual.
type remote struct {
	events.Store
	trip func() time.Duration
	// appended, if set, is called after each append.
	appended func(events.StreamID, events.Revision)

	mu             sync.Mutex
	appends, reads int // guarded by mu
}

func (r *remote) count(n *int) {
	r.mu.Lock()
	*n++
	r.mu.Unlock()
}

// Append implements events.Store.
func (r *remote) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	r.count(&r.appends)
	there := r.trip()
	time.Sleep(there / 2)
	appended, err := r.Store.Append(ctx, stream, expected, batch)
	if err == nil && r.appended != nil {
		r.appended(stream, appended.Revision)
	}
	time.Sleep(there - there/2)
	return appended, err
}

// Read implements events.Store.
func (r *remote) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	r.count(&r.reads)
	there := r.trip()
	time.Sleep(there / 2)
	page, err := r.Store.Read(ctx, stream, from, dir, limit)
	time.Sleep(there - there/2)
	return page, err
}

// ReadAll implements events.Store.
func (r *remote) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	r.count(&r.reads)
	time.Sleep(r.trip())
	return r.Store.ReadAll(ctx, from, dir, limit)
}

// Head implements events.Store.
func (r *remote) Head(ctx context.Context) (events.Position, error) {
	r.count(&r.reads)
	time.Sleep(r.trip())
	return r.Store.Head(ctx)
}

// remoteViews need a round trip to know whether they have caught up.
type remoteViews struct {
	Views
	log *remote
}

// CatchUp implements Views.
func (v *remoteViews) CatchUp(ctx context.Context) error {
	time.Sleep(v.log.trip())
	return v.Views.CatchUp(ctx)
}

// beginRemote is begin on a log with latency, for several servers. The views read the log without
// latency. use selects the server for requests.
func beginRemote(t testing.TB, rows, perRow, limit int64, servers int, r *remote) (w *harness, use func(server int)) {
	w = beginInMemory(t, rows, perRow, limit)
	r.Store = w.store
	var all []*Bookings
	var desks []*actors.Desk
	for range servers {
		w.store = r
		w.start(nil)
		w.store = r.Store
		w.Bookings = w.newBookings(w.desk, &remoteViews{w.views(w.seats), r})
		all, desks = append(all, w.Bookings), append(desks, w.desk)
	}
	r.appended = func(stream events.StreamID, revision events.Revision) {
		for _, desk := range desks {
			desk.Observe(stream, revision)
		}
	}
	return w, func(server int) { w.Bookings, w.desk = all[server], desks[server] }
}

// TestRoundTrips: a booking of four seats is answered after three round trips without reading its
// seats; one with a key reads its own stream only. Paying takes a round trip per step.
func TestRoundTrips(t *testing.T) {
	if os.Getenv(separately) != "" {
		t.Skip("seats are held one by one")
	}
	const trip = time.Second / 100
	for name, c := range map[string]struct {
		keyed        bool
		limit        int64
		trips, reads int
	}{
		"without a key":              {false, 0, 2, 0},
		"without a key, with limit":  {false, 6, 2, 0},
		"with a key":                 {true, 0, 3, 1},
		"with a key and with limits": {true, 6, 3, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			log := &remote{trip: func() time.Duration { return trip }}
			w, use := beginRemote(t, 5, 5, c.limit, 1, log)
			use(0)
			w.mustBook("bob", "A-1-1") // the performance is cached from here on
			for n, seats := range [][]events.SeatName{{"A-2-1", "A-2-2", "A-2-3", "A-2-4"}, {"A-5-1", "A-3-3", "A-4-2", "A-3-1"}} {
				holder := events.Holder(fmt.Sprint("ann", n))
				from := w.origin(string(holder))
				if c.keyed {
					from = w.keyed(string(holder), "k", "")
				}
				begun, appends, reads := time.Now(), log.appends, log.reads
				_, err := w.Book(w.ctx(), Book{Origin: from, PerformanceID: w.gala, Holder: holder, Seats: seats})
				w.want(err, "ok")
				if trips := int(time.Since(begun) / trip); trips > c.trips {
					t.Errorf("%s: %d round trips, want at most %d", name, trips, c.trips)
				}
				if reads := log.reads - reads; reads != c.reads {
					t.Errorf("%s: %d reads, want %d", name, reads, c.reads)
				}
				if appends := log.appends - appends; appends > 6 {
					t.Errorf("%s: %d appends, want at most 6", name, appends)
				}
			}
			w.check(c.limit)
		})
	}
}

// TestRoundTripsOfAPayment: announcing, debiting, booking every seat and booking the booking take
// one round trip each, whatever the number of seats.
func TestRoundTripsOfAPayment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const trip = time.Second / 100
		log := &remote{trip: func() time.Duration { return trip }}
		w, use := beginRemote(t, 5, 10, 0, 1, log)
		use(0)
		w.charge("ann", 1000)
		id := w.mustBook("ann", "A-2-1", "A-2-2", "A-2-3", "A-2-4", "A-2-5", "A-2-6")
		begun, reads := time.Now(), log.reads
		_, err := w.pay(id, "ann")
		w.want(err, "ok")
		if trips := time.Since(begun) / trip; trips > 4 || log.reads != reads {
			t.Errorf("%d round trips, %d reads; want at most 4 and none", trips, log.reads-reads)
		}
		w.check(0)
	})
}

// TestOverlappingGroupsOnTwoServers: 200 callers on two servers with one log want random groups of
// 1 to 6 of 100 seats. No seat is sold twice, none is held without its booking, and in each set of
// transitively overlapping groups one has succeeded.
func TestOverlappingGroupsOnTwoServers(t *testing.T) {
	for range 10 {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { overlapAtTwoServers(t, seed) })
		})
	}
}

func overlapAtTwoServers(t *testing.T, seed uint64) {
	const callers = 200
	rng := rand.New(rand.NewPCG(seed, 0))
	log := &remote{trip: func() time.Duration { return time.Duration(1+rand.IntN(20)) * time.Millisecond }}
	w, use := beginRemote(t, 10, 10, 6, 2, log)
	var servers [2]*Bookings
	for i := range servers {
		use(i)
		servers[i] = w.Bookings
	}
	layout := w.read().performances["gala"].Layout()
	groups, succeeded := make([][]performance.Seat, callers), make([]bool, callers)
	width := 12 + rng.IntN(layout.Seats()-11) // the fewer seats, the more overlap
	for i := range groups {
		for range 1 + rng.IntN(6) {
			if s := performance.Seat(rng.IntN(width)); !slices.Contains(groups[i], s) {
				groups[i] = append(groups[i], s)
			}
		}
	}
	got := atOnce(callers, func(i int) error {
		holder := events.Holder(fmt.Sprint("holder-", i))
		_, err := servers[i%2].Book(w.ctx(), Book{Origin: w.origin(string(holder)), PerformanceID: w.gala,
			Holder: holder, Seats: layout.Names(groups[i])})
		succeeded[i] = err == nil
		return err
	})
	if got["ok"]+got["seat_taken"] != callers || got["ok"] == 0 {
		t.Errorf("outcomes = %v, want successes and expected refusals only", got)
	}
	h := w.check(6)
	for _, s := range h.seats {
		if hold, _ := s.Owner(); hold != "" {
			id, _, _ := events.CutHoldID(hold)
			if b := h.bookings[id]; b == nil || b.State().Status != events.BookingIsHeld {
				t.Errorf("a seat is held for %s, want holds of bookings only", hold)
			}
		}
	}
	checkComponents(t, groups, succeeded)
}

// lateAt is a remote log on which some appends of a server take longer.
type lateAt struct {
	*remote
	late func(stream events.StreamID, kind string) time.Duration
}

// Append implements events.Store.
func (l *lateAt) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	time.Sleep(l.late(stream, batch[0].Type))
	return l.remote.Append(ctx, stream, expected, batch)
}

// TestTwoGroupsThatBlockEachOther: each of two servers first takes the seat that the other takes
// second. Both release what they hold, one of them slowly, and in the end one gets all its seats: a
// request that takes its seats in order waits for those that are about to be released.
func TestTwoGroupsThatBlockEachOther(t *testing.T) {
	if os.Getenv(separately) == oneCommand {
		t.Skip("no seats are taken concurrently")
	}
	const held, released = "seat.held.v1", "seat.released.v1"
	synctest.Test(t, func(t *testing.T) {
		w := beginInMemory(t, 1, 4, 0)
		first, last := seat.Stream(w.gala, "A-1-1"), seat.Stream(w.gala, "A-1-3")
		log := &remote{Store: w.store, trip: func() time.Duration { return 10 * time.Millisecond }}
		releases := 0
		late := [2]func(events.StreamID, string) time.Duration{
			func(stream events.StreamID, kind string) time.Duration {
				switch {
				case stream == last && kind == held:
					return 5 * time.Millisecond
				case stream == first && kind == released:
					if releases++; releases == 2 {
						return 60 * time.Millisecond
					}
				}
				return 0
			},
			func(stream events.StreamID, kind string) time.Duration {
				switch {
				case stream == first && kind == held:
					return 5 * time.Millisecond
				case stream == last && kind == released:
					return 60 * time.Millisecond
				}
				return 0
			},
		}
		var servers [2]*Bookings
		var desks [2]*actors.Desk
		for i := range servers {
			w.store = &lateAt{log, late[i]}
			w.start(nil)
			w.store = log.Store
			servers[i], desks[i] = w.Bookings, w.desk
			if _, err := servers[i].performanceInfo(w.ctx(), w.gala); err != nil {
				t.Fatal(err)
			}
		}
		log.appended = func(stream events.StreamID, revision events.Revision) {
			desks[0].Observe(stream, revision)
			desks[1].Observe(stream, revision)
		}
		got := atOnce(2, func(i int) error {
			holder := events.Holder(fmt.Sprint("holder-", i))
			_, err := servers[i].Book(w.ctx(), Book{Origin: w.origin(string(holder)), PerformanceID: w.gala,
				Holder: holder, Seats: []events.SeatName{"A-1-1", "A-1-3"}})
			return err
		})
		wantResults(t, got, map[string]int{"ok": 1, "seat_taken": 1})
		w.check(0)
		closed := 0
		for _, name := range w.read().names {
			if name == "booking.abandoned.v1" {
				closed++
			}
		}
		if closed < 2 {
			t.Errorf("%d attempts were closed, want 2: neither blocked the other", closed)
		}
	})
}
