package product

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

func bank(reference string) events.StreamID { return events.StreamID("payment-bank~" + reference) }

func paidBy(payment events.StreamID, kept int64) (text string) {
	if payment != "" {
		text = " by " + payment.Entity()
	}
	if kept > 0 {
		text += fmt.Sprintf(", %d kept", kept)
	}
	return text
}

func describePayment(fact events.Fact) string {
	switch f := fact.(type) {
	case *events.ProductRetaken:
		return fmt.Sprintf("retaken #%d %s %d at %d, %d left", number(f.ReservationID), f.Holder, f.Quantity, f.Price,
			f.Remaining) + paidBy(f.Payment, 0)
	case *events.ProductPaid:
		return fmt.Sprintf("paid #%d %s %d", number(f.ReservationID), f.Holder, f.Quantity) + paidBy(f.Payment, 0)
	case *events.ProductPaymentFailed:
		return fmt.Sprintf("failed #%d %s %d: %s", number(f.ReservationID), f.Holder, f.Quantity, f.Reason) +
			paidBy(f.Payment, 0)
	}
	return fact.Name()
}

func pay(n int, reference string) *Pay {
	return &Pay{ReservationID: reservationID(n), Payment: bank(reference)}
}

// latePayment pays for an expired reservation of ann's.
func latePayment(n int, reference string, quantity int64) *Pay {
	p := pay(n, reference)
	p.Seen = 99
	p.Ended = &Ended{Holder: "ann", Quantity: quantity, Status: events.ReservationExpired, ExpiresAt: day.Add(60 * s),
		Offer: Offer{Price: 500}}
	return p
}

// latePaymentSeen is a latePayment of two units by a caller who has seen a revision of the product.
func latePaymentSeen(n int, reference string, seen events.Revision) *Pay {
	p := latePayment(n, reference, 2)
	p.Seen = seen
	return p
}

// paymentOfReleased pays for a released reservation of ann's.
func paymentOfReleased(n int, reference string) *Pay {
	p := latePayment(n, reference, 2)
	p.Ended.Status = events.ReservationReleased
	return p
}

// annotateEnded replaces the order data of an expired reservation of ann's.
func annotateEnded(n int, seen events.Revision) *Annotate {
	return &Annotate{ReservationID: reservationID(n), Seen: seen, Ended: latePayment(n, "", 2).Ended,
		Order: events.OrderData{Reference: "r"}}
}

// refundOneThird sets a cancellation policy that refunds a third within ten minutes.
func refundOneThird() *Edit {
	return &Edit{Cancellation: &events.Cancellation{Until: day.Add(600 * s), RefundPercent: 33}}
}

const held = "held #1 ann 2 until 1m0s, 7 left"

