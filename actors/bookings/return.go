package bookings

import (
	"context"
	"fmt"

	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/core"
	money "admitone/actors/payment"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
)

// ReturnSeat requests the return of one seat or standing place of a paid booking.
type ReturnSeat struct {
	Origin
	BookingID events.BookingID
	Seat      events.SeatName
	// Area and Place identify a standing place; then Seat is "".
	Area  events.AreaID
	Place int64
	// By is the holder, or "" for the organiser.
	By events.Holder
	// Reason is as in [Cancel].
	Reason string
}

// ReturnSeat returns one seat or place and refunds it according to the booking's cancellation policy. It is
// idempotent, and returns once the seat is free and the money is refunded, or owed. It does not wait for a
// payment in progress.
//
// If the performance is cancelled, ReturnSeat cancels the whole booking.
//
// Refusals, in this order: not_found (the booking), forbidden, not_found (the seat),
// payment_in_progress, hold_expired, not_held, cancellation_closed.
func (b *Bookings) ReturnSeat(ctx context.Context, cmd ReturnSeat) (Answer, error) {
	return b.locked(ctx, cmd.BookingID, func(ctx context.Context) (Answer, error) {
		before, err := b.state(ctx, cmd.BookingID)
		if err != nil {
			return Answer{}, err
		}
		giveBack := &booking.ReturnSeat{By: cmd.By, Seat: cmd.Seat, Area: cmd.Area, Place: cmd.Place,
			Reason: cmd.Reason}
		if before.Booking.ID != "" {
			s, err := b.performanceInfo(ctx, before.Booking.PerformanceID)
			if err != nil {
				return Answer{}, err
			}
			giveBack.Terms = s.terms
			if s.terms.CalledOff {
				return b.returnCalledOff(ctx, &cmd, giveBack)
			}
		}
		returned, err := b.request(ctx, cmd.Origin, cmd.BookingID, giveBack)
		if err != nil {
			return Answer{}, err
		}
		if err := b.settle(ctx, cmd.Origin, cmd.BookingID); err != nil {
			return Answer{}, err
		}
		now, err := b.state(ctx, cmd.BookingID)
		now.Replayed = returned.Replayed
		return now, err
	})
}

// finishReturns completes the returns of seats and places that the booking's stream lists as
// unfinished.
func (b *Bookings) finishReturns(ctx context.Context, from Origin, state *booking.State) error {
	left := state.Returning()
	if len(left) == 0 {
		return nil
	}
	s, err := b.performanceOf(ctx, state)
	if err != nil {
		return err
	}
	for i := range left {
		if err := b.runSteps(ctx, from, returnProcess(from, s, state, &left[i])); err != nil {
			return err
		}
	}
	return nil
}

// returnProcess refunds one seat or place, and releases it and its share of the allowance.
// booking.seat_returned has announced it.
func returnProcess(from Origin, s *performanceInfo, state *booking.State, r *booking.Returned) *process.Process {
	h := holdOf(from, s, state)
	left := h.places()
	h.seats, h.prices, h.areas = nil, nil, nil
	if r.Area != "" {
		h.areas = areasIn(s.layout, []events.BookedPlaces{{Area: r.Area, First: r.Place, Quantity: 1, Price: r.Price}})
	} else if at, ok := s.layout.Find(r.Seat); ok {
		h.seats, h.prices = []performance.Seat{at}, []int64{r.Price}
	}
	id := string(h.id) + "/seat/" + string(r.Seat)
	if r.Area != "" {
		id = fmt.Sprintf("%s/area/%s/%d", h.id, r.Area, r.Place)
	}
	p := &process.Process{ID: id, Announced: true}
	p.Stages = append(h.refundStages(state, r), h.releaseSeats(events.ReleasedReturned),
		h.returnPlaces(events.PlacesIn(state.Areas, r.Area)), h.reduceAllowance(left),
		bookingStep(state.ID, process.Step{Name: "seat-refunded",
			Do: &booking.FinishReturn{Seat: r.Seat, Area: r.Area, Place: r.Place}}))
	return p
}

// refundStages refunds the amount paid for a seat to the wallet, or records in the external payment's stream
// that it is owed.
func (h *hold) refundStages(state *booking.State, r *booking.Returned) []process.Stage {
	switch {
	case r.PaymentID == "":
		return nil
	case state.PaymentStream != "":
		return returnStages(state, &money.Return{Cause: events.OwedSeatReturned, About: r.Part().About(),
			Amount: r.Refund(), Kept: r.Kept})
	case r.Refund() == 0:
		return nil
	}
	return []process.Stage{{Steps: []process.Step{{Name: "refund", Stream: wallet.Stream(h.holder),
		Do: &wallet.Refund{PaymentID: r.PaymentID, RefundID: r.Part().RefundOf(r.PaymentID), Amount: r.Refund()}}}}}
}

// reduceAllowance reduces the seats taken from the allowance to left.
func (h *hold) reduceAllowance(left int64) process.Stage {
	var reduce core.Command = &allowance.Reduce{HoldID: h.id, Seats: left}
	if left == 0 {
		reduce = &allowance.Release{HoldID: h.id}
	}
	return h.allowanceStep(process.Step{Name: "reduce-allowance", Do: reduce})
}

func (h *hold) releaseSeats(reason events.ReleaseReason) process.Stage {
	return h.eachSeat(func(int, performance.Seat) process.Step {
		return process.Step{Name: "release-seat", Do: &seat.Release{HoldID: h.id, Reason: reason}}
	})
}

// returnStages records in the external payment's stream that all or part of its purchase was returned.
func returnStages(state *booking.State, returned *money.Return) []process.Stage {
	step := func(name string, do core.Command) process.Stage {
		return process.Stage{Steps: []process.Step{{Name: name, Stream: state.PaymentStream, Do: do}}}
	}
	return []process.Stage{step("book", &money.Book{PaymentID: state.PaymentID}), step("return", returned)}
}
