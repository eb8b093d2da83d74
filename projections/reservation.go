package projections

import (
	"time"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/row"
)

// reservations stores all reservations, by product and id. Ids ascend with time, so each product's reservations are
// approximately in the order of creation.
//
// A sale without a hold writes one record and reads none. The changes of an event are first planned and then
// applied, so that an event whose reservation can't be read changes nothing.
type reservations struct {
	*records[row.Reservation]
	// byReference has the key in records of each reservation, by each reference that the reservation has or had and
	// the position at which it was created.
	byReference *records[string]
	planned     []reservationChange // reused for every event
	spare       []newReservation    // allocated for the next reservations
}

// newReservation is a reservation with room for its first step, so that both are one allocation.
type newReservation struct {
	row.Reservation
	first [1]row.ReservationStep
}

// reservationBatch is the number of reservations allocated together. They can be freed together too, because
// each flush drops the reservations in memory.
const reservationBatch = 16

// reservationChange is a reservation before and after an event; before is nil for a new one.
type reservationChange struct{ before, after *row.Reservation }

func newReservations(p *Projections) *reservations {
	return &reservations{
		records: newRecords(p, "reservation", row.AppendReservation, row.DecodeReservation),
		byReference: newRecords(p, "reservation-reference",
			func(dst []byte, key *string) []byte { return append(dst, *key...) }, decodeText),
	}
}

func (v *reservations) flush(b *pebble.Batch) error {
	if err := v.records.flush(b); err != nil {
		return err
	}
	return v.byReference.flush(b)
}

func (v *reservations) reset() {
	v.records.reset()
	v.byReference.reset()
}

// plan plans the changes of a fact; of is the product before the fact.
func (v *reservations) plan(of *row.Product, e *events.Recorded, fact events.Fact) error {
	product := of.ID
	v.planned = v.planned[:0]
	step := row.ReservationStep{Revision: e.Revision, Position: e.Position}
	switch f := fact.(type) {
	case *events.ProductReserved:
		step.Status, step.Remaining = events.ReservationConfirmed, f.Remaining
		v.planNew(of, e, f.ReservationID, f.Holder, f.Quantity, time.Time{}, step, &f.OrderData)
	case *events.ProductHeld:
		step.Status, step.Remaining = events.ReservationHeld, f.Remaining
		v.planNew(of, e, f.ReservationID, f.Holder, f.Quantity, f.ExpiresAt, step, &f.OrderData)
	case *events.ProductConfirmed:
		step.Status, step.Remaining = events.ReservationConfirmed, f.Remaining
		err := v.planStep(product, f.ReservationID, f.Holder, f.Quantity, step)
		if err == nil && f.Payment != "" {
			v.planned[0].after.PaidBy = f.Payment
		}
		return err
	case *events.ProductRetaken:
		step.Status, step.Remaining = events.ReservationHeld, f.Remaining
		return v.planStep(product, f.ReservationID, f.Holder, f.Quantity, step)
	case *events.ProductPaid:
		step.Status, step.Remaining = events.ReservationConfirmed, f.Remaining
		err := v.planStep(product, f.ReservationID, f.Holder, f.Quantity, step)
		if err == nil {
			v.planned[0].after.PaidBy = f.Payment
		}
		return err
	case *events.ProductReleased:
		step.Status, step.Remaining = events.ReservationReleased, f.Remaining
		err := v.planStep(product, f.ReservationID, f.Holder, f.Quantity, step)
		if err == nil {
			v.planned[0].after.Kept = f.Kept
		}
		return err
	case *events.ProductReservationCancelled:
		step.Status, step.Remaining = events.ReservationCancelled, f.Remaining
		return v.planStep(product, f.ReservationID, f.Holder, f.Quantity, step)
	case *events.ProductExpired:
		step.Status, step.Remaining = events.ReservationExpired, f.Remaining
		for i := range f.Expired {
			h := &f.Expired[i]
			if err := v.planStep(product, h.ReservationID, h.Holder, h.Quantity, step); err != nil {
				return err
			}
			v.planned[len(v.planned)-1].after.Deadline = h.ExpiresAt.UTC()
		}
	case *events.ProductReservationAnnotated:
		before, ok, err := v.find(ownedKey(string(product), string(f.ReservationID)))
		if err != nil || !ok {
			return err
		}
		before.ID, before.ProductID = f.ReservationID, product
		v.planned = append(v.planned, reservationChange{&before, before.WithOrder(e, f.OrderData)})
	}
	return nil
}

func (v *reservations) planNew(of *row.Product, e *events.Recorded, id events.ReservationID,
	holder events.Holder, quantity int64, deadline time.Time, step row.ReservationStep, order *events.OrderData) {
	if len(v.spare) == 0 {
		v.spare = make([]newReservation, reservationBatch)
	}
	allocated := &v.spare[0]
	v.spare = v.spare[1:]
	created := &allocated.Reservation
	allocated.first[0] = step
	*created = row.Reservation{ID: id, ProductID: of.ID, Holder: holder, Quantity: quantity, Deadline: deadline.UTC(),
		Price: of.Price, Cancellation: of.Cancellation, // facts may omit them
		Steps: allocated.first[:]}
	if !order.IsZero() {
		created = created.WithOrder(e, *order)
	}
	v.planned = append(v.planned, reservationChange{nil, created})
}

func (v *reservations) planStep(product events.ProductID, id events.ReservationID, holder events.Holder,
	quantity int64, step row.ReservationStep) error {
	before, ok, err := v.find(ownedKey(string(product), string(id)))
	if err != nil {
		return err
	}
	if !ok { // the first fact is missing only in a damaged log, which is reported elsewhere
		before = row.Reservation{Holder: holder, Quantity: quantity}
	}
	before.ID, before.ProductID = id, product
	v.planned = append(v.planned, reservationChange{&before, before.With(step)})
	return nil
}

// apply applies the plan, and returns the number of changed records.
func (v *reservations) apply() (work int) {
	for i := range v.planned {
		c := &v.planned[i]
		key := ownedKey(string(c.after.ProductID), string(c.after.ID))
		v.set(key, c.after)
		work++
		was := ""
		if c.before != nil {
			was = c.before.Order.Reference
		}
		if now := c.after.Order.Reference; now != was && now != "" {
			v.byReference.set(holderKey(events.Holder(now), uint64(c.after.Steps[0].Position)), &key)
			work++
		}
	}
	clear(v.planned)
	v.planned = v.planned[:0]
	return work
}

// setIDs sets the fields of a reservation that its key contains and its record does not.
func setIDs(r *row.Reservation, product events.ProductID, id events.ReservationID) {
	r.ProductID, r.ID = product, id
}

// Reservation returns a reservation, and whether it exists. Errors: the disk's.
func (p *Projections) Reservation(productID events.ProductID,
	reservationID events.ReservationID) (row.Reservation, bool, error) {
	if err := p.enter(); err != nil {
		return row.Reservation{}, false, err
	}
	defer p.leave()
	r, ok, err := viewOf[*products](p).reservations.get(ownedKey(string(productID), string(reservationID)))
	if ok {
		setIDs(&r, productID, reservationID)
	}
	return r, ok, err
}
