package projections

import (
	"admitone/events"
	"admitone/projections/row"
)

// bookingOrders finds bookings by what a shop looks them up by. The values are their ids.
type bookingOrders struct {
	// made has them by performance, referenced by every reference that they have had, both in the
	// order in which they were made.
	made, referenced *records[string]
}

func newBookingOrders(p *Projections) *bookingOrders {
	encode := func(dst []byte, id *string) []byte { return append(dst, *id...) }
	return &bookingOrders{made: newRecords(p, "booking-made", encode, decodeText),
		referenced: newRecords(p, "booking-reference", encode, decodeText)}
}

func (v *bookingOrders) reset() {
	v.made.reset()
	v.referenced.reset()
}

// add takes in a booking that was made.
func (v *bookingOrders) add(b *row.Booking, id *string) {
	v.made.set(holderKey(events.Holder(b.PerformanceID), uint64(b.Made)), id)
	v.change(&row.Booking{}, b, id)
}

// change takes in a booking whose order data may have changed.
func (v *bookingOrders) change(before, after *row.Booking, id *string) {
	was, now := before.Order.Reference, after.Order.Reference
	if now != was && now != "" {
		v.referenced.set(holderKey(events.Holder(now), uint64(after.Made)), id)
	}
}