var paymentRules = map[string][]attempt{
	"before the deadline": {
		{0, hold(1, "ann", 2), held},
		{60 * s, pay(1, "x"), "confirmed #1 ann 2, 7 left by bank~x"},
		{61 * s, pay(1, "x"), "nothing"},
		{61 * s, pay(1, "y"), "nothing"},
		{61 * s, confirm(1, "ann"), "already_confirmed"},
		{99 * s, release(1, "ann"), "released #1 ann 2 confirmed, 9 left by bank~x"},
		{99 * s, pay(1, "y"), "nothing"},
		{99 * s, hold(1, "bob", 1), "already_exists"},
	},
	"after a sale without payment": {
		{0, reserve(1, "ann", 2), "reserved #1 ann 2, 7 left"},
		{1 * s, pay(1, "x"), "paid #1 ann 2 by bank~x"},
		{1 * s, pay(1, "x"), "nothing"},
		{1 * s, pay(1, "y"), "nothing"},
		{2 * s, release(1, ""), "released #1 ann 2 confirmed, 9 left by bank~x"},
	},
	"after the release": {
		{0, reserve(1, "ann", 2), "reserved #1 ann 2, 7 left"},
		{2 * s, release(1, ""), "released #1 ann 2 confirmed, 9 left"},
		{2 * s, pay(1, "x"), "not_found [resource:reservation]"},
		{2 * s, paymentOfReleased(1, "x"), "nothing"},
		{2 * s, pay(2, "x"), "not_found [resource:reservation]"},
	},
	"after the deadline": {
		{0, hold(1, "ann", 2), held},
		{61 * s, &core.Expire{}, "expired #1 ann 2 at 1m0s: 2, 9 left"},
		{61 * s, pay(1, "x"), "not_found [resource:reservation]"},
		{61 * s, latePayment(1, "x", 2), "retaken #1 ann 2 at 500, 7 left by bank~x; confirmed #1 ann 2, 7 left by bank~x"},
		{61 * s, latePayment(1, "x", 2), "nothing"},
		{61 * s, &core.Expire{}, "nothing"},
		{62 * s, release(1, "ann"), "released #1 ann 2 confirmed, 9 left by bank~x"},
	},
	"late, and beyond the limit": {
		{0, hold(1, "ann", 2), held},
		{61 * s, &core.Expire{}, "expired #1 ann 2 at 1m0s: 2, 9 left"},
		{61 * s, reserve(2, "ann", 3), "reserved #2 ann 3, 6 left"},
		{61 * s, latePayment(1, "x", 2), "failed #1 ann 2: limit_exceeded by bank~x"},
		{61 * s, release(2, ""), "released #2 ann 3 confirmed, 9 left"},
		{61 * s, latePayment(1, "x", 2), "nothing"}, // the payment has failed already
		{61 * s, latePayment(1, "y", 9), "retaken #1 ann 2 at 500, 7 left by bank~y; confirmed #1 ann 2, 7 left by bank~y"},
	},
	"late, and sold out": {
		{0, hold(1, "ann", 2), held},
		{61 * s, &core.Expire{}, "expired #1 ann 2 at 1m0s: 2, 9 left"},
		{61 * s, reserve(2, "bob", 4), "reserved #2 bob 4, 5 left"},
		{61 * s, reserve(3, "cid", 4), "reserved #3 cid 4, 1 left"},
		{61 * s, latePayment(1, "x", 2), "failed #1 ann 2: sold_out by bank~x"},
	},
	"late, after the end of the sale": {
		{0, hold(1, "ann", 2), held},
		{1 * s, closeAfter(100 * s), "edited Lamp to 9 at 500, limit 4, 7 left"},
		{61 * s, &core.Expire{}, "expired #1 ann 2 at 1m0s: 2, 9 left"},
		{100 * s, latePayment(1, "x", 2), "failed #1 ann 2: sale_closed by bank~x"},
	},
	"late, after the order data changed": {
		{0, hold(1, "ann", 2), held},
		{61 * s, &core.Expire{}, "expired #1 ann 2 at 1m0s: 2, 9 left"},
		{61 * s, annotateEnded(1, 2), "product.reservation_annotated.v1"},
		{61 * s, latePaymentSeen(1, "x", 2), "stale_revision [current_revision:3]"},
		{61 * s, latePaymentSeen(1, "x", 3), "retaken #1 ann 2 at 500, 7 left by bank~x; confirmed #1 ann 2, 7 left by bank~x"},
	},
	"partly refunded": {
		{0, refundOneThird(), "edited Lamp to 9 at 500, limit 4, 9 left"},
		{0, hold(1, "ann", 2), held},
		{0, &Edit{Cancellation: &events.Cancellation{}}, "edited Lamp to 9 at 500, limit 4, 7 left"},
		{0, pay(1, "x"), "confirmed #1 ann 2, 7 left by bank~x"},
		{600*s - ns, release(1, "ann"), "released #1 ann 2 confirmed, 9 left by bank~x, 670 kept"},
	},
	"after the end of cancellation": {
		{0, refundOneThird(), "edited Lamp to 9 at 500, limit 4, 9 left"},
		{0, reserve(1, "ann", 2), "reserved #1 ann 2, 7 left"},
		{0, hold(2, "bob", 2), "held #2 bob 2 until 1m0s, 5 left"},
		{0, reserve(3, "cid", 2), "reserved #3 cid 2, 3 left"},
		{1 * s, pay(1, "x"), "paid #1 ann 2 by bank~x"},
		{1 * s, pay(2, "y"), "confirmed #2 bob 2, 3 left by bank~y"},
		{600 * s, release(1, "ann"), "cancellation_closed [until:2026-05-01 10:10:00 +0000 UTC]"},
		{600 * s, release(3, "cid"), "released #3 cid 2 confirmed, 5 left"}, // not paid
		{600 * s, &Release{ReservationID: reservationID(2), Reason: "lift"},
			"released #2 bob 2 confirmed, 7 left by bank~y, 670 kept"},
	},
}

