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
	// bestTries is how often the best seats are chosen again after they were lost to
	// another request.
	bestTries = 8
	// mapTries is how often a map is read again that is older than another's, or of
	// which others are about to take the rest.
	mapTries = 64
	// alternatives is how many other choices a refusal offers.
	alternatives = 3
)

// ErrNoSection refuses to choose seats from a section that the performance does not have.
var ErrNoSection = &core.Refusal{Code: core.CodeInvalidField, Detail: "the performance has no such section",
	Fields: map[string]any{"field": "section"}}

// SectionLeft says what remains of a section, in a refusal.
type SectionLeft struct {
	Section   events.SectionID `json:"section"`
	Remaining int              `json:"remaining"`
}

// bookBest chooses seats for the holder, again if they were lost to another request.
func (b *Bookings) bookBest(ctx context.Context, p *attemptResult, s *performanceInfo) (Answer, error) {
	section := performance.AnySection
	if p.Section != "" {
		if section = s.layout.Section(p.Section); section < 0 {
			return Answer{}, ErrNoSection
		}
	}
	if p.Quantity < 1 || p.Quantity > booking.MaxSeats {
		return Answer{}, &core.Refusal{Code: core.CodeInvalidField,
			Detail: fmt.Sprintf("quantity must be from 1 to %d", booking.MaxSeats),
			Fields: map[string]any{"field": "quantity"}}
	}
	defer b.pending.enter(s.id)()
	best, fresh := choice{}, false
	for range bestTries {
		if len(p.found) > 0 {
			best.seats, _, _ = s.layout.Canonical(p.found)
			best.end = b.pending.begin(s.id, best.seats)
		} else if chosen, err := b.choose(ctx, p, s, section, fresh); err == nil {
			best = chosen
		} else {
			return Answer{}, err
		}
		answer, err := b.holdChosen(ctx, p, s, best)
		if lost := (*lostError)(nil); !errors.As(err, &lost) {
			return answer, err
		}
		fresh, p.found = true, nil // with what has just been lost
	}
	// It has nothing, and there may be enough: that is no refusal.
	best, err := b.choose(ctx, p, s, section, true)
	if err != nil {
		return Answer{}, err
	}
	best.end(0)
	return Answer{}, ErrOvertaken
}

// holdChosen holds the seats of a choice and ends its claim in any case: other requests
// may wait for that.
func (b *Bookings) holdChosen(
	ctx context.Context,
	p *attemptResult,
	s *performanceInfo,
	best choice,
) (answer Answer, err error) {
	defer func() { best.end(answer.Position) }()
	return b.hold(ctx, p, s, best.seats)
}

// choose chooses from a map that is as new as any that others have chosen from, and
// waits for those who are about to take the rest. Refusal: sold_out, from a map that has
// seen all that was in the log when it was asked for. Failure: ErrOvertaken, if others took
// what was left each time it was waited for.
func (b *Bookings) choose(
	ctx context.Context,
	p *attemptResult,
	s *performanceInfo,
	section int,
	fresh bool,
) (best choice, err error) {
	for range mapTries {
		var none *core.Refusal
		err := b.maps.use(ctx, s, fresh, func(m *performance.Map, at events.Position) {
			if best = b.pending.choose(s.id, m, at, section, p.Quantity); best.end == nil && best.wait == nil && !best.stale {
				none = soldOut(m, section)
			}
		})
		switch {
		case err != nil:
			return choice{}, err
		case none != nil && fresh:
			return choice{}, none
		case none != nil:
			fresh = true // seats may have been given back since
		case best.end != nil:
			return best, nil
		case best.wait != nil:
			select {
			case <-best.wait:
			case <-p.gone:
				return choice{}, errNobodyWaits
			}
		}
	}
	return choice{}, ErrOvertaken
}

// soldOut says what remains in the section that was asked for, or in each.
func soldOut(m *performance.Map, section int) *core.Refusal {
	left, remaining := []SectionLeft{}, int64(0)
	for i, of := range m.Layout().Sections() {
		if section == performance.AnySection || section == i {
			n := m.Remaining(i)
			left, remaining = append(left, SectionLeft{of.ID, n}), remaining+int64(n)
		}
	}
	return &core.Refusal{Code: core.CodeSoldOut,
		Detail: "not that many seats are left; ask for what remains",
		Fields: map[string]any{"remaining": remaining, "sections": left}}
}

// smallHall has so few seats that the best of them are found for each caller.
const smallHall = 2_000

// seatTaken names the seats of a request that others have, and what could be had
// instead.
func (b *Bookings) seatTaken(ctx context.Context, s *performanceInfo, wanted, lost []performance.Seat) *core.Refusal {
	refusal := &core.Refusal{Code: core.CodeSeatTaken,
		Detail: "these seats are somebody else's or not on sale; choose again",
		Fields: map[string]any{"seats": s.layout.Names(lost), "alternatives": [][]events.SeatName{}}}
	choices := [][]events.SeatName{}
	offer := func(m *performance.Map, best func() [][]performance.Seat) {
		if s.layout.Seats() <= smallHall {
			best = nil
		}
		m.Release(wanted...) // the map may have seen us hold them
		m.Take(lost...)
		for _, choice := range m.Alternatives(wanted, alternatives, best) {
			choices = append(choices, s.layout.Names(choice))
		}
	}
	err := b.maps.useRecent(ctx, s, len(wanted), alternatives, offer)
	if err == nil { // without a map the refusal is true all the same
		refusal.Fields["alternatives"] = choices
	}
	return refusal
}
