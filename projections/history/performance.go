package history

import (
	"fmt"
	"strings"

	"admitone/events"
)

// describePerformance is what a fact of a performance says, in words.
func describePerformance(fact events.Fact, of subject) string {
	if !of.isEveryone() {
		return ""
	}
	switch f := fact.(type) {
	case *events.PerformanceCreated:
		seats := int64(0)
		for _, s := range f.Sections {
			seats += s.Rows * s.SeatsPerRow
		}
		return fmt.Sprintf("put on sale as %q at %q, %s: %s in %s, held for %d s, %s", f.Title, f.Venue,
			events.FormatTime(f.StartsAt),
			counted(seats, "seat"), counted(int64(len(f.Sections)), "section"), f.HoldSeconds,
			limit(f.LimitPerHolder)+behind(f.WaitingRoom)+onSale(f.SaleTimes)+giveBack(f.Cancellation))
	case *events.PerformanceEdited:
		return fmt.Sprintf("edited; it is now %q at %q, %s: %s, held for %d s, %s", f.Title, f.Venue,
			events.FormatTime(f.StartsAt), pricesOf(f.Prices), f.HoldSeconds, limit(f.LimitPerHolder)+onSale(f.SaleTimes)+
				giveBack(f.Cancellation))
	case *events.PerformanceOpened:
		return "the sale opened, as stated for " + events.FormatTime(f.OpensAt)
	case *events.PerformanceClosed:
		return "the sale closed, as stated for " + events.FormatTime(f.ClosesAt)
	}
	return ""
}

// maxListedPrices is how many sections a sentence names with their prices.
const maxListedPrices = 5

func pricesOf(prices []events.SectionPrice) string {
	told := make([]string, 0, maxListedPrices+1)
	for i, p := range prices {
		if i == maxListedPrices {
			told = append(told, fmt.Sprintf("and %d more", len(prices)-i))
			break
		}
		told = append(told, fmt.Sprintf("%s at %d", p.Section, p.Price))
	}
	return strings.Join(told, ", ")
}
