package performance

import (
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Edit changes the members that are not nil; without any it is a no-op. Existing holds keep their terms.
// Refusals: not_found, stale_revision ([ErrOtherChange], [ErrStaleEdit]), cancelled, invalid_field (the times, a
// price).
type Edit struct {
	Title, Venue *string
	// StartsAt moves the start, and also the close of a sale that closes at the start.
	StartsAt                    *time.Time
	HoldSeconds, LimitPerHolder *int64
	// OpensAt and ClosesAt are the new bounds of the sale; the zero time removes one.
	OpensAt, ClosesAt *time.Time
	// Prices by section; other sections keep their prices.
	Prices map[events.SectionID]int64
	// CategoryPrices are the new prices of categories, grouped by category; other categories keep their prices. It
	// is used instead of Prices if the performance has a plan.
	CategoryPrices []events.CategoryPrice
	// Cancellation is the new cancellation policy; the zero value is the default policy.
	Cancellation *events.Cancellation
	// Areas has the new capacities of areas, and Change the number of the change that resizes them. Announced means
	// that the change was announced before, so that repeating the edit is a no-op; otherwise the areas are resized
	// by the same append.
	Areas     []events.AreaPlaces
	Change    int64
	Announced bool
	// Base, unless nil, is the required revision of the newest edit.
	Base *events.Revision
}

// ErrStaleEdit refuses an edit of a performance that has been edited since its base.
var ErrStaleEdit = &core.Refusal{Code: core.CodeStaleRevision,
	Detail: "the performance has been edited since; read it again, then repeat the edit"}

var errNoPerformance = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such performance",
	Fields: map[string]any{"resource": "performance"}}

// changes reports whether the edit changes anything.
func (c *Edit) changes() bool {
	return c.Title != nil || c.Venue != nil || c.StartsAt != nil || c.HoldSeconds != nil || c.LimitPerHolder != nil ||
		c.OpensAt != nil || c.ClosesAt != nil || len(c.Prices) > 0 ||
		len(c.CategoryPrices) > 0 || c.Cancellation != nil || c.Change != 0
}

func (p *Performance) edit(cmd *Edit, now time.Time) ([]events.Fact, error) {
	switch {
	case !p.Exists():
		return nil, errNoPerformance
	case cmd.Announced && p.blocks.committed(cmd.Change):
		return nil, nil
	case cmd.Change != 0 && (!p.blocks.canCommit(cmd.Change) || cmd.Announced != (p.blocks.Open != nil)):
		return nil, ErrOtherChange
	case cmd.Base != nil && *cmd.Base != p.edited:
		return nil, ErrStaleEdit
	case p.calledOff:
		return nil, ErrCalledOff
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
		Areas:          was.resized(cmd.Areas), Change: cmd.Change,
	}
	closes := was.ClosesAt
	if !closes.IsZero() && closes.Equal(was.StartsAt) {
		closes = fact.StartsAt
	}
	fact.SaleTimes = events.SaleTimes{OpensAt: core.Or(cmd.OpensAt, was.OpensAt), ClosesAt: core.Or(cmd.ClosesAt, closes)}
	if refusal := core.CheckTimes(fact.SaleTimes); refusal != nil {
		return nil, refusal
	}
	if refusal := p.setPrices(fact, cmd); refusal != nil {
		return nil, refusal
	}
	return append([]events.Fact{fact}, boundFacts(p.sale.WithTimes(fact.SaleTimes), now)...), nil
}

// setPrices sets the prices of the fact. Refusal: invalid_field (prices).
func (p *Performance) setPrices(fact *events.PerformanceEdited, cmd *Edit) *core.Refusal {
	was := &p.latest
	if was.Plan != "" {
		if fault := pricesFault(cmd.CategoryPrices); fault != "" {
			return invalidPrices("%s", fault)
		}
		prices, unknown := events.Repriced(was.Prices, cmd.CategoryPrices)
		if unknown != "" {
			return invalidPrices("the plan has no category %q in use", unknown)
		}
		fact.CategoryPrices = prices
		return nil
	}
	for i := range was.Sections {
		fact.Prices[i] = events.SectionPrice{Section: was.Sections[i].ID, Price: was.Sections[i].Price}
	}
	for id, price := range cmd.Prices {
		at := p.layout.Section(id)
		if at < 0 || price < 0 || price > events.MaxPrice {
			return invalidPrices("prices must be of the performance's sections, and from 0 to %d", int64(events.MaxPrice))
		}
		fact.Prices[at].Price = price
	}
	if len(cmd.CategoryPrices) > 0 && len(cmd.Prices) == 0 {
		return invalidPrices("the price of a section must be a single integer")
	}
	return nil
}

// resized returns the capacities of the areas that have been resized, with the sizes of this edit.
func (c *Create) resized(sizes []events.AreaPlaces) []events.AreaPlaces {
	all := slices.Clone(c.Areas)
	for _, a := range sizes {
		at := slices.IndexFunc(all, func(resized events.AreaPlaces) bool { return resized.Area == a.Area })
		if at < 0 {
			all = append(all, a)
		} else {
			all[at].Places = a.Places
		}
	}
	return all
}
