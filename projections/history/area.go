package history

import (
	"fmt"

	"admitone/events"
)

func init() {
	register(kind{category: events.AreaCategory, describe: describeArea, links: linksOfSeat, ids: Parts,
		example: "area/gala/floor"})
}

// describeArea describes a fact of an area. The first fact of a hold names its holder.
func describeArea(fact events.Fact, subj subject) string {
	if f, ok := fact.(*events.AreaHeld); ok && subj.includes(holderKind, string(f.Holder)) {
		return fmt.Sprintf("%s holds %s%s until %s: hold %s; %s", f.Holder, counted(f.Places, "place"),
			ofLabel(f.Labelled, "kept for", ","), events.FormatTime(f.ExpiresAt), f.HoldID, remaining(f.AreaCounts))
	}
	if !subj.isEveryone() {
		return ""
	}
	switch f := fact.(type) {
	case *events.AreaExtended:
		return fmt.Sprintf("held until %s now: hold %s", events.FormatTime(f.ExpiresAt), f.HoldID)
	case *events.AreaBooked:
		return fmt.Sprintf("%s booked: hold %s; %s", counted(f.Places, "place"), f.HoldID, remaining(f.AreaCounts))
	case *events.AreaReleased:
		return fmt.Sprintf("%s, %s before, given back%s: hold %s, %s; %s", counted(f.Places, "place"), f.Was,
			ofLabel(f.Labelled, "again kept for", ""), f.HoldID, because(f.Reason), remaining(f.AreaCounts))
	case *events.AreaExpired:
		return fmt.Sprintf("the hold of %s ended at %s%s: hold %s; %s", counted(f.Places, "place"),
			events.FormatTime(f.ExpiresAt), ofLabel(f.Labelled, "again kept for", ""), f.HoldID, remaining(f.AreaCounts))
	case *events.AreaResized:
		return fmt.Sprintf("it has %s from now on; %s", counted(f.Places, "place"), remaining(f.AreaCounts))
	case *events.AreaBlocked:
		return fmt.Sprintf("%s kept for %q, which has %d now; %s", counted(f.Places, "place"), f.Label, f.Kept,
			remaining(f.AreaCounts))
	case *events.AreaUnblocked:
		prefix := ""
		if f.Undo {
			prefix = "because the change can't be completed, "
		}
		return fmt.Sprintf("%s%s put back on sale, no longer kept for %q; %s", prefix, counted(f.Places, "place"), f.Label,
			remaining(f.AreaCounts))
	}
	return ""
}

// ofLabel describes the number of labelled places, followed by suffix; "" for none.
func ofLabel(subj events.Labelled, are, suffix string) string {
	if subj.OfLabel == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of them %s %q%s", subj.OfLabel, are, subj.Label, suffix)
}

// remaining describes the number of free places.
func remaining(c events.AreaCounts) string {
	return fmt.Sprintf("%d of %d remain", c.Remaining, c.Capacity())
}
