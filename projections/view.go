package projections

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
)

// view folds the streams of some categories, stores the result on disk, and publishes to its topics. Each view
// registers itself in its own file. All methods are called with Projections.mu held.
type view interface {
	// fold applies one event of the view's categories. If it returns an error, it must not have changed anything;
	// unless a rebuild may help, the views stop permanently. work is the number of records, beyond one, that the
	// event adds to the next flush.
	fold(e *events.Recorded, fact events.Fact) (work int, err error)
	// flush adds all changes since the last flush to b and marks them clean.
	flush(b *pebble.Batch) error
	// reset clears the view's memory: the views on disk have been deleted.
	reset()
	// topics returns the topics that the view publishes to.
	topics() []*live.Topics
}

// registration describes a view.
type registration struct {
	// version names the encoding of the view's records, for example "product.v1". If a version changes, or a view
	// is added or removed, all views are rebuilt when the program starts.
	version string
	// categories of the streams that the view folds. A category belongs to one view.
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
