package bookings

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"admitone/actors/performance"
	"admitone/events"
)

// runConcurrently runs n concurrent callers and counts their results by code.
func runConcurrently(n int, call func(i int) error) map[string]int {
	results := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			err := call(i)
			mu.Lock()
			defer mu.Unlock()
			results[code(err)]++
		})
	}
	close(start)
	all.Wait()
	return results
}

// wantResults checks the numbers of results by code.
func wantResults(t testing.TB, got, want map[string]int) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got outcomes %v, want %v", got, want)
	}
}

// TestHundredCallersForOneSeat checks that one of a hundred callers gets the seat.
func TestHundredCallersForOneSeat(t *testing.T) {
	w := newHarness(t, 1, 1, 0)
	got := runConcurrently(100, func(i int) error {
		_, err := w.book(events.Holder(fmt.Sprint("holder-", i)), "A-1-1")
		return err
	})
	wantResults(t, got, map[string]int{"ok": 1, "seat_taken": 99})
	if held := w.check(0); len(held.bookings) != 1 || w.factsSince(1) != "seat.held.v1 booking.held.v1" {
		t.Errorf("got %d bookings, facts %s; want 1, seat.held.v1 booking.held.v1",
			len(held.bookings), w.factsSince(1))
	}
}

// TestOverlappingGroups has 200 callers request random groups of 1 to 6 of 100 seats, on a log of each kind.
// No seat may be sold twice or held without a booking, and in each set of transitively overlapping groups
// one must succeed.
func TestOverlappingGroups(t *testing.T) {
	testEachStore(t, 10, 10, 6, overlapInGroups)
}

