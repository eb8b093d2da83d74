package row

import (
	"context"
	"fmt"
	"time"

	"admitone/events"
)

// Product is the fold of one product's stream.
type Product struct {
	ID   events.ProductID
	Name string
	// Stock is the number of units. It always equals Remaining() + Held + Sold.
	Stock, Held, Sold int64
	// Price of one unit, in minor units of the currency.
	Price int64
	// LimitPerHolder is the largest number of units of one holder; 0 for no limit.
	LimitPerHolder int64
	// HoldSeconds is the duration of a hold.
	HoldSeconds int64
	// WaitingRoom is the waiting room that guards the sale, "" for none.
	WaitingRoom events.RoomID
	// SaleTimes are the opening and closing times of the sale.
	events.SaleTimes
	// Cancellation is the cancellation policy, the zero value for none.
	Cancellation events.Cancellation
	// Cancelled is zero unless the organiser has cancelled the product.
	Cancelled Cancelled
	// Edited is the revision of the last edit, or of the creation.
	Edited events.Revision
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created and Updated are the store's times of the first and last event.
	Created, Updated time.Time
}

// Remaining returns the number of units that are neither held nor sold.
func (p *Product) Remaining() int64 { return p.Stock - p.Held - p.Sold }

// Apply applies the next event of the product's stream; before the first event the product is zero. An event that the
// row already contains changes nothing, nor does an event that is refused with an error.
//
// Errors: [ErrViolated], events.ErrUnknownFact, events.ErrBadFact.
func (p *Product) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return p.ApplyFact(e, fact)
}

// ApplyFact is Apply for an event whose fact has been decoded.
func (p *Product) ApplyFact(e *events.Recorded, fact events.Fact) error {
	_, isCreation := fact.(*events.ProductCreated)
	if done, err := CheckNext(e, fact, revisionOf(p.ID != "", p.Revision), isCreation); done || err != nil {
		return err
	}
	next := *p
	remaining, err := next.evolve(e, fact)
	if err != nil {
		return err
	}
	if next.Held < 0 || next.Sold < 0 || next.Remaining() < 0 || next.Remaining() != remaining {
		return fmt.Errorf("%w: position %d: %s@%d records %d remaining; of %d, %d are held and %d sold",
			ErrViolated, e.Position, e.Stream, e.Revision, remaining, next.Stock, next.Held, next.Sold)
	}
	next.Revision, next.Position, next.Updated = e.Revision, e.Position, e.Created
	*p = next
	return nil
}

// evolve applies a fact, and returns the remaining units that the fact records.
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
	case *events.ProductReservationCancelled:
		if f.Was == events.ReservationHeld {
			p.Held -= f.Quantity
		} else {
			p.Sold -= f.Quantity
		}
		return f.Remaining, nil
	case *events.ProductCancelled:
		if !p.Cancelled.cancel(e, f.Reason) {
			return 0, fmt.Errorf("%w: position %d: %s is cancelled twice", ErrViolated, e.Position, e.Stream)
		}
		return f.Remaining, nil
	case *events.ProductExpired:
		p.Held -= f.Quantity
		return f.Remaining, nil
	case *events.ProductEdited:
		p.Name, p.Stock, p.Price, p.LimitPerHolder = f.DisplayName, f.Stock, f.Price, f.LimitPerHolder
		p.WaitingRoom, p.SaleTimes, p.Edited = f.WaitingRoom, f.SaleTimes, e.Revision
		p.Cancellation = f.Cancellation
		return f.Remaining, nil
	case *events.ProductOpened:
		return f.Remaining, nil
	case *events.ProductClosed:
		return f.Remaining, nil
	case *events.ProductReservationAnnotated:
		return f.Remaining, nil
	case *events.ProductRetaken:
		p.Held += f.Quantity
		return f.Remaining, nil
	case *events.ProductPaid:
		return f.Remaining, nil
	case *events.ProductPaymentFailed:
		return f.Remaining, nil
	case *events.ProductCreated:
		p.ID, p.Name, p.Stock, p.Price = events.ProductID(e.Stream.Entity()), f.DisplayName, f.Stock, f.Price
		p.LimitPerHolder, p.HoldSeconds, p.WaitingRoom, p.Created = f.LimitPerHolder, f.HoldSeconds, f.WaitingRoom, e.Created
		p.SaleTimes, p.Edited, p.Cancellation = f.SaleTimes, e.Revision, f.Cancellation
		return f.Stock, nil
	}
	return 0, fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
}

// AppendProduct appends the record of a product: all but the id.
func AppendProduct(dst []byte, p *Product) []byte {
	dst = AppendString(AppendString(dst, p.Name), string(p.WaitingRoom))
	for _, n := range [...]int64{p.Stock, p.Held, p.Sold, p.Price, p.LimitPerHolder, p.HoldSeconds, int64(p.Revision),
		int64(p.Position)} {
		dst = AppendInt(dst, n)
	}
	dst = AppendInt(AppendMoment(AppendMoment(dst, p.OpensAt), p.ClosesAt), int64(p.Edited))
	dst = AppendTime(AppendTime(AppendCancellation(dst, p.Cancellation), p.Created), p.Updated)
	return AppendCancelled(dst, &p.Cancelled)
}

// DecodeProduct reads what [AppendProduct] wrote. Error: [ErrRecord].
func DecodeProduct(id string, record []byte) (Product, error) {
	r := NewReader(record)
	p := Product{
		ID: events.ProductID(id), Name: r.Text(), WaitingRoom: events.RoomID(r.Text()),
		Stock: r.Int(), Held: r.Int(), Sold: r.Int(), Price: r.Int(), LimitPerHolder: r.Int(), HoldSeconds: r.Int(),
		Revision: events.Revision(r.Int()), Position: events.Position(r.Int()),
		SaleTimes: events.SaleTimes{OpensAt: r.Moment(), ClosesAt: r.Moment()}, Edited: events.Revision(r.Int()),
		Cancellation: r.Cancellation(), Created: r.Time(), Updated: r.Time(), Cancelled: r.Cancelled(),
	}
	return p, r.Done()
}

// ProductAt folds a product up to a position; nil if it did not exist by then. Errors: those of
// [Product.Apply]; the store's.
func ProductAt(ctx context.Context, store events.Store, id events.ProductID, position events.Position,
) (*Product, error) {
	return foldAt(ctx, store, events.NewStreamID(events.ProductCategory, string(id)), position, (*Product).Apply)
}
