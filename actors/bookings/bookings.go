package bookings

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
)

// Desk is where commands are handed in: an [actors.Desk].
type Desk interface {
	Ask(ctx context.Context, request actors.Request) (actors.Answer, error)
	View(ctx context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error)
}

// Bookings takes bookings through their steps. All methods may be called from many
// goroutines at once.
//
// Each of them returns [*core.Refusal], or a failure of [actors.Desk.Ask]. After a
// failure the outcome is unknown: the same request again, under the same keyed id,
// is safe, and [Bookings.Resume] finishes what was begun.
type Bookings struct {
	desk    Desk
	maps    seatMaps
	turns   actors.Turns[string] // by booking
	claims  claims
	seen    func([]events.Fact) // never nil
	paid    func(Purchase)      // never nil
	running sync.WaitGroup
}

// New returns the process on top of desk. Its kinds must include performances,
// seats, bookings, wallets and allowances.
func New(desk Desk, seatMap SeatMap) *Bookings {
	return &Bookings{desk: desk, maps: seatMaps{read: seatMap}, seen: func([]events.Fact) {}, paid: func(Purchase) {}}
}

// Observe has seen called with the facts of every step that is taken, by many
// goroutines at once. It is called before anything is asked.
func (b *Bookings) Observe(seen func([]events.Fact)) { b.seen = seen }

// Purchase is a booking that has just been paid.
type Purchase struct {
	// Origin is that of the request that completed the payment: whose payment it is, or
	// who has found it unfinished.
	Origin
	Holder string
	// Room is the waiting room that guards the performance, "" if none does.
	Room string
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

// Answer to an accepted request.
type Answer struct {
	// Booking as the request left it.
	Booking booking.State
	// Revision and Position of the booking's last event.
	Revision events.Revision
	Position events.Position
	// Replayed says that an earlier request with the same key was answered like this.
	Replayed bool
}

// Wait returns when no request is under way. No new one may come meanwhile.
func (b *Bookings) Wait() { b.running.Wait() }

// run takes steps that are not to stop half-way because whoever asked has gone:
// only the waiting ends with ctx.
func (b *Bookings) run(ctx context.Context, steps func(context.Context) (Answer, error)) (Answer, error) {
	type result struct {
		answer Answer
		err    error
	}
	done := make(chan result, 1)
	b.running.Go(func() {
		var r result
		r.err = guarded(func() (err error) {
			r.answer, err = steps(context.WithoutCancel(ctx))
			return err
		})
		done <- r
	})
	select {
	case r := <-done:
		return r.answer, r.err
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
}

// locked takes steps while no others about the booking are under way.
func (b *Bookings) locked(ctx context.Context, bookingID string, steps func(context.Context) (Answer, error)) (Answer, error) {
	return b.run(ctx, func(ctx context.Context) (Answer, error) {
		end, ok := b.turns.Take(bookingID)
		if !ok {
			return Answer{}, actors.ErrOverloaded
		}
		defer end()
		return steps(ctx)
	})
}

// step asks one entity, as a consequence of the request. Facts of nobody else carry
// the command's id.
func (b *Bookings) step(ctx context.Context, from Origin, stream events.StreamID, command core.Command) (actors.Answer, error) {
	return b.ask(ctx, actors.Request{Stream: stream, Command: command, ID: actors.NewCommandID(),
		CorrelationID: from.CorrelationID, CausationID: string(from.ID), Actor: from.Actor})
}

// request asks the booking on behalf of the request itself, so that its key counts.
func (b *Bookings) request(ctx context.Context, from Origin, bookingID string, command core.Command) (actors.Answer, error) {
	return b.ask(ctx, actors.Request{Stream: booking.Stream(bookingID), Command: command, ID: from.ID,
		CorrelationID: from.CorrelationID, CausationID: from.CausationID, Actor: from.Actor})
}

func (b *Bookings) ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	answer, err := b.desk.Ask(ctx, request)
	if err == nil && !answer.Replayed {
		b.seen(answer.Facts)
	}
	return answer, err
}

// state reads a booking; its ID is "" if there is none.
func (b *Bookings) state(ctx context.Context, bookingID string) (Answer, error) {
	var state booking.State // ctx does not end, so nobody writes to it afterwards
	at, err := b.desk.View(ctx, booking.Stream(bookingID), func(c core.Core) { state = c.(*booking.Booking).State() })
	if err != nil {
		return Answer{}, err
	}
	return Answer{Booking: state, Revision: at.Revision, Position: at.Position}, nil
}

// show is a performance as the steps need it.
type show struct {
	id      string
	holdFor time.Duration
	limit   int64  // seats a holder may have, 0 if any number
	room    string // the waiting room that guards it, "" if none does
	layout  *performance.Layout
}

var errNoPerformance = &core.Refusal{Code: "not_found", Detail: "there is no such performance",
	Fields: map[string]any{"resource": "performance"}}

// show looks a performance up. Refusal: not_found.
func (b *Bookings) show(ctx context.Context, id string) (*show, error) {
	var s show
	_, err := b.desk.View(ctx, performance.Stream(id), func(c core.Core) {
		p := c.(*performance.Performance)
		created := p.Created()
		s = show{id: created.ID, holdFor: created.HoldFor(), limit: created.LimitPerHolder, room: created.WaitingRoom, layout: p.Layout()}
	})
	switch {
	case err != nil:
		return nil, err
	case s.id == "":
		return nil, errNoPerformance
	}
	return &s, nil
}

// refused returns the refusal that an error is, nil if it is none.
func refused(err error) *core.Refusal {
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
		return refusal
	}
	return nil
}

// guarded turns a panic into ErrBroken: on a goroutine of its own it would end the
// process.
func guarded(do func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v\n%s", actors.ErrBroken, cause, debug.Stack())
		}
	}()
	return do()
}

// each does something about every seat at once, and returns the first error in
// their order.
func each[T any](items []T, do func(T) error) error {
	if len(items) == 1 {
		return do(items[0])
	}
	failed := make([]error, len(items))
	var all sync.WaitGroup
	for i, item := range items {
		all.Go(func() { failed[i] = guarded(func() error { return do(item) }) })
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}
