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

// TestTwoNodesFinishOneLatePayment stops the first node at each of its steps until the second has
// taken all remaining ones: seats booked by the second stay booked.
func TestTwoNodesFinishOneLatePayment(t *testing.T) {
	for name, keeps := range steps {
		t.Run(name, func(t *testing.T) {
			w := begin(t, 1, 6, 6)
			w.charge("ann", 200)
			id := w.mustBook("ann", "A-1-1", "A-1-2")
			w.clock.move(100 * s)
			w.wake()
			err := w.later(keeps, func() error { _, err := w.pay(id, "ann"); return err }, func() {
				if err := w.Resume(w.ctx(), w.origin("system"), id); err != nil {
					t.Fatal(err)
				}
			})
			w.want(err, "ok")
			w.resume()
			h := w.checkSettled(6)
			if b := h.bookings[id].State(); b.Status != events.BookingIsBooked || h.wallets["ann"].Balance() != 0 {
				t.Errorf("the booking is %+v, and %d are left, want Status %v, 0",
					b, h.wallets["ann"].Balance(), events.BookingIsBooked)
			}
		})
	}
}

// steps of a late payment after its start.
var steps = map[string]func(core.Command) bool{
	"allowance taken": is[*allowance.Take], "seat held": is[*seat.Hold], "booking retaken": is[*booking.Retake],
	"wallet debited": is[*wallet.Debit], "allowance kept": is[*allowance.Keep], "seat booked": is[*seat.Book],
	"booking booked": is[*booking.Complete],
}

// TestAbortedPaymentIsNeverDebited: one node has retaken the seats and is about to debit;
// the other finds them lost, and aborts the payment.
func TestAbortedPaymentIsNeverDebited(t *testing.T) {
	w := begin(t, 1, 6, 0)
	w.charge("ann", 100)
	id := w.mustBook("ann", "A-1-1")
	w.clock.move(100 * s)
	w.wake()
	hold, system := events.NewHoldID(id, 2), w.origin("system")
	err := w.later(is[*seat.Hold], func() error { _, err := w.pay(id, "ann"); return err }, func() {
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
		w.wake()
		w.mustBook("bob", "A-1-1")
	})
	w.want(err, "hold_expired")
	_, err = w.step(w.ctx(), system, wallet.Stream("ann"), &wallet.Debit{PaymentID: hold, Amount: 100})
	w.want(err, "not_held")
	w.resume()
	w.check(0)
}

// failing is a desk that is overloaded at the first command of some kind, after elsewhere has run.
type failing struct {
	actors.Dispatcher
	fails     func(core.Command) bool
	meanwhile func()
	once      sync.Once
}

func (f *failing) Ask(ctx context.Context, request actors.Request) (answer actors.Answer, err error) {
	if f.fails(request.Command) {
		f.once.Do(func() { f.meanwhile(); err = actors.ErrOverloaded })
	}
	if err != nil {
		return answer, err
	}
	return f.Dispatcher.Ask(ctx, request)
}

// TestFailedRetryReleasesNothing: two nodes receive the same request under one key.
// The second must not release the seats that the first has booked for it.
func TestFailedRetryReleasesNothing(t *testing.T) {
	for name, fails := range map[string]func(core.Command) bool{
		"allowance taken": is[*allowance.Take], "seat held": is[*seat.Hold], "booking held": is[*booking.Hold],
	} {
		for _, paid := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, paid: %t", name, paid), func(t *testing.T) {
				w := begin(t, 1, 6, 6)
				w.charge("ann", 200)
				request := Book{
					Origin:        w.keyed("ann", "k", "A-1-1 A-1-2"),
					PerformanceID: "gala",
					Holder:        "ann",
					Seats:         []events.SeatName{"A-1-1", "A-1-2"},
				}
				id, _ := request.bookingID()
				other := New(&failing{Dispatcher: w.desk, fails: fails, meanwhile: func() {
					if _, err := w.Book(w.ctx(), request); err != nil {
						t.Fatal(err)
					}
					if paid {
						_, err := w.pay(id, "ann")
						w.want(err, "ok")
					}
				}}, w.views(w.seats))
				if _, err := other.Book(w.ctx(), request); err == nil {
					t.Error("the retry on the failing node succeeded")
				}
				again, err := other.Book(w.ctx(), request)
				w.want(err, "ok")
				if h := w.check(6); again.Booking.ID != id || h.bookings[id].State().Paid != paid {
					t.Errorf("first %+v, retry %+v; want the same booking", h.bookings[id].State(), again.Booking)
				}
			})
		}
	}
}

// TestTwoServers: each has its own entities in memory, and observes the other's appends only
// through conflicts. ann charges and releases on one, and pays on the other.
func TestTwoServers(t *testing.T) {
	w := begin(t, 1, 6, 6)
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
		t.Errorf("ann has %d left of 100, want 100", h.wallets["ann"].Balance())
	}
}

