package projections

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

// Reservation is one that has ended: released or expired. Those that go on live
// in their product's actor, so a plain sale costs this view nothing.
type Reservation struct {
	ID        string
	ProductID string
	Holder    string
	Quantity  int64
	// Status is events.ReservationReleased or events.ReservationExpired.
	Status events.ReservationStatus
	// ExpiresAt is the deadline of one that expired, zero for one released.
	ExpiresAt time.Time
	// Remaining of the product after it, Revision and Position: those of the
	// event that ended it.
	Remaining int64
	Revision  events.Revision
	Position  events.Position
}

// closedReservations is the view of those, by product and id.
type closedReservations struct {
	db  *pebble.DB
	mu  *sync.RWMutex // the Projections' lock
	new map[string]Reservation
}

// closedPrefix heads the keys: closedPrefix, the length of the product's id,
// the product's id, the reservation's id.
const closedPrefix = "reservation\x00"

func newClosedReservations(p *Projections) *closedReservations {
	return &closedReservations{db: p.db, mu: &p.mu, new: map[string]Reservation{}}
}

func (c *closedReservations) reset() { clear(c.new) }

func closedKey(product, id string) string {
	key := binary.AppendUvarint([]byte(closedPrefix), uint64(len(product)))
	return string(append(append(key, product...), id...))
}

// fold returns how many reservations ended.
func (c *closedReservations) fold(product string, e *events.Recorded, fact events.Fact) int {
	switch f := fact.(type) {
	case *events.ProductReleased:
		c.new[closedKey(product, f.ReservationID)] = Reservation{
			ID: f.ReservationID, ProductID: product, Holder: f.Holder, Quantity: f.Quantity,
			Status: events.ReservationReleased, Remaining: f.Remaining, Revision: e.Revision, Position: e.Position,
		}
		return 1
	case *events.ProductExpired:
		for i := range f.Expired {
			h := &f.Expired[i]
			c.new[closedKey(product, h.ReservationID)] = Reservation{
				ID: h.ReservationID, ProductID: product, Holder: h.Holder, Quantity: h.Quantity,
				Status: events.ReservationExpired, ExpiresAt: h.ExpiresAt.UTC(),
				Remaining: f.Remaining, Revision: e.Revision, Position: e.Position,
			}
		}
		return len(f.Expired)
	}
	return 0
}

func (c *closedReservations) flush(b *pebble.Batch) error {
	var record []byte
	for key, r := range c.new {
		record = appendReservation(record[:0], &r)
		if err := b.Set([]byte(key), record, nil); err != nil {
			return err
		}
	}
	clear(c.new)
	return nil
}

func appendReservation(dst []byte, r *Reservation) []byte {
	dst = appendString(dst, r.Holder)
	dst = appendInt(dst, r.Quantity)
	dst = appendString(dst, string(r.Status))
	dst = appendTime(dst, r.ExpiresAt)
	dst = appendInt(dst, r.Remaining)
	dst = appendInt(dst, int64(r.Revision))
	return appendInt(dst, int64(r.Position))
}

// ClosedReservation returns a reservation that was released or has expired, and
// whether there is such a one. Errors: the disk's.
func (p *Projections) ClosedReservation(productID, reservationID string) (Reservation, bool, error) {
	if err := p.enter(); err != nil {
		return Reservation{}, false, err
	}
	defer p.leave()
	c, key := p.products.closed, closedKey(productID, reservationID)
	c.mu.RLock()
	r, ok := c.new[key]
	c.mu.RUnlock()
	if ok {
		return r, true, nil
	}
	record, closer, err := c.db.Get([]byte(key))
	if errors.Is(err, pebble.ErrNotFound) {
		return Reservation{}, false, nil
	}
	if err != nil {
		return Reservation{}, false, fmt.Errorf("projections: read reservation %q: %w", reservationID, err)
	}
	defer closer.Close()
	in := reader{rest: record}
	r = Reservation{
		ID: reservationID, ProductID: productID, Holder: in.str(), Quantity: in.int(),
		Status: events.ReservationStatus(in.str()), ExpiresAt: in.time(),
		Remaining: in.int(), Revision: events.Revision(in.int()), Position: events.Position(in.int()),
	}
	return r, true, in.done()
}
