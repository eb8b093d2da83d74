package bookings

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"admitone/actors"
	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
)

// TestTwoNodesFinishOneLatePayment stops the first node at each of its steps until the second node has taken all
// remaining steps. Seats booked by the second node must stay booked.
func TestTwoNodesFinishOneLatePayment(t *testing.T) {
	for name, keeps := range steps {
		t.Run(name, func(t *testing.T) {
			w := newHarness(t, 1, 6, 6)
			w.charge("ann", 200)
			id := w.mustBook("ann", "A-1-1", "A-1-2")
			w.clock.move(100 * s)
			w.expireDue()
			err := w.interleave(keeps, func() error { _, err := w.pay(id, "ann"); return err }, func() {
				if err := w.Resume(w.ctx(), w.origin("system"), id); err != nil {
					t.Fatal(err)
				}
			})
			w.want(err, "ok")
			w.resume()
			h := w.checkSettled(6)
			if b := h.bookings[id].State(); b.Status != events.BookingIsBooked || h.wallets["ann"].Balance() != 0 {
				t.Errorf("got booking %+v, balance %d; want Status %v, 0",
					b, h.wallets["ann"].Balance(), events.BookingIsBooked)
			}
		})
	}
}

// steps are the commands of a late payment after its start.
var steps = map[string]func(core.Command) bool{
	"allowance taken": is[*allowance.Take], "seat held": is[*seat.Hold], "booking retaken": is[*booking.Retake],
	"wallet debited": is[*wallet.Debit], "allowance kept": is[*allowance.Keep], "seat booked": is[*seat.Book],
	"booking booked": is[*booking.Complete],
}

// TestAbortedPaymentIsNeverDebited has one node abort a payment whose seats are lost while another node is
// about to debit it.
func TestAbortedPaymentIsNeverDebited(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	w.charge("ann", 100)
	id := w.mustBook("ann", "A-1-1")
	w.clock.move(100 * s)
	w.expireDue()
	hold, system := events.NewHoldID(id, 2), w.origin("system")
	err := w.interleave(is[*seat.Hold], func() error { _, err := w.pay(id, "ann"); return err }, func() {
		w.must(
			w.step(
				w.ctx(),
				system,
				seat.Stream("gala", "A-1-1"),
				&seat.Hold{HoldID: hold, Holder: "ann", Price: 100, HoldFor: 60 * s, Retake: true},
			),
		)
		w.must(
			w.step(
				w.ctx(),
				system,
				booking.Stream(id),
				&booking.Retake{PaymentID: hold, ExpiresAt: w.clock.now().Add(seat.Grace)},
			),
		)
		w.clock.move(31 * s)
		w.expireDue()
		w.mustBook("bob", "A-1-1")
	})
	w.want(err, "hold_expired")
	_, err = w.step(w.ctx(), system, wallet.Stream("ann"), &wallet.Debit{PaymentID: hold, Amount: 100})
	w.want(err, "not_held")
	w.resume()
	w.check(0)
}

// failingDesk is overloaded at the first of the selected commands, after meanwhile has run.
type failingDesk struct {
	actors.Dispatcher
	fails     func(core.Command) bool
	meanwhile func()
	once      sync.Once
}

// Ask implements actors.Dispatcher.
func (f *failingDesk) Ask(ctx context.Context, request actors.Request) (answer actors.Answer, err error) {
	if f.fails(request.Command) {
		f.once.Do(func() { f.meanwhile(); err = actors.ErrOverloaded })
	}
	if err != nil {
		return answer, err
	}
	return f.Dispatcher.Ask(ctx, request)
}

