package bookings

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/seat"
	"admitone/events"
)

func (w *harness) block(label events.BlockLabel, seats ...events.SeatName) error {
	_, err := w.Block(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: label, Seats: seats})
	return err
}

func (w *harness) bookUnder(label events.BlockLabel, holder events.Holder, seats ...events.SeatName) (Answer, error) {
	return w.Book(w.ctx(), Book{Origin: w.origin(string(holder)), PerformanceID: w.gala, Holder: holder, Seats: seats,
		Label: label})
}

// seatStates returns the states of seats, with their labels.
func (w *harness) seatStates(seats ...events.SeatName) (all []string) {
	w.Helper()
	for _, name := range seats {
		_, err := w.desk.View(w.ctx(), seat.Stream(w.gala, name), func(c core.Core) {
			s := c.(*seat.Seat)
			all = append(all, string(s.Status())+" "+string(s.Label()))
		})
		if err != nil {
			w.Fatal(err)
		}
	}
	return all
}

func (w *harness) wantStates(want string, seats ...events.SeatName) {
	w.Helper()
	if got := w.seatStates(seats...); slices.ContainsFunc(got, func(s string) bool { return s != want }) {
		w.Fatalf("seats %v: got %q, want %q", seats, got, want)
	}
}

// TestBlocks checks which seats can be blocked and unblocked, by name or by row.
func TestBlocks(t *testing.T) {
	w := newHarness(t, 2, 6, 0)
	w.want(w.block("press", "A-1-2", "A-1-1"), "ok")
	w.want(w.block("press", "A-1-1", "A-1-2", "A-1-3"), "ok") // two are already blocked
	w.wantStates("blocked press", "A-1-1", "A-1-2", "A-1-3")
	ann := w.mustBook("ann", "A-1-5")
	err := w.block("press", "A-1-4", "A-1-5")
	w.want(err, "seat_taken")
	if taken := refused(err).Fields["seats"]; !slices.Equal(taken.([]events.SeatName), []events.SeatName{"A-1-5"}) {
		t.Errorf("got seats %v in the refusal, want A-1-5", taken)
	}
	w.want(w.block("crew", "A-1-3", "A-1-4"), "seat_taken")
	w.wantStates("free ", "A-1-4")
	w.want(w.block("press", "A-1-4", "A-9-9"), "invalid_field")
	w.want(w.block("press", "A-1-4", "A-1-4"), "invalid_field")
	blocked, err := w.Block(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: "crew",
		Rows: []string{"A-2"}})
	w.want(err, "ok")
	if want := []events.SeatName{"A-2-1", "A-2-2", "A-2-3", "A-2-4", "A-2-5", "A-2-6"}; !slices.Equal(blocked.Seats, want) {
		t.Errorf("row A-2: got %v blocked, want Seats %v", blocked, want)
	}
	for _, row := range []string{"A-3", "A-0", "A-02", "A", "-1", "B-1", ""} {
		_, err := w.Block(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: "crew", Rows: []string{row}})
		w.want(err, "invalid_field")
	}
	unblocked, err := w.Unblock(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: "press",
		Seats: []events.SeatName{"A-1-1", "A-1-3", "A-1-5", "A-2-1"}})
	w.want(err, "ok")
	if want := []events.SeatName{"A-1-1", "A-1-3"}; !slices.Equal(unblocked.Seats, want) {
		t.Errorf("unblocked: got %v, want Seats %v", unblocked, want)
	}
	w.wantStates("free ", "A-1-1", "A-1-3")
	w.wantStates("blocked crew", "A-2-1")
	_, err = w.cancel(ann, "ann")
	w.want(err, "ok")
	w.check(0)
}

// TestBookBlockedSeats checks that seats blocked under a label can be booked by requests that name it, and
// are blocked again when released.
func TestBookBlockedSeats(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	w.want(w.block("press", "A-1-1", "A-1-2"), "ok")
	_, err := w.book("ann", "A-1-1", "A-1-3")
	w.want(err, "seat_taken")
	_, err = w.bookUnder("crew", "ann", "A-1-1", "A-1-3")
	w.want(err, "seat_taken")
	w.wantStates("free ", "A-1-3")
	made, err := w.bookUnder("press", "ann", "A-1-1", "A-1-2", "A-1-3")
	w.want(err, "ok")
	w.wantStates("held press", "A-1-1", "A-1-2")
	w.wantStates("held ", "A-1-3")
	_, err = w.cancel(made.Booking.ID, "ann")
	w.want(err, "ok")
	w.wantStates("blocked press", "A-1-1", "A-1-2")
	w.wantStates("free ", "A-1-3")

	// For a late payment, seats blocked under the booking's own label count as free.
	made, err = w.bookUnder("press", "bob", "A-1-1", "A-1-3")
	w.want(err, "ok")
	w.clock.move(3 * time.Minute)
	w.charge("bob", 1000)
	w.resume()
	_, err = w.pay(made.Booking.ID, "bob")
	w.want(err, "ok")
	w.wantStates("booked press", "A-1-1")
	w.wantStates("booked ", "A-1-3")
	_, err = w.cancel(made.Booking.ID, "bob")
	w.want(err, "ok")
	w.wantStates("blocked press", "A-1-1")

	// They don't if they were blocked under another label since.
	made, err = w.bookUnder("press", "cid", "A-1-1")
	w.want(err, "ok")
	w.clock.move(3 * time.Minute)
	w.charge("cid", 1000)
	w.expireDue()
	_, err = w.Unblock(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: "press",
		Seats: []events.SeatName{"A-1-1"}})
	w.want(err, "ok")
	w.want(w.block("crew", "A-1-1"), "ok")
	_, err = w.pay(made.Booking.ID, "cid")
	w.want(err, "hold_expired")
	w.wantStates("blocked crew", "A-1-1")
	w.checkSettled(0)
}

