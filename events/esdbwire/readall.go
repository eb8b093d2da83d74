package esdbwire

import (
	"math"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"admitone/events"
)

// A place in the log is a pair for clients, commit and prepare, that is compared in
// this order. An event at position p is at (p,p). So a pair lies before, at or
// behind an event, and a checkpoint (p+1,0) still lies before the event at p+1.
type pair struct{ commit, prepare uint64 }

var endPair = pair{math.MaxUint64, math.MaxUint64}

// below returns the position of the last event that could lie before p, and
// through that of the last that could lie before or at it.
func (p pair) below() events.Position {
	if p.prepare > p.commit {
		return clamp(p.commit)
	}
	if p.commit == 0 {
		return 0
	}
	return clamp(p.commit - 1)
}

func (p pair) through() events.Position {
	if p.prepare >= p.commit {
		return clamp(p.commit)
	}
	return p.below()
}

func clamp(position uint64) events.Position {
	return min(events.Position(position), events.EndPosition-1)
}

// pairOf reads where to begin. Error: InvalidArgument.
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

// all reads up to count events of the log that the filter lets through.
func (r *reading) all(o *streams.ReadReq_Options_AllOptions, backward bool) error {
	start, err := pairOf(o)
	if err != nil {
		return err
	}
	direction, from := events.Forward, start.below()
	if backward {
		direction, from = events.Backward, start.below()+1
	}
	var page pager
	for left := r.count; left > 0; {
		want := left
		if r.filter != nil {
			want = pageEvents // how many of them will pass is not known
		}
		limit := page.limit(want)
		found, err := r.store.ReadAll(r.ctx, from, direction, limit)
		if err != nil {
			return err
		}
		page.took(found)
		for i := range found {
			if left == 0 || hidden(&found[i]) || !r.filter.passes(&found[i]) {
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

// hidden says whether an event is the store's own business. No log of ours has such
// events; a real EventStoreDB behind the Store might.
func hidden(e *events.Recorded) bool {
	if e.Type == "$epoch-information" {
		return true
	}
	name, ok := strings.CutPrefix(string(e.Stream), "$persistentsubscription-"+allName+"::")
	return ok && (strings.HasSuffix(name, "-checkpoint") || strings.HasSuffix(name, "-parked"))
}
