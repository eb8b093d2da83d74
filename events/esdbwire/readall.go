package esdbwire

import (
	"math"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"admitone/events"
)

// pair is a position in the log for clients: commit and prepare, compared in this order. An event at
// position p of the Store is at (p,p). A pair can be between two events: a checkpoint (p+1,0) is before
// the event at p+1.
type pair struct{ commit, prepare uint64 }

var endPair = pair{math.MaxUint64, math.MaxUint64}

// lastBelow returns the last position before p that an event can have.
func (p pair) lastBelow() events.Position {
	if p.prepare > p.commit {
		return clamp(p.commit)
	}
	if p.commit == 0 {
		return 0
	}
	return clamp(p.commit - 1)
}

// lastThrough returns the last position before or at p that an event can have.
func (p pair) lastThrough() events.Position {
	if p.prepare >= p.commit {
		return clamp(p.commit)
	}
	return p.lastBelow()
}

func clamp(position uint64) events.Position {
	return min(events.Position(position), events.EndPosition-1)
}

// pairOf decodes the position to begin at. Error: InvalidArgument.
func pairOf(o *streams.ReadReq_Options_AllOptions) (pair, error) {
	switch from := o.GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Start:
		return pair{}, nil
	case *streams.ReadReq_Options_AllOptions_End:
		return endPair, nil
	case *streams.ReadReq_Options_AllOptions_Position:
		return pair{from.Position.GetCommitPosition(), from.Position.GetPreparePosition()}, nil
	}
	return pair{}, badRequest("where to begin is missing")
}

// all sends up to count events of the log that the filter selects.
func (r *reading) all(o *streams.ReadReq_Options_AllOptions, backward bool) error {
	start, err := pairOf(o)
	if err != nil {
		return err
	}
	direction, from := events.Forward, start.lastBelow()
	if backward {
		direction, from = events.Backward, start.lastBelow()+1
	}
	var page pager
	for left := r.count; left > 0; {
		want := left
		if r.filter != nil {
			want = pageEvents // the number that the filter selects is unknown
		}
		limit := page.limit(want)
		found, err := r.store.ReadAll(r.ctx, from, direction, limit)
		if err != nil {
			return err
		}
		page.record(found)
		for i := range found {
			if left == 0 || isInternal(&found[i]) || !r.filter.matches(&found[i]) {
				continue
			}
			if err := r.send(&found[i]); err != nil {
				return err
			}
			left--
		}
		if len(found) < limit {
			return nil
		}
		from = found[len(found)-1].Position
	}
	return nil
}

// isInternal reports whether an event is internal to an EventStoreDB. A Store has such events only if it
// is an EventStoreDB.
func isInternal(e *events.Recorded) bool {
	if e.Type == "$epoch-information" {
		return true
	}
	name, ok := strings.CutPrefix(string(e.Stream), "$persistentsubscription-"+allName+"::")
	return ok && (strings.HasSuffix(name, "-checkpoint") || strings.HasSuffix(name, "-parked"))
}