// TestPayments: in each case, each row continues from the previous one, at its time.
func TestPayments(t *testing.T) {
	for name, attempts := range paymentRules {
		t.Run(name, func(t *testing.T) {
			p := New()
			coretest.Do(p, create(9, 4), day, describeFact)
			for i, a := range attempts {
				p = coretest.RoundTrip(t, p.Freeze(), New)
				if got := coretest.Do(p, a.cmd, day.Add(a.at), describeFact); got != a.want {
					t.Fatalf("row %d: %T at %v\n gives %s\n  want %s", i+1, a.cmd, a.at, got, a.want)
				}
			}
			coretest.RequireTruncatedSnapshotsRefused(t, p, New)
		})
	}
}

// TestCost checks that a cost that would overflow is the largest integer.
func TestCost(t *testing.T) {
	expensive := Offer{Price: math.MaxInt64 / 4}
	for quantity, want := range map[int64]int64{4: math.MaxInt64 / 4 * 4, 5: math.MaxInt64, MaxStock: math.MaxInt64} {
		if got := expensive.Cost(quantity); got != want {
			t.Errorf("Cost(%d) = %d, want %d", quantity, got, want)
		}
	}
	free := Offer{}
	if free.Cost(9) != 0 || free.Refund(9) != 0 {
		t.Errorf("free offer: Cost(9) = %d, Refund(9) = %d, want 0, 0", free.Cost(9), free.Refund(9))
	}
}

// TestRandomPayments runs random commands. It checks that each payment has one outcome and pays for one
// reservation at most, that nothing is oversold, and that a replayed or restored product is equal.
func TestRandomPayments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, now := New().(*Product), day
		var log []events.Fact
		ended := map[events.ID]Ended{} // as the views have them
		orders := map[events.ID]events.Revision{}
		outcome := map[events.StreamID]string{}
		owner := map[events.ID]events.StreamID{}
		reserved := 0
		do := func(cmd core.Command) {
			facts, _ := p.Decide(cmd, now)
			for _, fact := range facts {
				at := events.Revision(len(log))
				p.Evolve(fact)
				log = append(log, fact)
				track(t, fact, at, p, ended, orders, outcome, owner)
			}
		}
		do(create(9, 4))
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, 7 * s, 30 * s, 60 * s}).Draw(t, "wait"))
			do(&core.Expire{})
			n := rapid.IntRange(0, reserved).Draw(t, "reservation")
			payment := pay(n, rapid.SampledFrom([]string{"u", "v", "w", "x", "y", "z"}).Draw(t, "reference"))
			switch rapid.IntRange(0, 7).Draw(t, "kind") {
			case 0, 1:
				reserved++
				do(&Reserve{ReservationID: reservationID(reserved),
					Holder:   rapid.SampledFrom([]events.Holder{"ann", "bob"}).Draw(t, "holder"),
					Quantity: rapid.Int64Range(1, 3).Draw(t, "quantity"), Hold: rapid.Bool().Draw(t, "hold")})
			case 2:
				do(release(n, ""))
			case 3:
				price := rapid.Int64Range(0, 3).Draw(t, "price")
				do(&Edit{Price: &price})
			case 4:
				if view, ok := ended[reservationID(n)]; ok {
					do(&Annotate{ReservationID: reservationID(n), Seen: p.facts - 1, Ended: &view,
						Order: events.OrderData{Reference: "r"}})
				}
			default:
				if view, ok := ended[reservationID(n)]; ok {
					payment.Ended, payment.Seen = &view, p.facts-1
				}
				if _, used := outcome[payment.Payment]; used && owner[reservationID(n)] != payment.Payment {
					break // a reference pays for one reservation
				}
				do(payment)
			}
			if p.Remaining() < 0 || p.latest.Stock != p.Remaining()+p.held+p.sold {
				t.Fatalf("product = %+v, want stock = remaining + held + sold", stateOf(p))
			}
		}
		if want, got := stateOf(p), stateOf(replay(log)); !reflect.DeepEqual(want, got) {
			t.Fatalf("replayed: %+v, want %+v", got, want)
		}
		if got := stateOf(coretest.RoundTrip(t, p.Freeze(), New).(*Product)); !reflect.DeepEqual(stateOf(p), got) {
			t.Fatalf("restored: %+v, want %+v", got, stateOf(p))
		}
	})
}

