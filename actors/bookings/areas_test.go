package bookings

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/area"
	"admitone/actors/booking"
	"admitone/events"
)

// extraPlacesEnv is the environment variable that makes every booking of seats include as many places.
const extraPlacesEnv = "ADMITONE_TEST_BESIDE"

// partsPerSeat returns the number of seats and places that are booked for each requested seat.
func (w *harness) partsPerSeat() int64 {
	if os.Getenv(extraPlacesEnv) != "" {
		return 2
	}
	return 1
}

type areaQuantity = events.WantedPlaces

func wantPlaces(id events.AreaID, quantity int64) areaQuantity {
	return areaQuantity{Area: id, Quantity: quantity}
}

// areas are the areas of every performance. Places of the yard cost nothing.
var areas = []events.Area{{ID: "floor", Capacity: 10, Prices: []events.CategoryPrice{{Amount: 50}}},
	{ID: "gallery", Capacity: 4, Prices: []events.CategoryPrice{{Type: "member", Amount: 10, Restricted: true},
		{Type: "adult", Amount: 25}, {Type: "child", Amount: 5}}},
	{ID: "yard", Capacity: 200, Prices: []events.CategoryPrice{{}}}}

// newBookings is like New, for performances with areas.
func (w *harness) newBookings(desk actors.Dispatcher, views Views) *Bookings {
	b := New(desk, views)
	b.areas = func(events.PerformanceID) []events.Area { return areas }
	return b
}

// Book is like Bookings.Book, with as many places of the yard if extraPlacesEnv is set.
func (w *harness) Book(ctx context.Context, cmd Book) (Answer, error) {
	if os.Getenv(extraPlacesEnv) != "" && len(cmd.Seats) > 0 && len(cmd.Areas) == 0 {
		cmd.Areas = []areaQuantity{wantPlaces("yard", int64(len(cmd.Seats)))}
	}
	return w.Bookings.Book(ctx, cmd)
}

// checkPlaces checks that a held or booked booking has its places.
func (w *harness) checkPlaces(h *history, s *booking.State) {
	w.Helper()
	want := map[events.AreaID]int64{}
	for _, p := range s.Areas {
		want[p.Area] += p.Quantity
	}
	for id, places := range want {
		at := h.areas[area.Stream(s.PerformanceID, id)]
		if at == nil {
			w.Errorf("booking %s in status %s: got no hold of area %s, want one", s.ID, s.Status, id)
			continue
		}
		has, ok := at.Held(s.HoldID())
		if !ok || has.Places != places || has.ExpiresAt.IsZero() != (s.Status == events.BookingIsBooked) {
			w.Errorf("booking %s in status %s: got hold %+v of area %s, want %d places", s.ID, s.Status, has, id, places)
		}
	}
}

// checkPlacesSettled checks that no places are held, and that booked places belong to bookings.
func (w *harness) checkPlacesSettled(h *history, booked map[events.HoldID]int64) {
	w.Helper()
	want := map[events.StreamID]int64{}
	for _, b := range h.bookings {
		s := b.State()
		for _, p := range s.Areas {
			if booked[s.HoldID()] > 0 && s.Status == events.BookingIsBooked {
				want[area.Stream(s.PerformanceID, p.Area)] += p.Quantity
			}
		}
	}
	for stream, a := range h.areas {
		if c := a.Counts(0); c.Held != 0 || c.Booked != want[stream] {
			w.Errorf("%s: got counts %+v, want 0 held, %d booked", stream, c, want[stream])
		}
	}
}

