package projections

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
)

// view folds the streams of some categories, keeps what it makes of them on disk, and feeds the
// topics made of that. Each is one file that registers itself; nothing else changes when one is
// added. All methods are called with Projections.mu held.
type view interface {
	// fold takes in one event of the view's categories. An error stops the runner
	// for good, and then the event must not have changed anything. work is how
	// many records the event will make the next flush write, beyond one.
	fold(e *events.Recorded, fact events.Fact) (work int, err error)
	// flush adds all that changed since the flush before to b and calls it clean.
	flush(b *pebble.Batch) error
	// reset forgets everything: the views on disk have been deleted.
	reset()
	// topics are those that it feeds.
	topics() []*live.Topics
}

// registration is what a view's file says about it.
type registration struct {
	// views names the encoding of what the view keeps on disk, for example
	// "product.v1". Another name, or a view more or less, and every view is folded
	// anew when the program starts.
	views string
	// categories of the streams that it folds. Each belongs to one view only.
	categories []string
	open       func(*Projections) view
}

// registrations are filled by the init functions of the views' files.
var registrations []registration

func register(r registration) { registrations = append(registrations, r) }

// viewOf returns the view of that type, which has registered itself.
func viewOf[V view](p *Projections) V {
	for _, v := range p.views {
		if found, ok := v.(V); ok {
			return found
		}
	}
	panic(fmt.Sprintf("projections: no view is a %T", *new(V)))
}
