package verify

import (
	"slices"

	"admitone/events"
)

// layoutOf returns the layout of a new performance, from its sections or from its plan and prices.
func (c *performanceCheck) layoutOf(f *events.PerformanceCreated) (*events.Layout, *fault) {
	if f.Plan == "" {
		if err := checkSections(f.Sections); err != nil {
			return nil, faultf(RuleLayout, "%v", err)
		}
		if len(f.CategoryPrices) > 0 {
			return nil, faultf(RuleLayout, "it prices categories, and has no plan")
		}
		return events.NewLayout(f.Sections), nil
	}
	hall := c.ledger.halls[f.Plan]
	if hall == nil {
		return nil, faultf(RuleLayout, "there is no plan %q", f.Plan)
	}
	if fault := checkPrices(hall, f.CategoryPrices); fault != nil {
		return nil, fault
	}
	return events.NewHallLayout(hall, f.CategoryPrices), nil
}

// repriced returns a layout with the prices of an edit.
func repriced(layout *events.Layout, f *events.PerformanceEdited) (*events.Layout, *fault) {
	if hall := layout.Hall(); hall != nil {
		if len(f.Prices) > 0 {
			return nil, faultf(RuleLayout, "it prices sections, and has a plan")
		}
		if fault := checkPrices(hall, f.CategoryPrices); fault != nil {
			return nil, fault
		}
		return events.NewHallLayout(hall, f.CategoryPrices), nil
	}
	sections := slices.Clone(layout.Sections())
	for i, p := range f.Prices {
		if i >= len(sections) || p.Section != sections[i].ID || p.Price < 0 {
			return nil, faultf(RuleLayout, "%q at %d is not a section of the performance, or not in its place", p.Section,
				p.Price)
		}
		sections[i].Price = p.Price
	}
	switch {
	case len(f.Prices) != len(sections):
		return nil, faultf(RuleLayout, "it prices %d of %d sections", len(f.Prices), len(sections))
	case len(f.CategoryPrices) > 0:
		return nil, faultf(RuleLayout, "it prices categories, and has no plan")
	case slices.Equal(sections, layout.Sections()):
		return layout, nil
	}
	return events.NewLayout(sections), nil
}

// checkPrices checks prices against the categories of a hall: each category in use has prices, in the hall's order, and
// each price type occurs once.
func checkPrices(hall *events.Hall, prices []events.CategoryPrice) *fault {
	rest := prices
	for i := range hall.Categories {
		category, types := &hall.Categories[i], map[string]bool{}
		for ; len(rest) > 0 && rest[0].Category == category.Name; rest = rest[1:] {
			if rest[0].Amount < 0 || types[rest[0].Type] {
				return faultf(RuleLayout, "the category %q at %d for %q", category.Name, rest[0].Amount, rest[0].Type)
			}
			types[rest[0].Type] = true
		}
		if category.InUse() != (len(types) > 0) {
			return faultf(RuleLayout, "the category %q, of %d seats and %d places, has %d prices", category.Name, category.Seats,
				category.Places, len(types))
		}
	}
	if len(rest) > 0 {
		return faultf(RuleLayout, "the plan has no category %q at this index", rest[0].Category)
	}
	return nil
}
