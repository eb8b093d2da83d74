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

// shrinkOnlyDesk is the desk of a process that can shrink areas, and crashes at any other command.
type shrinkOnlyDesk struct{ actors.Dispatcher }

// Ask implements actors.Dispatcher.
func (d shrinkOnlyDesk) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	if resize, ok := request.Command.(*area.Resize); !ok || resize.Undo || resize.Committed {
		return actors.Answer{}, errCrashed
	}
	return d.Dispatcher.Ask(ctx, request)
}

// TestDelayedResizeOfUndoneEdit checks that a node which shrinks areas after another node has undone the
// change has no effect.
func TestDelayedResizeOfUndoneEdit(t *testing.T) {
	w := newHarness(t, 1, 3, 0)
	base = w.read().performances[w.gala].EditRevision()
	err := w.interleave(is[*area.Resize], func() error {
		w.Bookings.runner.Entities = shrinkOnlyDesk{w.Bookings.runner.Entities}
		_, err := editKeyed(w)
		return err
	}, func() { w.want(w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala), "ok") })
	if !errors.Is(err, errCrashed) {
		t.Errorf("crashing node: got %v, want %v", err, errCrashed)
	}
	w.wantCounts("floor", 10, 0, 0, 0)
	w.wantCounts("yard", 200, 0, 0, 0)
	w.want(w.resize(areaPlaces("floor", 7)), "ok")
	w.wantCounts("floor", 7, 0, 0, 0)
	w.checkBlocksIdle()
}

// staleDesk is the desk of a process that has not observed the latest facts of an area.
type staleDesk struct {
	actors.Dispatcher
	stream events.StreamID
	known  *area.Area
}

// View implements actors.Dispatcher.
func (b *staleDesk) View(ctx context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error) {
	if stream == b.stream {
		read(b.known)
		return actors.Answer{}, nil
	}
	return b.Dispatcher.View(ctx, stream, read)
}

// TestAreaLargerThanItsEdit has an edit enlarge an area on a node that has not observed a still larger size,
// from another node that has sold more places. The places must remain sold.
func TestAreaLargerThanItsEdit(t *testing.T) {
	w := newHarness(t, 1, 3, 0)
	_, err := w.bookWithPlaces("ann", []areaQuantity{wantPlaces("floor", 7)})
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
	w.checkBlocksIdle()
}

// TestRefusedEditOfAreasIsWithdrawn checks that no change is left in progress if another edit makes the edit
// stale after the change was announced.
func TestRefusedEditOfAreasIsWithdrawn(t *testing.T) {
	w := newHarness(t, 1, 3, 0)
	w.want(w.resize(areaPlaces("gallery", 2)), "ok")
	base := w.read().performances[w.gala].EditRevision()
	ball, other := "Ball", "Other"
	err := w.interleave(is[*performance.Edit], func() error {
		w.Bookings.runner.Entities = separateDesk{w.Bookings.runner.Entities}
		return w.EditAreas(w.ctx(), EditAreas{Origin: w.origin("house"), PerformanceID: w.gala,
			Edit: &performance.Edit{Title: &ball, Base: &base, Areas: []events.AreaPlaces{areaPlaces("gallery", 4)}}})
	}, func() {
		w.must(w.step(w.ctx(), w.origin("house"), performance.Stream(w.gala), &performance.Edit{Title: &other}))
	})
	w.want(err, "stale_revision")
	if p := w.read().performances[w.gala]; p.Blocks().Open != nil || p.Latest().Title != other {
		t.Errorf("got title %q, change in progress %+v; want the other edit's title, none", p.Latest().Title, p.Blocks().Open)
	}
	w.wantCounts("gallery", 2, 0, 0, 0)
	w.checkBlocksIdle()
}
