package bookings

import (
	"testing"
	"time"

	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
)

func init() {
	over := []events.BookingStatus{events.BookingIsCancelled}
	for _, c := range []struct {
		name    string
		prepare func(*harness) events.BookingID
		act     func(*harness, events.BookingID) error
		again   []string
	}{
		{"calling off a held booking", booked, callOff, []string{"ok"}},
		{"calling off a paid booking", paid, callOff, []string{"ok"}},
		{"calling off an awaiting booking", awaiting, callOff, []string{"ok"}},
		{"calling off an externally paid booking", paidExternally, callOff, []string{"ok"}},
		{"calling off a booking in payment", paying, callOff, []string{"ok"}},
		{"releasing a cancelled booking", paid, cancel, []string{"ok"}},
		{"reporting a payment for a cancelled booking", booked, reportAll, []string{"ok"}},
		{"refunding a fee withheld after the cancellation", cancelWithKeptFee, callOff, []string{"ok"}},
	} {
		crashes = append(crashes, crash{c.name, false, func(w *harness) events.BookingID {
			id := c.prepare(w)
			w.cancelPerformance()
			return id
		}, c.act, over, c.again})
	}
}

func (w *harness) cancelPerformance() {
	w.Helper()
	w.must(w.step(w.ctx(), w.origin("house"), performance.Stream(w.gala), &performance.Cancel{Reason: "ill"}))
}

func callOff(w *harness, id events.BookingID) error { return w.CallOff(w.ctx(), w.origin("sweep"), id) }

func awaiting(w *harness) events.BookingID {
	id := booked(w)
	w.want(beginIntent(w, id), "ok")
	return id
}

func paidExternally(w *harness) events.BookingID {
	id := booked(w)
	w.want(reportAll(w, id), "ok")
	return id
}

// paying returns a booking with a payment that has started.
func paying(w *harness) events.BookingID {
	id := booked(w)
	w.must(w.step(w.ctx(), w.origin("ann"), booking.Stream(id), &booking.StartPayment{}))
	return id
}

// cancelWithKeptFee returns a booking that was released, with half withheld, by a server that had not seen
// the cancellation.
func cancelWithKeptFee(w *harness) events.BookingID {
	w.edit(&performance.Edit{Cancellation: &events.Cancellation{Until: day.Add(24 * time.Hour), RefundPercent: 50}})
	id := paid(w)
	w.cancelPerformance()
	w.must(w.step(w.ctx(), w.origin("ann"), booking.Stream(id), &booking.Release{Terms: booking.Terms{
		StartsAt: day.Add(24 * time.Hour)}}))
	return id
}

// TestCallOff checks that CallOff cancels and refunds each booking once.
func TestCallOff(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(*harness) events.BookingID
		wallet  int64 // final balance, of 300
		owed    int64 // amount owed for external payments
	}{
		{"held", booked, 300, 0},
		{"booked", paid, 300, 0},
		{"awaiting", awaiting, 300, 0},
		{"paid externally", paidExternally, 300, 300},
		{"in payment", paying, 300, 0},
		{"fee kept after the cancellation", cancelWithKeptFee, 300, 0},
		{"fee kept before the cancellation", func(w *harness) events.BookingID {
			w.halfUntil(24 * time.Hour)
			id := paid(w)
			w.want(cancel(w, id), "ok")
			return id
		}, 150, 0},
		{"fees of seats kept before and after the cancellation", func(w *harness) events.BookingID {
			w.halfUntil(24 * time.Hour)
			id := paid(w)
			_, err := w.ReturnSeat(w.ctx(), ReturnSeat{Origin: w.origin("ann"), BookingID: id, Seat: "A-1-1"})
			w.want(err, "ok")
			w.cancelPerformance()
			w.must(w.step(w.ctx(), w.origin("ann"), booking.Stream(id), &booking.ReturnSeat{Seat: "A-1-2",
				Terms: booking.Terms{StartsAt: day.Add(24 * time.Hour)}}))
			return id
		}, 250, 0},
		{"paid externally, fee of a seat kept after", func(w *harness) events.BookingID {
			w.halfUntil(24 * time.Hour)
			id := paidExternally(w)
			w.cancelPerformance()
			w.must(w.step(w.ctx(), w.origin("ann"), booking.Stream(id), &booking.ReturnSeat{Seat: "A-1-2",
				Terms: booking.Terms{StartsAt: day.Add(24 * time.Hour)}}))
			return id
		}, 300, 300},
		{"paid externally, fee kept after", func(w *harness) events.BookingID {
			w.halfUntil(24 * time.Hour)
			id := paidExternally(w)
			w.cancelPerformance()
			w.must(w.step(w.ctx(), w.origin("ann"), booking.Stream(id), &booking.Release{Terms: booking.Terms{
				StartsAt: day.Add(24 * time.Hour)}}))
			return id
		}, 300, 300},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newHarness(t, 3, 3, 3)
			id := test.prepare(w)
			w.cancelPerformance()
			var revision events.Revision
			for range 2 {
				w.want(callOff(w, id), "ok")
				now, err := w.state(w.ctx(), id)
				w.want(err, "ok")
				if revision != 0 && now.Revision != revision {
					t.Errorf("got booking %+v, want it unchanged by the second CallOff", now)
				}
				revision = now.Revision
				w.resume()
			}
			h := w.checkSettled(3)
			s := h.bookings[id].State()
			want := events.BookingIsCancelled
			if test.name == "fee kept before the cancellation" {
				want = events.BookingIsReleased
			}
			owed := int64(0)
			for _, p := range h.payments {
				at := p.State()
				owed += at.Owed
				if at.Kept != 0 {
					t.Errorf("got %d withheld, want 0", at.Kept)
				}
			}
			if got := h.wallets[string(w.ann())].Balance(); s.Status != want || got != test.wallet || owed != test.owed {
				t.Errorf("got status %s, balance %d, owed %d; want %s, %d, %d",
					s.Status, got, owed, want, test.wallet, test.owed)
			}
		})
	}
}

