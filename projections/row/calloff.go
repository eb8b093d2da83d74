package row

import (
	"context"
	"fmt"
	"strings"
	"time"

	"admitone/events"
)

// Cancelled describes the cancellation of an entity by the organiser. It is zero for an entity that is not cancelled.
type Cancelled struct {
	// Fence is the position of the fact that records the cancellation.
	Fence  events.Position
	Reason string
	// At is the store's time of that fact.
	At time.Time
}

// cancel records a cancellation, and reports whether it is the first.
func (c *Cancelled) cancel(e *events.Recorded, reason string) bool {
	if c.Fence != 0 {
		return false
	}
	*c = Cancelled{Fence: e.Position, Reason: reason, At: e.Created}
	return true
}

// Append adds the member "cancelled" to a resource or a frame, if there is a cancellation.
func (c *Cancelled) Append(o *events.Object) {
	if c.Fence == 0 {
		return
	}
	inner := events.OpenObject(nil)
	inner.String("reason", c.Reason)
	inner.Time("at", c.At)
	inner.Int("position", int64(c.Fence))
	o.Raw("cancelled", inner.Close())
}

// AppendCancelled appends a cancellation to a record.
func AppendCancelled(dst []byte, c *Cancelled) []byte {
	return AppendTime(AppendString(AppendInt(dst, int64(c.Fence)), c.Reason), c.At)
}

// Cancelled reads what [AppendCancelled] wrote.
func (r *Reader) Cancelled() Cancelled {
	return Cancelled{Fence: events.Position(r.Int()), Reason: r.Text(), At: r.Time()}
}

// cancel applies the cancellation of the booking together with its performance, and reports whether it is valid in the
// booking's status.
func (b *Booking) cancel(f *events.BookingCancelled) bool {
	was, due := b.Status, f.MadeUp
	switch was {
	case events.BookingIsBooked:
		due += b.Price()
	case events.BookingIsReleased, events.BookingIsHeld, events.BookingIsExpired:
	default:
		return false
	}
	b.Status, b.CancelRefund, b.MadeUp = events.BookingIsCancelled, f.Amount, f.MadeUp
	b.Refunding, b.Refunded = was == events.BookingIsBooked || f.Amount > 0, false
	b.Kept -= f.MadeUp
	return was == f.Was && f.Amount == due && b.Kept >= 0 && (due > 0 || was != events.BookingIsReleased)
}

// due returns the amount to refund for a booking that was released as a whole or cancelled.
func (b *Booking) due() int64 {
	if b.Status == events.BookingIsCancelled {
		return b.CancelRefund
	}
	return b.releaseRefund()
}

// MustCancel reports whether the cancellation of the performance must still change the booking: the booking is held,
// booked or being paid, a fee was withheld after the cancellation, or the refund is in progress.
func (b *Booking) MustCancel(cancelled *Cancelled) bool {
	if cancelled.Fence == 0 {
		return false
	}
	switch b.Status {
	case events.BookingIsHeld, events.BookingIsAwaiting, events.BookingIsPaying, events.BookingIsBooked:
		return true
	case events.BookingIsCancelled:
		return b.Refunding
	}
	return b.KeptAfter(cancelled) > 0
}

// KeptAfter returns the sum of the fees withheld after the cancellation of the performance.
func (b *Booking) KeptAfter(cancelled *Cancelled) (kept int64) {
	if cancelled.Fence == 0 || b.Kept == 0 {
		return 0
	}
	if b.Released > cancelled.Fence {
		kept = b.ReleaseKept
	}
	for i := range b.Returned {
		if b.Returned[i].At > cancelled.Fence {
			kept += b.Returned[i].Kept
		}
	}
	return kept
}

// CallOff is the fold of the stream of one cancellation by the organiser.
type CallOff struct {
	ID events.CallOffID
	// Of is the category of the cancelled entity, Entity its id.
	Of, Entity, Reason string
	// Swept means that all dependants of the entity are cancelled; Ended is their number.
	Swept bool
	Ended int64
	// Reached is the position up to which the work is done, Term the number of takeovers, and Node the server
	// that took over last. For the other fields see events.CursorMoved.
	Reached events.Position
	Term    int64
	Node    string
	events.CursorFailure
	NextAt time.Time
	// FirstPosition is the position of the first event.
	FirstPosition events.Position
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created is the store's time of the first event.
	Created time.Time
}

// Apply applies the next event of the cancellation's stream, as [Product.Apply] does.
func (c *CallOff) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return c.ApplyFact(e, fact)
}

// ApplyFact is Apply for an event whose fact has been decoded.
func (c *CallOff) ApplyFact(e *events.Recorded, fact events.Fact) error {
	_, isCreation := fact.(*events.CallOffBegun)
	if done, err := CheckNext(e, fact, revisionOf(c.ID != "", c.Revision), isCreation); done || err != nil {
		return err
	}
	switch f := fact.(type) {
	case *events.CallOffBegun:
		*c = CallOff{ID: events.CallOffID(strings.Clone(e.Stream.Entity())), Of: f.Of, Entity: f.ID, Reason: f.Reason,
			FirstPosition: e.Position, Created: e.Created}
	case *events.CallOffSwept:
		c.Swept, c.Ended = true, f.Ended
	case *events.CursorTaken:
		if c.Term, c.Node = f.Term, f.Node; f.Copied {
			c.Reached, c.CursorFailure, c.NextAt = f.Reached, events.CursorFailure{}, time.Time{}
		}
	case *events.CursorMoved:
		c.Reached, c.NextAt, c.CursorFailure = f.Reached, f.NextAt, f.CursorFailure
	default:
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	c.Revision, c.Position = e.Revision, e.Position
	return nil
}

// AppendCallOff appends the record of a cancellation: all but the id.
func AppendCallOff(dst []byte, c *CallOff) []byte {
	for _, text := range []string{c.Of, c.Entity, c.Reason, c.Node, c.Error} {
		dst = AppendString(dst, text)
	}
	for _, n := range []int64{boolInt(c.Swept), c.Ended, int64(c.Reached), c.Term, int64(c.Failing), c.Failures,
		int64(c.FirstPosition), int64(c.Revision), int64(c.Position)} {
		dst = AppendInt(dst, n)
	}
	return AppendTime(AppendTime(AppendTime(dst, c.Since), c.NextAt), c.Created)
}

// DecodeCallOff reads what [AppendCallOff] wrote. Error: [ErrRecord].
func DecodeCallOff(id string, record []byte) (CallOff, error) {
	r := NewReader(record)
	c := CallOff{ID: events.CallOffID(id), Of: r.Text(), Entity: r.Text(), Reason: r.Text(), Node: r.Text()}
	c.Error = r.Text()
	c.Swept, c.Ended, c.Reached, c.Term = r.Int() != 0, r.Int(), events.Position(r.Int()), r.Int()
	c.Failing, c.Failures = events.Position(r.Int()), r.Int()
	c.FirstPosition, c.Revision, c.Position = events.Position(r.Int()), events.Revision(r.Int()), events.Position(r.Int())
	c.Since, c.NextAt, c.Created = r.Time(), r.Time(), r.Time()
	return c, r.Done()
}

// CallOffAt folds a cancellation up to a position; nil if it had not begun by then. Errors: those of
// [CallOff.Apply]; the store's.
func CallOffAt(
	ctx context.Context, store events.Store, id events.CallOffID, position events.Position,
) (*CallOff, error) {
	return foldAt(ctx, store, events.CallOffStream(id), position, (*CallOff).Apply)
}
