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

// releaseTimeout bounds how long a request that holds its seats in order waits for seats that may be
// released. The seats of an interrupted attempt may stay held for longer.
const releaseTimeout = 3 * time.Second

// holdNamed holds the seats that a request names. If seats are held concurrently and some are lost, the
// others are released, and all are held once more, one by one; that run waits for seats that may be
// released. See the package comment. Errors are those of hold.
func (b *Bookings) holdNamed(ctx context.Context, p *requestRun, s *performanceInfo,
	seats []performance.Seat) (Answer, error) {
	h, attempt := p.hold(s, seats), p.attempt
	h.concurrent = b.concurrent
	answer, err := b.hold(ctx, p, h)
	if _, lost := errors.AsType[*lostError](err); !lost || p.attempt == attempt || !h.concurrent {
		return answer, err
	}
	p.found = nil // they have been released
	h = p.hold(s, seats)
	h.waitUntil = time.Now().Add(releaseTimeout)
	return b.hold(ctx, p, h)
}

// lostBefore returns the seats and places that others already have, nil if there are none or they can't be
// read. If seats are held concurrently, it reads only the seats that are taken in the views.
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
		return nil // each seat decides
	}
	if lost := b.taken(ctx, h, suspects); lost != nil {
		return &lostError{seats: lost}
	}
	return nil
}

// waitForRelease reports whether to retry a refused seat: it is free again, or is held by an attempt that
// has not become a booking. In the latter case it pauses first.
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

// releasePollInterval is the pause before a seat is tried again.
const releasePollInterval = 5 * time.Millisecond
