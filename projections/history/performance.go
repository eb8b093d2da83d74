package history

import (
	"fmt"
	"strings"

	"admitone/events"
)

// describePerformance describes a fact of a performance.
func describePerformance(fact events.Fact, subj subject) string {
	if !subj.isEveryone() {
		return ""
	}
	switch f := fact.(type) {
	case *events.PerformanceCreated:
		return fmt.Sprintf("put on sale as %q at %q, %s: %s, held for %d s, %s", f.Title, f.Venue,
			events.FormatTime(f.StartsAt), seatsOf(subj, f), f.HoldSeconds,
			limit(f.LimitPerHolder)+roomSuffix(f.WaitingRoom)+saleTimesSuffix(f.SaleTimes)+cancellationSuffix(f.Cancellation))
	case *events.PerformanceEdited:
		return fmt.Sprintf("edited; it is now %q at %q, %s: %s, held for %d s, %s", f.Title, f.Venue,
			events.FormatTime(f.StartsAt), allPrices(subj, f), f.HoldSeconds,
			limit(f.LimitPerHolder)+saleTimesSuffix(f.SaleTimes)+
				cancellationSuffix(f.Cancellation)+resizedSuffix(f))
	case *events.PerformanceCancelled:
		return fmt.Sprintf("cancelled, because: %q; all its sales will be ended and refunded in full", f.Reason)
	case *events.BlocksBegun:
		return fmt.Sprintf("change %d of blocks began: %s", f.Number, blockChange(&f.BlockChange))
	case *events.BlocksChanged:
		return blockChange(&f.BlockChange)
	case *events.BlocksWithdrawn:
		return fmt.Sprintf("change %d of blocks can't be completed, and will be undone", f.Number)
	case *events.BlocksUndone:
		return fmt.Sprintf("change %d of blocks has been undone", f.Number)
	case *events.PerformanceOpened:
		return "the sale opened, as scheduled for " + events.FormatTime(f.OpensAt)
	case *events.PerformanceClosed:
		return "the sale closed, as scheduled for " + events.FormatTime(f.ClosesAt)
	}
	return ""
}

// maxListedSeats is the largest number of seats named in a sentence.
const maxListedSeats = 20

// blockChange describes a change of blocks, or of sizes.
func blockChange(c *events.BlockChange) string {
	if len(c.Sizes) > 0 {
		sizes := make([]string, len(c.Sizes))
		for i, size := range c.Sizes {
			sizes[i] = fmt.Sprintf("%s of %s, %d before", counted(size.Places, "place"), size.Area, size.Was)
		}
		return strings.Join(sizes, ", ")
	}
	names := make([]string, 0, maxListedSeats+1)
	for i, name := range c.Seats {
		if i == maxListedSeats {
			names = append(names, fmt.Sprintf("and %d more", len(c.Seats)-i))
			break
		}
		names = append(names, string(name))
	}
	action := "kept for"
	if c.Unblocks {
		action = "put back on sale, no longer kept for"
	}
	for _, a := range c.Areas {
		names = append(names, fmt.Sprintf("%s of %s", counted(a.Places, "place"), a.Area))
	}
	if len(c.Seats) == 0 && len(c.Areas) > 0 {
		return fmt.Sprintf("%s %q: %s", action, c.Label, strings.Join(names, ", "))
	}
	return fmt.Sprintf("%s %s %q: %s", counted(int64(len(c.Seats)), "seat"), action, c.Label, strings.Join(names, ", "))
}

// resizedSuffix describes the new capacities of areas in an edit, "" for none.
func resizedSuffix(f *events.PerformanceEdited) string {
	if f.Change == 0 {
		return ""
	}
	sizes := make([]string, len(f.Areas))
	for i, a := range f.Areas {
		sizes[i] = fmt.Sprintf("%s of %s", counted(a.Places, "place"), a.Area)
	}
	return ", " + strings.Join(sizes, ", ")
}

// maxListedPrices is the largest number of sections named in a sentence with their prices.
const maxListedPrices = 5

func pricesOf(subj subject, prices []events.SectionPrice) string {
	parts := make([]string, 0, maxListedPrices+1)
	for i, p := range prices {
		if i == maxListedPrices {
			parts = append(parts, fmt.Sprintf("and %d more", len(prices)-i))
			break
		}
		parts = append(parts, fmt.Sprintf("%s at %s", p.Section, subj.money(p.Price)))
	}
	return strings.Join(parts, ", ")
}

// seatsOf describes the seats of a new performance.
func seatsOf(subj subject, f *events.PerformanceCreated) string {
	if f.Plan != "" {
		return fmt.Sprintf("the seats of plan %s, %s", f.Plan, categoryPrices(subj, f.CategoryPrices))
	}
	seats := int64(0)
	for _, s := range f.Sections {
		seats += s.Rows * s.SeatsPerRow
	}
	return counted(seats, "seat") + " in " + counted(int64(len(f.Sections)), "section")
}

// allPrices lists the prices in an edit.
func allPrices(subj subject, f *events.PerformanceEdited) string {
	if len(f.CategoryPrices) > 0 {
		return categoryPrices(subj, f.CategoryPrices)
	}
	return pricesOf(subj, f.Prices)
}

func categoryPrices(subj subject, prices []events.CategoryPrice) string {
	parts := make([]string, 0, maxListedPrices+1)
	for i, p := range prices {
		if i == maxListedPrices {
			parts = append(parts, fmt.Sprintf("and %d more", len(prices)-i))
			break
		}
		name := p.Category
		if p.Type != "" {
			name += " (" + p.Type + ")"
		}
		parts = append(parts, fmt.Sprintf("%s at %s", name, subj.money(p.Amount)))
	}
	return strings.Join(parts, ", ")
}
