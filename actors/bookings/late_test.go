package bookings

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
)

// gate is a desk that blocks the first command of some kind until it is opened.
type gate struct {
	actors.Dispatcher
	keeps   func(core.Command) bool
	first   sync.Once
	reached chan struct{} // closed when the command arrives
	open    chan struct{} // closed by the test
}

// Ask blocks the selected command.
func (g *gate) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	if g.keeps(request.Command) {
		kept := false
		g.first.Do(func() { kept = true }) // several seats may be requested concurrently
		if kept {
			close(g.reached)
			<-g.open
		}
	}
	return g.Dispatcher.Ask(ctx, request)
}

// later runs act up to the first command of some kind, then meanwhile, and then the rest of act.
func (w *harness) later(keeps func(core.Command) bool, act func() error, meanwhile func()) error {
	w.Helper()
	g := &gate{keeps: keeps, reached: make(chan struct{}), open: make(chan struct{})}
	gated := &harness{TB: w.TB, store: w.store, desk: w.desk, clock: w.clock, gala: w.gala, log: newHistory()}
	gated.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher {
		g.Dispatcher = desk
		return g
	})
	mine := w.Bookings
	w.Bookings = gated.Bookings // for act; in effect another node
	result := make(chan error, 1)
	go func() { result <- act() }()
	select {
	case <-g.reached:
	case err := <-result:
		w.Fatalf("the blocked command was never sent: %v", err)
	}
	w.Bookings = mine
	meanwhile()
	close(g.open)
	return <-result
}

func is[T core.Command](cmd core.Command) bool {
	_, ok := cmd.(T)
	return ok
}

// retakeByBob lets everything expire, and makes another holder pay for the seat.
func (w *harness) retakeByBob() (bookingID events.BookingID) {
	w.Helper()
	w.clock.move(91 * s)
	w.wake()
	w.charge("bob", 100)
	id := w.mustBook("bob", "A-1-1")
	_, err := w.pay(id, "bob")
	w.want(err, "ok")
	return id
}

// checkBob checks that bob has kept his seat and paid for nothing else.
func (w *harness) checkBob(id events.BookingID) {
	w.Helper()
	h := w.check(0)
	if b := h.bookings[id].State(); b.Status != events.BookingIsBooked || h.wallets["bob"].Balance() != 0 {
		w.Errorf("bob's booking = %+v, balance = %d; want it booked, 0", b, h.wallets["bob"].Balance())
	}
}

// TestALateCommandNeverTouchesTheNextHolder delays one command of ann's until her deadline has
// passed and bob has paid for the seat.
func TestALateCommandNeverTouchesTheNextHolder(t *testing.T) {
	pay := func(w *harness, id events.BookingID) error { _, err := w.pay(id, "ann"); return err }
	for _, line := range []struct {
		name  string
		keeps func(core.Command) bool
		act   func(w *harness, id events.BookingID) error
		code  string
		facts string // the facts after bob's payment
	}{
		{"the debit of a payment", is[*wallet.Debit], pay, "hold_expired",
			"wallet.debited.v1 wallet.refunded.v1 booking.payment_failed.v1"},
		{"the seat of a payment", is[*seat.Book], pay, "hold_expired",
			"wallet.refunded.v1 booking.payment_failed.v1"},
		{"the seat of a cancellation", is[*seat.Release], func(w *harness, id events.BookingID) error { _, err := w.cancel(id, "ann"); return err }, "ok", ""},
		{"the seat of an extension", is[*seat.Extend], func(w *harness, id events.BookingID) error { _, err := w.extend(id, "ann"); return err }, "hold_expired", ""},
		{"the end of a payment that failed", is[*booking.FailPayment], func(w *harness, id events.BookingID) error {
			w.must(w.step(w.ctx(), w.origin("ann"), wallet.Stream("ann"), &wallet.Debit{PaymentID: "else.1", Amount: 100}))
			return w.payOvertaken(Pay{Origin: w.origin("ann"), BookingID: id, By: "ann"})
		}, "insufficient_balance", "booking.payment_failed.v1"},
	} {
		t.Run(line.name, func(t *testing.T) {
			w := begin(t, 1, 2, 0)
			w.charge("ann", 100)
			id, bobs, before := w.mustBook("ann", "A-1-1"), events.BookingID(""), 0
			err := w.later(line.keeps, func() error { return line.act(w, id) }, func() {
				bobs = w.retakeByBob()
				before = len(w.read().names)
			})
			w.want(err, line.code)
			if got := w.since(before); got != line.facts {
				t.Errorf("the log has %q, want %q", got, line.facts)
			}
			w.resume()
			if line.name != "the end of a payment that failed" { // her money was spent elsewhere
				w.checkBob(bobs)
			}
			if h := w.read(); h.bookings[bobs].State().Status != events.BookingIsBooked {
				t.Errorf("bob's booking was changed: %+v", h.bookings[bobs].State())
			}
		})
	}
}

