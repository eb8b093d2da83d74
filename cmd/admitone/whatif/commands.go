package whatif

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/product"
	"admitone/actors/seat"
	"admitone/actors/team"
	"admitone/actors/tournament"
	"admitone/actors/waitingroom"
	"admitone/actors/wallet"
	"admitone/events"
	"admitone/projections/demand"
)

// rehearsal decides wishes in a house.
type rehearsal struct {
	*house
	// names maps the bookings of the log to those of the house, which chooses its own.
	names map[string]string
	// tickets maps the tickets of each room's visitors likewise.
	tickets map[ticket]int64
	// expired reservations. A product forgets them.
	expired map[string]bool
}

// ticket of a visitor in the log.
type ticket struct {
	room   events.StreamID
	number int64
}

func newRehearsal(h *house) *rehearsal {
	r := &rehearsal{house: h, names: map[string]string{}, tickets: map[ticket]int64{}, expired: map[string]bool{}}
	tell := h.told
	h.told = func(stream events.StreamID, fact events.Fact, at time.Time) {
		if f, ok := fact.(*events.ProductExpired); ok {
			for i := range f.Expired {
				r.expired[f.Expired[i].ReservationID] = true
			}
		}
		tell(stream, fact, at)
	}
	return r
}

// decide does what a wish wants, at the house's time. It returns the code of the
// refusal, "" if the wish is granted. Error: a failure of the rules.
func (r *rehearsal) decide(w *demand.Wish) (refused string, err error) {
	if f, ok := w.Fact.(*events.RefusalRecorded); ok {
		return r.askAgain(w, f)
	}
	if done, err := r.aboutBooking(w); done {
		return code(err)
	}
	if w.Stream.Category() == waitingroom.Category {
		return code(r.aboutRoom(w))
	}
	switch f := w.Fact.(type) {
	case *events.SeatReleased:
		return "", r.touch(w.Stream, f)
	case *events.ProductExpired, *events.BookingExpired:
		return "", nil // the house has its own deadlines
	}
	command, err := r.commandOf(w)
	if err != nil {
		return "", err
	}
	_, err = r.command(w.Stream, command)
	if f, ok := w.Fact.(*events.ProductConfirmed); ok && r.expired[f.ReservationID] {
		return "hold_expired", nil
	}
	return code(err)
}

// code tells a refusal from a failure.
func code(err error) (string, error) {
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
		return refusal.Code, nil
	}
	return "", err
}

// commandOf is the command to one entity that a wish comes to.
func (r *rehearsal) commandOf(w *demand.Wish) (core.Command, error) {
	room := r.pass(w)
	switch f := w.Fact.(type) {
	case *events.ProductCreated:
		return &product.Create{ID: f.ProductID, Name: f.DisplayName, Stock: f.Stock, Price: f.Price,
			LimitPerHolder: f.LimitPerHolder, HoldSeconds: f.HoldSeconds, WaitingRoom: f.WaitingRoom}, nil
	case *events.ProductEdited:
		return &product.Edit{Name: &f.DisplayName, Stock: &f.Stock, Price: &f.Price, LimitPerHolder: &f.LimitPerHolder,
			WaitingRoom: &f.WaitingRoom}, nil
	case *events.ProductReserved:
		return reservation(f.ReservationID, func(id events.ID) core.Command {
			return &product.Reserve{ReservationID: id, Holder: f.Holder, Quantity: f.Quantity, Room: room}
		})
	case *events.ProductHeld:
		return reservation(f.ReservationID, func(id events.ID) core.Command {
			return &product.Reserve{ReservationID: id, Holder: f.Holder, Quantity: f.Quantity, Hold: true, Room: room}
		})
	case *events.ProductConfirmed:
		return reservation(f.ReservationID, func(id events.ID) core.Command { return &product.Confirm{ReservationID: id} })
	case *events.ProductReleased:
		return reservation(f.ReservationID, func(id events.ID) core.Command { return &product.Release{ReservationID: id} })
	case *events.TeamRegistered:
		return &team.Register{ID: f.TeamID, Name: f.DisplayName}, nil
	case *events.TournamentCreated:
		return &tournament.Create{ID: f.TournamentID, Name: f.DisplayName, TeamLimit: f.TeamLimit,
			RegisterDeadline: f.RegisterDeadline, Waitlist: f.Waitlist, Rule: f.WaitlistRule,
			WaitingRoom: f.WaitingRoom}, nil
	case *events.TournamentEdited:
		return &tournament.Edit{Name: &f.DisplayName, TeamLimit: &f.TeamLimit, RegisterDeadline: &f.RegisterDeadline, Status: &f.Status,
			WaitingRoom: &f.WaitingRoom}, nil
	case *events.TournamentEntered:
		return &tournament.Enter{TeamIDs: f.TeamIDs, Room: room}, nil
	case *events.TournamentWaitlisted:
		return &tournament.Enter{TeamIDs: f.TeamIDs, Room: room}, nil
	case *events.TournamentWithdrawn:
		return &tournament.Withdraw{TeamID: f.TeamID}, nil
	case *events.PerformanceCreated:
		return &performance.Create{ID: f.PerformanceID, Title: f.Title, Venue: f.Venue, StartsAt: f.StartsAt, HoldSeconds: f.HoldSeconds,
			LimitPerHolder: f.LimitPerHolder, WaitingRoom: f.WaitingRoom, Sections: f.Sections}, nil
	case *events.SeatBlocked:
		return &seat.Block{}, nil
	case *events.SeatUnblocked:
		return &seat.Unblock{}, nil
	case *events.WalletCharged:
		return &wallet.Charge{ID: f.ChargeID, Amount: f.Amount}, nil
	}
	return nil, fmt.Errorf("whatif: no command leads to %s", w.Fact.Name())
}

