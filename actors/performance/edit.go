package performance

import (
	"fmt"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Edit changes the members that are not nil; without any it does nothing. What is held keeps the
// terms that it was held on. Refusals: not_found, invalid_field (the times, a price).
type Edit struct {
	Title, Venue *string
	// StartsAt moves the show, and the close of a sale that closes when the show starts.
	StartsAt                    *time.Time
	HoldSeconds, LimitPerHolder *int64
	// OpensAt and ClosesAt are to be the bounds of the sale; the zero time takes one away.
	OpensAt, ClosesAt *time.Time
	// Prices by section; those of the others stay.
	Prices map[events.SectionID]int64
	// Cancellation is to be the rule for giving back; the zero one is the default.
	Cancellation *events.Cancellation
}

var errNoPerformance = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such performance",
	Fields: map[string]any{"resource": "performance"}}

// changes reports whether the edit asks for anything.
func (c *Edit) changes() bool {
	return c.Title != nil || c.Venue != nil || c.StartsAt != nil || c.HoldSeconds != nil || c.LimitPerHolder != nil ||
		c.OpensAt != nil || c.ClosesAt != nil || len(c.Prices) > 0 ||
		c.Cancellation != nil
}

// edit decides an edit.
func (p *Performance) edit(cmd *Edit, now time.Time) ([]events.Fact, error) {
	switch {
	case !p.Exists():
		return nil, errNoPerformance
	case !cmd.changes():
		return nil, nil
	}
	was := &p.latest
	fact := &events.PerformanceEdited{
		Title: core.Or(cmd.Title, was.Title), Venue: core.Or(cmd.Venue, was.Venue),
		StartsAt:       core.Or(cmd.StartsAt, was.StartsAt).UTC(),
		HoldSeconds:    core.Or(cmd.HoldSeconds, was.HoldSeconds),
		LimitPerHolder: core.Or(cmd.LimitPerHolder, was.LimitPerHolder),
		Prices:         make([]events.SectionPrice, len(was.Sections)),
		Cancellation:   core.Or(cmd.Cancellation, was.Cancellation),
	}
	closes := was.ClosesAt
	if !closes.IsZero() && closes.Equal(was.StartsAt) {
		closes = fact.StartsAt
	}
	fact.SaleTimes = events.SaleTimes{OpensAt: core.Or(cmd.OpensAt, was.OpensAt), ClosesAt: core.Or(cmd.ClosesAt, closes)}
	if refusal := core.CheckTimes(fact.SaleTimes); refusal != nil {
		return nil, refusal
	}
	for i := range was.Sections {
		fact.Prices[i] = events.SectionPrice{Section: was.Sections[i].ID, Price: was.Sections[i].Price}
	}
	for id, price := range cmd.Prices {
		at := p.layout.Section(id)
		if at < 0 || price < 0 || price > MaxPrice {
			return nil, &core.Refusal{Code: core.CodeInvalidField,
				Detail: fmt.Sprintf("prices are of the performance's sections, and from 0 to %d", int64(MaxPrice)),
				Fields: map[string]any{"field": "prices"}}
		}
		fact.Prices[at].Price = price
	}
	return append([]events.Fact{fact}, reached(p.sale.Stated(fact.SaleTimes), now)...), nil
}