// TestFailedRetryReleasesNothing checks that a retry which fails on a second node does not release the seats
// that the first node has booked.
func TestFailedRetryReleasesNothing(t *testing.T) {
	for name, fails := range map[string]func(core.Command) bool{
		"allowance taken": is[*allowance.Take], "seat held": is[*seat.Hold], "booking held": is[*booking.Hold],
	} {
		for _, paid := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, paid: %t", name, paid), func(t *testing.T) {
				w := newHarness(t, 1, 6, 6)
				w.charge("ann", 200)
				request := Book{
					Origin:        w.keyed("ann", "k", "A-1-1 A-1-2"),
					PerformanceID: "gala",
					Holder:        "ann",
					Seats:         []events.SeatName{"A-1-1", "A-1-2"},
				}
				id, _ := request.bookingID()
				other := New(&failingDesk{Dispatcher: w.desk, fails: fails, meanwhile: func() {
					if _, err := w.Book(w.ctx(), request); err != nil {
						t.Fatal(err)
					}
					if paid {
						_, err := w.pay(id, "ann")
						w.want(err, "ok")
					}
				}}, w.views(w.seats))
				if _, err := other.Book(w.ctx(), request); err == nil {
					t.Error("retry on the failing node: got no error, want one")
				}
				again, err := other.Book(w.ctx(), request)
				w.want(err, "ok")
				if h := w.check(6); again.Booking.ID != id || h.bookings[id].State().Paid != paid {
					t.Errorf("got first %+v, retry %+v; want the same booking", h.bookings[id].State(), again.Booking)
				}
			})
		}
	}
}

// TestTwoServers has ann charge her wallet and release on one server, and pay on another, each with its own
// entities in memory.
func TestTwoServers(t *testing.T) {
	w := newHarness(t, 1, 6, 6)
	here := w.Bookings
	w.charge("ann", 100)
	w.start(nil)
	id := w.mustBook("ann", "A-1-1")
	_, err := w.pay(id, "ann")
	w.want(err, "ok")
	_, err = here.Cancel(w.ctx(), Cancel{Origin: w.origin("ann"), BookingID: id, By: "ann"})
	w.want(err, "ok")
	w.resume()
	if h := w.checkSettled(6); h.wallets["ann"].Balance() != 100 {
		t.Errorf("got balance %d, want 100", h.wallets["ann"].Balance())
	}
}

// TestPaidAndCancelledOnTwoNodes checks that the payer gets the answer of the payment, even if another node
// has released the booking before the answer is sent.
func TestPaidAndCancelledOnTwoNodes(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	w.charge("ann", 100)
	id := w.mustBook("ann", "A-1-1")
	var paid Answer
	err := w.interleave(is[*booking.Complete], func() (err error) { paid, err = w.pay(id, "ann"); return err }, func() {
		if err := w.Resume(w.ctx(), w.origin("system"), id); err != nil {
			t.Fatal(err)
		}
		_, err := w.cancel(id, "ann")
		w.want(err, "ok")
	})
	if w.want(err, "ok"); paid.Booking.Status != events.BookingIsBooked || paid.Revision != 2 || paid.Replayed {
		t.Errorf("got answer %+v, want the booking as it was booked", paid)
	}
	w.checkSettled(0)
}

// TestPaidAndReleasedOnAnotherNode checks that a node which is about to book the seats does not refund the
// withheld part of a booking that was paid and released meanwhile.
func TestPaidAndReleasedOnAnotherNode(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	w.charge("ann", 100)
	w.halfUntil(100 * s)
	id := w.mustBook("ann", "A-1-1")
	err := w.interleave(is[*seat.Book], func() error { _, err := w.pay(id, "ann"); return err }, func() {
		if err := w.Resume(w.ctx(), w.origin("system"), id); err != nil {
			t.Fatal(err)
		}
		_, err := w.cancel(id, "ann")
		w.want(err, "ok")
	})
	w.want(err, "ok")
	if got := w.checkSettled(0).wallets["ann"].Balance(); got != 50 {
		t.Errorf("got balance %d, want 50", got)
	}
	w.cancelPerformance()
	w.want(callOff(w, id), "ok")
}

// TestBestSeatsForOneKeyOnTwoNodes checks that a keyed request that two nodes run with different choices
// makes one booking, and that no other seat stays held.
func TestBestSeatsForOneKeyOnTwoNodes(t *testing.T) {
	for name, waits := range map[string]func(core.Command) bool{"before the booking": is[*booking.Hold], "before the second seat": second(is[*seat.Hold])} {
		t.Run(name, func(t *testing.T) {
			w := newHarness(t, 1, 6, 4)
			request := Book{Origin: w.keyed("ann", "k", "2"), PerformanceID: "gala", Holder: "ann", Quantity: 2}
			var slow, fast Answer
			err := w.interleave(waits, func() (err error) { slow, err = w.Book(w.ctx(), request); return err }, func() {
				var err error
				fast, err = w.Book(w.ctx(), request)
				w.want(err, "ok")
			})
			if w.want(err, "ok"); !slow.Replayed || !reflect.DeepEqual(slow.Booking, fast.Booking) {
				t.Errorf("got first %+v, retry %+v; want the same booking", fast, slow)
			}
			for stream, seat := range w.read().seats {
				_, name := events.CutPerformance(stream.Entity())
				is := func(b events.BookedSeat) bool { return b.Seat == events.SeatName(name) }
				if holdID, holder := seat.Owner(); holder == "ann" && !slices.ContainsFunc(fast.Booking.Seats, is) {
					t.Errorf("got seat %s owned by hold %s, want only seats of the booking", name, holdID)
				}
			}
			w.check(4)
		})
	}
}

