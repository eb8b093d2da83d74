package bookings

import (
	"context"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// hold is an attempt of a booking, and its seats and places.
type hold struct {
	from Origin // the request
	info *performanceInfo
	id   events.HoldID
	// payment is the id of the booking's payment, "" if none has started.
	payment events.HoldID
	holder  events.Holder
	seats   []performance.Seat // in canonical order
	prices  []int64            // of seats, when they were first held; nil for the prices of the performance
	areas   []areaHold         // in canonical order
	terms   events.Revision    // revision of the performance's terms that apply
	found   bool               // an earlier run has taken some of the seats
	closed  bool               // the booking's stream has closed the attempt
	label   events.BlockLabel  // permits seats blocked under it; "" for none
	window  window
	// concurrent: allowance and seats are taken concurrently, not in order.
	concurrent bool
	// waitUntil is the time until which the request waits for seats that others may release; zero if it
	// does not wait.
	waitUntil time.Time
}

// window has the earliest deadline of the held seats, and the earliest time from which one of them has been
// held for the same holder without interruption (see package seat).
type window struct{ expires, first time.Time }

func (w *window) include(expires, first time.Time) {
	if w.expires.IsZero() || expires.Before(w.expires) {
		w.expires = expires
	}
	if w.first.IsZero() || first.Before(w.first) {
		w.first = first
	}
}

func (h *hold) seatStream(s performance.Seat) events.StreamID {
	return seat.Stream(h.info.id, h.info.layout.Name(s))
}

// price returns the price of seat i.
func (h *hold) price(i int) int64 {
	if h.prices != nil {
		return h.prices[i]
	}
	return h.info.layout.Price(h.seats[i])
}

// eachSeat returns a stage with one step for each seat.
func (h *hold) eachSeat(step func(i int, s performance.Seat) process.Step) process.Stage {
	stage := process.Stage{Steps: make([]process.Step, len(h.seats))}
	for i, s := range h.seats {
		stage.Steps[i] = step(i, s)
		stage.Steps[i].Stream = h.seatStream(s)
	}
	return stage
}

// lostError lists the unavailable seats, or the areas without enough places. Callers of the package get a
// refusal instead.
type lostError struct {
	seats []performance.Seat
	areas []AreaLeft
}

func (*lostError) Error() string { return "seats are taken" }

// holdSeats holds the seats in canonical order and updates h.window; held is called after each of
// them. refused gets a *lostError, or another refusal that names the seat; see
// [process.Step.Refused].
func (b *Bookings) holdSeats(h *hold, retake bool, reason events.ReleaseReason, held func(),
	refused func(error) (error, bool)) process.Stage {
	stage := h.eachSeat(func(i int, s performance.Seat) process.Step {
		return process.Step{
			Name: "hold-seat",
			Do: &seat.Hold{HoldID: h.id, Holder: h.holder, Price: h.price(i), HoldFor: h.info.holdFor,
				Retake: retake, Terms: h.terms, Label: h.label},
			Undo: &seat.Release{HoldID: h.id, Reason: reason},
			Took: func(ctx context.Context, answer actors.Answer) error {
				err := b.seatHeld(ctx, h, s, answer)
				held()
				return err
			},
			Refused: func(ctx context.Context, err error) (error, bool) {
				refusal := err.(*core.Refusal)
				if refusal.Code != core.CodeSeatTaken {
					return refused(withSeat(refusal, h.info.layout.Name(s)))
				}
				return refused(&lostError{seats: append([]performance.Seat{s}, b.taken(ctx, h, h.seats[i+1:])...)})
			},
			Retry: func(ctx context.Context, err error) bool { return b.waitForRelease(ctx, h, s, err) },
		}
	})
	stage.Ordered, stage.Turn = !h.concurrent, h.concurrent
	return stage
}

// bookSeats books held seats. Its undo is the release of the hold.
func (h *hold) bookSeats(undo core.Command, refused func(context.Context, error) (error, bool)) process.Stage {
	return h.eachSeat(func(int, performance.Seat) process.Step {
		return process.Step{Name: "book-seat", Do: &seat.Book{HoldID: h.id}, Undo: undo, Refused: refused}
	})
}

func (h *hold) extendSeats(to *seat.Extend) process.Stage {
	return h.eachSeat(func(int, performance.Seat) process.Step { return process.Step{Name: "extend-seat", Do: to} })
}

// seatHeld records the deadline of a held seat in h.window. If an earlier run has held the seat, the answer
// has no facts, and the seat is read. If a run on another node has already booked the seat, the seat has no
// deadline.
func (b *Bookings) seatHeld(ctx context.Context, h *hold, s performance.Seat, answer actors.Answer) error {
	for _, fact := range answer.Facts {
		if f, ok := fact.(*events.SeatHeld); ok {
			h.window.include(f.ExpiresAt, f.FirstHeldAt)
			return nil
		}
	}
	var expires, first time.Time
	var owner events.HoldID
	var status events.SeatStatus
	if _, err := b.desk.View(ctx, h.seatStream(s), func(c core.Core) {
		expires, first = c.(*seat.Seat).Deadline()
		owner, _ = c.(*seat.Seat).Owner()
		status = c.(*seat.Seat).Status()
	}); err != nil {
		return err
	}
	switch {
	case owner != h.id:
		return &core.Refusal{Code: core.CodeSeatTaken, Detail: "the seat was released meanwhile"}
	case status == events.SeatIsHeld:
		h.window.include(expires, first)
	}
	return nil
}

// taken returns the seats that h can't have, so that a refusal can name all of them. A seat that can't be
// read is omitted.
func (b *Bookings) taken(ctx context.Context, h *hold, seats []performance.Seat) (taken []performance.Seat) {
	return b.takenBy(ctx, h, seats, func(owner events.HoldID) bool { return owner != h.id })
}

// takenBy is like taken, restricted to seats whose owner satisfies match.
func (b *Bookings) takenBy(ctx context.Context, h *hold, seats []performance.Seat,
	match func(events.HoldID) bool) (taken []performance.Seat) {
	lost := make([]bool, len(seats))
	_, _ = process.Each(indexes(len(seats)), func(i *int) error {
		var unavailable bool
		_, err := b.desk.View(ctx, h.seatStream(seats[*i]), func(c core.Core) {
			owner, _ := c.(*seat.Seat).Owner()
			unavailable = !c.(*seat.Seat).Available(h.label) && match(owner)
		})
		lost[*i] = err == nil && unavailable
		return nil
	})
	for i, s := range seats {
		if lost[i] {
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

// withSeat returns the refusal with the name of a seat.
func withSeat(refusal *core.Refusal, name events.SeatName) *core.Refusal {
	fields := map[string]any{"seats": []events.SeatName{name}}
	for key, value := range refusal.Fields {
		fields[key] = value
	}
	return &core.Refusal{Code: refusal.Code, Detail: refusal.Detail, Fields: fields}
}