// TestALateReleaseOfAGroupThatFailed: a late release by a refused group does not affect the next
// holder.
func TestALateReleaseOfAGroupThatFailed(t *testing.T) {
	w := begin(t, 1, 2, 0)
	w.mustBook("cid", "A-1-2")
	bobs := events.BookingID("")
	err := w.later(is[*seat.Release], func() error {
		w.chooseFromEmptyMap()
		_, err := w.best("ann", 2)
		return err
	}, func() { bobs = w.retakeByBob() })
	w.want(err, "sold_out")
	w.checkBob(bobs)
}

// TestALateTimer: a late deadline of the seat finds the next hold, and does nothing.
func TestALateTimer(t *testing.T) {
	w := begin(t, 1, 2, 0)
	w.mustBook("ann", "A-1-1")
	w.clock.move(91 * s)
	before := len(w.read().names)
	bobs := w.mustBook("bob", "A-1-1") // before any timer: the seat itself expires ann's hold
	if got, want := w.since(before), "seat.expired.v1 seat.held.v1 booking.held.v1"; got != want {
		t.Errorf("the log has %s, want %s", got, want)
	}
	for range 3 {
		next, err := w.desk.Wake(w.ctx(), seat.Stream("gala", "A-1-1"))
		if want := day.Add(181 * s); err != nil || !next.Equal(want) {
			t.Errorf("expired: next %v, %v; want %v", next, err, want)
		}
	}
	w.wake()
	w.resume()
	if h := w.check(0); h.bookings[bobs].State().Status != events.BookingIsHeld {
		t.Errorf("bob's booking was changed: %+v", h.bookings[bobs].State())
	}
}

// TestExpiryAndPaymentMeet: whichever is first, money and seats agree, at the same nanosecond and
// after it.
func TestExpiryAndPaymentMeet(t *testing.T) {
	for name, at := range map[string]time.Duration{"at the deadline": 60 * s, "after it": 60*s + 1} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, 1, 6, 0)
			w.charge("ann", 100)
			id := w.mustBook("ann", "A-1-1")
			w.clock.move(at)
			got := atOnce(3, func(i int) error {
				switch i {
				case 0:
					_, err := w.pay(id, "ann")
					return err
				case 1:
					_, err := w.desk.Wake(w.ctx(), booking.Stream(id))
					return err
				}
				return w.Resume(w.ctx(), w.origin("system"), id)
			})
			wantResults(t, got, map[string]int{"ok": 3})
			w.clock.move(time.Hour)
			w.wake()
			w.resume()
			if b := w.checkSettled(0).bookings[id].State(); b.Status != events.BookingIsBooked || b.Late != (at > 60*s) {
				t.Errorf("the booking is %+v, want Status %v, Late %v", b, events.BookingIsBooked, at > 60*s)
			}
		})
	}
}

