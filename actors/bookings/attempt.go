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
	"admitone/actors/area"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// requestRun is one run of a request for seats.
type requestRun struct {
	*Book
	id      events.BookingID // of the booking
	attempt int64            // the open attempt
	// places are the requested standing places; set once the performance has been read.
	places []events.BookedPlaces
	// found are the seats that an earlier run holds under the attempt, for this run to use.
	found []events.SeatName
}

// hold returns the open attempt with these seats.
func (p *requestRun) hold(s *performanceInfo, seats []performance.Seat) *hold {
	return &hold{
		from:   p.Origin,
		info:   s,
		id:     events.NewHoldID(p.id, p.attempt),
		holder: p.Holder,
		seats:  seats,
		areas:  areasIn(s.layout, p.places),
		terms:  s.terms.Terms,
		found:  p.found != nil,
		label:  p.Label,
	}
}

// maxRuns bounds how often a request is run again because a run on another node has closed its attempt.
const maxRuns = 8

// ErrOvertaken is returned if other requests repeatedly took the chosen seats, or another run of the
// same request is working on the booking. All seats of the request have been released. It wraps
// [actors.ErrOverloaded].
var ErrOvertaken = fmt.Errorf("%w: other requests took the seats first; try again", actors.ErrOverloaded)

// bookKeyed handles a request that may be a retry. It lets the views catch up if they may not show
// everything that earlier runs have left.
func (b *Bookings) bookKeyed(ctx context.Context, cmd *Book, id events.BookingID) (answer Answer, err error) {
	seen := b.unseen.begin(id)
	for run := range maxRuns {
		if run > 0 { // let the other run finish
			select {
			case <-time.After(time.Millisecond<<run + rand.N(10*time.Millisecond)):
			case <-cmd.gone:
				return Answer{}, errCallerGone
			}
		}
		var before Answer
		reads := []func() error{func() (err error) { before, err = b.state(ctx, id); return err }}
		if run > 0 || !seen {
			reads = append(reads, func() error { return b.views.CatchUp(ctx) })
		}
		if _, err := process.Each(reads, func(read *func() error) error { return (*read)() }); err != nil {
			return Answer{}, err
		}
		if len(reads) > 1 {
			b.unseen.setCaughtUp()
		}
		if answer, err = b.bookRetried(ctx, cmd, id, before); !errors.Is(err, ErrOvertaken) {
			break
		}
	}
	if err == nil || refused(err) != nil {
		b.unseen.end(id)
	}
	return answer, err
}

// bookRetried handles the state that earlier runs of the request have left: it returns their answer,
// takes over their seats, or releases them. before is the booking as last read.
func (b *Bookings) bookRetried(ctx context.Context, cmd *Book, id events.BookingID, before Answer) (Answer, error) {
	if before.Booking.ID != "" {
		return b.answerExisting(ctx, cmd, id)
	}
	p := &requestRun{Book: cmd, id: id, attempt: before.Booking.FirstAttempt()}
	attempts, err := b.views.UnconfirmedHolds(ctx, id)
	if err != nil {
		return Answer{}, err
	}
	open := events.NewHoldID(id, p.attempt)
	left := attempts[open]
	if p.found, err = b.reusableSeats(ctx, cmd, left); err != nil {
		return Answer{}, err
	}
	if p.found != nil {
		delete(attempts, open)
	}
	if len(attempts) > 0 {
		if err := b.closeAttempts(ctx, cmd.Origin, id, attempts); err != nil {
			return Answer{}, err
		}
		now, err := b.state(ctx, id)
		if err == nil && now.Booking.ID != "" {
			err = ErrOvertaken
		}
		if err != nil {
			return Answer{}, err
		}
		p.attempt = now.Booking.FirstAttempt()
	}
	continues := p.found != nil
	answer, err := b.book(ctx, p)
	refusal := refused(err)
	if refusal == nil {
		return answer, err
	}
	// The seats may belong to another run of the same request, on another node.
	now, failed := b.state(ctx, id)
	switch {
	case failed == nil && now.Booking.ID != "":
		return b.answerExisting(ctx, cmd, id)
	case continues || refusal.Code != core.CodeSeatTaken:
	case failed == nil && now.Booking.FirstAttempt() != p.attempt, b.holdsAny(ctx, cmd, id):
		return Answer{}, ErrOvertaken
	}
	if continues {
		if err := b.closeAttempts(ctx, cmd.Origin, id, map[events.HoldID][]events.StreamID{open: left}); err != nil {
			return Answer{}, err
		}
	}
	return answer, err
}

