package history

import "admitone/events"

// maxLinks bounds the links of a line.
const maxLinks = 60

// links are the other entities that a fact names, as kind/id.
type links []string

func (l *links) add(kind, id string) {
	if id != "" && len(*l) < maxLinks {
		*l = append(*l, kind+"/"+id)
	}
}

// addNamed adds the booking and the holder that a fact names.
func (l *links) addNamed(fact events.Fact) {
	l.add(events.BookingCategory, string(events.BookingOf(fact)))
	l.add(holderKind, string(events.HolderOf(fact)))
}

// linksOf returns the links of an event.
func linksOf(e *events.Recorded, fact events.Fact) (l links) {
	switch k := byCategory[e.Stream.Category()]; {
	case k == nil:
	case k.links == nil:
		l.addNamed(fact)
	default:
		k.links(&l, e, fact)
	}
	return l
}