// TestUnblockBookedSeats checks that booked seats keep their label, and are blocked under it again when
// returned, until another request unblocks them.
func TestUnblockBookedSeats(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	w.charge("ann", 1000)
	w.want(w.block("press", "A-1-1", "A-1-2", "A-1-3"), "ok")
	made, err := w.bookUnder("press", "ann", "A-1-1", "A-1-2")
	w.want(err, "ok")
	_, err = w.pay(made.Booking.ID, "ann")
	w.want(err, "ok")
	unblock := func() (seats []events.SeatName) {
		unblocked, err := w.Unblock(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: "press",
			Seats: []events.SeatName{"A-1-1", "A-1-2", "A-1-3"}})
		w.want(err, "ok")
		return unblocked.Seats
	}
	if got := fmt.Sprint(unblock()); got != "[A-1-3]" {
		t.Errorf("got %s unblocked while the others are booked, want [A-1-3]", got)
	}
	_, err = w.ReturnSeat(w.ctx(), ReturnSeat{Origin: w.origin("ann"), BookingID: made.Booking.ID, Seat: "A-1-1"})
	w.want(err, "ok")
	w.wantStates("blocked press", "A-1-1")
	w.wantStates("booked press", "A-1-2")
	_, err = w.cancel(made.Booking.ID, "ann")
	w.want(err, "ok")
	w.wantStates("blocked press", "A-1-1", "A-1-2")
	if got := fmt.Sprint(unblock()); got != "[A-1-1 A-1-2]" {
		t.Errorf("got %s unblocked after the return, want [A-1-1 A-1-2]", got)
	}
	w.wantStates("free ", "A-1-1", "A-1-2", "A-1-3")
	w.checkSettled(1000)
}

// TestBlocksDuringBookings checks that each request to block gets all of its seats or none while others
// book.
func TestBlocksDuringBookings(t *testing.T) {
	w := newHarness(t, 4, 25, 0)
	var all sync.WaitGroup
	errs := make([]error, 20)
	groups := make([][]events.SeatName, len(errs))
	for i := range errs {
		for j := range 10 {
			groups[i] = append(groups[i], events.NewSeatName("A", int64(1+(i+j)%4), int64(1+(7*i+j)%25)))
		}
		all.Go(func() { errs[i] = w.block(events.BlockLabel(fmt.Sprint("label ", i)), groups[i]...) })
		all.Go(func() { _, _ = w.book(events.Holder(fmt.Sprint("h", i)), groups[i][3], groups[i][0]) })
	}
	all.Wait()
	for i, err := range errs {
		mine := 0
		for _, state := range w.seatStates(groups[i]...) {
			if state == fmt.Sprint("blocked label ", i) {
				mine++
			}
		}
		if code(err) == "ok" && mine != 10 || code(err) == "seat_taken" && mine != 0 || refused(err) == nil && err != nil {
			t.Errorf("request %d: got %v with %d of 10 seats, want all or none", i, err, mine)
		}
	}
	w.check(0)
}

// TestBlockAfterFailures makes each append of a change of blocks fail in turn. A retry must complete the
// change, and the seats can be unblocked.
func TestBlockAfterFailures(t *testing.T) {
	seats := []events.SeatName{"A-1-1", "A-1-2", "A-1-3"}
	for _, persisted := range []bool{false, true} {
		w := newMemoryHarness(t, 1, 3, 0)
		f := &faulty{Store: w.store, persisted: persisted}
		w.store = f
		w.restart()
		for step, hit := int64(1), true; hit; step++ {
			w.createPerformance(fmt.Sprintf("gala-%d", step), 1, 3, 0)
			f.countdown.Store(step)
			err := w.block("press", seats...)
			hit = f.countdown.Swap(0) <= 0
			if err != nil && refused(err) != nil {
				t.Fatalf("append %d fails: got refusal %v, want a failure", step, err)
			}
			if err != nil {
				w.want(w.block("press", seats...), "ok")
			}
			w.wantStates("blocked press", seats...)
			_, err = w.Unblock(w.ctx(), Block{Origin: w.origin("house"), PerformanceID: w.gala, Label: "press", Seats: seats})
			w.want(err, "ok")
			w.wantStates("free ", seats...)
		}
	}
}
