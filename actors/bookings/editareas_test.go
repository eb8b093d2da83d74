package bookings

import (
	"context"
	"errors"
	"testing"

	"admitone/actors"
	"admitone/actors/area"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
)

// shrinkOnlyDesk is the desk of a process that crashes once areas that lose places are changed.
type shrinkOnlyDesk struct{ actors.Dispatcher }

// Ask executes a command that makes an area smaller.
func (d shrinkOnlyDesk) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	if resize, ok := request.Command.(*area.Resize); !ok || resize.Undo || resize.Committed {
		return actors.Answer{}, errGone
	}
	return d.Dispatcher.Ask(ctx, request)
}

// TestALateSizeOfAnUndoneEdit: a node that makes an area smaller after another one has undone the
// change, and then crashes, changes nothing.
func TestALateSizeOfAnUndoneEdit(t *testing.T) {
	w := begin(t, 1, 3, 0)
	base = w.read().performances[w.gala].EditRevision()
	err := w.later(is[*area.Resize], func() error {
		w.Bookings.runner.Entities = shrinkOnlyDesk{w.Bookings.runner.Entities}
		_, err := editKeyed(w)
		return err
	}, func() { w.want(w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala), "ok") })
	if !errors.Is(err, errGone) {
		t.Errorf("the node that crashes says %v, want %v", err, errGone)
	}
	w.wantCounts("floor", 10, 0, 0, 0)
	w.wantCounts("yard", 200, 0, 0, 0)
	w.want(w.resize(areaPlaces("floor", 7)), "ok")
	w.wantCounts("floor", 7, 0, 0, 0)
	w.atRest()
}

// staleDesk is the desk of a process that has not observed the latest facts of an area.
type staleDesk struct {
	actors.Dispatcher
	stream events.StreamID
	known  *area.Area
}

// View reads an entity up to the last observed fact.
func (b *staleDesk) View(ctx context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error) {
	if stream == b.stream {
		read(b.known)
		return actors.Answer{}, nil
	}
	return b.Dispatcher.View(ctx, stream, read)
}

// TestAreaLargerThanItsEdit: an edit increases an area on a node that has not observed the still
// larger size from another node, which has sold more places. The places remain sold, and blocks can be
// changed afterwards.
func TestAreaLargerThanItsEdit(t *testing.T) {
	w := begin(t, 1, 3, 0)
	_, err := w.ask("ann", []areaQuantity{wantPlaces("floor", 7)})
	w.want(err, "ok")
	known := area.New().(*area.Area)
	known.Evolve(&events.AreaResized{Places: 4, AreaCounts: events.AreaCounts{Remaining: 4}})
	w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher {
		return &staleDesk{desk, area.Stream(w.gala, "floor"), known}
	})
	w.want(w.resize(areaPlaces("floor", 6)), "ok")
	w.wantCounts("floor", 3, 7, 0, 0)
	w.wrapDesk(nil)
	w.want(w.block("press", "A-1-1"), "ok")
	w.want(w.resize(areaPlaces("floor", 8)), "ok")
	w.wantCounts("floor", 1, 7, 0, 0)
	w.atRest()
}

// TestARefusedEditOfAreasIsWithdrawn: an edit that another one makes stale after the change was
// announced leaves no change in progress.
func TestARefusedEditOfAreasIsWithdrawn(t *testing.T) {
	w := begin(t, 1, 3, 0)
	w.want(w.resize(areaPlaces("gallery", 2)), "ok")
	base := w.read().performances[w.gala].EditRevision()
	ball, other := "Ball", "Other"
	err := w.later(is[*performance.Edit], func() error {
		w.Bookings.runner.Entities = separateDesk{w.Bookings.runner.Entities}
		return w.EditAreas(w.ctx(), EditAreas{Origin: w.origin("house"), PerformanceID: w.gala,
			Edit: &performance.Edit{Title: &ball, Base: &base, Areas: []events.AreaPlaces{areaPlaces("gallery", 4)}}})
	}, func() {
		w.must(w.step(w.ctx(), w.origin("house"), performance.Stream(w.gala), &performance.Edit{Title: &other}))
	})
	w.want(err, "stale_revision")
	if p := w.read().performances[w.gala]; p.Blocks().Open != nil || p.Latest().Title != other {
		t.Errorf("title = %q, change in progress = %+v; want the other edit's title, no change", p.Latest().Title, p.Blocks().Open)
	}
	w.wantCounts("gallery", 2, 0, 0, 0)
	w.atRest()
}
