package bookings

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/process"
	"admitone/events"
)

// Bookings runs the multi-step commands of bookings. It is safe for concurrent use.
//
// Its methods return a [*core.Refusal], or a failure of [actors.Desk.Ask] or of [Views]. After a
// failure the outcome is unknown: retrying the request under the same keyed id is safe, and
// [Bookings.Resume] completes or undoes unfinished steps.
type Bookings struct {
	desk   actors.Dispatcher
	runner process.Runner
	views  Views
	maps   seatMaps
	locks  actors.KeyedMutex[events.BookingID] // by booking
	// blocking serialises changes of the blocks of a performance: undoing one could unblock seats
	// that were confirmed to another request.
	blocking   actors.KeyedMutex[events.PerformanceID]
	pending    pendingSeats
	unseen     unseenRuns
	concurrent bool                // seats are held concurrently: the log can't append to several streams
	seen       func([]events.Fact) // never nil
	paid       func(Purchase)      // never nil
	running    sync.WaitGroup
	runs       sync.Pool // of *stepsRun
	// areas returns the areas of a performance; nil except in tests of performances without a seating plan.
	areas func(events.PerformanceID) []events.Area
}

// New returns Bookings that send commands to desk. The kinds of desk must include performances, seats,
// areas, bookings, payments, wallets and allowances.
func New(desk actors.Dispatcher, views Views) *Bookings {
	b := &Bookings{desk: desk, views: views, maps: seatMaps{views: views},
		seen: func([]events.Fact) {}, paid: func(Purchase) {}}
	if turns, ok := desk.(actors.TurnDispatcher); ok {
		b.concurrent = !turns.AppendsTogether()
	}
	b.runner = process.Runner{Entities: desk, Observe: func(facts []events.Fact) { b.seen(facts) }}
	return b
}

// Observe sets a function that is called, concurrently, with the facts of every step. It must be called
// before the first request.
func (b *Bookings) Observe(seen func([]events.Fact)) { b.seen = seen }

// Purchase is a booking that was just paid.
type Purchase struct {
	// Origin identifies the request that completed the payment; another request may have started it.
	Origin
	Holder events.Holder
	// Room is the waiting room that guards the performance, "" for none.
	Room events.RoomID
}

// OnPaid sets a function that is called once, concurrently, with every purchase. It must be called before
// the first request.
func (b *Bookings) OnPaid(paid func(Purchase)) { b.paid = paid }

// Origin identifies a request, like the fields of [actors.Request].
type Origin struct {
	// ID identifies the request. If it has a key, the request can be retried safely.
	ID                                actors.CommandID
	CorrelationID, CausationID, Actor string
	// At is when the first process received the request, Until when its caller stops waiting; zero if
	// unknown. See [actors.Request].
	At, Until time.Time
}

// request returns an [actors.Request] with the fields of the origin.
func (o *Origin) request() actors.Request {
	return actors.Request{ID: o.ID, CorrelationID: o.CorrelationID, CausationID: o.CausationID, Actor: o.Actor,
		At: o.At, Until: o.Until}
}

// Answer is the answer to an accepted request.
type Answer struct {
	// Booking is the state of the booking after the request.
	Booking booking.State
	// Revision and Position of the booking's last event.
	Revision events.Revision
	Position events.Position
	// Replayed: an earlier request with the same key got this answer.
	Replayed bool
	// PaymentOutcome is the outcome of the reported payment, nil if none was reported.
	PaymentOutcome *Outcome
	// Intent is the intent that the request began, now or before; "" if an equal one was open.
	Intent events.IntentID
}

// Wait returns when no request is running. No request may begin during the call.
func (b *Bookings) Wait() { b.running.Wait() }

// run calls steps with a context that does not end, so that they do not stop half-way if the caller stops
// waiting.
func (b *Bookings) run(ctx context.Context, steps func(context.Context) (Answer, error)) (Answer, error) {
	r, ok := b.runs.Get().(*stepsRun)
	if !ok {
		r = &stepsRun{done: make(chan struct{}, 1)}
	}
	b.running.Go(func() {
		defer func() { r.done <- struct{}{} }()
		growStack()
		r.err = process.Guard(func() (err error) {
			r.answer, err = steps(context.WithValue(context.WithoutCancel(ctx), writtenKey{}, &r.written))
			return err
		})
		if r.written.Load() {
			r.err = process.UnknownIfOverloaded(r.err)
		}
	})
	select {
	case <-r.done:
	case <-ctx.Done():
		return Answer{}, ctx.Err() // r stays with the steps
	}
	answer, err := r.answer, r.err
	*r = stepsRun{done: r.done}
	b.runs.Put(r)
	if err == errCallerGone { // ctx has ended, but its Err may not be set yet
		return Answer{}, ctx.Err()
	}
	return answer, err
}

// stepsRun is one call of steps. It is reused after its result has been read.
type stepsRun struct {
	answer  Answer
	err     error
	written atomic.Bool
	done    chan struct{} // has capacity 1; receives when the steps have ended
}

// stepsStack is the approximate size, in bytes, of the stack that the steps of a booking need.
const stepsStack = 6 << 10

// growStack grows the stack of a new goroutine once, while there is little to copy. Growing it several
// times during the steps took 2 % of a booking's CPU time.
//
//go:noinline
func growStack() {
	var frame [stepsStack]byte
	runtime.KeepAlive(&frame)
}

// writtenKey is the context key of a run's atomic.Bool, which is true once something requested has
// been written. Overload is then an unknown outcome and not a refusal.
type writtenKey struct{}

// markWritten records that the run has written something permanent.
func markWritten(ctx context.Context) {
	if mark, ok := ctx.Value(writtenKey{}).(*atomic.Bool); ok {
		mark.Store(true)
	}
}

// locked runs steps while no other steps of the booking run on this node.
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

// request sends a command to the booking under the request's own id, so that its key applies.
func (b *Bookings) request(ctx context.Context, from Origin, bookingID events.BookingID,
	command core.Command) (actors.Answer, error) {
	request := from.request()
	request.Stream, request.Command = booking.Stream(bookingID), command
	answer, err := b.desk.Ask(ctx, request)
	if err == nil {
		markWritten(ctx)
		if !answer.Replayed {
			b.seen(answer.Facts)
		}
	}
	return answer, err
}

// state reads a booking; its ID is "" if it does not exist.
func (b *Bookings) state(ctx context.Context, bookingID events.BookingID) (Answer, error) {
	var state booking.State // ctx does not end, so the function is never called after View has returned
	at, err := b.desk.View(ctx, booking.Stream(bookingID), func(c core.Core) { state = c.(*booking.Booking).State() })
	if err != nil {
		return Answer{}, err
	}
	return Answer{Booking: state, Revision: at.Revision, Position: at.Position}, nil
}

// refused returns the refusal in err, nil if there is none.
func refused(err error) *core.Refusal {
	refusal, _ := errors.AsType[*core.Refusal](err)
	return refusal
}
