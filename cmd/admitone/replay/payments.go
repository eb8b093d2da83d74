package replay

import (
	"slices"

	"admitone/actors/product"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
	"admitone/projections/demand"
)

// recordedMoney has the external payments in the log.
type recordedMoney struct {
	received map[events.StreamID]events.PaymentSubject
	outcomes map[events.StreamID]string // named as in the API, "" for an open outcome
	// reservations has those that external payments paid for, in time or late.
	reservations map[events.ReservationID]bool
}

func newMoney() recordedMoney {
	return recordedMoney{received: map[events.StreamID]events.PaymentSubject{}, outcomes: map[events.StreamID]string{},
		reservations: map[events.ReservationID]bool{}}
}

const outcomeBooked, outcomeOwed = "booked", "refund_owed"

// record records the outcome of a payment.
func (m *recordedMoney) record(e *events.Recorded) {
	switch e.Type {
	case (&events.PaymentBooked{}).Name():
		m.outcomes[e.Stream] = outcomeBooked
	case (&events.PaymentOwed{}).Name():
		m.outcomes[e.Stream] = outcomeOwed
	}
}

// markPaidLate records the bookings and reservations that external payments paid for. If the payment
// was late, they stay held on the target until then.
func (p *runner) markPaidLate() {
	for stream, of := range p.money.received {
		if p.money.outcomes[stream] != outcomeBooked {
			continue
		}
		if b := p.bookings[string(of.BookingID)]; b != nil {
			b.paidLate = true
		}
		if of.ReservationID != "" {
			p.money.reservations[of.ReservationID] = true
		}
	}
}

// dropPaid removes reservations with an external payment from the expired ones in a fact.
func (p *runner) dropPaid(intent *demand.Request) {
	if f, ok := intent.Fact.(*events.ProductExpired); ok {
		f.Expired = slices.DeleteFunc(f.Expired, func(hold events.ExpiredHold) bool {
			return p.money.reservations[hold.ReservationID]
		})
	}
}

// paymentRequests returns the report of an external payment. It is final, so that a wrong amount is accepted too.
func (p *runner) paymentRequests(intent *demand.Request) (all []*kinds.Request, leftOut string) {
	f, ok := intent.Fact.(*events.PaymentReceived)
	if !ok {
		return nil, skipOther
	}
	path := "/v1/products/" + string(f.ProductID) + "/reservations/<" + string(f.ReservationID) + ">/confirm"
	needs := []kinds.Need{kinds.On(product.Stream(f.ProductID), kinds.Shared), kinds.OnReservation(f.ReservationID)}
	if f.BookingID != "" {
		b := p.bookings[string(f.BookingID)]
		if b == nil {
			return nil, skipUnknownBooking
		}
		path, needs = "/v1/bookings/<"+b.id+">/payment", b.needsWithMoney()
	}
	body := map[string]any{"method": "external", "provider": f.Provider, "reference": f.Reference,
		"amount": f.Amount, "currency": f.Currency, "final": true}
	r := kinds.Post(path, body, append(needs, kinds.On(intent.Stream, kinds.Exclusive))...)
	r.Outcome = p.money.outcomes[intent.Stream]
	return []*kinds.Request{r}, ""
}
