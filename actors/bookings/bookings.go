package bookings

import (
	"context"
	"errors"
	"sync"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/process"
	"admitone/events"
)

// Bookings takes bookings through their steps. All methods may be called from many
// goroutines at once.
//
// Each of them returns [*core.Refusal], or a failure of [actors.Desk.Ask] or of [Views].
// After a failure the outcome is unknown: the same request again, under the same keyed id,
// is safe, and [Bookings.Resume] finishes what was begun.
type Bookings struct {
	desk    actors.Dispatcher
	runner  process.Runner
	views   Views
	maps    seatMaps
	locks   actors.KeyedMutex[events.BookingID] // by booking
	pending pendingSeats
	unsure  unsure
	seen    func([]events.Fact) // never nil
	paid    func(Purchase)      // never nil
	running sync.WaitGroup
}

// New returns the process on top of desk. Its kinds must include performances,
// seats, bookings, wallets and allowances.
func New(desk actors.Dispatcher, views Views) *Bookings {
	b := &Bookings{desk: desk, views: views, maps: seatMaps{views: views},
		seen: func([]events.Fact) {}, paid: func(Purchase) {}}
	b.runner = process.Runner{Entities: desk, Observe: func(facts []events.Fact) { b.seen(facts) }}
	return b
}

// Observe has seen called with the facts of every step that is taken, by many
// goroutines at once. It is called before anything is asked.
func (b *Bookings) Observe(seen func([]events.Fact)) { b.seen = seen }

// Purchase is a booking that has just been paid.
type Purchase struct {
	// Origin is that of the request that completed the payment, which may be one that
	// found it unfinished.
	Origin
	Holder events.Holder
	// Room is the waiting room that guards the performance, "" if none does.
	Room events.RoomID
}

// OnPaid has paid called with every purchase, once, by many goroutines at once. It is
// called before anything is asked.
func (b *Bookings) OnPaid(paid func(Purchase)) { b.paid = paid }

// Origin says where a request comes from, as [actors.Request] has it.
type Origin struct {
	// ID identifies the request; a keyed one makes a retry safe.
	ID                                actors.CommandID
	CorrelationID, CausationID, Actor string
}

// request is what the origin gives to every command.
func (o *Origin) request() actors.Request {
	return actors.Request{ID: o.ID, CorrelationID: o.CorrelationID, CausationID: o.CausationID, Actor: o.Actor}
}

// Answer to an accepted request.
type Answer struct {
	// Booking as the request left it.
	Booking booking.State
	// Revision and Position of the booking's last event.
	Revision events.Revision
	Position events.Position
	// Replayed says that an earlier request with the same key was answered like this.
	Replayed bool
	// Outside is what became of reported money, nil if none was reported.
	Outside *Outcome
}

// Wait returns when no request is under way. No new one may begin meanwhile.
func (b *Bookings) Wait() { b.running.Wait() }

// run calls steps with a context that does not end: they don't stop half-way when the
// caller gives up waiting.
func (b *Bookings) run(ctx context.Context, steps func(context.Context) (Answer, error)) (Answer, error) {
	type result struct {
		answer Answer
		err    error
	}
	done := make(chan result, 1)
	b.running.Go(func() {
		var r result
		r.err = process.Guard(func() (err error) {
			r.answer, err = steps(context.WithoutCancel(ctx))
			return err
		})
		done <- r
	})
	select {
	case r := <-done:
		if r.err == errNobodyWaits { // ctx has ended, which may be seen later than this
			return Answer{}, ctx.Err()
		}
		return r.answer, r.err
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
}

// locked takes steps while no others about the booking are under way.
func (b *Bookings) locked(
	ctx context.Context,
	bookingID events.BookingID,
	steps func(context.Context) (Answer, error),
) (Answer, error) {
	return b.run(ctx, func(ctx context.Context) (Answer, error) {
		end, ok := b.locks.Lock(bookingID)
		if !ok {
			return Answer{}, actors.ErrOverloaded
		}
		defer end()
		return steps(ctx)
	})
}

// request asks the booking under the request's own id, so that its key counts.
func (b *Bookings) request(ctx context.Context, from Origin, bookingID events.BookingID,
	command core.Command) (actors.Answer, error) {
	request := from.request()
	request.Stream, request.Command = booking.Stream(bookingID), command
	answer, err := b.desk.Ask(ctx, request)
	if err == nil && !answer.Replayed {
		b.seen(answer.Facts)
	}
	return answer, err
}

// state reads a booking; its ID is "" if there is none.
func (b *Bookings) state(ctx context.Context, bookingID events.BookingID) (Answer, error) {
	var state booking.State // ctx does not end, so nothing is written to it afterwards
	at, err := b.desk.View(ctx, booking.Stream(bookingID), func(c core.Core) { state = c.(*booking.Booking).State() })
	if err != nil {
		return Answer{}, err
	}
	return Answer{Booking: state, Revision: at.Revision, Position: at.Position}, nil
}

// refused returns the refusal that an error is, nil if it is none.
func refused(err error) *core.Refusal {
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
		return refusal
	}
	return nil
}