// second selects all but the first of the selected commands.
func second(is func(core.Command) bool) func(core.Command) bool {
	var seen atomic.Int32
	return func(cmd core.Command) bool { return is(cmd) && seen.Add(1) > 1 }
}

// TestRetryDoesNotLoseToItsFirstRun checks that a request gets the last seats as its answer if another node
// has booked them for the same request.
func TestRetryDoesNotLoseToItsFirstRun(t *testing.T) {
	w := newHarness(t, 1, 2, 2)
	request := Book{Origin: w.keyed("ann", "k", "2"), PerformanceID: "gala", Holder: "ann", Quantity: 2}
	var first Answer
	asked := false
	views := w.views(func(ctx context.Context, id events.PerformanceID) ([]byte, events.Position, error) {
		if !asked {
			var err error
			asked = true
			first, err = w.Book(w.ctx(), request)
			w.want(err, "ok")
		}
		return w.seats(ctx, id)
	})
	views.lags = true
	other := New(w.desk, views)
	again, err := other.Book(w.ctx(), request)
	if w.want(err, "ok"); !again.Replayed || !reflect.DeepEqual(again.Booking, first.Booking) {
		t.Errorf("got first %+v, retry %+v; want the same booking", first, again)
	}
	w.check(2)
}

// TestRetryReleasesSeatsOfAKilledNode checks that a retry gets the same answer, and releases the seats that
// killed nodes have held for other attempts of the request.
func TestRetryReleasesSeatsOfAKilledNode(t *testing.T) {
	for name, last := range map[string]events.BookingStatus{"held": events.BookingIsHeld, "booked": events.BookingIsBooked, "released": events.BookingIsReleased} {
		t.Run(name, func(t *testing.T) {
			w := newHarness(t, 1, 6, 6)
			w.charge("ann", 200)
			request := Book{Origin: w.keyed("ann", "k", "2"), PerformanceID: "gala", Holder: "ann", Quantity: 2}
			here := w.Bookings
			w.start(nil)
			hasCrashed := w.crashAfter(2) // after its allowance and its first seat
			_, err := w.Book(w.ctx(), request)
			if w.want(err, errCrashed.Error()); !hasCrashed() {
				t.Fatal("got no crash of the other node, want one")
			}
			w.start(nil)
			first, err := here.Book(w.ctx(), request)
			w.want(err, "ok")
			id := first.Booking.ID
			if first.Booking.Attempt != 2 {
				t.Fatalf("got booking %+v, want attempt 2", first.Booking)
			}
			switch last {
			case events.BookingIsBooked:
				_, err = w.pay(id, "ann")
			case events.BookingIsReleased:
				_, err = w.cancel(id, "ann")
			}
			w.want(err, "ok")
			for attempt, name := range map[int64]events.SeatName{1: "A-1-5", 3: "A-1-6"} {
				w.must(
					w.step(
						w.ctx(),
						w.origin("ann"),
						seat.Stream("gala", name),
						&seat.Hold{HoldID: events.NewHoldID(id, attempt), Holder: "ann", HoldFor: 60 * s},
					),
				)
			}
			for range 2 {
				again, err := here.Book(w.ctx(), request)
				first.Replayed = true
				if w.want(err, "ok"); !reflect.DeepEqual(again, first) {
					t.Errorf("got first %+v, retry %+v; want the same booking", first, again)
				}
				w.checkNoOrphanedHolds("after the answer")
			}
			if h := w.check(6); h.bookings[id].State().Status != last {
				t.Errorf("got status %s, want %s", h.bookings[id].State().Status, last)
			}
		})
	}
}