// TestRequestsAfterACallOff checks that requests are refused with cancelled, before other refusals, once the
// performance is cancelled.
func TestRequestsAfterACallOff(t *testing.T) {
	w := newHarness(t, 3, 3, 3)
	held := w.mustBook(w.ann(), "A-1-1")
	expired := w.mustBook(w.ann(), "A-2-1")
	w.cancelPerformance()
	_, err := w.book("cy", "A-1-1")
	w.want(err, "cancelled")
	_, err = w.best("cy", 9)
	w.want(err, "cancelled")
	_, err = w.pay(held, w.ann()) // without money
	w.want(err, "cancelled")
	_, err = w.pay(held, "cy")
	w.want(err, "forbidden")
	_, err = w.extend(held, w.ann())
	w.want(err, "cancelled")
	w.want(beginIntent(w, held), "cancelled")
	if got := outcomeOf(w.report(held, "r", 100, false)); got != "cancelled: cancelled owed" {
		t.Errorf("got outcome %q, want %q", got, "cancelled: cancelled owed")
	}
	_, err = w.cancel(held, "cy")
	w.want(err, "forbidden")
	for range 2 {
		answer, err := w.cancel(held, w.ann())
		w.want(err, "ok")
		if answer.Booking.Status != events.BookingIsCancelled {
			t.Errorf("got booking %+v, want it cancelled", answer.Booking)
		}
	}
	w.clock.move(300 * s)
	w.expireDue()
	_, err = w.pay(expired, w.ann())
	w.want(err, "cancelled")
	_, err = w.cancel(expired, w.ann())
	w.want(err, "hold_expired")
	if got := outcomeOf(w.report(expired, "late", 100, false)); got != "cancelled: cancelled owed" {
		t.Errorf("got outcome %q, want %q", got, "cancelled: cancelled owed")
	}
	_, err = w.pay(held, w.ann())
	w.want(err, "cancelled")
	w.resume()
	w.checkSettled(3)
}

// TestServerThatHasNotSeenTheCallOff checks that what a server sells because it has not seen the
// cancellation is cancelled and refunded too.
func TestServerThatHasNotSeenTheCallOff(t *testing.T) {
	w := newHarness(t, 3, 3, 3)
	w.charge("ann", 300)
	w.charge("bob", 300)
	before := w.mustBook("ann", "A-1-1")
	informed, bookings := w.desk, w.Bookings
	w.start(nil)
	uninformed := w.Bookings
	id := w.mustBook("ann", "A-1-2") // so that the server caches the performance
	w.desk, w.Bookings = informed, bookings
	w.cancelPerformance()
	_, err := w.book("bob", "A-2-1")
	w.want(err, "cancelled")

	w.Bookings = uninformed
	behind := w.mustBook("bob", "A-2-1")
	for _, id := range []events.BookingID{before, id, behind} {
		_, err := w.pay(id, w.read().bookings[id].State().Holder)
		w.want(err, "ok")
	}
	w.Bookings = bookings
	w.restart()
	w.resume()
	h := w.checkSettled(3)
	for id, b := range h.bookings {
		if s := b.State(); s.Status != events.BookingIsCancelled {
			t.Errorf("%s: got status %s, want %s", id, s.Status, events.BookingIsCancelled)
		}
	}
	for holder, wallet := range h.wallets {
		if wallet.Balance() != 300 {
			t.Errorf("wallet of %s: got balance %d, want 300", holder, wallet.Balance())
		}
	}
}

// TestTwoServersEndOneBooking stops the first server at each of its steps until the second has
// taken all remaining ones.
func TestTwoServersEndOneBooking(t *testing.T) {
	for name, keeps := range map[string]func(core.Command) bool{
		"ended": is[*booking.CallOff], "refunded": is[*wallet.Refund], "seat released": is[*seat.Release],
		"finished": is[*booking.FinishRefund],
	} {
		t.Run(name, func(t *testing.T) {
			w := newHarness(t, 3, 3, 3)
			id := paid(w)
			w.cancelPerformance()
			err := w.interleave(keeps, func() error { return callOff(w, id) }, func() { w.want(callOff(w, id), "ok") })
			w.want(err, "ok")
			h := w.checkSettled(3)
			if got := h.wallets[string(w.ann())].Balance(); got != 300 {
				t.Errorf("got balance %d, want 300", got)
			}
		})
	}
}
