package history

import (
	"fmt"
	"strings"

	"admitone/events"
)

func init() { describers[events.RefusalsCategory] = describeRefusal }

// describeRefusal says what was refused, and why.
func describeRefusal(fact events.Fact, of subject) string {
	switch f := fact.(type) {
	case *events.RefusalRecorded:
		mine := f.Holder != "" && of.includes(holderKind, string(f.Holder))
		for _, id := range f.TeamIDs {
			mine = mine || of.includes(events.TeamCategory, string(id))
		}
		if !mine && !of.isEveryone() {
			return ""
		}
		text := fmt.Sprintf("%s wanted %s and was refused: %s, %s", asker(f), wanted(f), f.Code, f.Detail)
		if f.BeatenPosition > 0 {
			text += fmt.Sprintf("; the newest fact was %s@%d, position %d", f.BeatenStream, f.BeatenRevision, f.BeatenPosition)
		}
		return text
	case *events.RefusalsDropped:
		if of.isEveryone() {
			return fmt.Sprintf("%s since %s were not kept, because there were too many", counted(f.Count, "refusal"),
				events.FormatTime(f.Since))
		}
	}
	return ""
}

// asker is the person or the teams that were refused.
func asker(f *events.RefusalRecorded) string {
	switch {
	case f.Holder != "":
		return string(f.Holder)
	case len(f.TeamIDs) > 0:
		return joined(f.TeamIDs, " and ")
	}
	return "somebody"
}

// wanted says what a refused request asked for: in words if they are known, else as
// the request itself.
func wanted(f *events.RefusalRecorded) string {
	stream := events.StreamID(f.Stream)
	of := kindOfStream(stream) + " " + stream.Entity()
	// "", v1, kind, id, and what of it.
	parts := strings.Split(f.Path, "/")
	for len(parts) < 7 {
		parts = append(parts, "")
	}
	switch what, id, step := parts[4], parts[5], parts[6]; f.Method + " " + what {
	case "POST reservations":
		return wantedReservation(f, id, step, of)
	case "DELETE reservations":
		return fmt.Sprintf("to give back reservation %s of %s", id, of)
	case "POST bookings":
		return wantedSeats(f) + " of " + of
	case "POST payment":
		return "to pay " + of
	case "POST extension":
		return "more time for " + of
	case "POST entries":
		return "to enter " + of
	case "DELETE entries":
		return fmt.Sprintf("to withdraw %s from %s", id, of)
	case "PUT seats":
		return fmt.Sprintf("to take seat %s of %s off sale", id, of)
	case "DELETE seats":
		return fmt.Sprintf("to put seat %s of %s back on sale", id, of)
	case "POST visitors":
		return "to join " + of
	case "POST charges":
		return "to charge " + of
	case "PATCH ", "PUT ":
		return "to edit " + of
	case "DELETE ":
		return "to give back " + of
	}
	return fmt.Sprintf("%s %s", f.Method, f.Path)
}

func wantedReservation(f *events.RefusalRecorded, id, step, of string) string {
	if step == "confirm" {
		return fmt.Sprintf("to confirm reservation %s of %s", id, of)
	}
	if f.Hold {
		return fmt.Sprintf("to hold %s of %s", units(f.Quantity), of)
	}
	return fmt.Sprintf("%s of %s", units(f.Quantity), of)
}

func wantedSeats(f *events.RefusalRecorded) string {
	if len(f.Seats) > 0 {
		return "seats " + joined(f.Seats, ", ")
	}
	text := "the best " + counted(f.Quantity, "seat")
	if f.Section != "" {
		text += " in section " + string(f.Section)
	}
	return text
}
