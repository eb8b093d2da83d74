package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"admitone/events"
	"admitone/projections/row"
)

// ErrBehind means that the views did not reach the end of the log in time.
var ErrBehind = errors.New("the views are behind the log")

// begun lists what attempts at one booking hold, seats and parts of an allowance, that the booking's stream
// does not confirm as its own: the attempt is in progress, or was abandoned.
type begun struct {
	since int64 // when the first of them was taken, in Unix nanoseconds
	parts []begunPart
}

// begunPart is an attempt's hold in one stream.
type begunPart struct {
	attempt int64
	stream  events.StreamID
}

// due is when the attempts are abandoned.
func (b *begun) due() time.Time { return time.Unix(0, b.since).Add(abandonAfter) }

// without returns b without the parts that match accepts.
func (b *begun) without(match func(begunPart) bool) begun {
	return begun{b.since, slices.DeleteFunc(slices.Clone(b.parts), match)}
}

func appendBegun(dst []byte, b *begun) []byte {
	dst = row.AppendInt(row.AppendInt(dst, b.since), int64(len(b.parts)))
	for _, p := range b.parts {
		dst = row.AppendString(row.AppendInt(dst, p.attempt), string(p.stream))
	}
	return dst
}

func decodeBegun(record []byte) (begun, error) {
	r := row.NewReader(record)
	b := begun{since: r.Int()}
	for n := r.Int(); n > 0 && r.OK(); n-- {
		b.parts = append(b.parts, begunPart{r.Int(), events.StreamID(r.Text())})
	}
	return b, r.Done()
}

// storeBegun stores the unconfirmed parts of a booking's attempts, and deletes the record if there are none.
func (k *boxOffice) storeBegun(booking events.BookingID, unconfirmed *begun) {
	if len(unconfirmed.parts) == 0 {
		k.begun.delete(string(booking))
		return
	}
	k.begun.set(string(booking), unconfirmed)
}

// addHolding adds by, which may be negative, to the holding of a hold's booking. An error changes nothing.
func (k *boxOffice) addHolding(e *events.Recorded, holdID events.HoldID, by holding) error {
	booking, attempt, ok := events.CutHoldID(holdID)
	if !ok {
		return fmt.Errorf("%w: position %d: %s@%d has the invalid hold id %q", row.ErrViolated, e.Position,
			e.Stream, e.Revision, holdID)
	}
	if by == (holding{}) {
		k.unfinished.progress(booking, e)
		return nil
	}
	before, _, err := k.holdings.find(string(booking))
	if err != nil {
		return err
	}
	now := holding{before.seats + by.seats, before.allowance + by.allowance}
	if now.seats < 0 || now.allowance < 0 {
		return fmt.Errorf("%w: position %d: %s@%d frees more of the hold %q than it has", row.ErrViolated, e.Position,
			e.Stream, e.Revision, holdID)
	}
	found, err := k.bookings.find(string(booking))
	if err != nil {
		return err
	}
	var known *row.Booking
	if found != nil {
		known = &found.row
	}
	off, err := k.cancelled(known)
	if err != nil {
		return err
	}
	unconfirmed, changed, err := k.begin(e, booking, attempt, known, by.seats+by.allowance > 0)
	if err != nil {
		return err
	}
	if none := (holding{}); known != nil && (before == none || now == none) || changed {
		k.unfinished.settle(booking, known, now, off, &unconfirmed, e)
	}
	if now == (holding{}) {
		k.holdings.delete(string(booking))
	} else {
		k.holdings.set(string(booking), &now)
	}
	k.unfinished.progress(booking, e)
	return nil
}

// begin records that an attempt has a hold in e's stream or, if has is false, no longer has one. changed
// reports whether the booking got its first unconfirmed part, or lost its last.
func (k *boxOffice) begin(e *events.Recorded, booking events.BookingID, attempt int64, known *row.Booking,
	has bool) (unconfirmed begun, changed bool, err error) {
	unconfirmed, was, err := k.begun.find(string(booking))
	if err != nil || has && known.Owns(attempt, e.Stream) || !has && !was {
		return unconfirmed, false, err
	}
	if !was {
		unconfirmed.since = e.Created.UnixNano()
	}
	part := begunPart{attempt, e.Stream}
	unconfirmed = unconfirmed.without(func(other begunPart) bool { return other == part })
	if has {
		part.stream = events.StreamID(strings.Clone(string(e.Stream)))
		unconfirmed.parts = append(unconfirmed.parts, part)
	}
	k.storeBegun(booking, &unconfirmed)
	return unconfirmed, was != (len(unconfirmed.parts) > 0), nil
}

// Begun returns, by hold id, the streams of the seats and allowances that attempts at a booking hold and that
// the booking's stream does not confirm as its own: a repeated request adopts or releases them. Errors: the
// disk's.
func (p *Projections) Begun(
	_ context.Context,
	bookingID events.BookingID,
) (map[events.HoldID][]events.StreamID, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	unconfirmed, ok, err := viewOf[*boxOffice](p).begun.get(string(bookingID))
	if err != nil || !ok {
		return nil, err
	}
	holds := map[events.HoldID][]events.StreamID{}
	for _, part := range unconfirmed.parts {
		id := events.NewHoldID(bookingID, part.attempt)
		holds[id] = append(holds[id], part.stream)
	}
	return holds, nil
}

// catchUpLimit is the timeout of CatchUp.
const catchUpLimit = 2 * time.Second

// CatchUp waits until the views contain the log up to its present end, at most catchUpLimit.
// Errors: ErrBehind, ErrClosed; as [events.Store].Head; ctx.Err().
func (p *Projections) CatchUp(ctx context.Context) error {
	head, err := p.store.Head(ctx)
	if err != nil || p.Position() >= head {
		return err
	}
	within, cancel := context.WithTimeout(ctx, catchUpLimit)
	defer cancel()
	err = p.WaitFor(within, head)
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		return fmt.Errorf("%w: waited for position %d", ErrBehind, head)
	}
	return err
}
