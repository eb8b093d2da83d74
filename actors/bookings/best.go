package bookings

import (
	"context"
	"errors"
	"fmt"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
)

const (
	// bestTries is how often the best seats are chosen again after somebody else was
	// faster.
	bestTries = 8
	// mapTries is how often a map is read again that is older than another's, or of
	// which others are about to take the rest.
	mapTries = 32
	// alternatives is how many other choices a refusal offers.
	alternatives = 3
)

// SectionLeft says what remains of a section, in a refusal.
type SectionLeft struct {
	Section   string `json:"section"`
	Remaining int    `json:"remaining"`
}

// bookBest chooses for the holder, again if somebody else was faster.
func (b *Bookings) bookBest(ctx context.Context, cmd *Book, s *show, id string) (Answer, error) {
	section := performance.AnySection
	if cmd.Section != "" {
		if section = s.layout.Section(cmd.Section); section < 0 {
			return Answer{}, &core.Refusal{Code: "invalid_field", Detail: "the performance has no such section",
				Fields: map[string]any{"field": "section"}}
		}
	}
	if cmd.Quantity < 1 || cmd.Quantity > booking.MaxSeats {
		return Answer{}, &core.Refusal{Code: "invalid_field", Detail: "quantity must be from 1 to 50",
			Fields: map[string]any{"field": "quantity"}}
	}
	var gone []performance.Seat // by what the seats themselves have said
	defer b.claims.enter(s.id)()
	for range bestTries {
		best, err := b.choose(ctx, s, section, cmd.Quantity, gone)
		if err != nil {
			return Answer{}, err
		}
		answer, err := b.holdChosen(ctx, cmd, s, id, best)
		lost := (*lostError)(nil)
		if !errors.As(err, &lost) {
			return answer, err
		}
		gone = append(gone, lost.seats...)
	}
	return Answer{}, b.beaten(ctx, s, section, gone)
}

// holdChosen holds the seats of a choice and ends its claim, whatever happens:
// others may wait for that.
func (b *Bookings) holdChosen(ctx context.Context, cmd *Book, s *show, id string, best choice) (answer Answer, err error) {
	defer func() { best.end(answer.Position) }()
	return b.holdSeats(ctx, cmd, s, id, best.seats)
}

// choose chooses from a map that is as new as any that others have chosen from, and
// waits for those who are about to take the rest. Refusal: sold_out. Failure:
// ErrOverloaded, if that does not come to an end.
func (b *Bookings) choose(ctx context.Context, s *show, section, quantity int, gone []performance.Seat) (best choice, err error) {
	for range mapTries {
		var none *core.Refusal
		err := b.maps.use(ctx, s, func(m *performance.Map, at events.Position) {
			m.Take(gone...)
			if best = b.claims.choose(s.id, m, at, section, quantity); best.end == nil && best.wait == nil && !best.stale {
				none = soldOut(m, section, "so many seats are not left; ask for what remains")
			}
		})
		switch {
		case err != nil:
			return choice{}, err
		case none != nil:
			return choice{}, none
		case best.end != nil:
			return best, nil
		case best.wait != nil:
			<-best.wait
		}
	}
	return choice{}, actors.ErrOverloaded
}

// beaten refuses after too many lost races.
func (b *Bookings) beaten(ctx context.Context, s *show, section int, gone []performance.Seat) (err error) {
	failed := b.maps.use(ctx, s, func(m *performance.Map, _ events.Position) {
		m.Take(gone...)
		err = soldOut(m, section, fmt.Sprintf("others were faster %d times; if these seats are left, try again", bestTries))
	})
	if failed != nil {
		return failed
	}
	return err
}

// soldOut says what remains in the section that was asked for, or in each.
func soldOut(m *performance.Map, section int, detail string) *core.Refusal {
	left, remaining := []SectionLeft{}, int64(0)
	for i, of := range m.Layout().Sections() {
		if section == performance.AnySection || section == i {
			n := m.Remaining(i)
			left, remaining = append(left, SectionLeft{of.ID, n}), remaining+int64(n)
		}
	}
	return &core.Refusal{Code: "sold_out", Detail: detail, Fields: map[string]any{"remaining": remaining, "sections": left}}
}

// seatTaken names the seats of a request that others have, and what could be had
// instead.
func (b *Bookings) seatTaken(ctx context.Context, s *show, wanted, lost []performance.Seat) *core.Refusal {
	refusal := &core.Refusal{Code: "seat_taken", Detail: "others have these seats; choose again",
		Fields: map[string]any{"seats": s.layout.Names(lost), "alternatives": [][]string{}}}
	choices := [][]string{}
	err := b.maps.use(ctx, s, func(m *performance.Map, _ events.Position) {
		m.Release(wanted...) // the map may have seen us hold them
		m.Take(lost...)
		for _, choice := range m.Alternatives(wanted, alternatives) {
			choices = append(choices, s.layout.Names(choice))
		}
	})
	if err == nil { // and if not, the refusal is true all the same
		refusal.Fields["alternatives"] = choices
	}
	return refusal
}
