package projections

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/row"
)

// Reading is a snapshot of the views at one position, for answers that take longer than a look-up. It holds no
// lock and little memory, but keeps old records on disk until it is closed, so the caller must bound the number of
// readings. It is not safe for concurrent use. Once the views are closed or rebuilt, its methods return
// [ErrClosed] or [ErrNotReady]; their other errors are the disk's.
type Reading struct {
	p        *Projections
	position events.Position

	mu       sync.Mutex
	snapshot *pebble.Snapshot // nil once the reading is closed; guarded by mu
}

// readings has the open readings.
type readings struct {
	mu   sync.Mutex
	open map[*Reading]struct{} // guarded by mu
}

// Read opens a reading of the present views. The caller must close it. Errors: [ErrClosed], [ErrNotReady], the
// disk's.
func (p *Projections) Read() (*Reading, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.flush(); err != nil { // pending changes are in memory only
		return nil, err
	}
	r := &Reading{p: p, position: p.flushed.position, snapshot: p.db.NewSnapshot()}
	p.readings.mu.Lock()
	defer p.readings.mu.Unlock()
	if p.readings.open == nil {
		p.readings.open = map[*Reading]struct{}{}
	}
	p.readings.open[r] = struct{}{}
	return r, nil
}

// Position returns the position of the last event in the reading.
func (r *Reading) Position() events.Position { return r.position }

// Close closes the reading. A second Close is a no-op.
func (r *Reading) Close() error {
	r.p.readings.mu.Lock()
	delete(r.p.readings.open, r)
	r.p.readings.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.snapshot == nil {
		return nil
	}
	err := r.snapshot.Close()
	r.snapshot = nil
	return err
}

// closeAll closes all readings, before the disk is closed.
func (o *readings) closeAll() {
	o.mu.Lock()
	open := o.open
	o.open = nil
	o.mu.Unlock()
	for r := range open {
		r.mu.Lock()
		if r.snapshot != nil {
			_ = r.snapshot.Close() // closing the disk reports the same failure
			r.snapshot = nil
		}
		r.mu.Unlock()
	}
}

// withSnapshot calls read with the snapshot, which stays open during the call.
func (r *Reading) withSnapshot(read func(*pebble.Snapshot) error) error {
	if err := r.p.enter(); err != nil {
		return err
	}
	defer r.p.leave()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.snapshot == nil {
		return ErrNotReady
	}
	return r.p.readError(read(r.snapshot))
}

// rangeOf calls visit with the records whose keys are in [from, end), in order, until visit returns false.
func rangeOf[V any](r *Reading, of *records[V], from, end string, visit func(key string, value V) bool) error {
	return r.withSnapshot(func(s *pebble.Snapshot) error {
		all, err := s.NewIter(&pebble.IterOptions{LowerBound: []byte(of.prefix + from),
			UpperBound: []byte(of.prefix + max(from, end))})
		if err != nil {
			return fmt.Errorf("listing the views: %w", err)
		}
		defer all.Close()
		for more := all.First(); more; more = all.Next() {
			record, err := r.p.stripTag(all.Value())
			if err != nil {
				return err
			}
			value, err := of.decode(record)
			if err != nil {
				return err
			}
			if !visit(string(all.Key()[len(of.prefix):]), value) {
				break
			}
		}
		return all.Error()
	})
}

// recordOf returns the decoded record of a key with its prefix, and whether there is one.
func recordOf[V any](r *Reading, key string, decode func([]byte) (V, error)) (value V, ok bool, err error) {
	err = r.withSnapshot(func(s *pebble.Snapshot) error {
		record, closer, err := s.Get([]byte(key))
		if errors.Is(err, pebble.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %q in the views: %w", key, err)
		}
		defer closer.Close()
		if record, err = r.p.stripTag(record); err == nil {
			value, err = decode(record)
		}
		ok = err == nil
		return err
	})
	return value, ok, err
}

// rowIn returns the row of id in a table.
func rowIn[R any](r *Reading, of *table[R], id string) (R, bool, error) {
	return recordOf(r, of.prefix+id, func(record []byte) (R, error) { return of.decode(id, record) })
}

// numberedRange calls visit with up to limit records of an owner with numbers above after. next is the number of the
// last record visited, 0 if no more follow.
func numberedRange[V any](r *Reading, of *records[V], owner string, after uint64, limit int,
	visit func(V)) (next uint64, err error) {
	prefix := ownedKey(owner, "")
	n, last := 0, uint64(0)
	err = rangeOf(r, of, holderKey(events.Holder(owner), after)+"\x00", prefix+"\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		func(key string, value V) bool {
			if n == limit {
				next = last
				return false
			}
			n++
			last = binary.BigEndian.Uint64([]byte(key[len(prefix):]))
			visit(value)
			return true
		})
	return next, err
}

// BookingIndex selects an index of bookings.
type BookingIndex int

// The indexes of bookings.
const (
	ByPerformance BookingIndex = iota
	ByHolder
	ByReference // bookings that have or had the reference
)

