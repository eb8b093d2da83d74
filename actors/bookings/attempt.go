package bookings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"admitone/actors"
	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// attemptResult is one run of a request for seats.
type attemptResult struct {
	*Book
	id      events.BookingID // of the booking
	attempt int64            // that is open
	// found are seats that the attempt has from an earlier run, all of them of use.
	found []events.SeatName
}

// hold is the attempt that is open, at these seats.
func (p *attemptResult) hold(s *performanceInfo, seats []performance.Seat) *hold {
	return &hold{
		from:   p.Origin,
		show:   s,
		id:     events.NewHoldID(p.id, p.attempt),
		holder: p.Holder,
		seats:  seats,
		terms:  s.on.Terms,
		found:  p.found != nil,
	}
}

// runs bounds how often a request begins again because another run of it, at another
// node, has closed its attempt.
const runs = 8

// ErrOvertaken: others took the seats that were chosen, again and again, or another run of the
// same request is at the booking. Nothing was done: what was taken is given back. It is an
// [actors.ErrOverloaded].
var ErrOvertaken = fmt.Errorf("%w: others were faster again and again", actors.ErrOverloaded)

// bookKeyed is a request that may be a retry. What earlier runs have left is in the views
// once they have caught up.
func (b *Bookings) bookKeyed(ctx context.Context, cmd *Book, id events.BookingID) (answer Answer, err error) {
	seen := b.unsure.begin(id)
	for run := range runs {
		if run > 0 { // let the other one finish
			select {
			case <-time.After(time.Millisecond<<run + rand.N(10*time.Millisecond)):
			case <-cmd.gone:
				return Answer{}, errNobodyWaits
			}
		}
		if run > 0 || !seen {
			if err := b.views.CatchUp(ctx); err != nil {
				return Answer{}, err
			}
			b.unsure.caughtUp()
		}
		if answer, err = b.bookAgain(ctx, cmd, id); !errors.Is(err, ErrOvertaken) {
			break
		}
	}
	if err == nil || refused(err) != nil {
		b.unsure.end(id)
	}
	return answer, err
}

// bookAgain goes on with what earlier runs of the request have left behind: it answers
// as they did, takes over their seats, or gives them back. What it refuses has nothing.
func (b *Bookings) bookAgain(ctx context.Context, cmd *Book, id events.BookingID) (Answer, error) {
	before, err := b.state(ctx, id)
	if err != nil {
		return Answer{}, err
	}
	if before.Booking.ID != "" {
		return b.bookedBefore(ctx, cmd, id)
	}
	p := &attemptResult{Book: cmd, id: id, attempt: before.Booking.HeldUnder()}
	begun, err := b.views.Begun(ctx, id)
	if err != nil {
		return Answer{}, err
	}
	open := events.NewHoldID(id, p.attempt)
	left := begun[open]
	if p.found = cmd.use(left); p.found != nil {
		delete(begun, open)
	}
	if len(begun) > 0 {
		if err := b.dismiss(ctx, cmd.Origin, id, begun); err != nil {
			return Answer{}, err
		}
		now, err := b.state(ctx, id)
		if err == nil && now.Booking.ID != "" {
			err = ErrOvertaken
		}
		if err != nil {
			return Answer{}, err
		}
		p.attempt = now.Booking.HeldUnder()
	}
	goesOn := p.found != nil
	answer, err := b.book(ctx, p)
	if refused(err) == nil {
		return answer, err
	}
	// The seats may have gone to this very request, at another node.
	if now, failed := b.state(ctx, id); failed == nil && now.Booking.ID != "" {
		return b.bookedBefore(ctx, cmd, id)
	}
	if goesOn {
		if err := b.dismiss(ctx, cmd.Origin, id, map[events.HoldID][]events.StreamID{open: left}); err != nil {
			return Answer{}, err
		}
	}
	return answer, err
}

// use returns the seats that an attempt has if the request can go on with them: they are
// some of those that it names, or as many as it wants where it wants them.
func (cmd *Book) use(left []events.StreamID) (seats []events.SeatName) {
	for _, stream := range left {
		if stream.Category() != events.SeatCategory {
			continue
		}
		_, name := events.CutPerformance(stream.Entity())
		section, _, _, _ := events.ParseSeat(events.SeatName(name))
		if len(cmd.Seats) > 0 && !slices.Contains(cmd.Seats, events.SeatName(name)) ||
			cmd.Section != "" && cmd.Section != section {
			return nil
		}
		seats = append(seats, events.SeatName(name))
	}
	if len(cmd.Seats) == 0 && len(seats) != cmd.Quantity {
		return nil
	}
	return seats
}

