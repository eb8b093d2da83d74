package projections

import (
	"context"
	"encoding/binary"
	"slices"

	"admitone/events"
	"admitone/projections/row"
)

// foldBooking applies a fact of a booking.
func (k *boxOffice) foldBooking(e *events.Recorded, fact events.Fact) error {
	id := e.Stream.Entity()
	entry, err := k.bookings.find(id)
	if err != nil {
		return err
	}
	held, _, err := k.holdings.find(id)
	if err != nil {
		return err
	}
	var cancelled *row.Cancelled
	if entry == nil {
		var booking row.Booking
		if err := booking.ApplyFact(e, fact); err != nil {
			return err
		}
		if booking.ID == "" {
			return nil // an attempt was closed; its holds are unconfirmed until they are released
		}
		if cancelled, err = k.cancellationOf(&booking); err != nil {
			return err
		}
		if err := k.open.planBooking(&row.Booking{}, &booking); err != nil {
			return err
		}
		k.bookings.add(id, booking)
		entry = k.bookings.last
		k.holders.set(holderKey(booking.Holder, uint64(booking.Position)), &entry.id)
		k.orders.add(&entry.row, &entry.id)
	} else {
		if e.Revision <= entry.row.Revision {
			return nil
		}
		if cancelled, err = k.cancellationOf(&entry.row); err != nil {
			return err
		}
		next := entry.row
		if err := next.ApplyFact(e, fact); err != nil {
			return err
		}
		if err := k.open.planBooking(&entry.row, &next); err != nil {
			return err
		}
		k.orders.change(&entry.row, &next, &entry.id)
		entry.row = next
		k.bookings.changed(entry)
	}
	k.open.apply()
	unconfirmed, _, err := k.unconfirmed.find(id)
	if err != nil {
		return err
	}
	confirmed := func(h unconfirmedHold) bool { return entry.row.Owns(h.attempt, h.stream) }
	if slices.ContainsFunc(unconfirmed.holds, confirmed) {
		unconfirmed = unconfirmed.without(confirmed)
		k.storeUnconfirmed(events.BookingID(id), &unconfirmed)
	}
	k.unfinished.update(events.BookingID(id), &entry.row, held, cancelled, &unconfirmed, e)
	return nil
}

// holderKey returns a key that sorts by holder, then by number.
func holderKey(holder events.Holder, number uint64) string {
	var suffix [8]byte
	binary.BigEndian.PutUint64(suffix[:], number)
	return ownedKey(string(holder), string(suffix[:]))
}

func (k *boxOffice) bookingTable() *table[row.Booking] { return k.bookings }

// Booking returns the row of a booking, and whether it exists.
// Errors: the disk's.
func (p *Projections) Booking(id string) (row.Booking, bool, error) {
	return rowOf(p, (*boxOffice).bookingTable, id)
}

// HolderBookings returns up to limit bookings of a holder in order of creation, after the cursor after: 0 for
// the first page, else the next of the previous page. next is 0 on the last page. Errors: the disk's.
func (p *Projections) HolderBookings(holder events.Holder, after uint64,
	limit int) (page []row.Booking, next uint64, err error) {
	if err := p.enter(); err != nil {
		return nil, 0, err
	}
	defer p.leave()
	k := viewOf[*boxOffice](p)
	var ids []string
	next, err = owned(p, k.holders, string(holder), after, limit, func(id *string) { ids = append(ids, *id) })
	if err != nil {
		return nil, 0, err
	}
	for _, id := range ids {
		row, _, err := k.bookings.get(id)
		if err != nil {
			return nil, 0, err
		}
		page = append(page, row)
	}
	return page, next, nil
}

// owned calls visit with up to limit records of an owner with numbers above after. next is the number of the last
// record visited, 0 if no more follow.
func owned[V any](p *Projections, of *records[V], owner string, after uint64, limit int,
	visit func(*V)) (next uint64, err error) {
	prefix := ownedKey(owner, "")
	p.mu.RLock()
	records, err := of.scan(holderKey(events.Holder(owner), after)+"\x00", prefix+"\xff\xff\xff\xff\xff\xff\xff\xff\xff")
	p.mu.RUnlock()
	if err != nil {
		return 0, err
	}
	n, last, more := 0, uint64(0), false
	err = records.each(func(key string, value *V) bool {
		if more = n == limit; more {
			return false
		}
		n++
		last = binary.BigEndian.Uint64([]byte(key[len(prefix):]))
		visit(value)
		return true
	})
	if err != nil || !more {
		return 0, err
	}
	return last, nil
}

// HolderBookingsAt is [Projections.HolderBookings] as of a position. It finds the bookings in the
// views and reads them from the log. Errors: those of [row.BookingAt]; the disk's.
func (p *Projections) HolderBookingsAt(ctx context.Context, holder events.Holder, position events.Position,
	after uint64, limit int) (page []row.Booking, next uint64, err error) {
	now, next, err := p.HolderBookings(holder, after, limit)
	if err != nil {
		return nil, 0, err
	}
	for i := range now {
		then, err := row.BookingAt(ctx, p.store, now[i].ID, position)
		if err != nil {
			return nil, 0, err
		}
		if then == nil { // bookings created later did not exist either
			return page, 0, nil
		}
		page = append(page, *then)
	}
	return page, next, nil
}

// bookingOrders is the index of bookings by performance and by shop reference. Values are booking ids.
type bookingOrders struct {
	// A booking is in byReference under every reference that it has or had. Both are in order of creation.
	byPerformance, byReference *records[string]
}

func newBookingOrders(p *Projections) *bookingOrders {
	encode := func(dst []byte, id *string) []byte { return append(dst, *id...) }
	return &bookingOrders{byPerformance: newRecords(p, "booking-made", encode, decodeText),
		byReference: newRecords(p, "booking-reference", encode, decodeText)}
}

func (v *bookingOrders) reset() {
	v.byPerformance.reset()
	v.byReference.reset()
}

// add indexes a new booking.
func (v *bookingOrders) add(b *row.Booking, id *string) {
	v.byPerformance.set(holderKey(events.Holder(b.PerformanceID), uint64(b.FirstPosition)), id)
	v.change(&row.Booking{}, b, id)
}

// change updates the index for a booking whose order data may have changed.
func (v *bookingOrders) change(before, after *row.Booking, id *string) {
	was, now := before.Order.Reference, after.Order.Reference
	if now != was && now != "" {
		v.byReference.set(holderKey(events.Holder(now), uint64(after.FirstPosition)), id)
	}
}