// TestSeatsWithPlaces runs the tests of crashes, crowds and random histories with bookings of seats and places.
func TestSeatsWithPlaces(t *testing.T) {
	if os.Getenv(extraPlacesEnv) != "" || os.Getenv(separatelyEnv) != "" {
		t.Skip("run by this test or TestSeparately")
	}
	t.Parallel()
	const crowds = "RandomRequests|Overlap|ManyOrders|ManyTimes"
	for tests, env := range map[string]string{"Crash|RandomHistory|Nodes|" + crowds: "", crowds: separatelyEnv} {
		run := exec.Command(os.Args[0], "-test.run", tests, "-test.skip", "AroundAJointAppend", "-test.timeout", "20m")
		run.Env = append(os.Environ(), extraPlacesEnv+"=1", env+"=1")
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("tests %s with %s: %v\n%s", tests, env, err, out)
		}
	}
}

// bookWithPlaces books seats and places.
func (w *harness) bookWithPlaces(holder events.Holder, places []areaQuantity,
	seats ...events.SeatName) (Answer, error) {
	return w.Book(w.ctx(), Book{Origin: w.origin(string(holder)), PerformanceID: w.gala, Holder: holder, Seats: seats,
		Areas: places})
}

// counts returns the counts of an area according to the log.
func (w *harness) counts(id events.AreaID) events.AreaCounts {
	capacity := int64(0)
	for _, a := range areas {
		if a.ID == id {
			capacity = a.Capacity
		}
	}
	if at := w.read().areas[area.Stream(w.gala, id)]; at != nil {
		return at.Counts(capacity)
	}
	return events.AreaCounts{Remaining: capacity}
}

// TestPlaces checks that seats and places are held, extended, paid and released together.
func TestPlaces(t *testing.T) {
	w := newHarness(t, 1, 4, 6)
	w.charge("ann", 1000)
	answer, err := w.bookWithPlaces("ann", []areaQuantity{wantPlaces("gallery", 1), wantPlaces("floor", 3)}, "A-1-2", "A-1-1")
	w.want(err, "ok")
	s := answer.Booking
	want := []events.BookedPlaces{{Area: "gallery", First: 1, Quantity: 1, PriceType: "adult", Price: 25},
		{Area: "floor", First: 1, Quantity: 3, Price: 50}}
	if s.Amount != 2*100+25+150 || !reflect.DeepEqual(s.Areas, want) || !s.ExpiresAt.Equal(day.Add(time.Minute)) {
		t.Errorf("got booking %+v, want all its seats and places until the deadline", s)
	}
	got := strings.Fields(w.factsSince(2))
	slices.Sort(got[:min(3, len(got))]) // they may be taken concurrently
	if !slices.Equal(got, []string{"allowance.taken.v1", "seat.held.v1", "seat.held.v1", "area.held.v1", "area.held.v1",
		"booking.held.v1"}) {
		t.Errorf("got facts %s, want the facts of one booking", got)
	}
	_, err = w.bookWithPlaces("ann", []areaQuantity{wantPlaces("floor", 1)})
	w.want(err, "limit_exceeded")
	_, err = w.extend(s.ID, "ann")
	w.want(err, "ok")
	w.clock.move(100 * time.Second)
	w.expireDue()
	_, err = w.pay(s.ID, "ann")
	w.want(err, "ok")
	if got := w.counts("floor"); got != (events.AreaCounts{Remaining: 7, Booked: 3}) {
		t.Errorf("floor: got %+v, want %+v", got, events.AreaCounts{Remaining: 7, Booked: 3})
	}
	w.checkSettled(6)
	_, err = w.cancel(s.ID, "ann")
	w.want(err, "ok")
	h := w.checkSettled(6)
	if got := w.counts("floor"); got.Remaining != 10 || h.wallets["ann"].Balance() != 1000 {
		t.Errorf("got floor %+v, balance %d; want Remaining 10, 1000", got, h.wallets["ann"].Balance())
	}
}