// holdsAny reports whether an attempt of the booking, by another run of the request, holds a seat that
// the request names.
func (b *Bookings) holdsAny(ctx context.Context, cmd *Book, id events.BookingID) bool {
	for _, name := range cmd.Seats {
		var owner events.HoldID
		_, err := b.desk.View(ctx, seat.Stream(cmd.PerformanceID, name), func(c core.Core) {
			owner, _ = c.(*seat.Seat).Owner()
		})
		if of, _, ok := events.CutHoldID(owner); err == nil && ok && of == id {
			return true
		}
	}
	return false
}

// reusableSeats returns the seats that an attempt holds in the streams left if the request can continue
// with them: it names all of them, or could have chosen them as the best available seats.
func (b *Bookings) reusableSeats(ctx context.Context, cmd *Book,
	left []events.StreamID) (seats []events.SeatName, err error) {
	for _, stream := range left {
		if stream.Category() != events.SeatCategory {
			continue
		}
		_, name := events.CutPerformance(stream.Entity())
		if len(cmd.Seats) > 0 && !slices.Contains(cmd.Seats, events.SeatName(name)) {
			return nil, nil
		}
		seats = append(seats, events.SeatName(name))
	}
	if len(cmd.Seats) > 0 || len(seats) == 0 {
		return seats, nil
	}
	s, err := b.performanceInfo(ctx, cmd.PerformanceID)
	if err != nil || !cmd.couldChoose(s, seats) {
		return nil, err
	}
	return seats, nil
}

// couldChoose reports whether the seats satisfy the criteria of a request for the best available seats.
func (cmd *Book) couldChoose(s *performanceInfo, names []events.SeatName) bool {
	wanted, err := cmd.criteria(s.layout)
	if err != nil {
		return false // the request will be refused
	}
	seats, unknown, _ := s.layout.Canonical(names)
	taken := make([]byte, s.layout.Seats())
	hide(s.layout, cmd.hidden(s), taken)
	return len(unknown) == 0 && performance.MapOf(s.layout, taken).Fits(seats, wanted)
}

// closeAttempts closes attempts of a booking, in order, and releases what they hold in the given
// streams. Of the attempt that has become the booking, it releases only what does not belong to the
// booking. Other runs may do the same concurrently.
func (b *Bookings) closeAttempts(
	ctx context.Context,
	from Origin,
	bookingID events.BookingID,
	attempts map[events.HoldID][]events.StreamID,
) error {
	holds := slices.SortedFunc(maps.Keys(attempts), func(x, y events.HoldID) int {
		_, first, _ := events.CutHoldID(x)
		_, second, _ := events.CutHoldID(y)
		return cmp.Compare(first, second)
	})
	for _, holdID := range holds {
		h, err := b.readHold(ctx, from, holdID, attempts[holdID])
		if err != nil {
			return err
		}
		if h == nil {
			continue // it holds nothing
		}
		p := &process.Process{ID: string(holdID), Announced: true}
		booked, err := b.abandon(ctx, h, p)
		if err != nil {
			return err
		}
		p.Stages = releaseStages(holdID, attempts[holdID], booked)
		if err := b.runSteps(ctx, from, p); err != nil {
			return err
		}
	}
	return nil
}

// releaseStages releases everything that an attempt holds in streams, except what belongs to booked, which
// may be nil.
func releaseStages(holdID events.HoldID, streams []events.StreamID, booked *bookedAttempt) []process.Stage {
	var seats, areas, allowances process.Stage
	for _, stream := range streams {
		_, name := events.CutPerformance(stream.Entity())
		switch {
		case stream.Category() == events.AreaCategory:
			if booked == nil || !booked.hasPlaces(events.AreaID(name)) {
				areas.Steps = append(areas.Steps, process.Step{Name: "release-area", Stream: stream,
					Do: &area.Release{HoldID: holdID, Reason: events.ReleasedIncomplete}})
			}
		case stream.Category() != events.SeatCategory && booked == nil:
			allowances.Steps = append(allowances.Steps, process.Step{Name: "release-allowance", Stream: stream,
				Do: &allowance.Release{HoldID: holdID}})
		case stream.Category() == events.SeatCategory && (booked == nil || !booked.hasSeat(events.SeatName(name))):
			seats.Steps = append(seats.Steps, process.Step{Name: "release-seat", Stream: stream,
				Do: &seat.Release{HoldID: holdID, Reason: events.ReleasedIncomplete}})
		}
	}
	return []process.Stage{seats, areas, allowances}
}

