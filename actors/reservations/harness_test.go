package reservations

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	money "admitone/actors/payment"
	"admitone/actors/product"
	"admitone/events"
	"admitone/events/embedded"
)

var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

const s = time.Second

// harness is a log with a product of 9 units at 100, held for a minute, at most 4 per holder.
type harness struct {
	testing.TB
	*Reservations
	store    events.Store
	desk     *actors.Desk
	nanos    atomic.Int64 // since day
	reserved int          // reservations so far
}

func newHarness(t testing.TB) *harness {
	t.Helper()
	store, err := embedded.Open(t.TempDir(), embedded.Options{Logger: slog.New(slog.DiscardHandler),
		Fatal: func(err error) { panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w := &harness{TB: t, store: store}
	w.restart()
	w.ask(product.Stream("tee"), &product.Create{ID: "tee", Name: "Tee", Stock: 9, Price: 100, LimitPerHolder: 4,
		HoldSeconds: 60})
	return w
}

// restart replaces the desk by a new one, which reads the whole log again.
func (w *harness) restart() {
	w.Helper()
	engine, err := actors.NewEngine()
	if err != nil {
		w.Fatal(err)
	}
	if w.desk != nil {
		w.close(w.desk)
	}
	w.desk = actors.NewDesk(engine, actors.Config{Store: w.store, Kinds: []core.Kind{product.Kind, money.Kind},
		Now:    func() time.Time { return day.Add(time.Duration(w.nanos.Load())) },
		Logger: slog.New(slog.DiscardHandler), AppendTimeout: time.Minute})
	desk := w.desk
	w.Cleanup(func() { w.close(desk) })
	w.Reservations = New(w.desk, w)
}

func (w *harness) close(desk *actors.Desk) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := desk.Close(ctx); err != nil {
		w.Error(err)
	}
}

// advance advances the clock, and lets the product's deadlines expire.
func (w *harness) advance(d time.Duration) {
	w.Helper()
	w.nanos.Add(int64(d))
	if _, err := w.desk.Wake(w.Context(), product.Stream("tee")); err != nil {
		w.Fatal(err)
	}
}

func request() actors.Request {
	id := actors.NewCommandID()
	return actors.Request{ID: id, CorrelationID: string(id), CausationID: string(id), Actor: "shop"}
}

// ask executes a command, which must be accepted.
func (w *harness) ask(stream events.StreamID, command core.Command) actors.Answer {
	w.Helper()
	r := request()
	r.Stream, r.Command = stream, command
	answer, err := w.desk.Ask(w.Context(), r)
	if err != nil {
		w.Fatal(err)
	}
	return answer
}

// reserve makes a reservation.
func (w *harness) reserve(holder events.Holder, quantity int64, hold bool) events.ID {
	w.Helper()
	w.reserved++
	id := events.ID{14: byte(w.reserved >> 8), 15: byte(w.reserved)}
	w.ask(product.Stream("tee"), &product.Reserve{ReservationID: id, Holder: holder, Quantity: quantity, Hold: hold})
	return id
}

// release releases a reservation as a request of the API does: the product decides, and then the refund is owed.
func (w *harness) release(id events.ID) error {
	w.Helper()
	for _, fact := range w.ask(product.Stream("tee"), &product.Release{ReservationID: id}).Facts {
		if f := fact.(*events.ProductReleased); f.Payment != "" {
			return w.Resume(w.Context(), request(), f.Payment)
		}
	}
	return nil
}

func (w *harness) report(id events.ID, reference string, amount int64, final bool) (Answer, error) {
	return w.Report(w.Context(), Report{Request: request(), ProductID: "tee", ReservationID: id, Provider: "bank",
		Reference: reference, Amount: amount, Currency: "EUR", Final: final, LogCurrency: "EUR"})
}

// Ended implements [Views] by reading the whole log.
func (w *harness) Ended(_ context.Context, of events.PaymentSubject, _ events.Position) (*product.Ended, error) {
	var offer product.Offer
	var reservation, ended *product.Ended
	for e, err := range events.All(context.Background(), w.store, 0) {
		if err != nil {
			return nil, err
		}
		fact, err := e.Decode()
		if err != nil {
			return nil, err
		}
		switch f := fact.(type) {
		case *events.ProductCreated:
			offer = product.Offer{Price: f.Price, Cancellation: f.Cancellation}
		case *events.ProductEdited:
			offer = product.Offer{Price: f.Price, Cancellation: f.Cancellation}
		case *events.ProductReserved:
			if f.ReservationID == of.ReservationID {
				reservation = &product.Ended{Holder: f.Holder, Quantity: f.Quantity, Offer: offer}
			}
		case *events.ProductHeld:
			if f.ReservationID == of.ReservationID {
				reservation = &product.Ended{Holder: f.Holder, Quantity: f.Quantity, Offer: offer, ExpiresAt: f.ExpiresAt}
			}
		case *events.ProductReservationCancelled:
			if f.ReservationID == of.ReservationID {
				reservation.Status, ended = events.ReservationCancelled, reservation
			}
		case *events.ProductReleased:
			if f.ReservationID == of.ReservationID {
				reservation.Status, ended = events.ReservationReleased, reservation
			}
		case *events.ProductExpired:
			for i := range f.Expired {
				if f.Expired[i].ReservationID == of.ReservationID {
					reservation.Status, ended = events.ReservationExpired, reservation
				}
			}
		case *events.ProductRetaken:
			if f.ReservationID == of.ReservationID {
				ended = nil
			}
		}
	}
	return ended, nil
}

// payments returns all payments in the log.
func (w *harness) payments() map[events.StreamID]money.State {
	w.Helper()
	cores := map[events.StreamID]*money.Payment{}
	for e, err := range events.All(context.Background(), w.store, 0) {
		if err != nil {
			w.Fatal(err)
		}
		if e.Stream.Category() != events.PaymentCategory {
			continue
		}
		fact, err := e.Decode()
		if err != nil {
			w.Fatal(err)
		}
		if cores[e.Stream] == nil {
			cores[e.Stream] = money.New().(*money.Payment)
		}
		cores[e.Stream].Evolve(fact)
	}
	all := map[events.StreamID]money.State{}
	for stream, c := range cores {
		all[stream] = c.State()
	}
	return all
}

// checkSettled checks that no payment is open, and that a booked payment belongs to a reservation that
// owns units.
func (w *harness) checkSettled() {
	w.Helper()
	for stream, p := range w.payments() {
		id, err := events.ParseID(string(p.Received.ReservationID))
		if err != nil {
			w.Fatal(err)
		}
		var m product.PaymentRecord
		if _, err := w.desk.View(w.Context(), product.Stream("tee"), func(c core.Core) {
			m, _ = c.(*product.Product).PaymentRecord(id)
		}); err != nil {
			w.Fatal(err)
		}
		cost := m.Cost(m.Quantity)
		switch paid := m.PaidBy == stream; {
		case p.Open > 0, p.Received.Amount != p.Booked+p.Kept+p.Refunded+p.Owed:
			w.Errorf("payment %s = %+v, want nothing open, and parts that add up to the amount received", stream, p)
		case p.Paid != paid, (p.Booked > 0) != (paid && !m.Released), p.Booked > 0 && p.Booked != cost:
			w.Errorf("payment %s = %+v, want it to agree with the product: paid by it %t, released %t, cost %d", stream, p, paid,
				m.Released, cost)
		case paid && m.Released && (p.Kept != m.Kept || p.Owed+p.Refunded != cost-m.Kept):
			w.Errorf("payment %s: kept %d, want %d; owed %d and refunded %d, want %d together", stream, p.Kept, m.Kept, p.Owed,
				p.Refunded, cost-m.Kept)
		}
	}
}

// crashingDesk is the desk of a process that crashes after a number of appends.
type crashingDesk struct {
	actors.Dispatcher
	mu          sync.Mutex
	appendsLeft int  // guarded by mu
	crashed     bool // guarded by mu
}

var errCrashed = errors.New("the process has crashed")

// Ask executes a command, or fails after the crash.
func (d *crashingDesk) Ask(ctx context.Context, r actors.Request) (actors.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.crashed = d.crashed || d.appendsLeft == 0; d.crashed {
		return actors.Answer{}, errCrashed
	}
	answer, err := d.Dispatcher.Ask(ctx, r)
	if len(answer.Facts) > 0 && !answer.Replayed {
		d.appendsLeft--
	}
	return answer, err
}
