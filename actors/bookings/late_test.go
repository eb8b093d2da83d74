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

// gatedDesk blocks the first of the selected commands until it is opened.
type gatedDesk struct {
	actors.Dispatcher
	blocks  func(core.Command) bool
	first   sync.Once
	reached chan struct{} // closed when the command arrives
	open    chan struct{} // closed by the test
}

// Ask blocks the selected command.
func (g *gatedDesk) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	if g.blocks(request.Command) {
		kept := false
		g.first.Do(func() { kept = true }) // several seats may be requested concurrently
		if kept {
			close(g.reached)
			<-g.open
		}
	}
	return g.Dispatcher.Ask(ctx, request)
}

// interleave runs act on another node, blocks it at the first of the selected commands, calls meanwhile, and lets
// act continue.
func (w *harness) interleave(keeps func(core.Command) bool, act func() error, meanwhile func()) error {
	w.Helper()
	g := &gatedDesk{blocks: keeps, reached: make(chan struct{}), open: make(chan struct{})}
	gated := &harness{TB: w.TB, store: w.store, desk: w.desk, clock: w.clock, gala: w.gala, log: newHistory()}
	gated.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher {
		g.Dispatcher = desk
		return g
	})
	own := w.Bookings
	w.Bookings = gated.Bookings // for act; in effect another node
	result := make(chan error, 1)
	go func() { result <- act() }()
	select {
	case <-g.reached:
	case err := <-result:
		w.Fatalf("got result %v before the blocked command, want the command", err)
	}
	w.Bookings = own
	meanwhile()
	close(g.open)
	return <-result
}

func is[T core.Command](cmd core.Command) bool {
	_, ok := cmd.(T)
	return ok
}

// loseSeatToBob lets everything expire, and makes bob pay for ann's seat.
func (w *harness) loseSeatToBob() (bookingID events.BookingID) {
	w.Helper()
	w.clock.move(91 * s)
	w.expireDue()
	w.charge("bob", 100)
	id := w.mustBook("bob", "A-1-1")
	_, err := w.pay(id, "bob")
	w.want(err, "ok")
	return id
}

// checkBob checks that bob has kept his seat and was debited once.
func (w *harness) checkBob(id events.BookingID) {
	w.Helper()
	h := w.check(0)
	if b := h.bookings[id].State(); b.Status != events.BookingIsBooked || h.wallets["bob"].Balance() != 0 {
		w.Errorf("got booking %+v, balance %d of bob; want it booked, 0", b, h.wallets["bob"].Balance())
	}
}

// TestDelayedCommandsDoNotAffectTheNextHolder delays one of ann's commands until her deadline has passed and bob has
// paid for the seat.
func TestDelayedCommandsDoNotAffectTheNextHolder(t *testing.T) {
	pay := func(w *harness, id events.BookingID) error { _, err := w.pay(id, "ann"); return err }
	for _, test := range []struct {
		name  string
		keeps func(core.Command) bool
		act   func(w *harness, id events.BookingID) error
		code  string
		facts string // the facts after bob's payment
	}{
		{"debit of a payment", is[*wallet.Debit], pay, "hold_expired",
			"wallet.debited.v1 wallet.refunded.v1 booking.payment_failed.v1"},
		{"seat of a payment", is[*seat.Book], pay, "hold_expired",
			"wallet.refunded.v1 booking.payment_failed.v1"},
		{"seat of a release", is[*seat.Release], func(w *harness, id events.BookingID) error { _, err := w.cancel(id, "ann"); return err }, "ok", ""},
		{"seat of an extension", is[*seat.Extend], func(w *harness, id events.BookingID) error { _, err := w.extend(id, "ann"); return err }, "hold_expired", ""},
		{"end of a failed payment", is[*booking.FailPayment], func(w *harness, id events.BookingID) error {
			w.must(w.step(w.ctx(), w.origin("ann"), wallet.Stream("ann"), &wallet.Debit{PaymentID: "else.1", Amount: 100}))
			return w.payOvertaken(Pay{Origin: w.origin("ann"), BookingID: id, By: "ann"})
		}, "insufficient_balance", "booking.payment_failed.v1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newHarness(t, 1, 2, 0)
			w.charge("ann", 100)
			id, bobs, before := w.mustBook("ann", "A-1-1"), events.BookingID(""), 0
			err := w.interleave(test.keeps, func() error { return test.act(w, id) }, func() {
				bobs = w.loseSeatToBob()
				before = len(w.read().names)
			})
			w.want(err, test.code)
			if got := w.factsSince(before); got != test.facts {
				t.Errorf("got facts %q, want %q", got, test.facts)
			}
			w.resume()
			if test.name != "end of a failed payment" { // her money was spent elsewhere
				w.checkBob(bobs)
			}
			if h := w.read(); h.bookings[bobs].State().Status != events.BookingIsBooked {
				t.Errorf("got booking %+v of bob, want it unchanged", h.bookings[bobs].State())
			}
		})
	}
}

