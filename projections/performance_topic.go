package projections

import (
	"slices"

	"admitone/events"
)

// PerformanceDelta is a change of one performance's counts.
type PerformanceDelta struct {
	// Counts of all sections after it.
	Counts SeatCounts
	// Change of what remains.
	Change int64
	Cause  Cause
	// Sections are those that changed, in the performance's order.
	Sections []SectionDelta
}

// SectionDelta is a section's counts after a delta.
type SectionDelta struct {
	ID     string
	Counts SeatCounts
	// number is its place among the sections.
	number int
}

// appendCounts writes the counts as the topics of performances have them.
func appendCounts(o *events.Object, c SeatCounts, booked string) {
	o.Int("remaining", c.Remaining())
	o.Int("held", c.Held)
	o.Int(booked, c.Booked)
	o.Int("blocked", c.Blocked)
}

// Members is for [Delta].
func (d *PerformanceDelta) Members(o *events.Object) {
	appendCounts(o, d.Counts, "sold")
	o.Int("change", d.Change)
	o.String("cause", string(d.Cause))
	o.Key("sections")
	o.Buf = append(o.Buf, '[')
	for i := range d.Sections {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		s := events.OpenObject(o.Buf)
		s.String("id", d.Sections[i].ID)
		appendCounts(&s, d.Sections[i].Counts, "booked")
		o.Buf = s.Close()
	}
	o.Buf = append(o.Buf, ']')
}

// Clone is for [Delta].
func (d *PerformanceDelta) Clone() Delta {
	c := *d
	c.Sections = slices.Clone(d.Sections)
	return &c
}

// Merge is for [Delta].
func (d *PerformanceDelta) Merge(later Delta) {
	l := later.(*PerformanceDelta)
	d.Cause = d.Cause.and(l.Cause)
	d.Change += l.Change
	d.Counts = l.Counts
	for _, s := range l.Sections {
		at, found := slices.BinarySearchFunc(d.Sections, s.number, func(has SectionDelta, number int) int { return has.number - number })
		if found {
			d.Sections[at] = s
		} else {
			d.Sections = slices.Insert(d.Sections, at, s)
		}
	}
}

// Row is for [Delta]: a performance is too big to go with every frame.
func (d *PerformanceDelta) Row() any { return nil }

// performanceState is a performance's topic.
type performanceState struct{ row Performance }

// state is called with the lock held.
func (k *boxOffice) state(id string) (State, events.Position, error) {
	e, err := k.performances.find(id)
	if err != nil {
		return nil, 0, err
	}
	if e == nil {
		return nil, 0, ErrNotFound
	}
	return &performanceState{e.row.clone()}, e.row.Position, nil
}

func (s *performanceState) Members(o *events.Object) {
	p := &s.row
	o.String("id", p.ID)
	o.String("title", p.Title)
	o.String("venue", p.Venue)
	o.Time("starts_at", p.StartsAt)
	appendRoom(o, p.WaitingRoom)
	o.Int("capacity", p.Capacity)
	appendCounts(o, p.SeatCounts, "sold")
	o.Key("sections")
	o.Buf = append(o.Buf, '[')
	for i := range p.Sections {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		s := events.OpenObject(o.Buf)
		s.String("id", p.Sections[i].ID)
		s.String("name", p.Sections[i].DisplayName)
		s.Int("price", p.Sections[i].Price)
		s.Int("capacity", p.Sections[i].Capacity)
		appendCounts(&s, p.Sections[i].SeatCounts, "booked")
		o.Buf = s.Close()
	}
	o.Buf = append(o.Buf, ']')
}

func (s *performanceState) Apply(d Delta) {
	delta := d.(*PerformanceDelta)
	s.row.SeatCounts = delta.Counts
	for i := range delta.Sections {
		s.row.Sections[delta.Sections[i].number].SeatCounts = delta.Sections[i].Counts
	}
}

func (s *performanceState) Row() any { return nil }

func (s *performanceState) Unchanged() Delta {
	return &PerformanceDelta{Counts: s.row.SeatCounts, Cause: CauseNone}
}

// tell hands a step of a seat to the topics that are watched.
func (k *boxOffice) tell(e *events.Recorded, row *Performance, seat int32, section int, step seatStep) {
	change := int64(step.change())
	if t := k.topic.watched(row.ID); t != nil {
		k.delta = PerformanceDelta{Counts: row.SeatCounts, Change: change, Cause: step.cause, Sections: append(k.delta.Sections[:0],
			SectionDelta{row.Sections[section].ID, row.Sections[section].SeatCounts, section})}
		t.change(e.Position, &k.delta)
	}
	if t := k.seatTopic.watched(row.ID); t != nil {
		clear(k.seatDelta.marks)
		if k.seatDelta.marks == nil {
			k.seatDelta.marks = map[int32]seatMark{}
		}
		k.seatDelta.layout, k.seatDelta.marks[seat] = row.layout, step.to
		k.seatDelta.Counts, k.seatDelta.Change, k.seatDelta.Cause = row.SeatCounts, change, step.cause
		t.change(e.Position, &k.seatDelta)
	}
}