// TestPlacesWithoutSeats checks that a booking may have places only.
func TestPlacesWithoutSeats(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	w.charge("ann", 150)
	answer, err := w.bookWithPlaces("ann", []areaQuantity{wantPlaces("floor", 3)})
	w.want(err, "ok")
	if got := w.factsSince(1); got != "wallet.charged.v1 area.held.v1 booking.held.v1" {
		t.Errorf("got facts %s, want wallet.charged.v1 area.held.v1 booking.held.v1", got)
	}
	_, err = w.pay(answer.Booking.ID, "ann")
	w.want(err, "ok")
	if h := w.checkSettled(0); h.wallets["ann"].Balance() != 0 {
		t.Errorf("got balance %d, want 0", h.wallets["ann"].Balance())
	}
}

// TestTooFewPlaces checks that the refusal lists the areas with too few places, takes precedence over
// seat_taken, and appends nothing.
func TestTooFewPlaces(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	for holder, places := range map[events.Holder][]areaQuantity{"bob": {wantPlaces("floor", 8)}, "cid": {wantPlaces("gallery", 4)}} {
		_, err := w.bookWithPlaces(holder, places)
		w.want(err, "ok")
	}
	w.mustBook("bob", "A-1-1")
	before := len(w.read().names)
	for _, try := range []struct {
		places []areaQuantity
		seats  []events.SeatName
		want   []AreaLeft
	}{
		{[]areaQuantity{wantPlaces("floor", 3)}, nil, []AreaLeft{{"floor", 2}}},
		{[]areaQuantity{wantPlaces("floor", 2), wantPlaces("gallery", 1)}, nil, []AreaLeft{{"gallery", 0}}},
		{[]areaQuantity{wantPlaces("gallery", 2), wantPlaces("floor", 3)}, []events.SeatName{"A-1-2"}, []AreaLeft{{"floor", 2}, {"gallery", 0}}},
		{[]areaQuantity{wantPlaces("floor", 3)}, []events.SeatName{"A-1-1", "A-1-2"}, []AreaLeft{{"floor", 2}}},
	} {
		_, err := w.bookWithPlaces("ann", try.places, try.seats...)
		w.want(err, "sold_out")
		remaining := int64(0)
		for _, left := range try.want {
			remaining += left.Remaining
		}
		fields := refused(err).Fields
		if !reflect.DeepEqual(fields["areas"], try.want) || fields["remaining"] != remaining {
			t.Errorf("%v: got %v, want %v", try, fields, try.want)
		}
	}
	_, err := w.bookWithPlaces("ann", []areaQuantity{wantPlaces("floor", 2)}, "A-1-1")
	w.want(err, "seat_taken")
	if got := w.factsSince(before); got != "" {
		t.Errorf("got facts %q, want none", got)
	}
}

// TestInvalidPlaces checks that invalid requests for places are refused.
func TestInvalidPlaces(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	for _, places := range [][]areaQuantity{{wantPlaces("cellar", 1)}, {wantPlaces("floor", 0)}, {wantPlaces("floor", -1)}, {wantPlaces("floor", 51)},
		{wantPlaces("floor", 1), wantPlaces("floor", 2)}, {wantPlaces("floor", 30), wantPlaces("yard", 20)}} {
		_, err := w.bookWithPlaces("ann", places, "A-1-1")
		w.want(err, "invalid_field")
		if field := refused(err).Fields.Field(); field != "areas" {
			t.Errorf("%v: got field %q, want areas", places, field)
		}
	}
}

// TestLatePaymentOfPlaces checks that a late payment takes its places again if they are available. Otherwise
// the refusal lists the areas with too few.
func TestLatePaymentOfPlaces(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	w.charge("ann", 1000)
	answer, err := w.bookWithPlaces("ann", []areaQuantity{wantPlaces("floor", 6)}, "A-1-1")
	w.want(err, "ok")
	w.clock.move(200 * time.Second)
	w.expireDue()
	w.resume()
	rival, err := w.bookWithPlaces("bob", []areaQuantity{wantPlaces("floor", 5)})
	w.want(err, "ok")
	_, err = w.pay(answer.Booking.ID, "ann")
	w.want(err, "hold_expired")
	if areas := refused(err).Fields["areas"]; !reflect.DeepEqual(areas, []AreaLeft{{"floor", 5}}) {
		t.Errorf("got areas %v in the refusal, want %v", areas, []AreaLeft{{"floor", 5}})
	}
	_, err = w.cancel(rival.Booking.ID, "bob")
	w.want(err, "ok")
	_, err = w.pay(answer.Booking.ID, "ann")
	w.want(err, "ok")
	if got := w.counts("floor"); got != (events.AreaCounts{Remaining: 4, Booked: 6}) {
		t.Errorf("floor: got %+v, want %+v", got, events.AreaCounts{Remaining: 4, Booked: 6})
	}
	w.checkSettled(0)
}

