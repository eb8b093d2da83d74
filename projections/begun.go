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

// ErrBehind: the views have not seen the end of the log in time.
var ErrBehind = errors.New("the views are behind the log")

// begun is what attempts at one booking have, seats and parts of an allowance, of which
// the booking's stream does not say that they are its own: because it will say so next,
// or because nobody is at it any more.
type begun struct {
	since int64 // of the first of them, in Unix nanoseconds
	parts []begunPart
}

// begunPart is what an attempt has in one stream.
type begunPart struct {
	attempt int64
	stream  events.StreamID
}

// due is when it is given up.
func (b *begun) due() time.Time { return time.Unix(0, b.since).Add(abandonAfter) }

// without leaves out some of the parts.
func (b *begun) without(these func(begunPart) bool) begun {
	return begun{b.since, slices.DeleteFunc(slices.Clone(b.parts), these)}
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

// keepBegun keeps what is begun about a booking while there is any.
func (k *boxOffice) keepBegun(booking events.BookingID, left *begun) {
	if len(left.parts) == 0 {
		k.begun.delete(string(booking))
		return
	}
	k.begun.set(string(booking), left)
}

// have adds to what the booking of a hold has, in e's stream. An error changes nothing.
func (k *boxOffice) have(e *events.Recorded, holdID events.HoldID, by holding) error {
	booking, attempt, ok := events.CutHoldID(holdID)
	if !ok {
		return fmt.Errorf("%w: position %d: %s@%d is about %q, which is no hold's id", row.ErrViolated, e.Position,
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
		return fmt.Errorf("%w: position %d: %s@%d takes more from the hold %q than it has", row.ErrViolated, e.Position,
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
	left, changed, err := k.begin(e, booking, attempt, known, by.seats+by.allowance > 0)
	if err != nil {
		return err
	}
	if none := (holding{}); known != nil && (before == none || now == none) || changed {
		k.unfinished.settle(booking, known, now, &left, e)
	}
	if now == (holding{}) {
		k.holdings.delete(string(booking))
	} else {
		k.holdings.set(string(booking), &now)
	}
	k.unfinished.progress(booking, e)
	return nil
}

// begin notes that an attempt has something in e's stream, or has it no more. changed says
// that it is the first of the booking's attempts that has something unknown, or the last.
func (k *boxOffice) begin(e *events.Recorded, booking events.BookingID, attempt int64, known *row.Booking,
	has bool) (left begun, changed bool, err error) {
	left, was, err := k.begun.find(string(booking))
	if err != nil || has && known.Owns(attempt, e.Stream) || !has && !was {
		return left, false, err
	}
	if !was {
		left.since = e.Created.UnixNano()
	}
	part := begunPart{attempt, e.Stream}
	left = left.without(func(other begunPart) bool { return other == part })
	if has {
		part.stream = events.StreamID(strings.Clone(string(e.Stream)))
		left.parts = append(left.parts, part)
	}
	k.keepBegun(booking, &left)
	return left, was != (len(left.parts) > 0), nil
}

// Begun are the streams of the seats and allowances that attempts of a booking have of
// which its stream does not say that they are its own, by the ids of their holds: what a
// request that is asked again takes over or gives back. Errors: the disk's.
func (p *Projections) Begun(
	_ context.Context,
	bookingID events.BookingID,
) (map[events.HoldID][]events.StreamID, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	left, ok, err := viewOf[*boxOffice](p).begun.get(string(bookingID))
	if err != nil || !ok {
		return nil, err
	}
	holds := map[events.HoldID][]events.StreamID{}
	for _, part := range left.parts {
		id := events.NewHoldID(bookingID, part.attempt)
		holds[id] = append(holds[id], part.stream)
	}
	return holds, nil
}

// catchUpLimit is how long CatchUp waits.
const catchUpLimit = 2 * time.Second

// CatchUp returns when the views have seen the log up to where its end is now.
// Errors: ErrBehind, ErrClosed; those of [events.Store].Head; ctx.Err().
func (p *Projections) CatchUp(ctx context.Context) error {
	head, err := p.store.Head(ctx)
	if err != nil || p.Position() >= head {
		return err
	}
	within, cancel := context.WithTimeout(ctx, catchUpLimit)
	defer cancel()
	err = p.WaitFor(within, head)
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		return fmt.Errorf("%w: they wait for position %d", ErrBehind, head)
	}
	return err
}