// readHold returns an attempt with its performance and holder, but without seats; nil if the attempt
// holds nothing in the streams.
func (b *Bookings) readHold(
	ctx context.Context,
	from Origin,
	holdID events.HoldID,
	streams []events.StreamID,
) (*hold, error) {
	for _, stream := range streams {
		performanceID, rest := events.CutPerformance(stream.Entity())
		holder := events.Holder(rest)
		has := true
		read := func(core.Core) {}
		switch stream.Category() {
		case events.SeatCategory:
			read = func(c core.Core) {
				owner, of := c.(*seat.Seat).Owner()
				has, holder = owner == holdID, of
			}
		case events.AreaCategory:
			read = func(c core.Core) {
				held, is := c.(*area.Area).Held(holdID)
				has, holder = is, held.Holder
			}
		}
		if stream.Category() != events.AllowanceCategory {
			if _, err := b.desk.View(ctx, stream, read); err != nil {
				return nil, err
			}
		}
		if !has {
			continue
		}
		return &hold{from: from, info: &performanceInfo{id: performanceID}, id: holdID, holder: holder}, nil
	}
	return nil, nil
}

// bookedAttempt is the booking that an attempt has become.
type bookedAttempt struct{ booking.State }

func (b *bookedAttempt) hasSeat(name events.SeatName) bool {
	return slices.ContainsFunc(b.Seats, func(booked events.BookedSeat) bool { return booked.Seat == name })
}

func (b *bookedAttempt) hasPlaces(id events.AreaID) bool {
	return slices.ContainsFunc(b.Areas, func(booked events.BookedPlaces) bool { return booked.Area == id })
}

// closeAttempt closes an attempt in the booking's stream. It returns ErrOvertaken if a run of the
// request on another node has opened a later attempt, or has made this attempt the booking, which keeps
// its seats.
func (b *Bookings) closeAttempt(ctx context.Context, h *hold, p *process.Process) error {
	booked, err := b.abandon(ctx, h, p)
	switch {
	case err != nil:
		return err
	case booked != nil:
		if err := b.releaseExtra(ctx, h, booked); err != nil {
			return err
		}
		return ErrOvertaken
	}
	h.closed = true
	return nil
}

// abandon closes an attempt, after which no run can make it the booking. If the attempt has already
// become the booking, abandon returns the booking instead.
func (b *Bookings) abandon(ctx context.Context, h *hold, p *process.Process) (booked *bookedAttempt, err error) {
	id, attempt, _ := events.CutHoldID(h.id)
	_, err = b.runner.Take(ctx, h.from.request(), p, &process.Step{Name: "abandon", Stream: booking.Stream(id),
		Do: &booking.Abandon{ID: id, PerformanceID: h.info.id, Holder: h.holder, Attempt: attempt}})
	switch {
	case errors.Is(err, booking.ErrStaleState): // another node has opened a later attempt
		return nil, ErrOvertaken
	case refused(err) == nil:
		return nil, err
	}
	now, err := b.state(ctx, id)
	if err != nil {
		return nil, err
	}
	return &bookedAttempt{now.Booking}, nil
}

// releaseExtra releases the seats of an attempt that do not belong to the booking it has become.
func (b *Bookings) releaseExtra(ctx context.Context, h *hold, booked *bookedAttempt) error {
	extra := *h
	extra.seats = nil
	for _, seat := range h.seats {
		if !booked.hasSeat(h.info.layout.Name(seat)) {
			extra.seats = append(extra.seats, seat)
		}
	}
	return b.runSteps(ctx, h.from, &process.Process{ID: string(h.id),
		Stages: []process.Stage{extra.releaseSeats(events.ReleasedIncomplete)}})
}
