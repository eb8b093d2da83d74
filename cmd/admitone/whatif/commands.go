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
	"admitone/actors/waitingroom"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
	"admitone/projections/demand"
)

// executor decides requests in a simulation.
type executor struct {
	*simulation
	// names maps the bookings of the log to those of the simulation.
	names map[string]events.BookingID
	// tickets maps the tickets of the log to the numbers of those of the simulation.
	tickets map[ticket]int64
	// expired has the expired reservations, which a product does not retain.
	expired map[events.ReservationID]product.Ended
}

// ticket is a ticket of a waiting room.
type ticket struct {
	room   events.StreamID
	number int64
}

func newExecutor(h *simulation) *executor {
	r := &executor{
		simulation: h,
		names:      map[string]events.BookingID{},
		tickets:    map[ticket]int64{},
		expired:    map[events.ReservationID]product.Ended{},
	}
	observe := h.observe
	h.observe = func(stream events.StreamID, fact events.Fact, at time.Time) {
		if f, ok := fact.(*events.ProductExpired); ok {
			for i := range f.Expired {
				r.noteExpired(stream, &f.Expired[i])
			}
		}
		observe(stream, fact, at)
	}
	return r
}

// decide executes a request at the simulation's time. It returns the code of the refusal, "" if
// the request is granted. Error: a failure of the rules.
func (r *executor) decide(w *demand.Request) (refused core.Code, err error) {
	if f, ok := w.Fact.(*events.RefusalRecorded); ok {
		return r.retryRefused(w, f)
	}
	if done, err := r.decideBooking(w); done {
		return code(err)
	}
	if w.Stream.Category() == events.WaitingRoomCategory {
		return code(r.decideRoom(w))
	}
	if f, ok := w.Fact.(*events.SeatReleased); ok {
		return "", r.noteRelease(w.Stream, f)
	}
	if f, ok := w.Fact.(*events.PaymentReceived); ok {
		return code(r.receive(w, f))
	}
	command, err := r.commandOf(w)
	if command == nil || err != nil {
		return "", err
	}
	_, err = r.command(w.Stream, command)
	if _, ok := w.Fact.(*events.PerformanceCancelled); ok && err == nil {
		err = r.sweep(events.PerformanceID(w.Stream.Entity()))
	}
	if _, ok := w.Fact.(*events.ProductCancelled); ok && err == nil {
		err = r.sweepProduct(w.Stream)
	}
	if f, ok := w.Fact.(*events.ProductConfirmed); ok && !r.expired[f.ReservationID].ExpiresAt.IsZero() {
		return core.CodeHoldExpired, nil
	}
	return code(err)
}

// code returns the code of a refusal, or err if it is a failure.
func code(err error) (core.Code, error) {
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
		return refusal.Code, nil
	}
	return "", err
}

// commandOf returns the command to one entity that a request represents; nil for deadlines, which
// the simulation determines itself.
func (r *executor) commandOf(w *demand.Request) (command core.Command, err error) {
	if k := kinds.Of(w.Stream); k != nil && k.Command != nil {
		command, err = k.Command(w, r.pass(w))
	}
	if command == nil && err == nil && !w.System {
		err = fmt.Errorf("no command leads to %s", w.Fact.Name())
	}
	return command, err
}

// pass returns the waiting room whose pass accompanies a request, "" for none. A granted request
// had the pass; a request that was refused for lack of a pass has none here either.
func (r *executor) pass(w *demand.Request) events.RoomID {
	switch core.Code(w.Refused) {
	case core.CodePassRequired, core.CodePassInvalid:
		return ""
	}
	stream := w.Stream
	if f, ok := w.Fact.(*events.BookingHeld); ok {
		stream = performance.Stream(f.PerformanceID)
	}
	if f, ok := w.Fact.(*events.RefusalRecorded); ok {
		if at := strings.Split(f.Path, "/"); len(at) > 3 && at[2] == "performances" {
			stream = performance.Stream(events.PerformanceID(at[3]))
		}
	}
	e := r.entities[stream]
	if e == nil {
		return ""
	}
	if k := kinds.Of(stream); k.WaitingRoom != nil {
		return k.WaitingRoom(e.core)
	}
	return ""
}

