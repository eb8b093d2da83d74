package row

import (
	"context"
	"fmt"
	"time"

	"admitone/events"
)

// Area has the status counts of the places of an area of a performance.
type Area struct {
	ID events.AreaID
	events.AreaCounts
}

// AreasOf returns the areas of a layout with all places free, nil if the layout has none.
func AreasOf(layout *events.Layout) (areas []Area) {
	for _, area := range layout.Areas() {
		areas = append(areas, Area{area.ID, events.AreaCounts{Remaining: area.Capacity}})
	}
	return areas
}

// appendAreas appends the areas to a performance's record.
func appendAreas(dst []byte, areas []Area) []byte {
	dst = AppendInt(dst, int64(len(areas)))
	for i := range areas {
		a := &areas[i]
		dst = AppendString(dst, string(a.ID))
		dst = AppendInt(AppendInt(AppendInt(AppendInt(dst, a.Remaining), a.Held), a.Booked), a.Blocked)
	}
	return dst
}

// readAreas reads what appendAreas wrote.
func readAreas(r *Reader) (areas []Area) {
	for n := r.Int(); n > 0 && r.OK(); n-- {
		areas = append(areas, Area{events.AreaID(r.Text()),
			events.AreaCounts{Remaining: r.Int(), Held: r.Int(), Booked: r.Int(), Blocked: r.Int()}})
	}
	return areas
}

// appendPlaces appends the places of areas to a booking's record.
func appendPlaces(dst []byte, areas []events.BookedPlaces) []byte {
	dst = AppendInt(dst, int64(len(areas)))
	for i := range areas {
		dst = AppendString(AppendString(dst, string(areas[i].Area)), areas[i].PriceType)
		dst = AppendInt(AppendInt(AppendInt(dst, areas[i].First), areas[i].Quantity), areas[i].Price)
	}
	return dst
}

// readPlaces reads what appendPlaces wrote.
func readPlaces(r *Reader) (areas []events.BookedPlaces) {
	for n := r.Int(); n > 0 && r.OK(); n-- {
		areas = append(areas, events.BookedPlaces{Area: events.AreaID(r.Text()), PriceType: r.Text(), First: r.Int(),
			Quantity: r.Int(), Price: r.Int()})
	}
	return areas
}

// Apply applies a fact of the area, and returns the change of the number of places under the fact's hold: negative
// if places are freed, 0 for a fact that is not about a hold. Errors: [ErrViolated]; then nothing has changed.
func (a *Area) Apply(e *events.Recorded, fact events.Fact) (change int64, err error) {
	step, ok := areaStepOf(fact)
	next := a.AreaCounts
	if f, resized := fact.(*events.AreaResized); resized {
		step.delta.Remaining = f.Places - next.Capacity()
	}
	next.Remaining += step.delta.Remaining
	next.Held += step.delta.Held
	next.Booked += step.delta.Booked
	next.Blocked += step.delta.Blocked
	if step.counts == nil {
		step.counts = &next
	}
	if !ok || next != *step.counts || min(next.Remaining, next.Held, next.Booked, next.Blocked) < 0 {
		return 0, fmt.Errorf("%w: position %d: %s@%d is a %s with the counts %+v; its facts add up to %+v", ErrViolated,
			e.Position, e.Stream, e.Revision, fact.Name(), step.counts, next)
	}
	a.AreaCounts = next
	return step.delta.Held + step.delta.Booked, nil
}

// areaStep is the change of the counts by a fact, and the counts that the fact records, nil for none.
type areaStep struct {
	delta  events.AreaCounts
	counts *events.AreaCounts
}

// areaStepOf returns the step of a fact; ok is false if it is not a fact of an area.
func areaStepOf(fact events.Fact) (step areaStep, ok bool) {
	switch f := fact.(type) {
	case *events.AreaHeld:
		return areaStep{events.AreaCounts{Remaining: f.OfLabel - f.Places, Held: f.Places, Blocked: -f.OfLabel},
			&f.AreaCounts}, true
	case *events.AreaExtended:
		return areaStep{}, true
	case *events.AreaBooked:
		return areaStep{events.AreaCounts{Held: -f.Places, Booked: f.Places}, &f.AreaCounts}, true
	case *events.AreaReleased:
		delta := freedCounts(f.Places, f.Labelled)
		if f.Was == events.AreaIsBooked {
			delta.Booked = -f.Places
		} else {
			delta.Held = -f.Places
		}
		return areaStep{delta, &f.AreaCounts}, true
	case *events.AreaExpired:
		delta := freedCounts(f.Places, f.Labelled)
		delta.Held = -f.Places
		return areaStep{delta, &f.AreaCounts}, true
	case *events.AreaResized:
		return areaStep{counts: &f.AreaCounts}, true
	case *events.AreaBlocked:
		return areaStep{events.AreaCounts{Remaining: -f.Places, Blocked: f.Places}, &f.AreaCounts}, true
	case *events.AreaUnblocked:
		return areaStep{events.AreaCounts{Remaining: f.Places, Blocked: -f.Places}, &f.AreaCounts}, true
	}
	return areaStep{}, false
}

// freedCounts returns the change of the counts when places of a hold are freed. Labelled places are blocked again.
func freedCounts(places int64, of events.Labelled) events.AreaCounts {
	return events.AreaCounts{Remaining: places - of.OfLabel, Blocked: of.OfLabel}
}

// AreaCountsOf returns the counts that a fact records; ok is false if it records none.
func AreaCountsOf(fact events.Fact) (counts events.AreaCounts, ok bool) {
	if step, ok := areaStepOf(fact); ok && step.counts != nil {
		return *step.counts, true
	}
	return events.AreaCounts{}, false
}

// OneArea has the status counts of the places of a single area, as of its last event.
type OneArea struct {
	PerformanceID events.PerformanceID
	ID            events.AreaID
	events.AreaCounts
	// Revision, Position and store's time of the last event.
	Revision events.Revision
	Position events.Position
	Updated  time.Time
	// Counted is the position of the last event that recorded counts, and CountedAt its store's time.
	Counted   events.Position
	CountedAt time.Time
}

// AreaAt reads the area with the id <performance>~<area> as of a position; nil if it had no event by
// then. Errors: those of [events.Recorded.Decode]; the store's.
func AreaAt(ctx context.Context, store events.Store, id string, position events.Position) (*OneArea, error) {
	var a *OneArea
	stream := events.NewStreamID(events.AreaCategory, id)
	err := events.ReadLatest(ctx, store, []events.StreamID{stream}, position,
		func(_ int, e *events.Recorded) (more bool, err error) {
			if a == nil {
				performance, area := events.CutPerformance(id)
				a = &OneArea{PerformanceID: performance, ID: events.AreaID(area), Revision: e.Revision, Position: e.Position,
					Updated: e.Created}
			}
			fact, err := e.Decode()
			if err != nil {
				return false, err
			}
			counts, ok := AreaCountsOf(fact)
			if ok {
				a.AreaCounts, a.Counted, a.CountedAt = counts, e.Position, e.Created
			}
			return !ok, nil
		})
	if err != nil {
		return nil, err
	}
	return a, nil
}