// dismiss closes attempts of a booking, in their order, and gives back what they have. Of
// one that has become the booking it gives back what is not the booking's. It is no
// error if others do the same.
func (b *Bookings) dismiss(
	ctx context.Context,
	from Origin,
	bookingID events.BookingID,
	begun map[events.HoldID][]events.StreamID,
) error {
	holds := slices.SortedFunc(maps.Keys(begun), func(x, y events.HoldID) int {
		_, first, _ := events.CutHoldID(x)
		_, second, _ := events.CutHoldID(y)
		return cmp.Compare(first, second)
	})
	for _, holdID := range holds {
		h, err := b.holderOf(ctx, from, holdID, begun[holdID])
		if err != nil {
			return err
		}
		if h == nil {
			continue // it has nothing any more
		}
		p := &process.Process{ID: string(holdID), Announced: true}
		known, err := b.abandon(ctx, h, p)
		if err != nil {
			return err
		}
		p.Stages = dismissing(holdID, begun[holdID], known)
		if err := b.runSteps(ctx, from, p); err != nil {
			return err
		}
	}
	return nil
}

// dismissing gives back what an attempt has in streams, but for what is known's.
func dismissing(holdID events.HoldID, streams []events.StreamID, known *holdWindow) []process.Stage {
	var seats, allowances process.Stage
	for _, stream := range streams {
		_, name := events.CutPerformance(stream.Entity())
		switch {
		case stream.Category() != events.SeatCategory && known == nil:
			allowances.Steps = append(allowances.Steps, process.Step{Name: "release-allowance", Stream: stream,
				Do: &allowance.Release{HoldID: holdID}})
		case stream.Category() == events.SeatCategory && (known == nil || !known.has(events.SeatName(name))):
			seats.Steps = append(seats.Steps, process.Step{Name: "release-seat", Stream: stream,
				Do: &seat.Release{HoldID: holdID, Reason: events.ReleasedIncomplete}})
		}
	}
	return []process.Stage{seats, allowances}
}

// holderOf finds out for whom an attempt has what it has; nil if it has nothing any more.
func (b *Bookings) holderOf(
	ctx context.Context,
	from Origin,
	holdID events.HoldID,
	streams []events.StreamID,
) (*hold, error) {
	for _, stream := range streams {
		performanceID, rest := events.CutPerformance(stream.Entity())
		holder := events.Holder(rest)
		if stream.Category() == events.SeatCategory {
			owner := events.HoldID("")
			if _, err := b.desk.View(ctx, stream, func(c core.Core) { owner, holder = c.(*seat.Seat).Owner() }); err != nil {
				return nil, err
			}
			if owner != holdID {
				continue
			}
		}
		return &hold{from: from, show: &performanceInfo{id: performanceID}, id: holdID, holder: holder}, nil
	}
	return nil, nil
}

// holdWindow is a booking that an attempt has become.
type holdWindow struct{ booking.State }

func (b *holdWindow) has(name events.SeatName) bool {
	return slices.ContainsFunc(b.Seats, func(booked events.BookedSeat) bool { return booked.Seat == name })
}

// closeAttempt closes an attempt in the booking's own stream. Failure: ErrOvertaken, if the
// attempt has become the booking, which keeps its seats: then another run of the request, at
// another node, has brought it about; or if that one knows more.
func (b *Bookings) closeAttempt(ctx context.Context, h *hold, p *process.Process) error {
	known, err := b.abandon(ctx, h, p)
	switch {
	case err != nil:
		return err
	case known != nil:
		if err := b.releaseExtra(ctx, h, known); err != nil {
			return err
		}
		return ErrOvertaken
	}
	h.closed = true
	return nil
}

// abandon is the step that closes an attempt. known is the booking that it has become
// instead, nil if it is closed; then no run can make it the booking any more.
func (b *Bookings) abandon(ctx context.Context, h *hold, p *process.Process) (known *holdWindow, err error) {
	id, attempt, _ := events.CutHoldID(h.id)
	_, err = b.runner.Take(ctx, h.from.request(), p, &process.Step{Name: "abandon", Stream: booking.Stream(id),
		Do: &booking.Abandon{ID: id, PerformanceID: h.show.id, Holder: h.holder, Attempt: attempt}})
	switch {
	case errors.Is(err, booking.ErrAhead): // another node knows more
		return nil, ErrOvertaken
	case refused(err) == nil:
		return nil, err
	}
	now, err := b.state(ctx, id)
	if err != nil {
		return nil, err
	}
	return &holdWindow{now.Booking}, nil
}

// releaseExtra gives back the seats that an attempt has beside those of the booking that it
// has become.
func (b *Bookings) releaseExtra(ctx context.Context, h *hold, known *holdWindow) error {
	extra := *h
	extra.seats = nil
	for _, seat := range h.seats {
		if !known.has(h.show.layout.Name(seat)) {
			extra.seats = append(extra.seats, seat)
		}
	}
	return b.runSteps(ctx, h.from, &process.Process{ID: string(h.id),
		Stages: []process.Stage{extra.releaseSeats(events.ReleasedIncomplete)}})
}