// TestDelayedReleaseOfAFailedGroup checks that a delayed release by a refused request does not affect the
// next holder.
func TestDelayedReleaseOfAFailedGroup(t *testing.T) {
	w := newHarness(t, 1, 2, 0)
	w.mustBook("cid", "A-1-2")
	bobs := events.BookingID("")
	err := w.interleave(is[*seat.Release], func() error {
		w.chooseFromEmptyMap()
		_, err := w.best("ann", 2)
		return err
	}, func() { bobs = w.loseSeatToBob() })
	w.want(err, "sold_out")
	w.checkBob(bobs)
}

// TestDelayedTimer checks that a delayed timer of a seat does not affect the next hold.
func TestDelayedTimer(t *testing.T) {
	w := newHarness(t, 1, 2, 0)
	w.mustBook("ann", "A-1-1")
	w.clock.move(91 * s)
	before := len(w.read().names)
	bobs := w.mustBook("bob", "A-1-1") // before any timer: the seat itself expires ann's hold
	if got, want := w.factsSince(before), "seat.expired.v1 seat.held.v1 booking.held.v1"; got != want {
		t.Errorf("got facts %s, want %s", got, want)
	}
	for range 3 {
		next, err := w.desk.Wake(w.ctx(), seat.Stream("gala", "A-1-1"))
		if want := day.Add(181 * s); err != nil || !next.Equal(want) {
			t.Errorf("Wake: got next deadline %v, %v; want %v", next, err, want)
		}
	}
	w.expireDue()
	w.resume()
	if h := w.check(0); h.bookings[bobs].State().Status != events.BookingIsHeld {
		t.Errorf("got booking %+v of bob, want it unchanged", h.bookings[bobs].State())
	}
}

// TestConcurrentExpiryAndPayment checks that money and seats agree if a booking is paid and expires at the
// same time.
func TestConcurrentExpiryAndPayment(t *testing.T) {
	for name, at := range map[string]time.Duration{"at the deadline": 60 * s, "after it": 60*s + 1} {
		t.Run(name, func(t *testing.T) {
			w := newHarness(t, 1, 6, 0)
			w.charge("ann", 100)
			id := w.mustBook("ann", "A-1-1")
			w.clock.move(at)
			got := runConcurrently(3, func(i int) error {
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
			w.expireDue()
			w.resume()
			if b := w.checkSettled(0).bookings[id].State(); b.Status != events.BookingIsBooked || b.Late != (at > 60*s) {
				t.Errorf("got booking %+v, want Status %v, Late %v", b, events.BookingIsBooked, at > 60*s)
			}
		})
	}
}

// TestCallerStopsWaiting checks that the steps continue after the caller has stopped waiting, and that Wait
// waits for them.
func TestCallerStopsWaiting(t *testing.T) {
	w := newHarness(t, 1, 2, 0)
	w.charge("ann", 100)
	id := w.mustBook("ann", "A-1-1")
	ctx, cancel := context.WithCancel(w.ctx())
	g := &gatedDesk{Dispatcher: w.desk, blocks: is[*wallet.Debit], reached: make(chan struct{}), open: make(chan struct{})}
	w.wrapDesk(func(actors.Dispatcher) actors.Dispatcher { return g })
	result := make(chan error, 1)
	go func() {
		_, err := w.Pay(ctx, Pay{Origin: w.origin("ann"), BookingID: id, By: "ann"})
		result <- err
	}()
	<-g.reached
	cancel()
	if err := <-result; code(err) != context.Canceled.Error() {
		t.Errorf("got %v, want %v", err, context.Canceled.Error())
	}
	close(g.open)
	w.Wait()
	if got := w.factsSince(3); !strings.HasSuffix(got, "wallet.debited.v1 seat.booked.v1 booking.booked.v1") {
		t.Errorf("got facts %s, want a completed payment", got)
	}
	w.checkSettled(0)
}

// TestUnreadableMap checks that a refusal does not need the seat map, and that a choice fails without it.
func TestUnreadableMap(t *testing.T) {
	w := newHarness(t, 1, 3, 0)
	w.mustBook("bob", "A-1-1")
	views := w.views(func(context.Context, events.PerformanceID) ([]byte, events.Position, error) {
		return nil, 0, errCrashed
	})
	views.lags = true
	b := New(w.desk, views)
	_, err := b.Book(
		w.ctx(),
		Book{Origin: w.origin("ann"), PerformanceID: "gala", Holder: "ann", Seats: []events.SeatName{"A-1-1"}},
	)
	if w.want(err, "seat_taken"); len(fields(err)["alternatives"].([][]events.SeatName)) != 0 {
		t.Errorf("got fields %v, want no alternatives", fields(err))
	}
	_, err = b.Book(w.ctx(), Book{Origin: w.origin("ann"), PerformanceID: "gala", Holder: "ann", Quantity: 1})
	w.want(err, errCrashed.Error())
}

// TestPanicBecomesAnError checks that a panic becomes an error and leaves nothing locked.
func TestPanicBecomesAnError(t *testing.T) {
	w := newHarness(t, 1, 3, 0)
	w.maps.views = w.views(
		func(context.Context, events.PerformanceID) ([]byte, events.Position, error) { panic("no map") },
	)
	for range 2 {
		_, err := w.Book(w.ctx(), Book{Origin: w.keyed("ann", "k", ""), PerformanceID: "gala", Holder: "ann", Quantity: 1})
		if !errors.Is(err, actors.ErrBroken) || !strings.Contains(err.Error(), "no map") {
			t.Errorf("got %v, want ErrBroken with the text of the panic", err)
		}
	}
	w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher { return panickingDesk{desk} })
	for range 2 { // the second does not wait for the first
		if _, err := w.best("ann", 3); !errors.Is(err, actors.ErrBroken) {
			t.Errorf("got %v, want %v", err, actors.ErrBroken)
		}
	}
	if _, err := w.book("ann", "A-1-1", "A-1-2"); !errors.Is(err, actors.ErrBroken) {
		t.Errorf("got %v, want %v", err, actors.ErrBroken)
	}
}

// panickingDesk is a desk whose Ask panics.
type panickingDesk struct{ actors.Dispatcher }

// Ask panics.
func (panickingDesk) Ask(context.Context, actors.Request) (actors.Answer, error) { panic("no desk") }

// TestLaggingMap checks that a request for best seats is refused with sold_out only according to a map that
// has caught up.
func TestLaggingMap(t *testing.T) {
	w := newHarness(t, 1, 20, 0)
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
		t.Errorf("got %d reads of the wrong map, %v remaining; want 1, %v", maps, remaining, int64(1))
	}
	w.check(0)
}