// pass is the waiting room that guards what a wish is about. Whoever was served had its
// pass; who was refused for want of one has none here either.
func (r *rehearsal) pass(w *demand.Wish) string {
	stream := w.Stream
	if f, ok := w.Fact.(*events.BookingHeld); ok {
		stream = performance.Stream(f.PerformanceID)
	}
	if f, ok := w.Fact.(*events.RefusalRecorded); ok {
		if at := strings.Split(f.Path, "/"); len(at) > 3 && at[2] == "performances" {
			stream = performance.Stream(at[3])
		}
	}
	e := r.entities[stream]
	if e == nil || w.Refused == "pass_required" || w.Refused == "pass_invalid" {
		return ""
	}
	switch c := e.core.(type) {
	case *product.Product:
		created, _, _ := c.Figures()
		return created.WaitingRoom
	case *tournament.Tournament:
		created, _ := c.Figures()
		return created.WaitingRoom
	case *performance.Performance:
		return c.Created().WaitingRoom
	}
	return ""
}

func reservation(id string, command func(events.ID) core.Command) (core.Command, error) {
	parsed, err := events.ParseID(id)
	if err != nil {
		return nil, fmt.Errorf("%w: the reservation %q: %w", events.ErrDamaged, id, err)
	}
	return command(parsed), nil
}

// touch holds a seat for a moment, for a booking that was refused: how long its holder
// may stay there counts from that.
func (r *rehearsal) touch(stream events.StreamID, f *events.SeatReleased) error {
	id, name := events.CutPerformance(stream.Entity())
	e, err := r.entity(performance.Stream(id))
	if err != nil {
		return err
	}
	show := e.core.(*performance.Performance)
	at, ok := show.Layout().Find(name)
	if !ok {
		return nil
	}
	created := show.Created()
	_, err = r.command(stream, &seat.Hold{HoldID: f.HoldID, Holder: f.Holder, Price: show.Layout().Price(at), HoldFor: created.HoldFor()})
	if refusal, err := code(err); refusal != "" || err != nil {
		return err
	}
	_, err = r.command(stream, &seat.Release{HoldID: f.HoldID, Reason: f.Reason})
	return err
}

// neverCame is the code for what is asked about something that never came about here.
const neverCame = "not_found"

// aboutBooking does what a wish wants of a booking; done is false if it is about
// something else.
func (r *rehearsal) aboutBooking(w *demand.Wish) (done bool, err error) {
	ctx := context.Background()
	if f, ok := w.Fact.(*events.BookingHeld); ok {
		seats := make([]string, len(f.Seats))
		for i := range f.Seats {
			seats[i] = f.Seats[i].Seat
		}
		answer, err := r.bookings.Book(ctx, bookings.Book{Origin: origin(), PerformanceID: f.PerformanceID, Holder: f.Holder,
			Seats: seats, Room: r.pass(w)})
		if err == nil {
			r.names[f.BookingID] = answer.Booking.ID
		}
		return true, err
	}
	id, known := r.names[w.Stream.Entity()]
	if !known { // it is from before, or there is none
		id = w.Stream.Entity()
	}
	switch w.Fact.(type) {
	case *events.BookingPaymentStarted:
		_, err = r.bookings.Pay(ctx, bookings.Pay{Origin: origin(), BookingID: id})
	case *events.BookingExtended:
		_, err = r.bookings.Extend(ctx, bookings.Extend{Origin: origin(), BookingID: id})
	case *events.BookingReleased:
		_, err = r.bookings.Cancel(ctx, bookings.Cancel{Origin: origin(), BookingID: id})
	default:
		return false, nil
	}
	return true, err
}

// aboutRoom does what a wish wants of a waiting room.
func (r *rehearsal) aboutRoom(w *demand.Wish) error {
	number := func(n int64) int64 {
		if mine, known := r.tickets[ticket{w.Stream, n}]; known {
			return mine
		}
		return n // from before
	}
	var command core.Command
	switch f := w.Fact.(type) {
	case *events.WaitingRoomOpened:
		return r.set(w.Stream, f.RoomID, f.WaitingRoomSettings)
	case *events.WaitingRoomChanged:
		return r.set(w.Stream, w.Stream.Entity(), f.WaitingRoomSettings)
	case *events.WaitingRoomJoined:
		if _, err := r.command(w.Stream, &waitingroom.Join{Holder: f.Holder}); err != nil {
			return err
		}
		mine, _ := r.room(w.Stream).Ticket(f.Holder)
		r.tickets[ticket{w.Stream, f.Ticket}] = mine
		return nil
	case *events.WaitingRoomLeft:
		command = &waitingroom.Leave{Ticket: number(f.Ticket)}
	case *events.WaitingRoomFinished:
		command = &waitingroom.Finish{Ticket: number(f.Ticket)}
	case *events.WaitingRoomDropped:
		var mine []int64
		for one := range events.Tickets(f.Tickets) {
			mine = append(mine, number(one))
		}
		slices.Sort(mine)
		drop := &waitingroom.Drop{}
		for _, one := range mine {
			drop.Tickets = events.AddTicket(drop.Tickets, one)
		}
		command = drop
	case *events.WaitingRoomShuffled:
		return r.shuffle(w.Stream, f.Seed)
	case *events.WaitingRoomAdmitted:
		command = &waitingroom.Admit{}
	default:
		return fmt.Errorf("whatif: no command leads to %s", w.Fact.Name())
	}
	_, err := r.command(w.Stream, command)
	return err
}
