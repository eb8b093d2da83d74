package projections

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
)

// view folds the streams of some categories, stores the result on disk, and feeds its topics. Each is
// one file that registers itself; nothing else changes when one is added. All methods are called with
// Projections.mu held.
type view interface {
	// fold applies one event of the view's categories. An error stops the runner permanently, and the event
	// must then not have changed anything. work is the number of additional records, beyond one, in the next
	// flush.
	fold(e *events.Recorded, fact events.Fact) (work int, err error)
	// flush adds all changes since the last flush to b and marks them clean.
	flush(b *pebble.Batch) error
	// reset clears the view's memory: the views on disk have been deleted.
	reset()
	// topics are the topics that the view feeds.
	topics() []*live.Topics
}

// registration describes a view.
type registration struct {
	// views names the encoding of the view's records, for example "product.v1". If a name changes, or a view
	// is added or removed, all views are rebuilt when the program starts.
	views string
	// categories of the streams that it folds. A category belongs to one view.
	categories []string
	open       func(*Projections) view
}

// registrations are filled by the init functions of the views' files.
var registrations []registration

func register(r registration) { registrations = append(registrations, r) }

// viewOf returns the registered view of type V.
func viewOf[V view](p *Projections) V {
	for _, v := range p.views {
		if found, ok := v.(V); ok {
			return found
		}
	}
	panic(fmt.Sprintf("projections: no view of type %T", *new(V)))
}