// TestCallerIsGone: after the caller has stopped waiting the steps continue, and Wait waits
// for them.
func TestCallerIsGone(t *testing.T) {
	w := begin(t, 1, 2, 0)
	w.charge("ann", 100)
	id := w.mustBook("ann", "A-1-1")
	ctx, cancel := context.WithCancel(w.ctx())
	g := &gate{Dispatcher: w.desk, keeps: is[*wallet.Debit], reached: make(chan struct{}), open: make(chan struct{})}
	w.wrapDesk(func(actors.Dispatcher) actors.Dispatcher { return g })
	result := make(chan error, 1)
	go func() {
		_, err := w.Pay(ctx, Pay{Origin: w.origin("ann"), BookingID: id, By: "ann"})
		result <- err
	}()
	<-g.reached
	cancel()
	if err := <-result; code(err) != context.Canceled.Error() {
		t.Errorf("the caller that had left got %v, want %v", err, context.Canceled.Error())
	}
	close(g.open)
	w.Wait()
	if got := w.since(3); !strings.HasSuffix(got, "wallet.debited.v1 seat.booked.v1 booking.booked.v1") {
		t.Errorf("the log has %s, want the payment completed", got)
	}
	w.checkSettled(0)
}

// TestUnreadableMap: refusals stay correct, and nothing is chosen.
func TestUnreadableMap(t *testing.T) {
	w := begin(t, 1, 3, 0)
	w.mustBook("bob", "A-1-1")
	views := w.views(func(context.Context, events.PerformanceID) ([]byte, events.Position, error) {
		return nil, 0, errGone
	})
	views.lags = true
	b := New(w.desk, views)
	_, err := b.Book(
		w.ctx(),
		Book{Origin: w.origin("ann"), PerformanceID: "gala", Holder: "ann", Seats: []events.SeatName{"A-1-1"}},
	)
	if w.want(err, "seat_taken"); len(fields(err)["alternatives"].([][]events.SeatName)) != 0 {
		t.Errorf("fields of the refusal = %v, want the taken seats", fields(err))
	}
	_, err = b.Book(w.ctx(), Book{Origin: w.origin("ann"), PerformanceID: "gala", Holder: "ann", Quantity: 1})
	w.want(err, errGone.Error())
}

// TestPanicBecomesAnError: a panic becomes an error, and nothing stays locked.
func TestPanicBecomesAnError(t *testing.T) {
	w := begin(t, 1, 3, 0)
	w.maps.views = w.views(
		func(context.Context, events.PerformanceID) ([]byte, events.Position, error) { panic("no map") },
	)
	for range 2 {
		_, err := w.Book(w.ctx(), Book{Origin: w.keyed("ann", "k", ""), PerformanceID: "gala", Holder: "ann", Quantity: 1})
		if !errors.Is(err, actors.ErrBroken) || !strings.Contains(err.Error(), "no map") {
			t.Errorf("the caller got %v, want ErrBroken with the panic", err)
		}
	}
	w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher { return panickingDesk{desk} })
	for range 2 { // the second does not wait for the first
		if _, err := w.best("ann", 3); !errors.Is(err, actors.ErrBroken) {
			t.Errorf("the caller got %v, want %v", err, actors.ErrBroken)
		}
	}
	if _, err := w.book("ann", "A-1-1", "A-1-2"); !errors.Is(err, actors.ErrBroken) {
		t.Errorf("the caller got %v, want %v", err, actors.ErrBroken)
	}
}

// panickingDesk is a desk whose Ask panics.
type panickingDesk struct{ actors.Dispatcher }

// Ask panics.
func (panickingDesk) Ask(context.Context, actors.Request) (actors.Answer, error) { panic("no desk") }

// TestAMapThatLags: the seats decide, however wrong the map is. A request is refused as sold out
// only on a map that has caught up.
func TestAMapThatLags(t *testing.T) {
	w := begin(t, 1, 20, 0)
	var names []events.SeatName
	for i := range 20 {
		names = append(names, events.NewSeatName("A", 1, int64(i+1)))
	}
	w.mustBook("bob", append(names[:7:7], names[8:]...)...)
	maps := 0
	b := New(w.desk, w.views(func(context.Context, events.PerformanceID) ([]byte, events.Position, error) {
		maps++
		return make([]byte, 20), 0, nil // it shows every seat as free
	}))
	_, err := b.Book(w.ctx(), Book{Origin: w.origin("ann"), PerformanceID: "gala", Holder: "ann", Quantity: 2})
	w.want(err, "sold_out")
	if remaining := fields(err)["remaining"]; maps != 1 || remaining != int64(1) {
		t.Errorf("it read %d wrong maps, and the refusal says that %v are left, want 1, %v", maps, remaining, int64(1))
	}
	w.check(0)
}