// Bookings returns up to limit bookings of an owner in an index, in order of creation, after the cursor after: 0
// for the first page, else the next of the previous page. next is 0 on the last page.
func (r *Reading) Bookings(by BookingIndex, owner string, after uint64, limit int) (page []row.Booking, next uint64,
	err error) {
	k := viewOf[*boxOffice](r.p)
	index := [...]*records[string]{k.orders.byPerformance, k.holders, k.orders.byReference}[by]
	var ids []string
	next, err = numberedRange(r, index, owner, after, limit, func(id string) { ids = append(ids, id) })
	for _, id := range ids {
		if err != nil {
			break
		}
		var booking row.Booking
		var ok bool
		if booking, ok, err = rowIn(r, k.bookings, id); ok {
			page = append(page, booking)
		}
	}
	return page, next, err
}

// Reservations returns up to limit reservations of a product with ids above after, in order of the ids, which is
// about the order of creation. next is the cursor of the next page, "" on the last.
func (r *Reading) Reservations(product events.ProductID, after string, limit int) (page []row.Reservation, next string,
	err error) {
	prefix := ownedKey(string(product), "")
	from := prefix
	if after != "" {
		from += after + "\x00"
	}
	err = rangeOf(r, viewOf[*products](r.p).reservations.records, from, prefix+"\xff",
		func(key string, reservation row.Reservation) bool {
			if len(page) == limit {
				next = string(page[limit-1].ID)
				return false
			}
			reservation.ProductID, reservation.ID = product, events.ReservationID(key[len(prefix):])
			page = append(page, reservation)
			return true
		})
	return page, next, err
}

// ReferencedReservations returns up to limit reservations that have or had a reference, paged like
// [Reading.Bookings].
func (r *Reading) ReferencedReservations(reference string, after uint64,
	limit int) (page []row.Reservation, next uint64, err error) {
	k := viewOf[*products](r.p).reservations
	var keys []string
	next, err = numberedRange(r, k.byReference, reference, after, limit, func(key string) { keys = append(keys, key) })
	for _, key := range keys {
		if err != nil {
			break
		}
		var reservation row.Reservation
		var ok bool
		if reservation, ok, err = recordOf(r, k.prefix+key, k.decode); ok {
			size, n := binary.Uvarint([]byte(key))
			owner, id := key[n:n+int(size)], key[n+int(size):]
			reservation.ProductID, reservation.ID = events.ProductID(owner), events.ReservationID(id)
			page = append(page, reservation)
		}
	}
	return page, next, err
}

// Entries returns up to limit entries of one status, as [Projections.Entries] does. The caller passes the number of
// teams on the previous pages as place.
func (r *Reading) Entries(tournament events.TournamentID, status events.EntryStatus, after uint64, place int64,
	limit int) (page []row.Entry, next uint64, err error) {
	from := int64(min(after, lastPlace))
	err = rangeOf(r, viewOf[*tournaments](r.p).entries.blocks, blockKey(tournament, placeRef{status, from}),
		blockKey(tournament, placeRef{status, 2 * lastPlace}), func(_ string, b block) bool {
			for i := b.countUpTo(from); i < len(b.places); i++ {
				if len(page) == limit {
					next = uint64(page[limit-1].Number)
					return false
				}
				e := b.places[i].entry(tournament, status)
				if place++; status == events.EntryWaitlisted {
					e.Place = place
				}
				page = append(page, e)
			}
			return true
		})
	return page, next, err
}

// EntryOrder returns the order data of a team's entry, the zero value for none.
func (r *Reading) EntryOrder(id events.TournamentID, team events.TeamID) (events.OrderData, error) {
	k := viewOf[*tournaments](r.p).orders
	order, _, err := recordOf(r, k.prefix+entryKey(id, team), k.decode)
	return order, err
}

// Payment returns the row of a payment, as [Projections.Payment] does.
func (r *Reading) Payment(id string) (row.Payment, bool, error) {
	return rowIn(r, viewOf[*payments](r.p).rows, id)
}

// CallOff returns a cancellation by the organiser, and whether it exists.
func (r *Reading) CallOff(id events.CallOffID) (row.CallOff, bool, error) {
	return rowIn(r, viewOf[*callOffs](r.p).rows, string(id))
}

// Performance returns a performance, and whether it exists.
func (r *Reading) Performance(id events.PerformanceID) (row.Performance, bool, error) {
	return rowIn(r, viewOf[*boxOffice](r.p).performances, string(id))
}

// Product returns a product, and whether it exists.
func (r *Reading) Product(id events.ProductID) (row.Product, bool, error) {
	return rowIn(r, viewOf[*products](r.p).rows, string(id))
}

// Tournament returns a tournament, and whether it exists.
func (r *Reading) Tournament(id events.TournamentID) (row.Tournament, bool, error) {
	return rowIn(r, viewOf[*tournaments](r.p).table(), string(id))
}
