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

// remoteStore is a log with latency, in virtual time, that counts appends and reads.
type remoteStore struct {
	events.Store
	trip func() time.Duration
	// appended, if set, is called after each append.
	appended func(events.StreamID, events.Revision)

	mu             sync.Mutex
	appends, reads int // guarded by mu
}

func (r *remoteStore) count(n *int) {
	r.mu.Lock()
	*n++
	r.mu.Unlock()
}

// Append implements events.Store.
func (r *remoteStore) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
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
func (r *remoteStore) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	r.count(&r.reads)
	there := r.trip()
	time.Sleep(there / 2)
	page, err := r.Store.Read(ctx, stream, from, dir, limit)
	time.Sleep(there - there/2)
	return page, err
}

// ReadAll implements events.Store.
func (r *remoteStore) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	r.count(&r.reads)
	time.Sleep(r.trip())
	return r.Store.ReadAll(ctx, from, dir, limit)
}

// Head implements events.Store.
func (r *remoteStore) Head(ctx context.Context) (events.Position, error) {
	r.count(&r.reads)
	time.Sleep(r.trip())
	return r.Store.Head(ctx)
}

// remoteViews take a round trip to catch up.
type remoteViews struct {
	Views
	log *remoteStore
}

// CatchUp implements Views.
func (v *remoteViews) CatchUp(ctx context.Context) error {
	time.Sleep(v.log.trip())
	return v.Views.CatchUp(ctx)
}

// newRemoteHarness is like newHarness, on a log with latency and for several servers. The views read the log
// without latency. use selects the server for later requests.
func newRemoteHarness(t testing.TB, rows, perRow, limit int64, servers int,
	r *remoteStore) (w *harness, use func(server int)) {
	w = newMemoryHarness(t, rows, perRow, limit)
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

// TestRoundTrips counts the round trips and reads of a booking of four seats on a remote log.
func TestRoundTrips(t *testing.T) {
	if os.Getenv(separatelyEnv) != "" {
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
			log := &remoteStore{trip: func() time.Duration { return trip }}
			w, use := newRemoteHarness(t, 5, 5, c.limit, 1, log)
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
					t.Errorf("%s: got %d round trips, want at most %d", name, trips, c.trips)
				}
				if reads := log.reads - reads; reads != c.reads {
					t.Errorf("%s: got %d reads, want %d", name, reads, c.reads)
				}
				if appends := log.appends - appends; appends > 6 {
					t.Errorf("%s: got %d appends, want at most 6", name, appends)
				}
			}
			w.check(c.limit)
		})
	}
}

// TestRoundTripsOfAPayment checks that announcing, debiting, booking all seats and booking the booking take
// one round trip each.
func TestRoundTripsOfAPayment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const trip = time.Second / 100
		log := &remoteStore{trip: func() time.Duration { return trip }}
		w, use := newRemoteHarness(t, 5, 10, 0, 1, log)
		use(0)
		w.charge("ann", 1000)
		id := w.mustBook("ann", "A-2-1", "A-2-2", "A-2-3", "A-2-4", "A-2-5", "A-2-6")
		begun, reads := time.Now(), log.reads
		_, err := w.pay(id, "ann")
		w.want(err, "ok")
		if trips := time.Since(begun) / trip; trips > 4 || log.reads != reads {
			t.Errorf("got %d round trips, %d reads; want at most 4, none", trips, log.reads-reads)
		}
		w.check(0)
	})
}

// TestOverlappingGroupsOnTwoServers has 200 callers on two servers request random groups of 1 to 6 of 100
// seats. No seat may be sold twice or held without a booking, and in each set of transitively overlapping
// groups one must succeed.
func TestOverlappingGroupsOnTwoServers(t *testing.T) {
	for range 10 {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { overlapOnTwoServers(t, seed) })
		})
	}
}

func overlapOnTwoServers(t *testing.T, seed uint64) {
	const callers = 200
	rng := rand.New(rand.NewPCG(seed, 0))
	log := &remoteStore{trip: func() time.Duration { return time.Duration(1+rand.IntN(20)) * time.Millisecond }}
	w, use := newRemoteHarness(t, 10, 10, 6, 2, log)
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
	got := runConcurrently(callers, func(i int) error {
		holder := events.Holder(fmt.Sprint("holder-", i))
		_, err := servers[i%2].Book(w.ctx(), Book{Origin: w.origin(string(holder)), PerformanceID: w.gala,
			Holder: holder, Seats: layout.Names(groups[i])})
		succeeded[i] = err == nil
		return err
	})
	if got["ok"]+got["seat_taken"] != callers || got["ok"] == 0 {
		t.Errorf("got outcomes %v, want ok and seat_taken only, and at least one ok", got)
	}
	h := w.check(6)
	for _, s := range h.seats {
		if hold, _ := s.Owner(); hold != "" {
			id, _, _ := events.CutHoldID(hold)
			if b := h.bookings[id]; b == nil || b.State().Status != events.BookingIsHeld {
				t.Errorf("got a seat held by %s, want holds of bookings only", hold)
			}
		}
	}
	checkComponents(t, groups, succeeded)
}

// slowStore is a remoteStore on which some appends take longer.
type slowStore struct {
	*remoteStore
	late func(stream events.StreamID, kind string) time.Duration
}

// Append implements events.Store.
func (l *slowStore) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	time.Sleep(l.late(stream, batch[0].Type))
	return l.remoteStore.Append(ctx, stream, expected, batch)
}

// TestTwoGroupsThatBlockEachOther has two servers each hold the seat that the other needs next. Both release
// what they hold, one of them slowly, and one must then get all of its seats, because the retry in order
// waits for seats that may be released.
func TestTwoGroupsThatBlockEachOther(t *testing.T) {
	if os.Getenv(separatelyEnv) == oneCommand {
		t.Skip("no seats are taken concurrently")
	}
	const held, released = "seat.held.v1", "seat.released.v1"
	synctest.Test(t, func(t *testing.T) {
		w := newMemoryHarness(t, 1, 4, 0)
		first, last := seat.Stream(w.gala, "A-1-1"), seat.Stream(w.gala, "A-1-3")
		log := &remoteStore{Store: w.store, trip: func() time.Duration { return 10 * time.Millisecond }}
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
			w.store = &slowStore{log, late[i]}
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
		got := runConcurrently(2, func(i int) error {
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
			t.Errorf("got %d closed attempts, want at least 2", closed)
		}
	})
}
