package bookings

import (
	"context"
	"errors"
	"fmt"

	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
)

const (
	// bestTries is how often the best seats are chosen again after somebody else was
	// faster.
	bestTries = 8
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
	var m *performance.Map
	var gone []performance.Seat // by what the seats themselves have said
	for range bestTries {
		taken, at, err := b.seatMap(ctx, s.id)
		if err != nil {
			return Answer{}, err
		}
		m = performance.MapOf(s.layout, taken)
		m.Take(gone...)
		seats, end, ok := b.claims.choose(s.id, m.Clone(), at, section, cmd.Quantity)
		if !ok {
			return Answer{}, soldOut(m, section, "so many seats are not left; ask for what remains")
		}
		answer, err := b.holdSeats(ctx, cmd, s, id, seats)
		end(answer.Position)
		lost := (*lostError)(nil)
		if !errors.As(err, &lost) {
			return answer, err
		}
		gone = append(gone, lost.seats...)
	}
	return Answer{}, soldOut(m, section, fmt.Sprintf("others were faster %d times; these seats may be left, try again", bestTries))
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
	taken, _, err := b.seatMap(ctx, s.id)
	if err != nil {
		return refusal // true all the same
	}
	m := performance.MapOf(s.layout, taken)
	m.Release(wanted...) // the map may have seen us hold them
	m.Take(lost...)
	choices := [][]string{}
	for _, choice := range m.Alternatives(wanted, alternatives) {
		choices = append(choices, s.layout.Names(choice))
	}
	refusal.Fields["alternatives"] = choices
	return refusal
}