// TestGrace checks that a payment which starts at the last moment has Grace to book the seats, also after an
// extension.
func TestGrace(t *testing.T) {
	for _, extended := range []bool{false, true} {
		for after, want := range map[time.Duration]string{seat.Grace: "ok", seat.Grace + 1: "hold_expired"} {
			t.Run(fmt.Sprintf("extended %t, %v later", extended, after), func(t *testing.T) {
				w := newHarness(t, 1, 2, 2)
				w.charge("ann", 200)
				id := w.mustBook("ann", "A-1-1", "A-1-2")
				w.clock.move(60 * s)
				if extended {
					_, err := w.extend(id, "ann")
					w.want(err, "ok")
					w.clock.move(60 * s)
				}
				err := w.interleave(is[*wallet.Debit], func() error { _, err := w.pay(id, "ann"); return err }, func() {
					w.clock.move(after)
					w.expireDue()
				})
				w.want(err, want)
				w.clock.move(time.Hour)
				w.expireDue()
				w.checkSettled(2)
			})
		}
	}
}

// TestSeatsWithDifferentDeadlines has one seat of a booking expire before the others. A late payment that fails
// because of it must release the others immediately.
func TestSeatsWithDifferentDeadlines(t *testing.T) {
	w := newHarness(t, 1, 2, 0)
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

// TestOutdatedMaps checks that no seats are chosen from a map that is older than one chosen from before.
func TestOutdatedMaps(t *testing.T) {
	w := newHarness(t, 1, 20, 0)
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

// TestFailedPaymentIsClosed checks that no node can debit a failed payment later, even if it failed because
// of the balance, and that the next payment has a different id.
func TestFailedPaymentIsClosed(t *testing.T) {
	w := newHarness(t, 1, 2, 0)
	id := w.mustBook("ann", "A-1-1")
	w.want(w.payOvertaken(Pay{Origin: w.origin("ann"), BookingID: id, By: "ann"}), "insufficient_balance")
	w.charge("ann", 100)
	_, err := w.step(w.ctx(), w.origin("ann"), wallet.Stream("ann"),
		&wallet.Debit{PaymentID: events.NewHoldID(id, 1), Amount: 100})
	w.want(err, "not_held")
	_, err = w.pay(id, "ann")
	w.want(err, "ok")
	if now, _ := w.state(w.ctx(), id); now.Booking.PaymentID != events.NewPaymentID(events.NewHoldID(id, 1), 2) {
		t.Errorf("second payment: got id %s, want %s",
			now.Booking.PaymentID, events.NewPaymentID(events.NewHoldID(id, 1), 2))
	}
	w.checkSettled(0)
}