// track tracks the ended reservations as the views would have them, and the outcome of each payment.
func track(t *rapid.T, fact events.Fact, at events.Revision, p *Product, ended map[events.ID]Ended,
	orders map[events.ID]events.Revision, outcome map[events.StreamID]string, owner map[events.ID]events.StreamID) {
	recordOutcome := func(name events.ReservationID, payment events.StreamID, result string) {
		if payment == "" {
			return
		}
		id := mustParse(name)
		if before := outcome[payment]; before != "" || result == "paid" && owner[id] != "" {
			t.Fatalf("%s by payment %s: its outcome was %q and the reservation was paid by %q, want neither", describeFact(fact),
				payment, before, owner[id])
		}
		if outcome[payment] = result; result == "paid" {
			owner[id] = payment
		}
	}
	end := func(name events.ReservationID, holder events.Holder, quantity int64, status events.ReservationStatus,
		expires time.Time) {
		id := mustParse(name)
		ended[id] = Ended{Holder: holder, Quantity: quantity, Status: status, ExpiresAt: expires, OrderRevision: orders[id]}
	}
	switch f := fact.(type) {
	case *events.ProductConfirmed:
		recordOutcome(f.ReservationID, f.Payment, "paid")
	case *events.ProductPaid:
		recordOutcome(f.ReservationID, f.Payment, "paid")
	case *events.ProductPaymentFailed:
		recordOutcome(f.ReservationID, f.Payment, "failed")
	case *events.ProductRetaken:
		if id := mustParse(f.ReservationID); f.OrderRevision != orders[id] {
			t.Fatalf("%s names the order data of revision %d, want %d", describeFact(fact), f.OrderRevision, orders[id])
		}
		delete(ended, mustParse(f.ReservationID))
	case *events.ProductReleased:
		if f.Payment != owner[mustParse(f.ReservationID)] {
			t.Fatalf("%s, want it to name the payment %q", describeFact(fact), owner[mustParse(f.ReservationID)])
		}
		end(f.ReservationID, f.Holder, f.Quantity, events.ReservationReleased, time.Time{})
	case *events.ProductExpired:
		for _, h := range f.Expired {
			end(h.ReservationID, h.Holder, h.Quantity, events.ReservationExpired, h.ExpiresAt)
		}
	case *events.ProductReservationAnnotated:
		id := mustParse(f.ReservationID)
		orders[id] = at
		if view, ok := ended[id]; ok {
			view.OrderRevision = at
			ended[id] = view
		}
	}
	if known := slices.Collect(maps.Keys(owner)); p.payments == nil && len(known) > 0 {
		t.Fatalf("the product has no payment records, want those of reservations %v", known)
	}
}
