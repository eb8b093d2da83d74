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
	// bookingIDs maps the bookings of the log to those of the simulation.
	bookingIDs map[string]events.BookingID
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
		bookingIDs: map[string]events.BookingID{},
		tickets:    map[ticket]int64{},
		expired:    map[events.ReservationID]product.Ended{},
	}
	observe := h.observe
	h.observe = func(stream events.StreamID, fact events.Fact, at time.Time) {
		if f, ok := fact.(*events.ProductExpired); ok {
			for i := range f.Expired {
				r.retainExpired(stream, &f.Expired[i])
			}
		}
		observe(stream, fact, at)
	}
	return r
}

// decide executes a request at the time of the simulation. It returns the code of the refusal, "" if
// the request is granted. Errors are failures, not refusals.
func (r *executor) decide(request *demand.Request) (refused core.Code, err error) {
	if f, ok := request.Fact.(*events.RefusalRecorded); ok {
		return r.retryRefused(request, f)
	}
	if done, err := r.decideBooking(request); done {
		return code(err)
	}
	if request.Stream.Category() == events.WaitingRoomCategory {
		return code(r.decideRoom(request))
	}
	if f, ok := request.Fact.(*events.SeatReleased); ok {
		return "", r.replayRelease(request.Stream, f)
	}
	if f, ok := request.Fact.(*events.PaymentReceived); ok {
		return code(r.receive(request, f))
	}
	command, err := r.commandOf(request)
	if command == nil || err != nil {
		return "", err
	}
	_, err = r.command(request.Stream, command)
	if _, ok := request.Fact.(*events.PerformanceCancelled); ok && err == nil {
		err = r.cancelBookings(events.PerformanceID(request.Stream.Entity()))
	}
	if _, ok := request.Fact.(*events.ProductCancelled); ok && err == nil {
		err = r.cancelReservations(request.Stream)
	}
	if f, ok := request.Fact.(*events.ProductConfirmed); ok && !r.expired[f.ReservationID].ExpiresAt.IsZero() {
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

// commandOf returns the command to one entity that a request represents. It returns nil for
// deadlines, which the simulation executes itself.
func (r *executor) commandOf(request *demand.Request) (command core.Command, err error) {
	if k := kinds.Of(request.Stream); k != nil && k.Command != nil {
		command, err = k.Command(request, r.pass(request))
	}
	if command == nil && err == nil && !request.System {
		err = fmt.Errorf("no command leads to %s", request.Fact.Name())
	}
	return command, err
}

// pass returns the waiting room whose pass accompanies a request, "" for none. A granted request had
// the pass; a request that was refused for lack of a pass has none in the simulation either.
func (r *executor) pass(request *demand.Request) events.RoomID {
	switch core.Code(request.Refused) {
	case core.CodePassRequired, core.CodePassInvalid:
		return ""
	}
	stream := request.Stream
	if f, ok := request.Fact.(*events.BookingHeld); ok {
		stream = performance.Stream(f.PerformanceID)
	}
	if f, ok := request.Fact.(*events.RefusalRecorded); ok {
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

// replayRelease holds and releases a seat, as a refused booking did, because the seat's limit on the
// holder's consecutive holds counts from then.
func (r *executor) replayRelease(stream events.StreamID, f *events.SeatReleased) error {
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
	if id, ok := r.bookingIDs[recorded]; ok {
		return id
	}
	return events.BookingID(recorded) // a booking from before the range, or one that was never created
}

// decideBooking executes a request about a booking. done is false for other requests.
func (r *executor) decideBooking(request *demand.Request) (done bool, err error) {
	ctx := context.Background()
	if f, ok := request.Fact.(*events.BookingHeld); ok {
		seats, types := make([]events.SeatName, len(f.Seats)), map[events.SeatName]string{}
		for i := range f.Seats {
			if seats[i] = f.Seats[i].Seat; f.Seats[i].PriceType != "" {
				types[seats[i]] = f.Seats[i].PriceType
			}
		}
		answer, err := r.bookings.Book(ctx, bookings.Book{Origin: origin(), PerformanceID: f.PerformanceID,
			Holder: f.Holder, Seats: seats, Types: types, Restricted: true, Areas: events.Wanted(f.Areas), Room: r.pass(request),
			Order: f.OrderData, Label: f.Label})
		if err == nil {
			r.bookingIDs[string(f.BookingID)] = answer.Booking.ID
		}
		return true, err
	}
	id := r.bookingID(request.Stream.Entity())
	switch f := request.Fact.(type) {
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
func (r *executor) decideRoom(request *demand.Request) error {
	number := func(n int64) int64 {
		if simulated, known := r.tickets[ticket{request.Stream, n}]; known {
			return simulated
		}
		return n // a ticket from before the range
	}
	var command core.Command
	switch f := request.Fact.(type) {
	case *events.WaitingRoomOpened:
		return r.set(request.Stream, f.RoomID, f.WaitingRoomSettings)
	case *events.WaitingRoomChanged:
		return r.set(request.Stream, events.RoomID(request.Stream.Entity()), f.WaitingRoomSettings)
	case *events.WaitingRoomJoined:
		if _, err := r.command(request.Stream, &waitingroom.Join{Holder: f.Holder}); err != nil {
			return err
		}
		simulated, _ := r.room(request.Stream).Ticket(f.Holder)
		r.tickets[ticket{request.Stream, f.Ticket}] = simulated
		return nil
	case *events.WaitingRoomLeft:
		command = &waitingroom.Leave{Ticket: number(f.Ticket)}
	case *events.WaitingRoomFinished:
		command = &waitingroom.Finish{Ticket: number(f.Ticket)}
	case *events.WaitingRoomDropped:
		var simulated []int64
		for recorded := range events.Tickets(f.Tickets) {
			simulated = append(simulated, number(recorded))
		}
		slices.Sort(simulated)
		drop := &waitingroom.Drop{}
		for _, n := range simulated {
			drop.Tickets = events.AddTicket(drop.Tickets, n)
		}
		command = drop
	case *events.WaitingRoomShuffled:
		return r.shuffle(request.Stream, f.Seed)
	case *events.WaitingRoomAdmitted:
		command = &waitingroom.Admit{}
	default:
		return fmt.Errorf("no command leads to %s", request.Fact.Name())
	}
	_, err := r.command(request.Stream, command)
	return err
}
