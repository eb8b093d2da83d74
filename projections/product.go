package projections

import (
	"errors"
	"fmt"
	"time"

	"admitone/events"
)

// ErrViolated: an event contradicts the events before it, or one of the
// system's invariants. The log or the program is wrong; nothing is skipped.
var ErrViolated = errors.New("projections: the log violates an invariant")

// Product is the fold of one product's stream.
type Product struct {
	ID   string
	Name string
	// Stock is how many units there are: Remaining() + Held + Sold, always.
	Stock, Held, Sold int64
	// Price of one unit, in minor units of the currency.
	Price int64
	// LimitPerHolder is how many units one holder may have; 0 is no limit.
	LimitPerHolder int64
	// HoldSeconds is how long a hold lasts.
	HoldSeconds int64
	// WaitingRoom that guards the sale, "" if none does.
	WaitingRoom string
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created and Updated are the store's times of the first and last event.
	Created, Updated time.Time
}

// Remaining is what can still be had.
func (p *Product) Remaining() int64 { return p.Stock - p.Held - p.Sold }

// Apply takes the next event of the product's stream in. The zero Product is
// the one before the first event. An event that the row contains already
// changes nothing, and neither does one that is refused.
//
// Errors: [ErrViolated], events.ErrUnknownFact, events.ErrBadFact.
func (p *Product) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return p.apply(e, fact)
}

func (p *Product) apply(e *events.Recorded, fact events.Fact) error {
	_, isCreation := fact.(*events.ProductCreated)
	if done, err := follows(e, fact, revisionOf(p.ID != "", p.Revision), isCreation); done || err != nil {
		return err
	}
	next := *p
	remaining, err := next.evolve(e, fact)
	if err != nil {
		return err
	}
	if next.Held < 0 || next.Sold < 0 || next.Remaining() < 0 || next.Remaining() != remaining {
		return fmt.Errorf("%w: position %d: %s@%d says that %d remain; of %d, %d are held and %d sold",
			ErrViolated, e.Position, e.Stream, e.Revision, remaining, next.Stock, next.Held, next.Sold)
	}
	next.Revision, next.Position, next.Updated = e.Revision, e.Position, e.Created
	*p = next
	return nil
}

// evolve returns how many remain according to the fact itself.
func (p *Product) evolve(e *events.Recorded, fact events.Fact) (remaining int64, err error) {
	switch f := fact.(type) {
	case *events.ProductReserved:
		p.Sold += f.Quantity
		return f.Remaining, nil
	case *events.ProductHeld:
		p.Held += f.Quantity
		return f.Remaining, nil
	case *events.ProductConfirmed:
		p.Held -= f.Quantity
		p.Sold += f.Quantity
		return f.Remaining, nil
	case *events.ProductReleased:
		if f.Was == events.ReservationHeld {
			p.Held -= f.Quantity
		} else {
			p.Sold -= f.Quantity
		}
		return f.Remaining, nil
	case *events.ProductExpired:
		p.Held -= f.Quantity
		return f.Remaining, nil
	case *events.ProductEdited:
		p.Name, p.Stock, p.Price, p.LimitPerHolder = f.DisplayName, f.Stock, f.Price, f.LimitPerHolder
		p.WaitingRoom = f.WaitingRoom
		return f.Remaining, nil
	case *events.ProductCreated:
		p.ID, p.Name, p.Stock, p.Price = e.Stream.Entity(), f.DisplayName, f.Stock, f.Price
		p.LimitPerHolder, p.HoldSeconds, p.WaitingRoom, p.Created = f.LimitPerHolder, f.HoldSeconds, f.WaitingRoom, e.Created
		return f.Stock, nil
	}
	return 0, fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
}

func appendProduct(dst []byte, p *Product) []byte {
	dst = appendString(appendString(dst, p.Name), p.WaitingRoom)
	for _, n := range [...]int64{p.Stock, p.Held, p.Sold, p.Price, p.LimitPerHolder, p.HoldSeconds, int64(p.Revision), int64(p.Position)} {
		dst = appendInt(dst, n)
	}
	return appendTime(appendTime(dst, p.Created), p.Updated)
}

func decodeProduct(id string, record []byte) (Product, error) {
	r := reader{rest: record}
	p := Product{
		ID: id, Name: r.str(), WaitingRoom: r.str(),
		Stock: r.int(), Held: r.int(), Sold: r.int(), Price: r.int(), LimitPerHolder: r.int(), HoldSeconds: r.int(),
		Revision: events.Revision(r.int()), Position: events.Position(r.int()),
		Created: r.time(), Updated: r.time(),
	}
	return p, r.done()
}
