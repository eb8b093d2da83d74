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

// unconfirmedHolds lists the holds of seats and allowance by attempts at one booking that the booking's stream does
// not confirm: the attempt is in progress, or was abandoned.
type unconfirmedHolds struct {
	since int64 // the time of the first hold, in Unix nanoseconds
	holds []unconfirmedHold
}

// unconfirmedHold is an attempt's hold in one stream.
type unconfirmedHold struct {
	attempt int64
	stream  events.StreamID
}

// due returns the time at which the attempts are considered abandoned.
func (b *unconfirmedHolds) due() time.Time { return time.Unix(0, b.since).Add(abandonAfter) }

// without returns b without the holds that match accepts.
func (b *unconfirmedHolds) without(match func(unconfirmedHold) bool) unconfirmedHolds {
	return unconfirmedHolds{b.since, slices.DeleteFunc(slices.Clone(b.holds), match)}
}

func appendUnconfirmed(dst []byte, b *unconfirmedHolds) []byte {
	dst = row.AppendInt(row.AppendInt(dst, b.since), int64(len(b.holds)))
	for _, p := range b.holds {
		dst = row.AppendString(row.AppendInt(dst, p.attempt), string(p.stream))
	}
	return dst
}

func decodeUnconfirmed(record []byte) (unconfirmedHolds, error) {
	r := row.NewReader(record)
	b := unconfirmedHolds{since: r.Int()}
	for n := r.Int(); n > 0 && r.OK(); n-- {
		b.holds = append(b.holds, unconfirmedHold{r.Int(), events.StreamID(r.Text())})
	}
	return b, r.Done()
}

// storeUnconfirmed stores the unconfirmed holds of a booking's attempts, and deletes the record if there are none.
func (k *boxOffice) storeUnconfirmed(booking events.BookingID, unconfirmed *unconfirmedHolds) {
	if len(unconfirmed.holds) == 0 {
		k.unconfirmed.delete(string(booking))
		return
	}
	k.unconfirmed.set(string(booking), unconfirmed)
}

// addHolding adds delta, which may be negative, to the holding of a hold's booking. After an error nothing has
// changed.
func (k *boxOffice) addHolding(e *events.Recorded, holdID events.HoldID, delta holding) error {
	booking, attempt, ok := events.CutHoldID(holdID)
	if !ok {
		return fmt.Errorf("%w: position %d: %s@%d has the invalid hold id %q", row.ErrViolated, e.Position,
			e.Stream, e.Revision, holdID)
	}
	if delta == (holding{}) {
		k.unfinished.postpone(booking, e)
		return nil
	}
	before, _, err := k.holdings.find(string(booking))
	if err != nil {
		return err
	}
	now := holding{before.seats + delta.seats, before.allowance + delta.allowance}
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
	cancelled, err := k.cancellationOf(known)
	if err != nil {
		return err
	}
	unconfirmed, changed, err := k.trackUnconfirmed(e, booking, attempt, known, delta.seats+delta.allowance > 0)
	if err != nil {
		return err
	}
	if none := (holding{}); known != nil && (before == none || now == none) || changed {
		k.unfinished.update(booking, known, now, cancelled, &unconfirmed, e)
	}
	if now == (holding{}) {
		k.holdings.delete(string(booking))
	} else {
		k.holdings.set(string(booking), &now)
	}
	k.unfinished.postpone(booking, e)
	return nil
}

// trackUnconfirmed records that an attempt has a hold in e's stream or, if has is false, no longer has one. changed
// reports whether the booking got its first unconfirmed hold or lost its last.
func (k *boxOffice) trackUnconfirmed(e *events.Recorded, booking events.BookingID, attempt int64, known *row.Booking,
	has bool) (unconfirmed unconfirmedHolds, changed bool, err error) {
	unconfirmed, was, err := k.unconfirmed.find(string(booking))
	if err != nil || has && known.Owns(attempt, e.Stream) || !has && !was {
		return unconfirmed, false, err
	}
	if !was {
		unconfirmed.since = e.Created.UnixNano()
	}
	part := unconfirmedHold{attempt, e.Stream}
	unconfirmed = unconfirmed.without(func(other unconfirmedHold) bool { return other == part })
	if has {
		part.stream = events.StreamID(strings.Clone(string(e.Stream)))
		unconfirmed.holds = append(unconfirmed.holds, part)
	}
	k.storeUnconfirmed(booking, &unconfirmed)
	return unconfirmed, was != (len(unconfirmed.holds) > 0), nil
}

// UnconfirmedHolds returns, by hold id, the streams of the seats and allowances that attempts at a booking hold
// and that the booking's stream does not confirm. A repeated request adopts or releases them. Errors: the disk's.
func (p *Projections) UnconfirmedHolds(_ context.Context,
	bookingID events.BookingID) (map[events.HoldID][]events.StreamID, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	unconfirmed, ok, err := viewOf[*boxOffice](p).unconfirmed.get(string(bookingID))
	if err != nil || !ok {
		return nil, err
	}
	holds := map[events.HoldID][]events.StreamID{}
	for _, part := range unconfirmed.holds {
		id := events.NewHoldID(bookingID, part.attempt)
		holds[id] = append(holds[id], part.stream)
	}
	return holds, nil
}

// catchUpLimit is the timeout of CatchUp.
const catchUpLimit = 2 * time.Second

// CatchUp waits, for at most catchUpLimit, until the views contain the log up to its present end.
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
		return fmt.Errorf("%w: waited for position %d", ErrBehind, head)
	}
	return err
}
