package projections

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
)

// kind folds the streams of some categories into views, and feeds the topics
// made of them. Each kind is one file that registers itself; nothing else
// changes when one is added. All methods are called with Projections.mu held.
type kind interface {
	// fold takes in one event of the kind's categories. An error stops the runner
	// for good, and then the event must not have changed anything. work is how
	// many records the event will make the next flush write, beyond one.
	fold(e *events.Recorded, fact events.Fact) (work int, err error)
	// flush adds all that changed since the flush before to b and calls it clean.
	flush(b *pebble.Batch) error
	// reset forgets everything: the views on disk have been deleted.
	reset()
	// topics are the kinds of topics it feeds.
	topics() []*live.Kind
}

// registration is what a kind's file says about it.
type registration struct {
	// views names the encoding of what the kind keeps on disk, for example
	// "product.v1". Another name, or a kind more or less, and every view is folded
	// anew when the program starts.
	views string
	// categories of the streams that it folds. Each belongs to one kind only.
	categories []string
	open       func(*Projections) kind
}

// registrations by views, filled by the init functions of the kinds' files.
var registrations []registration

func register(r registration) { registrations = append(registrations, r) }

// kindOf returns the kind of that type, which has registered itself.
func kindOf[K kind](p *Projections) K {
	for _, k := range p.kinds {
		if found, ok := k.(K); ok {
			return found
		}
	}
	panic(fmt.Sprintf("projections: no kind is a %T", *new(K)))
}
