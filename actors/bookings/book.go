package bookings

import (
	"context"
	"errors"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/events"
)

// Book asks for seats: those of Seats, or the Quantity best ones.
type Book struct {
	Origin
	PerformanceID, Holder string
	// Seats by name, in any order.
	Seats []string
	// Quantity of the best available seats, if Seats is empty.
	Quantity int
	// Section to take the best available seats from, "" for any.
	Section string
	// Room is the waiting room whose pass the holder has shown, "" if none.
	Room string
}

// Book holds the seats for the holder, all or none.
//
// Refusals, in this order: not_found (the performance), pass_required, invalid_field
// (seats, quantity, section), idempotency_key_reused, limit_exceeded, seat_taken (with
// seats: those that are taken, and up to three alternatives), sold_out (with what
// remains).
func (b *Bookings) Book(ctx context.Context, cmd Book) (Answer, error) {
	id, keyed := cmd.bookingID()
	if !keyed { // nobody else knows the id
		return b.run(ctx, func(ctx context.Context) (Answer, error) { return b.book(ctx, &cmd, id) })
	}
	return b.locked(ctx, id, func(ctx context.Context) (Answer, error) {
		before, err := b.state(ctx, id)
		if err != nil {
			return Answer{}, err
		}
		if before.Booking.ID != "" {
			return b.bookedBefore(ctx, &cmd, id)
		}
		answer, err := b.book(ctx, &cmd, id)
		if refused(err) == nil {
			return answer, err
		}
		// What was in the way may be this very request, at another node.
		if now, failed := b.state(ctx, id); failed == nil && now.Booking.ID != "" {
			return b.bookedBefore(ctx, &cmd, id)
		}
		return answer, err
	})
}

// bookingID makes the booking's id: of the key, so that a retry finds the seats it
// has already, or a fresh one.
func (cmd *Book) bookingID() (id string, keyed bool) {
	if key, keyed := cmd.ID.Key(); keyed {
		return events.EventID("booking/"+cmd.PerformanceID+"/"+key, 0).String(), true
	}
	return actors.NewID().String(), false
}

// bookedBefore answers a request whose booking is there, from the log.
func (b *Bookings) bookedBefore(ctx context.Context, cmd *Book, id string) (Answer, error) {
	return b.known(ctx, cmd, &booking.Hold{ID: id})
}

// known hands a booking in and makes the answer of the first of its facts.
func (b *Bookings) known(ctx context.Context, cmd *Book, hold *booking.Hold) (Answer, error) {
	answer, err := b.request(ctx, cmd.Origin, hold.ID, hold)
	if err != nil {
		return Answer{}, err
	}
	c := booking.New().(*booking.Booking)
	c.Evolve(answer.Facts[0])
	return Answer{Booking: c.State(), Revision: answer.Revision, Position: answer.Position, Replayed: answer.Replayed}, nil
}

func (b *Bookings) book(ctx context.Context, cmd *Book, id string) (Answer, error) {
	s, err := b.show(ctx, cmd.PerformanceID)
	if err != nil {
		return Answer{}, err
	}
	if refusal := core.Guard(s.room, cmd.Room); refusal != nil {
		return Answer{}, refusal
	}
	if len(cmd.Seats) == 0 {
		return b.bookBest(ctx, cmd, s, id)
	}
	seats, refusal := wanted(s.layout, cmd.Seats)
	if refusal != nil {
		return Answer{}, refusal
	}
	defer b.claims.enter(s.id)()
	defer b.claims.begin(s.id, seats)(0)
	if lost := b.hopeless(ctx, cmd, s, id, seats); lost != nil {
		return Answer{}, b.seatTaken(ctx, s, seats, lost)
	}
	answer, err := b.holdSeats(ctx, cmd, s, id, seats)
	if lost := (*lostError)(nil); errors.As(err, &lost) {
		return Answer{}, b.seatTaken(ctx, s, seats, lost.seats)
	}
	return answer, err
}

// hopeless looks whether others have some of the seats already. Then nothing needs
// to be taken and given back: most of a crowd that wants the same seats leaves no
// trace in the log. A single seat without a limit says so itself.
func (b *Bookings) hopeless(ctx context.Context, cmd *Book, s *show, id string, seats []performance.Seat) []performance.Seat {
	if len(seats) == 1 && s.limit == 0 {
		return nil
	}
	return b.taken(ctx, &hold{from: cmd.Origin, show: s, id: events.HoldID(id, 1)}, seats)
}

// wanted looks up the seats of a request. Refusal: invalid_field.
func wanted(layout *performance.Layout, names []string) ([]performance.Seat, *core.Refusal) {
	seats, unknown, twice := layout.Canonical(names)
	refusal := &core.Refusal{Code: "invalid_field", Fields: map[string]any{"field": "seats"}}
	switch {
	case len(names) > booking.MaxSeats:
		refusal.Detail = "a booking can have 50 seats"
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

// holdSeats takes the seats and makes the booking known. Error: also *lostError.
func (b *Bookings) holdSeats(ctx context.Context, cmd *Book, s *show, id string, seats []performance.Seat) (Answer, error) {
	h := &hold{from: cmd.Origin, show: s, id: events.HoldID(id, 1), holder: cmd.Holder, seats: seats}
	_, h.shared = cmd.ID.Key()
	all, err := b.take(ctx, h)
	if err != nil {
		return Answer{}, err
	}
	command := &booking.Hold{ID: id, PerformanceID: s.id, Holder: cmd.Holder, Seats: make([]events.BookedSeat, len(seats)),
		ExpiresAt: all.expires.Add(-seat.Grace), ExtendableUntil: all.first.Add(2 * s.holdFor)}
	for i, seat := range seats {
		command.Seats[i] = events.BookedSeat{Seat: s.layout.Name(seat), Price: s.layout.Price(seat)}
	}
	answer, err := b.known(ctx, cmd, command)
	if err == nil && answer.Replayed {
		return answer, b.spare(ctx, h, seats, &answer.Booking)
	}
	// If the booking may be in the log, it has its seats; if it is not, they expire.
	if refused(err) != nil || errors.Is(err, actors.ErrOverloaded) || errors.Is(err, actors.ErrBroken) {
		if given := b.undo(ctx, h, seats); given != nil && refused(err) != nil {
			return Answer{}, given
		}
	}
	return answer, err
}
