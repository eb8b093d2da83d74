package bookings

import (
	"context"
	"errors"
	"fmt"

	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
)

const (
	// bestTries bounds how often seats are chosen, each time because the last choice was lost to another
	// request.
	bestTries = 8
	// mapTries bounds how often a map is read for one choice: again because it is older than one that
	// others have chosen from, or because others are about to take the seats that remain.
	mapTries = 64
	// alternatives is the number of other choices that a refusal offers.
	alternatives = 3
)

// ErrNoSection refuses to choose seats from a section that the performance does not have.
var ErrNoSection = &core.Refusal{Code: core.CodeInvalidField, Detail: "the performance has no such section",
	Fields: map[string]any{"field": "section"}}

// SectionLeft is the number of seats that remain in a section, as a member of a refusal.
type SectionLeft struct {
	Section   events.SectionID `json:"section"`
	Remaining int              `json:"remaining"`
}

// ErrNoCategory, ErrNoSeatsOfCategory and ErrNotAccessible refuse criteria that the seating plan of the
// performance does not support.
var (
	ErrNoCategory = &core.Refusal{Code: core.CodeInvalidField, Detail: "the performance has no such category",
		Fields: map[string]any{"field": "best_available.category"}}
	ErrNoSeatsOfCategory = &core.Refusal{Code: core.CodeInvalidField,
		Detail: "the category has no seats; book its standing places with areas",
		Fields: map[string]any{"field": "best_available.category"}}
	ErrNotAccessible = &core.Refusal{Code: core.CodeInvalidField,
		Detail: "the performance has no plan that says which seats are accessible",
		Fields: map[string]any{"field": "best_available.accessible"}}
)

// criteria returns the criteria of a request for the best available seats. Refusals: invalid_field,
// forbidden.
func (cmd *Book) criteria(layout *events.Layout) (w performance.Criteria, err error) {
	w = performance.Criteria{Quantity: cmd.Quantity, Section: performance.AnySection, Accessible: cmd.Accessible}
	if cmd.Section != "" {
		if w.Section = layout.Section(cmd.Section); w.Section < 0 {
			return w, ErrNoSection
		}
	}
	hall := layout.Hall()
	switch {
	case cmd.Quantity < 1 || cmd.Quantity > booking.MaxSeats:
		return w, &core.Refusal{Code: core.CodeInvalidField,
			Detail: fmt.Sprintf("quantity must be from 1 to %d", booking.MaxSeats),
			Fields: map[string]any{"field": "quantity"}}
	case cmd.Category != "" && (hall == nil || hall.CategoryNamed(cmd.Category) < 0):
		return w, ErrNoCategory
	case cmd.Category != "" && !hall.HasSeats(hall.CategoryNamed(cmd.Category)):
		return w, ErrNoSeatsOfCategory
	case cmd.Accessible && hall == nil:
		return w, ErrNotAccessible
	case cmd.PriceTypes != nil && hall == nil:
		return w, badPriceTypes("the performance has no price types")
	case cmd.Category != "" || cmd.PriceTypes != nil:
		if w.Categories, err = cmd.categories(layout); err != nil {
			return w, err
		}
	}
	return w, nil
}

// bookBest chooses and holds the best available seats, again if they are lost to another request.
func (b *Bookings) bookBest(ctx context.Context, p *requestRun, s *performanceInfo) (Answer, error) {
	wanted, err := p.criteria(s.layout)
	if err != nil {
		return Answer{}, err
	}
	defer b.pending.enter(s.id)()
	best, fresh := choice{}, false
	for range bestTries {
		if len(p.found) > 0 {
			best.seats, _, _ = s.layout.Canonical(p.found)
			best.end = b.pending.begin(s.id, best.seats)
		} else if chosen, err := b.choose(ctx, p, s, wanted, fresh); err == nil {
			best = chosen
		} else {
			return Answer{}, err
		}
		answer, err := b.holdChosen(ctx, p, s, best, !fresh)
		if lost := (*lostError)(nil); !errors.As(err, &lost) {
			return answer, err
		}
		fresh, p.found = true, nil // the next map must show the lost seats as taken
	}
	// If there are still enough seats, the request is not refused.
	best, err = b.choose(ctx, p, s, wanted, true)
	if err != nil {
		return Answer{}, err
	}
	best.end(0)
	return Answer{}, ErrOvertaken
}

