package performance

import (
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"admitone/actors/core"
	"admitone/events"
)

func invalidPrices(format string, args ...any) *core.Refusal {
	return &core.Refusal{Code: core.CodeInvalidField, Detail: fmt.Sprintf(format, args...),
		Fields: map[string]any{"field": "prices"}}
}

// checkSeats returns invalid_field if the sections or the plan, and the prices, are not valid.
func (c *Create) checkSeats() *core.Refusal {
	if c.Plan == "" {
		fault := sectionsFault(c.Sections)
		if fault == "" && len(c.Prices) > 0 {
			return invalidPrices("prices are only allowed with a plan; give each section a price instead")
		}
		if fault != "" {
			return &core.Refusal{Code: core.CodeInvalidField, Detail: fault, Fields: map[string]any{"field": "sections"}}
		}
		return nil
	}
	if len(c.Sections) > 0 {
		return &core.Refusal{Code: core.CodeInvalidField, Detail: "give a plan or sections, not both",
			Fields: map[string]any{"field": "sections"}}
	}
	if fault := pricesFault(c.Prices); fault != "" {
		return invalidPrices("%s", fault)
	}
	priced := map[string]bool{}
	for _, p := range c.Prices {
		if priced[p.Category] = true; !slices.Contains(c.Categories, p.Category) {
			return invalidPrices("the plan has no category %q in use", p.Category)
		}
	}
	for _, category := range c.Categories {
		if !priced[category] {
			return invalidPrices("the category %q needs a price", category)
		}
	}
	return nil
}

// pricesFault describes the first fault of prices, "" for none. It does not check whether the categories exist.
func pricesFault(prices []events.CategoryPrice) string {
	seen, ended, before := map[[2]string]bool{}, map[string]bool{}, ""
	types := map[string]int{}
	for i, p := range prices {
		if i > 0 && p.Category != before {
			ended[before] = true
		}
		types[p.Category]++
		key := [2]string{p.Category, p.Type}
		switch {
		case p.Amount < 0 || p.Amount > events.MaxPrice:
			return fmt.Sprintf("a price must be from 0 to %d", int64(events.MaxPrice))
		case !validType(p.Type):
			return fmt.Sprintf("the name of a price type must have at most %d bytes and no control characters",
				events.MaxPriceType)
		case seen[key] || ended[p.Category]:
			return fmt.Sprintf("the category %q has the price type %q twice", p.Category, p.Type)
		case types[p.Category] > events.MaxPriceTypes:
			return fmt.Sprintf("a category can have at most %d price types", events.MaxPriceTypes)
		case p.Type == "" && (p.Restricted || types[p.Category] > 1) || seen[[2]string{p.Category, ""}]:
			return fmt.Sprintf("the price types of category %q need names", p.Category)
		}
		seen[key], before = true, p.Category
	}
	return ""
}

// validType reports whether name is a valid price type. "" is the type of a category's only price.
func validType(name string) bool {
	return len(name) <= events.MaxPriceType && utf8.ValidString(name) &&
		!slices.ContainsFunc([]rune(name), unicode.IsControl)
}
