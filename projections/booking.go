package projections

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"admitone/events"
)

// Booking is the fold of one booking's stream.
type Booking struct {
	ID            string
	PerformanceID string
	Holder        string
	// Seats must not be changed.
	Seats []events.BookedSeat
	// Amount is the sum of their prices, in minor units of the currency.
	Amount int64
	Status events.BookingStatus
	// ExpiresAt is the last moment at which a payment is in time, ExtendableUntil
	// how far an extension can move that.
	ExpiresAt, ExtendableUntil time.Time
	Extended                   bool
	// Attempt is the number of the present or last hold, and of its payment.
	Attempt int64
	// Late says that the payment under way or the last one began after the deadline,
	// Retaken that it had all the seats again.
	Late, Retaken bool
	// Refunding says that a booked booking was released and not everything has been
	// given back.
	Refunding bool
	// Failed is why the last payment came to nothing, "" if none did or another has
	// begun since.
	Failed events.FailReason
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created and Updated are the store's times of the first and last event.
	Created, Updated time.Time
}

// HoldID is the id of the present or last hold, and of its payment.
func (b *Booking) HoldID() string { return events.HoldID(b.ID, b.Attempt) }

// StatusAt is the status with one that is over taken for what it is: a booking whose
// deadline has passed is expired before its fact says so.
func (b *Booking) StatusAt(now time.Time) events.BookingStatus {
	if b.Status == events.BookingIsHeld && now.After(b.ExpiresAt) {
		return events.BookingIsExpired
	}
	return b.Status
}

// Apply takes the next event of the booking's stream in, as [Product.Apply] does.
func (b *Booking) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return b.apply(e, fact)
}

func (b *Booking) apply(e *events.Recorded, fact events.Fact) error {
	_, isCreation := fact.(*events.BookingHeld)
	if done, err := follows(e, fact, revisionOf(b.ID != "", b.Revision), isCreation); done || err != nil {
		return err
	}
	next := *b
	if !next.evolve(e, fact) {
		return fmt.Errorf("%w: position %d: %s@%d is a %s while the booking is %q", ErrViolated, e.Position, e.Stream, e.Revision, fact.Name(), b.Status)
	}
	next.Revision, next.Position, next.Updated = e.Revision, e.Position, e.Created
	*b = next
	return nil
}

// evolve returns whether the fact can follow.
func (b *Booking) evolve(e *events.Recorded, fact events.Fact) bool {
	was := b.Status
	switch f := fact.(type) {
	case *events.BookingHeld:
		*b = Booking{ID: strings.Clone(e.Stream.Entity()), PerformanceID: f.PerformanceID, Holder: f.Holder, Seats: f.Seats, Amount: f.Amount,
			Status: events.BookingIsHeld, ExpiresAt: f.ExpiresAt, ExtendableUntil: f.ExtendableUntil, Attempt: f.Attempt, Created: e.Created}
		return true
	case *events.BookingExtended:
		b.ExpiresAt, b.Extended = f.ExpiresAt, true
		return was == events.BookingIsHeld
	case *events.BookingExpired:
		b.Status = events.BookingIsExpired
		return was == events.BookingIsHeld
	case *events.BookingPaymentStarted:
		b.Status, b.Attempt, b.Failed = events.BookingIsPaying, f.Attempt, ""
		b.Late, b.Retaken = f.Was == events.BookingIsExpired, false
		return was == f.Was && (was == events.BookingIsHeld || was == events.BookingIsExpired) && f.PaymentID == b.HoldID()
	case *events.BookingRetaken:
		b.Retaken = true
		return was == events.BookingIsPaying && b.Late && f.Attempt == b.Attempt
	case *events.BookingBooked:
		b.Status = events.BookingIsBooked
		return was == events.BookingIsPaying && f.PaymentID == b.HoldID() && f.Amount == b.Amount
	case *events.BookingPaymentFailed:
		b.Status, b.Failed = f.Status, f.Reason
		return was == events.BookingIsPaying && f.PaymentID == b.HoldID() && (f.Status == events.BookingIsHeld || f.Status == events.BookingIsExpired)
	case *events.BookingReleased:
		b.Status, b.Refunding = events.BookingIsReleased, was == events.BookingIsBooked
		return was == f.Was && (was == events.BookingIsHeld || was == events.BookingIsBooked)
	case *events.BookingRefunded:
		refunding := b.Refunding
		b.Refunding = false
		return refunding && f.PaymentID == b.HoldID() && f.Amount == b.Amount
	}
	return false
}

