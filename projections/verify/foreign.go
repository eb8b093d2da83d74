package verify

import (
	"cmp"
	"slices"
	"strings"

	"admitone/events"
)

// Foreign is the number of foreign events in streams of a category.
type Foreign struct {
	Category string `json:"category"`
	Events   uint64 `json:"events"`
}

// maxForeign bounds the categories that are counted each by itself; the others are counted together
// under otherForeign.
const (
	maxForeign   = 1000
	otherForeign = "(others)"
)

// Foreign returns the events of other programs by category, most first. Only their positions are checked.
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

// Backwards counts how often the clock of a log ran backwards where that is not a violation: each node
// of an EventStoreDB has a clock of its own.
func (v *Verifier) Backwards() uint64 { return v.backwards }

// isForeign reports whether an event of a stream that has none of ours is another program's. linked
// says that its hash continues the empty chain: then it is ours. In a category of ours, what looks
// like ours is not another's: somebody has changed how a stream begins.
func isForeign(e *events.Recorded, c *readFact, linked bool) bool {
	if linked {
		return false
	}
	return !events.KnownCategory(e.Stream.Category()) || c.fact == nil && !events.Sealed(e.Metadata)
}

// noteForeign counts an event of another program.
func (v *Verifier) noteForeign(e *events.Recorded) {
	category := e.Stream.Category()
	if _, known := v.foreign[category]; !known && len(v.foreign) >= maxForeign {
		category = otherForeign
	}
	if v.foreign == nil {
		v.foreign = map[string]uint64{}
	}
	v.foreign[strings.Clone(category)]++
}