// noteRelease holds and releases a seat, as a refused booking did: the longest stay of the holder
// at that seat is counted from then.
func (r *executor) noteRelease(stream events.StreamID, f *events.SeatReleased) error {
	id, name := events.CutPerformance(stream.Entity())
	e, err := r.entity(performance.Stream(id))
	if err != nil {
		return err
	}
	show := e.core.(*performance.Performance)
	layout, err := r.halls.layout(show)
	if err != nil {
		return err
	}
	at, ok := layout.Find(events.SeatName(name))
	if !ok {
		return nil
	}
	latest := show.Latest()
	_, err = r.command(stream, &seat.Hold{HoldID: f.HoldID, Holder: f.Holder, Price: layout.Price(at),
		HoldFor: latest.HoldFor()})
	if refusal, err := code(err); refusal != "" || err != nil {
		return err
	}
	_, err = r.command(stream, &seat.Release{HoldID: f.HoldID, Reason: f.Reason})
	return err
}

// bookingID returns the id in the simulation of a booking of the log.
func (r *executor) bookingID(recorded string) events.BookingID {
	if id, ok := r.names[recorded]; ok {
		return id
	}
	return events.BookingID(recorded) // from before the range, or never created
}

// decideBooking executes a request about a booking; done is false for any other.
func (r *executor) decideBooking(w *demand.Request) (done bool, err error) {
	ctx := context.Background()
	if f, ok := w.Fact.(*events.BookingHeld); ok {
		seats, types := make([]events.SeatName, len(f.Seats)), map[events.SeatName]string{}
		for i := range f.Seats {
			if seats[i] = f.Seats[i].Seat; f.Seats[i].PriceType != "" {
				types[seats[i]] = f.Seats[i].PriceType
			}
		}
		answer, err := r.bookings.Book(ctx, bookings.Book{Origin: origin(), PerformanceID: f.PerformanceID,
			Holder: f.Holder, Seats: seats, Types: types, Restricted: true, Areas: events.Wanted(f.Areas), Room: r.pass(w),
			Order: f.OrderData, Label: f.Label})
		if err == nil {
			r.names[string(f.BookingID)] = answer.Booking.ID
		}
		return true, err
	}
	id := r.bookingID(w.Stream.Entity())
	switch f := w.Fact.(type) {
	case *events.BookingPaymentStarted:
		_, err = r.bookings.Pay(ctx, bookings.Pay{Origin: origin(), BookingID: id})
	case *events.BookingIntentBegun:
		_, err = r.bookings.BeginIntent(ctx, bookings.BeginIntent{Origin: origin(), BookingID: id, Intent: f.Intent,
			Provider: f.Provider, Seconds: f.Seconds})
	case *events.BookingIntentEnded:
		_, err = r.bookings.EndIntent(ctx, bookings.EndIntent{Origin: origin(), BookingID: id, Intent: f.Intent,
			Reason: f.Reason})
	case *events.BookingExtended:
		_, err = r.bookings.Extend(ctx, bookings.Extend{Origin: origin(), BookingID: id})
	case *events.BookingSeatReturned:
		_, err = r.bookings.ReturnSeat(ctx, bookings.ReturnSeat{Origin: origin(), BookingID: id, Seat: f.Seat,
			Area: f.Area, Place: f.Place,
			Reason: f.Reason})
	case *events.BookingReleased:
		_, err = r.bookings.Cancel(ctx, bookings.Cancel{Origin: origin(), BookingID: id, Reason: f.Reason})
	default:
		return false, nil
	}
	return true, err
}

// decideRoom executes a request about a waiting room.
func (r *executor) decideRoom(w *demand.Request) error {
	number := func(n int64) int64 {
		if mine, known := r.tickets[ticket{w.Stream, n}]; known {
			return mine
		}
		return n // from before the range
	}
	var command core.Command
	switch f := w.Fact.(type) {
	case *events.WaitingRoomOpened:
		return r.set(w.Stream, f.RoomID, f.WaitingRoomSettings)
	case *events.WaitingRoomChanged:
		return r.set(w.Stream, events.RoomID(w.Stream.Entity()), f.WaitingRoomSettings)
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
		for recorded := range events.Tickets(f.Tickets) {
			mine = append(mine, number(recorded))
		}
		slices.Sort(mine)
		drop := &waitingroom.Drop{}
		for _, n := range mine {
			drop.Tickets = events.AddTicket(drop.Tickets, n)
		}
		command = drop
	case *events.WaitingRoomShuffled:
		return r.shuffle(w.Stream, f.Seed)
	case *events.WaitingRoomAdmitted:
		command = &waitingroom.Admit{}
	default:
		return fmt.Errorf("no command leads to %s", w.Fact.Name())
	}
	_, err := r.command(w.Stream, command)
	return err
}
