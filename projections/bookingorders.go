package projections

import (
	"admitone/events"
	"admitone/projections/row"
)

// bookingOrders is the index of bookings by performance and by shop reference. Values are booking ids.
type bookingOrders struct {
	// made is by performance; referenced by every reference that a booking has or had. Both are in order of
	// creation.
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

// add indexes a new booking.
func (v *bookingOrders) add(b *row.Booking, id *string) {
	v.made.set(holderKey(events.Holder(b.PerformanceID), uint64(b.Made)), id)
	v.change(&row.Booking{}, b, id)
}

// change updates the index for a booking whose order data may have changed.
func (v *bookingOrders) change(before, after *row.Booking, id *string) {
	was, now := before.Order.Reference, after.Order.Reference
	if now != was && now != "" {
		v.referenced.set(holderKey(events.Holder(now), uint64(after.Made)), id)
	}
}