func overlapInGroups(t *testing.T, w *harness) {
	const callers = 200
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	layout := w.read().performances[w.gala].Layout()
	groups := make([][]performance.Seat, callers)
	for i := range groups {
		for range 1 + rng.IntN(6) {
			if s := performance.Seat(rng.IntN(layout.Seats())); !slices.Contains(groups[i], s) {
				groups[i] = append(groups[i], s)
			}
		}
	}
	succeeded := make([]bool, callers)
	got := runConcurrently(callers, func(i int) error {
		_, err := w.book(events.Holder(fmt.Sprint("holder-", i)), layout.Names(groups[i])...)
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

// checkComponents checks that in each set of transitively overlapping groups one has succeeded.
func checkComponents(t *testing.T, groups [][]performance.Seat, succeeded []bool) {
	t.Helper()
	set := map[performance.Seat]int{} // connected seats have the same number
	for i, group := range groups {
		mine := i
		for _, s := range group {
			if other, ok := set[s]; ok {
				for seat, number := range set {
					if number == other {
						set[seat] = mine
					}
				}
			}
			set[s] = mine
		}
	}
	anySucceeded := map[int]bool{}
	for i, group := range groups {
		anySucceeded[set[group[0]]] = anySucceeded[set[group[0]]] || succeeded[i]
	}
	for number, ok := range anySucceeded {
		if !ok {
			t.Errorf("got no success among the groups connected with group %d, want one; groups %v", number, groups)
		}
	}
}

// TestOverlappingOrders has all callers request the same seats in different orders, and further seats.
func TestOverlappingOrders(t *testing.T) {
	w := newHarness(t, 10, 10, 0)
	got := runConcurrently(50, func(i int) error {
		seats := []events.SeatName{
			"A-5-5",
			"A-5-6",
			"A-5-7",
			events.SeatName(fmt.Sprintf("A-%d-%d", 1+i%4, 1+i%10)),
			events.SeatName(fmt.Sprintf("A-%d-%d", 6+i%5, 1+i%10)),
		}
		rand.Shuffle(len(seats), func(i, j int) { seats[i], seats[j] = seats[j], seats[i] })
		_, err := w.book(events.Holder(fmt.Sprint("holder-", i)), seats...)
		return err
	})
	wantResults(t, got, map[string]int{"ok": 1, "seat_taken": 49})
	w.check(0)
}

// TestCrowdOfBestSeats checks that as many requests for best seats succeed as there are seats.
func TestCrowdOfBestSeats(t *testing.T) {
	w := newHarness(t, 10, 10, 0)
	got := runConcurrently(100, func(i int) error {
		_, err := w.best(events.Holder(fmt.Sprint("holder-", i)), 2)
		return err
	})
	wantResults(t, got, map[string]int{"ok": 50, "sold_out": 50})
	w.check(0)
	if left := len(w.pending.byPerformance); left > 1 {
		t.Errorf("got claims on %d performances after all requests, want them dropped", left)
	}
	if _, err := w.best("late", 1); code(err) != "sold_out" {
		t.Errorf("after the last seat: got %v, want sold_out", err)
	}
	if left := len(w.pending.byPerformance); left > 0 { // the map shows them
		t.Errorf("got claims on %d performances after all requests, want them dropped", left)
	}
}

// TestManyOrdersOfOneHolder checks that the limit applies to all concurrent bookings of a holder together.
func TestManyOrdersOfOneHolder(t *testing.T) {
	w := newHarness(t, 10, 10, 7)
	got := runConcurrently(40, func(i int) error {
		_, err := w.book(
			"ann",
			events.SeatName(fmt.Sprintf("A-%d-%d", 1+i/5, 1+2*(i%5))),
			events.SeatName(fmt.Sprintf("A-%d-%d", 1+i/5, 2+2*(i%5))),
		)
		return err
	})
	wantResults(t, got, map[string]int{"ok": 3, "limit_exceeded": 37})
	w.mustBook("ann", "A-10-1")
	_, err := w.book("ann", "A-10-2")
	w.want(err, "limit_exceeded")
	w.check(7)
}

// TestTwoPaymentsWithMoneyForOne checks that one of two payments succeeds, and the other after a charge.
func TestTwoPaymentsWithMoneyForOne(t *testing.T) {
	w := newHarness(t, 1, 4, 0)
	w.charge("ann", 250)
	ids := []events.BookingID{w.mustBook("ann", "A-1-1", "A-1-2"), w.mustBook("ann", "A-1-3", "A-1-4")}
	results := make([]error, 2)
	got := runConcurrently(2, func(i int) error {
		_, results[i] = w.pay(ids[i], "ann")
		return results[i]
	})
	wantResults(t, got, map[string]int{"ok": 1, "insufficient_balance": 1})
	w.check(0)
	w.charge("ann", 150)
	for i, err := range results {
		if err != nil {
			_, err = w.pay(ids[i], "ann")
			w.want(err, "ok")
		}
	}
	if h := w.checkSettled(0); h.wallets["ann"].Balance() != 0 {
		t.Errorf("got balance %d, want 0", h.wallets["ann"].Balance())
	}
}

// TestOnePaymentManyTimes checks that twenty concurrent payments of a booking debit the wallet once, with
// one key or without.
func TestOnePaymentManyTimes(t *testing.T) {
	for _, keyed := range []bool{false, true} {
		t.Run(fmt.Sprintf("keyed %t", keyed), func(t *testing.T) {
			w := newHarness(t, 1, 4, 4)
			w.charge("ann", 1000)
			id := w.mustBook("ann", "A-1-1", "A-1-2")
			got := runConcurrently(20, func(int) error {
				if keyed {
					_, err := w.Pay(w.ctx(), Pay{Origin: w.keyed("ann", "p", ""), BookingID: id, By: "ann"})
					return err
				}
				_, err := w.pay(id, "ann")
				return err
			})
			want := map[string]int{"ok": 1, "already_confirmed": 19}
			if keyed {
				want = map[string]int{"ok": 20}
			}
			wantResults(t, got, want)
			if h := w.checkSettled(4); h.wallets["ann"].Balance() != 800 {
				t.Errorf("got balance %d, want 800", h.wallets["ann"].Balance())
			}
		})
	}
}

// TestOneKeyedBookingManyTimes checks that twenty concurrent requests with one key make one booking.
func TestOneKeyedBookingManyTimes(t *testing.T) {
	w := newHarness(t, 1, 4, 4)
	var mu sync.Mutex
	ids := map[events.BookingID]bool{}
	got := runConcurrently(20, func(int) error {
		answer, err := w.Book(
			w.ctx(),
			Book{
				Origin:        w.keyed("ann", "k", ""),
				PerformanceID: "gala",
				Holder:        "ann",
				Seats:         []events.SeatName{"A-1-2", "A-1-3"},
			},
		)
		mu.Lock()
		defer mu.Unlock()
		ids[answer.Booking.ID] = true
		return err
	})
	wantResults(t, got, map[string]int{"ok": 20})
	if len(ids) != 1 || len(w.check(4).bookings) != 1 {
		t.Errorf("got bookings %v, want one", slices.Collect(maps.Keys(ids)))
	}
}

// TestCrowdOfRandomRequests has a crowd book, pay, release, extend and abandon bookings, while deadlines
// pass and unfinished commands are resumed.
func TestCrowdOfRandomRequests(t *testing.T) {
	const limit = 4
	w := newHarness(t, 4, 6, limit)
	for i := range 8 {
		w.charge(events.Holder(fmt.Sprint("holder-", i)), 900)
	}
	for round := range 4 {
		runConcurrently(40, func(i int) error {
			rng := rand.New(rand.NewPCG(uint64(round), uint64(i)))
			w.randomRequest(rng, events.Holder(fmt.Sprint("holder-", i%8)))
			return nil
		})
		w.expireDue()
		w.resume()
		w.check(limit)
		w.clock.move(25 * s)
	}
	w.clock.move(200 * s)
	w.expireDue()
	w.resume()
	w.checkSettled(limit)
}

// randomRequest books seats, and may extend, pay and cancel the booking. It ignores refusals.
func (w *harness) randomRequest(rng *rand.Rand, holder events.Holder) {
	var answer Answer
	var err error
	if rng.IntN(3) == 0 {
		answer, err = w.best(holder, 1+rng.IntN(3))
	} else {
		row, number := 1+rng.IntN(4), 1+rng.IntN(5)
		answer, err = w.book(holder, events.SeatName(fmt.Sprintf("A-%d-%d", row, number)), events.SeatName(fmt.Sprintf("A-%d-%d", row, number+1)))
	}
	if err != nil {
		return
	}
	id := answer.Booking.ID
	for _, step := range []func(id events.BookingID, by events.Holder) (Answer, error){
		w.extend, w.pay, w.cancel, w.pay}[rng.IntN(3):] {
		if rng.IntN(3) > 0 {
			_, _ = step(id, holder)
		}
	}
}