func (k *boxOffice) foldBooking(e *events.Recorded, fact events.Fact) error {
	id := e.Stream.Entity()
	entry, err := k.bookings.find(id)
	if err != nil {
		return err
	}
	has, _, err := k.holdings.find(id)
	if err != nil {
		return err
	}
	if entry == nil {
		var row Booking
		if err := row.apply(e, fact); err != nil {
			return err
		}
		k.bookings.add(id, row)
		entry = k.bookings.last
		k.holders.set(holderKey(row.Holder, uint64(row.Position)), &entry.id)
	} else {
		if e.Revision <= entry.row.Revision {
			return nil
		}
		if err := entry.row.apply(e, fact); err != nil {
			return err
		}
		k.bookings.changed(entry)
	}
	k.unfinished.settle(&entry.row, has, e)
	return nil
}

// holderKey sorts by holder and number.
func holderKey(holder string, number uint64) string {
	var rest [8]byte
	binary.BigEndian.PutUint64(rest[:], number)
	return ownedKey(holder, string(rest[:]))
}

func appendBooking(dst []byte, b *Booking) []byte {
	flags := byte(0)
	for i, is := range [...]bool{b.Extended, b.Late, b.Retaken, b.Refunding} {
		if is {
			flags |= 1 << i
		}
	}
	dst = append(dst, flags)
	for _, s := range [...]string{b.PerformanceID, b.Holder, string(b.Status), string(b.Failed)} {
		dst = appendString(dst, s)
	}
	for _, n := range [...]int64{b.Amount, b.Attempt, int64(b.Revision), int64(b.Position), int64(len(b.Seats))} {
		dst = appendInt(dst, n)
	}
	dst = appendMoment(appendMoment(dst, b.ExpiresAt), b.ExtendableUntil)
	dst = appendTime(appendTime(dst, b.Created), b.Updated)
	for i := range b.Seats {
		dst = appendInt(appendString(dst, b.Seats[i].Seat), b.Seats[i].Price)
	}
	return dst
}

func decodeBooking(id string, record []byte) (Booking, error) {
	r := reader{rest: record}
	flags := r.take(1)
	if r.bad {
		return Booking{}, errRecord
	}
	b := Booking{
		ID: id, Extended: flags[0]&1 != 0, Late: flags[0]&2 != 0, Retaken: flags[0]&4 != 0, Refunding: flags[0]&8 != 0,
		PerformanceID: r.str(), Holder: r.str(), Status: events.BookingStatus(r.str()), Failed: events.FailReason(r.str()),
		Amount: r.int(), Attempt: r.int(), Revision: events.Revision(r.int()), Position: events.Position(r.int()),
	}
	n := r.int()
	b.ExpiresAt, b.ExtendableUntil, b.Created, b.Updated = r.moment(), r.moment(), r.time(), r.time()
	for ; n > 0 && !r.bad; n-- {
		b.Seats = append(b.Seats, events.BookedSeat{Seat: r.str(), Price: r.int()})
	}
	return b, r.done()
}

func (k *boxOffice) bookingTable() *table[Booking] { return k.bookings }

// Booking returns the row of a booking, and whether it exists.
// Errors: the disk's.
func (p *Projections) Booking(id string) (Booking, bool, error) {
	return rowOf(p, (*boxOffice).bookingTable, id)
}

// HolderBookings returns up to limit bookings of a holder, in the order in which
// they were made, behind the place after: 0 for the first page, else the next of the
// page before. next is 0 if there are no more. Errors: the disk's.
func (p *Projections) HolderBookings(holder string, after uint64, limit int) (page []Booking, next uint64, err error) {
	if err := p.enter(); err != nil {
		return nil, 0, err
	}
	defer p.leave()
	k := kindOf[*boxOffice](p)
	var ids []string
	next, err = owned(p, k.holders, holder, after, limit, func(id *string) { ids = append(ids, *id) })
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

// owned calls take with up to limit of an owner's records whose numbers are above
// after. next is the last number, 0 if there are no more records.
func owned[V any](p *Projections, of *records[V], owner string, after uint64, limit int, take func(*V)) (next uint64, err error) {
	begin := ownedKey(owner, "")
	p.mu.RLock()
	found, err := of.scan(holderKey(owner, after)+"\x00", begin+"\xff\xff\xff\xff\xff\xff\xff\xff\xff")
	p.mu.RUnlock()
	if err != nil {
		return 0, err
	}
	n, last, more := 0, uint64(0), false
	err = found.each(func(key string, value *V) bool {
		if more = n == limit; more {
			return false
		}
		n++
		last = binary.BigEndian.Uint64([]byte(key[len(begin):]))
		take(value)
		return true
	})
	if err != nil || !more {
		return 0, err
	}
	return last, nil
}