// holdChosen holds the seats of a choice and then ends its claim, for which other requests may wait. Only
// the seats of the first choice may be held concurrently. Later choices are held in order, so that two
// requests can't repeatedly take seats from each other.
func (b *Bookings) holdChosen(
	ctx context.Context,
	p *requestRun,
	s *performanceInfo,
	best choice,
	first bool,
) (answer Answer, err error) {
	defer func() { best.end(answer.Position) }()
	p.Types = p.typesOf(s, best.seats)
	h := p.hold(s, best.seats)
	h.concurrent = b.concurrent && first
	return b.hold(ctx, p, h)
}

// choose chooses from a map that is no older than any that others have chosen from, and waits for
// requests that are about to take the seats that remain. Refusal: sold_out, according to a map that
// includes everything logged when it was requested. Failure: ErrOvertaken.
func (b *Bookings) choose(
	ctx context.Context,
	p *requestRun,
	s *performanceInfo,
	wanted performance.Criteria,
	fresh bool,
) (best choice, err error) {
	for range mapTries {
		var none *core.Refusal
		err := b.maps.withMap(ctx, s, p.Book, fresh, func(m *performance.Map, at events.Position) {
			if best = b.pending.choose(s.id, m, at, wanted); best.end == nil && best.wait == nil && !best.stale {
				none = soldOut(m, wanted)
			}
		})
		switch {
		case err != nil:
			return choice{}, err
		case none != nil && fresh:
			return choice{}, none
		case none != nil:
			fresh = true // seats may have been released since
		case best.end != nil:
			return best, nil
		case best.wait != nil:
			select {
			case <-best.wait:
			case <-p.gone:
				return choice{}, errCallerGone
			}
		}
	}
	return choice{}, ErrOvertaken
}

// soldOut returns sold_out with the number of seats that remain in the requested section, or in each.
func soldOut(m *performance.Map, wanted performance.Criteria) *core.Refusal {
	left, remaining := []SectionLeft{}, 0
	for i, of := range m.Layout().Sections() {
		if wanted.Section == performance.AnySection || wanted.Section == i {
			n := m.Left(i, wanted)
			left, remaining = append(left, SectionLeft{of.ID, n}), remaining+n
		}
	}
	if wanted.Accessible { // not the sum: one accessible seat suffices for all sections
		remaining = m.Left(wanted.Section, wanted)
	}
	return &core.Refusal{Code: core.CodeSoldOut,
		Detail: "fewer seats are left than requested; request fewer",
		Fields: map[string]any{"remaining": int64(remaining), "sections": left}}
}

// smallHall is the number of seats up to which a refusal's alternatives are computed for each caller,
// not shared.
const smallHall = 2_000

// seatTaken returns seat_taken with the requested seats that others have, and alternatives.
func (b *Bookings) seatTaken(ctx context.Context, cmd *Book, s *performanceInfo,
	wanted, lost []performance.Seat) *core.Refusal {
	refusal := &core.Refusal{Code: core.CodeSeatTaken,
		Detail: "these seats are taken or not on sale; choose others",
		Fields: map[string]any{"seats": s.layout.Names(lost), "alternatives": [][]events.SeatName{}}}
	choices := [][]events.SeatName{}
	offer := func(m *performance.Map, best func() [][]performance.Seat) {
		if s.layout.Seats() <= smallHall {
			best = nil
		}
		m.Release(wanted...) // the map may include this request's own holds
		m.Take(lost...)
		for _, choice := range m.Alternatives(wanted, alternatives, best) {
			choices = append(choices, s.layout.Names(choice))
		}
	}
	err := b.maps.withRecentMap(ctx, s, cmd, true, choiceSize{len(wanted), cmd.Restricted}, offer)
	if err == nil { // the refusal is valid without alternatives
		refusal.Fields["alternatives"] = choices
	}
	return refusal
}