// TestTheGrace: a payment that begins at the last moment can use the grace to book the seats, also
// after an extension.
func TestTheGrace(t *testing.T) {
	for _, extended := range []bool{false, true} {
		for after, want := range map[time.Duration]string{seat.Grace: "ok", seat.Grace + 1: "hold_expired"} {
			t.Run(fmt.Sprintf("extended %t, %v later", extended, after), func(t *testing.T) {
				w := begin(t, 1, 2, 2)
				w.charge("ann", 200)
				id := w.mustBook("ann", "A-1-1", "A-1-2")
				w.clock.move(60 * s)
				if extended {
					_, err := w.extend(id, "ann")
					w.want(err, "ok")
					w.clock.move(60 * s)
				}
				err := w.later(is[*wallet.Debit], func() error { _, err := w.pay(id, "ann"); return err }, func() {
					w.clock.move(after)
					w.wake()
				})
				w.want(err, want)
				w.clock.move(time.Hour)
				w.wake()
				w.checkSettled(2)
			})
		}
	}
}

// TestSeatsOfUnequalStay: one seat of a booking expires before the others. A late payment that
// fails because of it immediately releases the others.
func TestSeatsOfUnequalStay(t *testing.T) {
	w := begin(t, 1, 2, 0)
	w.charge("ann", 200)
	first := w.mustBook("ann", "A-1-1")
	w.clock.move(50 * s)
	_, err := w.cancel(first, "ann")
	w.want(err, "ok")
	w.clock.move(30 * s)
	id := w.mustBook("ann", "A-1-1", "A-1-2") // until 2m0s and 2m20s, plus the grace
	w.clock.move(71 * s)
	w.mustBook("bob", "A-1-1")
	_, err = w.pay(id, "ann")
	w.want(err, "hold_expired")
	w.mustBook("bob", "A-1-2")
	w.check(0)
}

// TestOutdatedMaps: an older map lacks claims that have ended, so nothing is chosen from it.
func TestOutdatedMaps(t *testing.T) {
	w := begin(t, 1, 20, 0)
	at := events.Position(1000)
	views := w.views(func(context.Context, events.PerformanceID) ([]byte, events.Position, error) {
		at--
		return make([]byte, 20), at, nil
	})
	views.lags = true
	b := New(w.desk, views)
	defer b.pending.enter("gala")() // a request that chooses throughout
	for _, want := range []string{"ok", ErrOvertaken.Error()} {
		_, err := b.Book(w.ctx(), Book{Origin: w.origin("ann"), PerformanceID: "gala", Holder: "ann", Quantity: 2})
		w.want(err, want)
	}
}

// TestAFailedPaymentIsClosed: a failed payment is closed, also one that failed for lack of money, so that no other node
// can debit it later. Another payment has another id, and is debited.
func TestAFailedPaymentIsClosed(t *testing.T) {
	w := begin(t, 1, 2, 0)
	id := w.mustBook("ann", "A-1-1")
	w.want(w.payOvertaken(Pay{Origin: w.origin("ann"), BookingID: id, By: "ann"}), "insufficient_balance")
	w.charge("ann", 100)
	_, err := w.step(w.ctx(), w.origin("ann"), wallet.Stream("ann"),
		&wallet.Debit{PaymentID: events.NewHoldID(id, 1), Amount: 100})
	w.want(err, "not_held")
	_, err = w.pay(id, "ann")
	w.want(err, "ok")
	if now, _ := w.state(w.ctx(), id); now.Booking.PaymentID != events.NewPaymentID(events.NewHoldID(id, 1), 2) {
		t.Errorf("the second payment is %s, want %s",
			now.Booking.PaymentID, events.NewPaymentID(events.NewHoldID(id, 1), 2))
	}
	w.checkSettled(0)
}