// TestOverlappingPlaces has 200 callers request random seats and places of two areas, on a log of each kind.
// No place may be sold twice, or held without a booking.
func TestOverlappingPlaces(t *testing.T) {
	testEachStore(t, 10, 10, 8, overlapInAreas)
}

func overlapInAreas(t *testing.T, w *harness) {
	const callers = 200
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	got := runConcurrently(callers, func(i int) error {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		var places []areaQuantity
		for _, id := range []events.AreaID{"gallery", "floor"} {
			if rng.IntN(3) > 0 {
				places = append(places, wantPlaces(id, 1+rng.Int64N(3)))
			}
		}
		var seats []events.SeatName
		first := 1 + rng.IntN(100)
		for n := range min(rng.IntN(3), 101-first) {
			seats = append(seats, events.SeatName(fmt.Sprintf("A-%d-%d", 1+(first+n-1)/10, 1+(first+n-1)%10)))
		}
		if len(seats)+len(places) == 0 {
			seats = append(seats, "A-1-1")
		}
		_, err := w.bookWithPlaces(events.Holder(fmt.Sprint("holder-", i)), places, seats...)
		return err
	})
	if got["ok"]+got["sold_out"]+got["seat_taken"] != callers || got["ok"] == 0 {
		t.Errorf("got outcomes %v, want ok, sold_out and seat_taken only, and at least one ok", got)
	}
	held := map[events.AreaID]int64{}
	for _, b := range w.check(8).bookings {
		for _, p := range b.State().Areas {
			held[p.Area] += p.Quantity
		}
	}
	w.checkNoOrphanedHolds("afterwards")
	for id, n := range held {
		if c := w.counts(id); c.Held != n {
			t.Errorf("%s: got counts %+v, want %d held as in the bookings", id, c, n)
		}
	}
}

// TestPriceTypesOfPlaces checks the price types and the numbers of places.
func TestPriceTypesOfPlaces(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	typed := func(name string, n int64) areaQuantity {
		return areaQuantity{Area: "gallery", PriceType: name, Quantity: n}
	}
	for code, places := range map[string][]areaQuantity{"forbidden": {typed("member", 1)},
		"invalid_field": {typed("pensioner", 1)}} {
		_, err := w.bookWithPlaces("ann", places)
		w.want(err, code)
	}
	answer, err := w.Book(w.ctx(), Book{Origin: w.origin("shop"), PerformanceID: w.gala, Holder: "ann", Restricted: true,
		Areas: []areaQuantity{typed("child", 2), typed("", 1), typed("member", 1)}})
	w.want(err, "ok")
	want := []events.BookedPlaces{{Area: "gallery", First: 1, Quantity: 2, PriceType: "child", Price: 5},
		{Area: "gallery", First: 3, Quantity: 1, PriceType: "adult", Price: 25},
		{Area: "gallery", First: 4, Quantity: 1, PriceType: "member", Price: 10}}
	if b := answer.Booking; !reflect.DeepEqual(b.Areas, want) || b.Amount != 45 {
		t.Errorf("got booking %+v, want Areas %v, Amount 45", b, want)
	}
	if c := w.counts("gallery"); c.Held != 4 {
		t.Errorf("gallery: got %+v, want Held 4", c)
	}
}
