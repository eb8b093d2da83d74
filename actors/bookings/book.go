package bookings

import (
	"cmp"
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

// Book requests the seats and places in Seats and Areas or, if both are empty, the Quantity best
// available seats.
type Book struct {
	Origin
	PerformanceID events.PerformanceID
	Holder        events.Holder
	// Seats by name, in any order.
	Seats []events.SeatName
	// Types are the price types of seats. A seat without one gets its first price type that is not
	// restricted.
	Types map[events.SeatName]string
	// Areas with the number of requested places, each area at most once per price type.
	Areas []events.WantedPlaces
	// Restricted permits restricted price types.
	Restricted bool
	// Quantity of the best available seats.
	Quantity int
	// Section of the best available seats, "" for any.
	Section events.SectionID
	// Category of the best available seats, "" for any. Accessible requires one of them to be a
	// wheelchair place; otherwise neither wheelchair places nor companion seats are chosen. Both need a
	// performance with a seating plan.
	Category   string
	Accessible bool
	// PriceTypes of the best available seats, with their numbers, which add up to Quantity; nil selects
	// for each seat the first price type that is not restricted. Only categories that have all of the
	// types are considered.
	PriceTypes map[string]int64
	// Room is the waiting room whose pass the holder has presented, "" if none.
	Room events.RoomID
	// Open is the known number of open holds of the holder in all performances; 0 for a holder without a
	// limit.
	Open int64
	// Order is recorded in the booking's first fact, and must not be changed afterwards.
	Order events.OrderData
	// Label permits seats and places that are blocked under it; "" for none.
	Label events.BlockLabel
	// gone is closed when the caller is no longer waiting.
	gone <-chan struct{}
}

// errCallerGone ends a run that would have to wait for other requests, when it holds nothing and its
// caller is no longer waiting. The caller gets the error of its context.
var errCallerGone = errors.New("the caller is no longer waiting")

// Book holds the seats and places for the holder, all of them or none.
//
// Refusals, in this order: not_found (the performance), forbidden (a price type), pass_required,
// not_open, sale_closed, invalid_field (seats, areas, quantity, section, category, price types),
// idempotency_key_reused, limit_exceeded, sold_out (areas has the areas with too few places), seat_taken
// (seats has the taken seats, alternatives up to three choices), sold_out (fewer seats remain than
// requested; remaining has their number).
func (b *Bookings) Book(ctx context.Context, cmd Book) (Answer, error) {
	id, keyed := cmd.bookingID()
	cmd.gone = ctx.Done()
	if !keyed { // no other request knows the id
		return b.run(ctx, func(ctx context.Context) (Answer, error) {
			return b.book(ctx, &requestRun{Book: &cmd, id: id, attempt: 1})
		})
	}
	return b.locked(ctx, id, func(ctx context.Context) (Answer, error) { return b.bookKeyed(ctx, &cmd, id) })
}

// bookingID derives the booking's id from the request's key, so that a retry finds the seats of earlier
// runs. Without a key it returns a new id.
func (cmd *Book) bookingID() (id events.BookingID, keyed bool) {
	if key, keyed := cmd.ID.Key(); keyed {
		return events.BookingID(events.EventID("booking/"+string(cmd.PerformanceID)+"/"+key, 0).String()), true
	}
	return events.BookingID(actors.NewID().String()), false
}

// answerExisting returns the answer, from the log, of a request whose booking exists. It releases what
// other attempts of the request still hold, because their node may have been killed.
func (b *Bookings) answerExisting(ctx context.Context, cmd *Book, id events.BookingID) (Answer, error) {
	answer, err := b.request(ctx, cmd.Origin, id, &booking.Hold{ID: id})
	if err != nil {
		return Answer{}, err
	}
	attempts, err := b.views.UnconfirmedHolds(ctx, id)
	if err == nil {
		err = b.closeAttempts(ctx, cmd.Origin, id, attempts)
	}
	if err != nil {
		return Answer{}, err
	}
	return heldAnswer(answer), nil
}

// heldAnswer returns the answer of a request from the first fact of its booking.
func heldAnswer(answer actors.Answer) Answer {
	return Answer{Booking: booking.StateOf(answer.Facts[0].(*events.BookingHeld)), Revision: answer.Revision,
		Position: answer.Position, Replayed: answer.Replayed}
}

func (b *Bookings) book(ctx context.Context, p *requestRun) (Answer, error) {
	s, err := b.performanceInfo(ctx, p.PerformanceID)
	if err != nil {
		return Answer{}, err
	}
	if p.forbidden(s) {
		return Answer{}, errRestricted
	}
	if refusal := core.RequirePass(s.room, p.Room); refusal != nil {
		return Answer{}, refusal
	}
	if refusal := s.refusePurchase(); refusal != nil {
		return Answer{}, refusal
	}
	if p.Open >= core.MaxOpenHolds {
		return Answer{}, core.TooManyHolds(p.Open)
	}
	if len(p.Seats)+len(p.Areas) == 0 {
		answer, err := b.bookBest(ctx, p, s)
		if refusal := refused(err); refusal != nil && refusal.Code == core.CodeSoldOut {
			err = cmp.Or(b.refuseOverLimit(ctx, p, s, int64(p.Quantity)), err)
		}
		return answer, err
	}
	seats, refusal := namedSeats(s.layout, p.Seats)
	if refusal == nil {
		p.places, refusal = requestedPlaces(s.layout, p.Book)
	}
	if refusal != nil {
		return Answer{}, refusal
	}
	if _, refusal := p.lines(s, seats); refusal != nil {
		return Answer{}, refusal
	}
	defer b.pending.enter(s.id)()
	defer b.pending.begin(s.id, seats)(0)
	if lost := b.lostBefore(ctx, p, s, seats); lost != nil {
		return Answer{}, b.refuseLost(ctx, p, s, seats, lost)
	}
	answer, err := b.holdNamed(ctx, p, s, seats)
	if lost, ok := errors.AsType[*lostError](err); ok {
		if len(lost.areas) == 0 { // a refusal about areas takes precedence
			lost.areas = b.tooFew(ctx, p.hold(s, seats), 0)
		}
		return Answer{}, b.refuseLost(ctx, p, s, seats, lost)
	}
	return answer, err
}

// anyTaken returns the seats and places that others already have, nil if there are none. Most requests of
// a crowd for the same seats are refused because of it, without appending anything. A single seat or area
// is not read if there is no limit: its own refusal does not append anything either.
func (b *Bookings) anyTaken(
	ctx context.Context,
	p *requestRun,
	s *performanceInfo,
	seats []performance.Seat,
) *lostError {
	if len(seats)+len(areasIn(s.layout, p.places)) == 1 && s.limit == 0 {
		return nil
	}
	h := p.hold(s, nil)
	if areas := b.tooFew(ctx, h, 0); areas != nil {
		return &lostError{areas: areas}
	}
	if seats := b.taken(ctx, h, seats); seats != nil {
		return &lostError{seats: seats}
	}
	return nil
}

// namedSeats returns the seats that a request names, in canonical order. Refusal: invalid_field.
func namedSeats(layout *events.Layout, names []events.SeatName) ([]performance.Seat, *core.Refusal) {
	seats, unknown, twice := layout.Canonical(names)
	if len(names) <= booking.MaxSeats && len(unknown) == 0 && len(twice) == 0 {
		return seats, nil
	}
	refusal := &core.Refusal{Code: core.CodeInvalidField, Fields: map[string]any{"field": "seats"}}
	switch {
	case len(names) > booking.MaxSeats:
		refusal.Detail = fmt.Sprintf("a booking can have at most %d seats", booking.MaxSeats)
	case len(unknown) > 0:
		refusal.Detail = "the performance has no such seats"
		refusal.Fields["seats"] = unknown
	default:
		refusal.Detail = "these seats are listed more than once"
		refusal.Fields["seats"] = twice
	}
	return nil, refusal
}

// errHeldBefore ends a run whose request an earlier run has answered.
var errHeldBefore = &core.Refusal{Code: core.CodeAlreadyExists, Detail: "the booking is held already"}

// hold takes the seats of h and creates the booking. Its errors include *lostError and ErrOvertaken.
func (b *Bookings) hold(ctx context.Context, p *requestRun, h *hold) (Answer, error) {
	s, seats := h.info, h.seats
	lines, refusal := p.lines(s, seats)
	if refusal != nil {
		return Answer{}, refusal
	}
	if s.layout.Hall() != nil {
		h.prices = make([]int64, len(lines))
		for i := range lines {
			h.prices[i] = lines[i].Price
		}
	}
	command := &booking.Hold{ID: p.id, PerformanceID: s.id, Holder: p.Holder, Attempt: p.attempt,
		Order: p.Order, Label: p.Label, Seats: lines, Areas: p.places, Terms: s.terms}
	var held actors.Answer // the answer to command
	last := process.Step{Name: "held", Stream: booking.Stream(p.id), Do: command, ID: p.ID,
		Took: func(_ context.Context, answer actors.Answer) error {
			if held = answer; held.Replayed {
				return errHeldBefore
			}
			return nil
		}}
	err := b.runSteps(ctx, p.Origin, b.holdProcess(h, last, func() {
		command.ExpiresAt = h.window.expires.Add(-seat.Grace)
		command.ExtendableUntil = h.window.first.Add(2 * s.holdFor)
	}))
	if h.closed {
		p.attempt++
	}
	refusal = refused(err)
	switch {
	case err == nil, errors.Is(err, errHeldBefore), held.Replayed && errors.Is(err, ErrOvertaken):
		return heldAnswer(held), nil
	case errors.Is(err, booking.ErrAbandoned), h.found && refusal != nil && refusal.Code == core.CodeHoldExpired:
		return Answer{}, ErrOvertaken
	}
	return Answer{}, err
}
