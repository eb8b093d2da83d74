package projections

import (
	"admitone/events"
	"admitone/projections/row"
)

// openHolds is an index of the number of open holds, which are neither paid nor ended, by holder. The changes of an
// event are first planned and then applied, so that an event whose counts can't be read changes nothing.
type openHolds struct {
	*records[int64]
	planned []holdCount // reused for every event
}

// holdCount is a holder's count after an event.
type holdCount struct {
	holder events.Holder
	count  int64
}

func newOpenHolds(p *Projections, prefix string) *openHolds {
	o := &openHolds{records: newRecords(p, prefix, func(dst []byte, n *int64) []byte { return row.AppendInt(dst, *n) },
		decodeCount)}
	o.filter = p.keyFilter.forView(o.prefix)
	return o
}

// plan plans to add delta to a holder's count.
func (o *openHolds) plan(holder events.Holder, delta int64) error {
	if delta == 0 {
		return nil
	}
	for i := range o.planned {
		if o.planned[i].holder == holder {
			o.planned[i].count += delta
			return nil
		}
	}
	before, _, err := o.find(string(holder))
	if err == nil {
		o.planned = append(o.planned, holdCount{holder, before + delta})
	}
	return err
}

// planProduct plans the changes of a product's fact.
func (o *openHolds) planProduct(fact events.Fact) error {
	o.planned = o.planned[:0]
	switch f := fact.(type) {
	case *events.ProductHeld:
		return o.plan(f.Holder, 1)
	case *events.ProductRetaken:
		return o.plan(f.Holder, 1)
	case *events.ProductConfirmed:
		return o.plan(f.Holder, -1)
	case *events.ProductReleased:
		if f.Was == events.ReservationHeld {
			return o.plan(f.Holder, -1)
		}
	case *events.ProductReservationCancelled:
		if f.Was == events.ReservationHeld {
			return o.plan(f.Holder, -1)
		}
	case *events.ProductExpired:
		for i := range f.Expired {
			if err := o.plan(f.Expired[i].Holder, -1); err != nil {
				return err
			}
		}
	}
	return nil
}

// planBooking plans the change of the count of a booking's holder.
func (o *openHolds) planBooking(before, after *row.Booking) error {
	o.planned = o.planned[:0]
	return o.plan(after.Holder, openOf(after)-openOf(before))
}

// openOf is 1 for a booking that is held or being paid, else 0.
func openOf(b *row.Booking) int64 {
	switch b.Status {
	case events.BookingIsHeld, events.BookingIsAwaiting, events.BookingIsPaying:
		return 1
	}
	return 0
}

// apply applies the plan, and returns the number of changed records.
func (o *openHolds) apply() (work int) {
	work = len(o.planned)
	for i := range o.planned {
		if count := o.planned[i].count; count > 0 {
			o.set(string(o.planned[i].holder), &count)
		} else {
			o.delete(string(o.planned[i].holder))
		}
	}
	clear(o.planned)
	o.planned = o.planned[:0]
	return work
}

// OpenHolds returns the number of a holder's open reservations and bookings. Errors: the disk's.
func (p *Projections) OpenHolds(holder events.Holder) (int64, error) {
	if err := p.enter(); err != nil {
		return 0, err
	}
	defer p.leave()
	units, _, err := viewOf[*products](p).open.get(string(holder))
	if err != nil {
		return 0, err
	}
	seats, _, err := viewOf[*boxOffice](p).open.get(string(holder))
	return units + seats, err
}

// OwnedTeams returns the number of a holder's teams. Errors: the disk's.
func (p *Projections) OwnedTeams(owner events.Holder) (int64, error) {
	if err := p.enter(); err != nil {
		return 0, err
	}
	defer p.leave()
	n, _, err := viewOf[*tournaments](p).owned.get(string(owner))
	return n, err
}
