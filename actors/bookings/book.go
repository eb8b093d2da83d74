package bookings

import (
	"context"
	"errors"
	"fmt"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// Book asks for seats: those of Seats, or the Quantity best ones.
type Book struct {
	Origin
	PerformanceID events.PerformanceID
	Holder        events.Holder
	// Seats by name, in any order.
	Seats []events.SeatName
	// Quantity of the best available seats, if Seats is empty.
	Quantity int
	// Section to take the best available seats from, "" for any.
	Section events.SectionID
	// Room is the waiting room whose pass the holder has shown, "" if none.
	Room events.RoomID
	// Open is how many holds the holder has open, of everything, as far as is known; 0 for
	// a holder without a limit.
	Open int64
	// Order is kept in the booking's first fact, and must not be changed afterwards.
	Order events.OrderData
	// gone is closed when whoever asked waits no more.
	gone <-chan struct{}
}

// errNobodyWaits ends a run of a request that would have to wait for others, and has
// nothing, when whoever asked has gone. The caller gets the error of its context.
var errNobodyWaits = errors.New("the caller is no longer waiting")

// Book holds the seats for the holder, all or none.
//
// Refusals, in this order: not_found (the performance), pass_required, not_open, sale_closed,
// invalid_field (seats, quantity, section), idempotency_key_reused, limit_exceeded, seat_taken (with
// seats: those that are taken, and up to three alternatives), sold_out (with what
// remains: fewer than were asked for).
func (b *Bookings) Book(ctx context.Context, cmd Book) (Answer, error) {
	id, keyed := cmd.bookingID()
	cmd.gone = ctx.Done()
	if !keyed { // nobody else knows the id
		return b.run(ctx, func(ctx context.Context) (Answer, error) {
			return b.book(ctx, &attemptResult{Book: &cmd, id: id, attempt: 1})
		})
	}
	return b.locked(ctx, id, func(ctx context.Context) (Answer, error) { return b.bookKeyed(ctx, &cmd, id) })
}

// bookingID makes the booking's id: of the key, so that a retry finds the seats it
// has already, or a fresh one.
func (cmd *Book) bookingID() (id events.BookingID, keyed bool) {
	if key, keyed := cmd.ID.Key(); keyed {
		return events.BookingID(events.EventID("booking/"+string(cmd.PerformanceID)+"/"+key, 0).String()), true
	}
	return events.BookingID(actors.NewID().String()), false
}

// bookedBefore answers a request whose booking is there, from the log, and before gives back
// what other attempts at it still have: of a node that was killed nobody else does it soon.
func (b *Bookings) bookedBefore(ctx context.Context, cmd *Book, id events.BookingID) (Answer, error) {
	answer, err := b.request(ctx, cmd.Origin, id, &booking.Hold{ID: id})
	if err != nil {
		return Answer{}, err
	}
	begun, err := b.views.Begun(ctx, id)
	if err == nil {
		err = b.dismiss(ctx, cmd.Origin, id, begun)
	}
	if err != nil {
		return Answer{}, err
	}
	return answerOf(answer), nil
}

// answerOf is the answer that the first fact of a booking makes.
func answerOf(answer actors.Answer) Answer {
	return Answer{Booking: booking.StateOf(answer.Facts[0].(*events.BookingHeld)), Revision: answer.Revision,
		Position: answer.Position, Replayed: answer.Replayed}
}

func (b *Bookings) book(ctx context.Context, p *attemptResult) (Answer, error) {
	s, err := b.performanceInfo(ctx, p.PerformanceID)
	if err != nil {
		return Answer{}, err
	}
	if refusal := core.RequirePass(s.room, p.Room); refusal != nil {
		return Answer{}, refusal
	}
	if refusal := s.closed(); refusal != nil {
		return Answer{}, refusal
	}
	if p.Open >= core.MaxOpenHolds {
		return Answer{}, core.TooManyHolds(p.Open)
	}
	if len(p.Seats) == 0 {
		return b.bookBest(ctx, p, s)
	}
	seats, refusal := wanted(s.layout, p.Seats)
	if refusal != nil {
		return Answer{}, refusal
	}
	defer b.pending.enter(s.id)()
	defer b.pending.begin(s.id, seats)(0)
	if lost := b.anyTaken(ctx, p, s, seats); lost != nil {
		return Answer{}, b.seatTaken(ctx, s, seats, lost)
	}
	answer, err := b.hold(ctx, p, s, seats)
	if lost := (*lostError)(nil); errors.As(err, &lost) {
		return Answer{}, b.seatTaken(ctx, s, seats, lost.seats)
	}
	return answer, err
}

// anyTaken returns the seats that others have already. Then nothing needs to be taken and
// given back: most of a crowd that wants the same seats leaves no trace in the log. A
// single seat without a limit is not read: it refuses by itself.
func (b *Bookings) anyTaken(
	ctx context.Context,
	p *attemptResult,
	s *performanceInfo,
	seats []performance.Seat,
) []performance.Seat {
	if len(seats) == 1 && s.limit == 0 {
		return nil
	}
	return b.taken(ctx, p.hold(s, nil), seats)
}

// wanted looks up the seats of a request. Refusal: invalid_field.
func wanted(layout *events.Layout, names []events.SeatName) ([]performance.Seat, *core.Refusal) {
	seats, unknown, twice := layout.Canonical(names)
	refusal := &core.Refusal{Code: core.CodeInvalidField, Fields: map[string]any{"field": "seats"}}
	switch {
	case len(names) > booking.MaxSeats:
		refusal.Detail = fmt.Sprintf("a booking can have %d seats", booking.MaxSeats)
	case len(unknown) > 0:
		refusal.Detail = "the performance has no such seats"
		refusal.Fields["seats"] = unknown
	case len(twice) > 0:
		refusal.Detail = "these seats are in it more than once"
		refusal.Fields["seats"] = twice
	default:
		return seats, nil
	}
	return nil, refusal
}

// errHeldBefore: the request has been answered by an earlier run.
var errHeldBefore = &core.Refusal{Code: core.CodeAlreadyExists, Detail: "the booking is held already"}

// hold takes the seats and makes the booking known. Error: also *lostError, and ErrOvertaken.
func (b *Bookings) hold(
	ctx context.Context,
	p *attemptResult,
	s *performanceInfo,
	seats []performance.Seat,
) (answer Answer, err error) {
	h := p.hold(s, seats)
	command := &booking.Hold{ID: p.id, PerformanceID: s.id, Holder: p.Holder, Attempt: p.attempt,
		Order: p.Order, Seats: make([]events.BookedSeat, len(seats)), On: s.on}
	for i, seat := range seats {
		command.Seats[i] = events.BookedSeat{Seat: s.layout.Name(seat), Price: s.layout.Price(seat)}
	}
	became := process.Step{Name: "held", Stream: booking.Stream(p.id), Do: command, ID: p.ID,
		Took: func(_ context.Context, held actors.Answer) error {
			if answer = answerOf(held); held.Replayed {
				return errHeldBefore
			}
			return nil
		}}
	err = b.runSteps(ctx, p.Origin, b.holding(h, became, func() {
		command.ExpiresAt = h.window.expires.Add(-seat.Grace)
		command.ExtendableUntil = h.window.first.Add(2 * s.holdFor)
	}))
	if h.closed {
		p.attempt++
	}
	refusal := refused(err)
	switch {
	case err == nil, errors.Is(err, errHeldBefore), answer.Replayed && errors.Is(err, ErrOvertaken):
		return answer, nil
	case errors.Is(err, booking.ErrAbandoned), h.found && refusal != nil && refusal.Code == core.CodeHoldExpired:
		return Answer{}, ErrOvertaken
	}
	return Answer{}, err
}