// TestPaidHereAndCancelledElsewhere: the payer gets the answer of the payment, even if another node
// has cancelled the booking before it was sent.
func TestPaidHereAndCancelledElsewhere(t *testing.T) {
	w := begin(t, 1, 6, 0)
	w.charge("ann", 100)
	id := w.mustBook("ann", "A-1-1")
	var paid Answer
	err := w.later(is[*booking.Complete], func() (err error) { paid, err = w.pay(id, "ann"); return err }, func() {
		if err := w.Resume(w.ctx(), w.origin("system"), id); err != nil {
			t.Fatal(err)
		}
		_, err := w.cancel(id, "ann")
		w.want(err, "ok")
	})
	if w.want(err, "ok"); paid.Booking.Status != events.BookingIsBooked || paid.Revision != 2 || paid.Replayed {
		t.Errorf("payment = %+v, want the booking as booked", paid)
	}
	w.checkSettled(0)
}

// TestPaidAndReleasedElsewhere: a node that was about to book the seats does not refund the
// withheld part of a booking that was paid and released meanwhile.
func TestPaidAndReleasedElsewhere(t *testing.T) {
	w := begin(t, 1, 6, 0)
	w.charge("ann", 100)
	w.halfUntil(100 * s)
	id := w.mustBook("ann", "A-1-1")
	err := w.later(is[*seat.Book], func() error { _, err := w.pay(id, "ann"); return err }, func() {
		if err := w.Resume(w.ctx(), w.origin("system"), id); err != nil {
			t.Fatal(err)
		}
		_, err := w.cancel(id, "ann")
		w.want(err, "ok")
	})
	w.want(err, "ok")
	if got := w.checkSettled(0).wallets["ann"].Balance(); got != 50 {
		t.Errorf("ann has %d of 100, want 50", got)
	}
	w.cancelPerformance()
	w.want(callOff(w, id), "ok")
}

// TestBestSeatsForOneKeyOnTwoNodes: they choose differently, and there is one booking. A seat
// that the other node has taken for it is released before its deadline.
func TestBestSeatsForOneKeyOnTwoNodes(t *testing.T) {
	for name, waits := range map[string]func(core.Command) bool{"the booking": is[*booking.Hold], "its second seat": second(is[*seat.Hold])} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, 1, 6, 4)
			request := Book{Origin: w.keyed("ann", "k", "2"), PerformanceID: "gala", Holder: "ann", Quantity: 2}
			var slow, fast Answer
			err := w.later(waits, func() (err error) { slow, err = w.Book(w.ctx(), request); return err }, func() {
				var err error
				fast, err = w.Book(w.ctx(), request)
				w.want(err, "ok")
			})
			if w.want(err, "ok"); !slow.Replayed || !reflect.DeepEqual(slow.Booking, fast.Booking) {
				t.Errorf("first %+v, retry %+v; want the same booking", fast, slow)
			}
			for stream, seat := range w.read().seats {
				_, name := events.CutPerformance(stream.Entity())
				is := func(b events.BookedSeat) bool { return b.Seat == events.SeatName(name) }
				if holdID, holder := seat.Owner(); holder == "ann" && !slices.ContainsFunc(fast.Booking.Seats, is) {
					t.Errorf("seat %s is held under %s, but belongs to no booking", name, holdID)
				}
			}
			w.check(4)
		})
	}
}

// second matches the second command of a kind, and later ones.
func second(is func(core.Command) bool) func(core.Command) bool {
	var seen atomic.Int32
	return func(cmd core.Command) bool { return is(cmd) && seen.Add(1) > 1 }
}

// TestRetryDoesNotLoseToItsFirstRun: if the last seats went to the same request on another node, they
// are the answer, not a reason to refuse.
func TestRetryDoesNotLoseToItsFirstRun(t *testing.T) {
	w := begin(t, 1, 2, 2)
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
		t.Errorf("first %+v, retry %+v; want the same booking", first, again)
	}
	w.check(2)
}

// TestRetryReleasesSeatsOfAKilledNode: the other node was killed in the same request, during an
// attempt that this one had closed; so was one that takes a seat after the answer. The retry gets
// the same answer, and the booking has only its own seats.
func TestRetryReleasesSeatsOfAKilledNode(t *testing.T) {
	for name, last := range map[string]events.BookingStatus{"held": events.BookingIsHeld, "booked": events.BookingIsBooked, "released": events.BookingIsReleased} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, 1, 6, 6)
			w.charge("ann", 200)
			request := Book{Origin: w.keyed("ann", "k", "2"), PerformanceID: "gala", Holder: "ann", Quantity: 2}
			here := w.Bookings
			w.start(nil)
			gone := w.dieAfter(2) // its allowance and its first seat
			_, err := w.Book(w.ctx(), request)
			if w.want(err, errGone.Error()); !gone() {
				t.Fatal("the other node did not crash")
			}
			w.start(nil)
			first, err := here.Book(w.ctx(), request)
			w.want(err, "ok")
			id := first.Booking.ID
			if first.Booking.Attempt != 2 {
				t.Fatalf("booking = %+v, want attempt 2", first.Booking)
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
					t.Errorf("first %+v, retry %+v; want the same booking", first, again)
				}
				w.noOrphanedHolds("after the answer")
			}
			if h := w.check(6); h.bookings[id].State().Status != last {
				t.Errorf("the booking is %s, want %s", h.bookings[id].State().Status, last)
			}
		})
	}
}
