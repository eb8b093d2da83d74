package verify

import (
	"cmp"
	"slices"
	"strings"

	"admitone/events"
)

// Foreign is the number of events of other programs in streams of a category.
type Foreign struct {
	Category string `json:"category"`
	Events   uint64 `json:"events"`
}

// maxForeign bounds the categories that are counted individually; all others are counted under
// otherForeign.
const (
	maxForeign   = 1000
	otherForeign = "(others)"
)

// Foreign returns the number of events of other programs by category, in descending order. Only the positions of those
// events are checked.
func (v *Verifier) Foreign() []Foreign {
	all := make([]Foreign, 0, len(v.foreign))
	for category, n := range v.foreign {
		all = append(all, Foreign{category, n})
	}
	slices.SortFunc(all, func(a, b Foreign) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Category, b.Category))
	})
	return all
}

// Backwards returns how often the clock of the log ran backwards. In a log that is not gapless that is no
// violation, because each node of an EventStoreDB has its own clock.
func (v *Verifier) Backwards() uint64 { return v.backwards }

// isForeign reports whether an event in a stream without earlier events of this system belongs to another
// program. linked means that the event's hash is that of a first event, which only this system writes. In a
// known category, an event that looks like a fact but is not linked is not foreign: the beginning of its
// stream was changed.
func isForeign(e *events.Recorded, c *decodedFact, linked bool) bool {
	if linked {
		return false
	}
	return !events.KnownCategory(e.Stream.Category()) || c.fact == nil && !events.Sealed(e.Metadata)
}

// countForeign counts an event of another program.
func (v *Verifier) countForeign(e *events.Recorded) {
	category := e.Stream.Category()
	if _, known := v.foreign[category]; !known && len(v.foreign) >= maxForeign {
		category = otherForeign
	}
	if v.foreign == nil {
		v.foreign = map[string]uint64{}
	}
	v.foreign[strings.Clone(category)]++
}
