package bookings

import (
	"context"
	"errors"
	"time"

	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/events"
)

// givenBackWithin bounds how long a booking that takes its seats in order waits for seats that may
// be released. Seats of an interrupted attempt stay held for longer.
const releaseTimeout = 3 * time.Second

// holdNamed holds the seats that a request names. If seats are held concurrently and some are lost,
// the others are released, and all are held once more, one by one, waiting for those that may be
// released: see doc.go. Error: as hold.
func (b *Bookings) holdNamed(ctx context.Context, p *requestRun, s *performanceInfo,
	seats []performance.Seat) (Answer, error) {
	h, attempt := p.hold(s, seats), p.attempt
	h.concurrent = b.concurrent
	answer, err := b.hold(ctx, p, h)
	if _, lost := errors.AsType[*lostError](err); !lost || p.attempt == attempt || !h.concurrent {
		return answer, err
	}
	p.found = nil // released
	h = p.hold(s, seats)
	h.waitUntil = time.Now().Add(releaseTimeout)
	return b.hold(ctx, p, h)
}

// lostBefore returns the seats and places that others already have, nil if there are none or that
// is unknown. If seats are held concurrently, it first consults the views, and reads only the areas
// and the seats that are taken there.
func (b *Bookings) lostBefore(ctx context.Context, p *requestRun, s *performanceInfo,
	seats []performance.Seat) *lostError {
	if !b.concurrent {
		return b.anyTaken(ctx, p, s, seats)
	}
	if len(seats)+len(areasIn(s.layout, p.places)) == 1 && s.limit == 0 {
		return nil
	}
	h := p.hold(s, nil)
	if areas := b.tooFew(ctx, h, 0); areas != nil {
		return &lostError{areas: areas}
	}
	var suspects []performance.Seat
	err := b.maps.withRecentMap(ctx, s, p.Book, false, choiceSize{len(seats), p.Restricted},
		func(m *performance.Map, _ func() [][]performance.Seat) {
			for _, seat := range seats {
				if !m.Free(seat) {
					suspects = append(suspects, seat)
				}
			}
		})
	if err != nil || len(suspects) == 0 {
		return nil // the seats' own decisions follow
	}
	if lost := b.taken(ctx, h, suspects); lost != nil {
		return &lostError{seats: lost}
	}
	return nil
}

// mayBeGivenBack waits a moment and reports whether to retry a refused seat: it is held by an
// attempt that has not become a booking, or is free again.
func (b *Bookings) waitForRelease(ctx context.Context, h *hold, s performance.Seat, err error) bool {
	left := time.Until(h.waitUntil)
	if h.waitUntil.IsZero() || left <= 0 || refused(err).Code != core.CodeSeatTaken {
		return false
	}
	var owner events.HoldID
	var status events.SeatStatus
	if _, err := b.desk.View(ctx, h.seatStream(s), func(c core.Core) {
		owner, _ = c.(*seat.Seat).Owner()
		status = c.(*seat.Seat).Status()
	}); err != nil {
		return false
	}
	switch status {
	case events.SeatIsFree:
		return true
	case events.SeatIsHeld:
	default:
		return false
	}
	id, attempt, ok := events.CutHoldID(owner)
	if !ok {
		return false
	}
	now, err := b.state(ctx, id)
	if err != nil || now.Booking.ID != "" && attempt >= now.Booking.FirstAttempt() {
		return false
	}
	time.Sleep(min(left, releasePollInterval))
	return true
}

// givenBackPause is the pause between two reads of the seat.
const releasePollInterval = 5 * time.Millisecond
