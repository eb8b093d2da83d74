package history

import (
	"fmt"
	"strings"

	"admitone/events"
)

func init() {
	requests["POST bookings"] = func(f *events.RefusalRecorded, _, _, entity string) string {
		return wantedSeats(f) + " of " + entity
	}
	requests["POST payment"] = func(_ *events.RefusalRecorded, _, _, entity string) string { return "to pay " + entity }
	requests["POST checkout"] = func(_ *events.RefusalRecorded, _, _, entity string) string { return "a page to pay on for " + entity }
	requests["POST extension"] = func(_ *events.RefusalRecorded, _, _, entity string) string { return "more time for " + entity }
	requests["POST charges"] = func(_ *events.RefusalRecorded, _, _, entity string) string { return "to charge " + entity }
	requests["PUT seats"] = func(_ *events.RefusalRecorded, id, _, entity string) string {
		return fmt.Sprintf("to take seat %s of %s off sale", id, entity)
	}
	requests["DELETE seats"] = func(_ *events.RefusalRecorded, id, _, entity string) string {
		return fmt.Sprintf("to put seat %s of %s back on sale", id, entity)
	}
}

func wantedSeats(f *events.RefusalRecorded) string {
	if len(f.Seats)+len(f.Areas) > 0 {
		var wanted []string
		if len(f.Seats) > 0 {
			wanted = append(wanted, "seats "+joined(f.Seats, ", "))
		}
		for _, p := range f.Areas {
			wanted = append(wanted, counted(p.Quantity, "place")+" of "+string(p.Area))
		}
		return strings.Join(wanted, ", ")
	}
	text := "the best " + counted(f.Quantity, "seat")
	if f.Section != "" {
		text += " in section " + string(f.Section)
	}
	return text
}
