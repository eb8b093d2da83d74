package bookings

import (
	"context"
	"slices"
	"time"

	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/events"
)

// hold is one attempt of a booking at its seats, and whoever makes it.
type hold struct {
	from   Origin
	show   *show
	id     string // an events.HoldID
	holder string
	seats  []performance.Seat // in canonical order
	retake bool               // for a late payment
	// shared: another node may be at the same hold, for a request with the same key.
	shared bool
}

// held says when the first of the seats expires, and when the longest stay at one
// of them began.
type held struct {
	expires, first time.Time
}

func (h *held) add(expires, first time.Time) {
	if h.expires.IsZero() || expires.Before(h.expires) {
		h.expires = expires
	}
	if h.first.IsZero() || first.Before(h.first) {
		h.first = first
	}
}

// lostError says which seats can't be had; it never leaves the package.
type lostError struct{ seats []performance.Seat }

func (*lostError) Error() string { return "seats are taken" }

// take takes the holder's allowance and then every seat, in canonical order. If not
// all can be had, what was taken is given back before it returns; but not of a payment:
// another node may be finishing the same one, and how it ends is for giveUp to say.
//
// Errors: *lostError, refusals of allowance and seats, failures.
func (b *Bookings) take(ctx context.Context, h *hold) (held, error) {
	if err := b.takeAllowance(ctx, h); err != nil {
		if refused(err) == nil {
			_ = b.undo(ctx, h, nil) // it may have been taken; if this fails, it expires
		}
		return held{}, err
	}
	var all held
	for i, s := range h.seats {
		err := b.takeSeat(ctx, h, s, &all)
		if err == nil {
			continue
		}
		// Seat i may have been taken if the step failed. What can't be given back
		// expires by itself.
		given := b.undo(ctx, h, h.seats[:i+1])
		refusal := refused(err)
		switch {
		case refusal == nil:
			return held{}, err
		case given != nil:
			return held{}, given
		case refusal.Code == "seat_taken":
			return held{}, &lostError{append([]performance.Seat{s}, b.taken(ctx, h, h.seats[i+1:])...)}
		}
		return held{}, naming(refusal, h.show.layout.Name(s))
	}
	return all, nil
}

// undo gives back what was taken in vain. A booking that is known keeps its seats: then
// another node was asked the same, under the same key, and has brought it about.
func (b *Bookings) undo(ctx context.Context, h *hold, seats []performance.Seat) error {
	if h.retake {
		return nil
	}
	if bookingID, _, _ := events.CutHoldID(h.id); h.shared {
		known, err := b.state(ctx, bookingID)
		if err != nil {
			return err
		}
		if known.Booking.ID != "" {
			return b.spare(ctx, h, seats, &known.Booking)
		}
	}
	return b.giveBack(ctx, h, seats, events.ReleasedIncomplete)
}

// spare gives back which of the seats are not the booking's: two nodes that choose the
// best seats for one request may choose differently.
func (b *Bookings) spare(ctx context.Context, h *hold, seats []performance.Seat, known *booking.State) error {
	var others []performance.Seat
	for _, s := range seats {
		name := h.show.layout.Name(s)
		if !slices.ContainsFunc(known.Seats, func(booked events.BookedSeat) bool { return booked.Seat == name }) {
			others = append(others, s)
		}
	}
	return b.releaseSeats(ctx, h, others, events.ReleasedIncomplete)
}

// naming adds to a refusal which seat it is about.
func naming(refusal *core.Refusal, name string) *core.Refusal {
	fields := map[string]any{"seats": []string{name}}
	for key, value := range refusal.Fields {
		fields[key] = value
	}
	return &core.Refusal{Code: refusal.Code, Detail: refusal.Detail, Fields: fields}
}

func (b *Bookings) takeAllowance(ctx context.Context, h *hold) error {
	if h.show.limit == 0 {
		return nil
	}
	// The seats' deadlines begin a little later, so this one is longer by a grace.
	_, err := b.step(ctx, h.from, allowance.Stream(h.show.id, h.holder), &allowance.Take{
		HoldID: h.id, Seats: int64(len(h.seats)), Limit: h.show.limit, For: h.show.holdFor + 2*seat.Grace})
	return err
}

func (b *Bookings) takeSeat(ctx context.Context, h *hold, s performance.Seat, all *held) error {
	stream := seat.Stream(h.show.id, h.show.layout.Name(s))
	answer, err := b.step(ctx, h.from, stream, &seat.Hold{HoldID: h.id, Holder: h.holder,
		Price: h.show.layout.Price(s), HoldFor: h.show.holdFor, Retake: h.retake})
	if err != nil {
		return err
	}
	for _, fact := range answer.Facts {
		if f, ok := fact.(*events.SeatHeld); ok {
			all.add(f.ExpiresAt, f.FirstHeldAt)
			return nil
		}
	}
	return b.seeSeat(ctx, h, stream, all) // an earlier run of the same request has it
}

// seeSeat reads the deadline of a seat that the hold has had before. One that is booked
// for it has none: another node has come further.
func (b *Bookings) seeSeat(ctx context.Context, h *hold, stream events.StreamID, all *held) error {
	var expires, first time.Time
	var owner string
	var status events.SeatStatus
	if _, err := b.desk.View(ctx, stream, func(c core.Core) {
		expires, first = c.(*seat.Seat).Deadline()
		owner, _ = c.(*seat.Seat).Owner()
		status = c.(*seat.Seat).Status()
	}); err != nil {
		return err
	}
	switch {
	case owner != h.id:
		return &core.Refusal{Code: "seat_taken", Detail: "the seat was lost again"}
	case status == events.SeatIsHeld:
		all.add(expires, first)
	}
	return nil
}

// taken looks which of the seats somebody else has, so that a refusal can name all.
func (b *Bookings) taken(ctx context.Context, h *hold, seats []performance.Seat) (taken []performance.Seat) {
	gone := make([]bool, len(seats))
	_ = each(indexes(len(seats)), func(i int) error {
		var is bool
		_, err := b.desk.View(ctx, seat.Stream(h.show.id, h.show.layout.Name(seats[i])), func(c core.Core) {
			owner, _ := c.(*seat.Seat).Owner()
			is = c.(*seat.Seat).Status() != events.SeatIsFree && owner != h.id
		})
		gone[i] = err == nil && is // who can't be asked is not named
		return nil
	})
	for i, s := range seats {
		if gone[i] {
			taken = append(taken, s)
		}
	}
	return taken
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// giveBack releases seats and allowance from a hold, whatever of it there is.
func (b *Bookings) giveBack(ctx context.Context, h *hold, seats []performance.Seat, reason events.ReleaseReason) error {
	err := b.releaseSeats(ctx, h, seats, reason)
	if other := b.giveAllowance(ctx, h); err == nil {
		err = other
	}
	return err
}

func (b *Bookings) releaseSeats(ctx context.Context, h *hold, seats []performance.Seat, reason events.ReleaseReason) error {
	return each(seats, func(s performance.Seat) error {
		_, err := b.step(ctx, h.from, seat.Stream(h.show.id, h.show.layout.Name(s)), &seat.Release{HoldID: h.id, Reason: reason})
		return err
	})
}

func (b *Bookings) giveAllowance(ctx context.Context, h *hold) error {
	if h.show.limit == 0 {
		return nil
	}
	_, err := b.step(ctx, h.from, allowance.Stream(h.show.id, h.holder), &allowance.Release{HoldID: h.id})
	return err
}
