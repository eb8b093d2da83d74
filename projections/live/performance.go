package live

import (
	"slices"

	"admitone/events"
	"admitone/projections/row"
)

// PerformanceDelta is a change of one performance's counts.
type PerformanceDelta struct {
	// Counts has the sums of all sections after the change.
	Counts row.SeatCounts
	// Change is the change of the number of free seats.
	Change int64
	Cause  Cause
	// Sections with changes, in the performance's order.
	Sections []SectionDelta
	// Areas with changes, in the performance's order.
	Areas []AreaDelta
	// Edited is the performance after an edit or a cancellation, if one is among the causes. The frame then has all
	// editable members, including the prices of all sections. Edited must not be modified.
	Edited *row.Performance
}

// NewPerformanceDelta returns the delta of a fact of the performance's own stream. Such a fact changes no counts.
func NewPerformanceDelta(performance *row.Performance, cause Cause) *PerformanceDelta {
	d := &PerformanceDelta{Counts: performance.SeatCounts, Cause: cause}
	if cause != CauseEdited && cause != CauseCancelled {
		return d
	}
	edited := performance.Clone()
	d.Edited, d.Sections = &edited, make([]SectionDelta, len(edited.Sections))
	for i := range edited.Sections {
		d.Sections[i] = SectionDelta{ID: edited.Sections[i].ID, Counts: edited.Sections[i].SeatCounts, Number: i}
	}
	for i := range edited.Areas {
		d.Areas = append(d.Areas, AreaDelta{edited.Areas[i].ID, edited.Areas[i].AreaCounts, i})
	}
	return d
}

// PerformanceCause returns the cause of a fact of the performance's own stream.
func PerformanceCause(fact events.Fact) Cause {
	switch fact.(type) {
	case *events.PerformanceEdited:
		return CauseEdited
	case *events.PerformanceCancelled:
		return CauseCancelled
	case *events.PerformanceOpened:
		return CauseOpened
	case *events.PerformanceClosed:
		return CauseClosed
	}
	return CauseCreated
}

// SectionDelta is a section's counts after a delta.
type SectionDelta struct {
	ID     events.SectionID
	Counts row.SeatCounts
	// Number is the index of the section in the performance.
	Number int
}

// appendCounts writes the counts as in frames of performances; booked is the name of the member for booked seats.
func appendCounts(o *events.Object, c row.SeatCounts, booked string) {
	o.Int("remaining", c.Remaining())
	o.Int("held", c.Held)
	o.Int(booked, c.Booked)
	o.Int("blocked", c.Blocked)
}

// Members implements Delta.
func (d *PerformanceDelta) Members(o *events.Object) {
	appendCounts(o, d.Counts, "sold")
	o.Int("change", d.Change)
	o.String("cause", string(d.Cause))
	if d.Edited != nil {
		appendEditable(o, d.Edited)
	}
	o.Key("sections")
	o.Buf = append(o.Buf, '[')
	for i := range d.Sections {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		s := events.OpenObject(o.Buf)
		s.String("id", string(d.Sections[i].ID))
		if d.Edited != nil && d.Edited.Plan == "" {
			s.Int("price", d.Edited.Sections[d.Sections[i].Number].Price)
		}
		appendCounts(&s, d.Sections[i].Counts, "booked")
		o.Buf = s.Close()
	}
	o.Buf = append(o.Buf, ']')
	if len(d.Areas) > 0 {
		o.Key("areas")
		o.Buf = append(o.Buf, '[')
		for i := range d.Areas {
			o.Buf = appendArea(o.Buf, i, d.Areas[i].ID, d.Areas[i].Counts)
		}
		o.Buf = append(o.Buf, ']')
	}
}

// appendEditable appends the members that an edit or a cancellation can change, except the prices of sections.
func appendEditable(o *events.Object, p *row.Performance) {
	o.String("title", p.Title)
	o.String("venue", p.Venue)
	o.Time("starts_at", p.StartsAt)
	appendRoom(o, p.WaitingRoom)
	p.AppendSaleTimes(o)
	p.Cancelled.Append(o)
	if p.Plan != "" {
		events.AppendPrices(o, p.Prices)
	}
}

// Clone implements Delta.
func (d *PerformanceDelta) Clone() Delta {
	c := *d
	c.Sections, c.Areas = slices.Clone(d.Sections), slices.Clone(d.Areas)
	return &c
}

// Merge implements Delta.
func (d *PerformanceDelta) Merge(later Delta) {
	l := later.(*PerformanceDelta)
	d.Cause = d.Cause.MergedWith(l.Cause)
	d.Change += l.Change
	d.Counts = l.Counts
	if l.Edited != nil {
		d.Edited = l.Edited
	}
	for _, s := range l.Sections {
		at, found := slices.BinarySearchFunc(d.Sections, s.Number,
			func(d SectionDelta, number int) int { return d.Number - number })
		if found {
			d.Sections[at] = s
		} else {
			d.Sections = slices.Insert(d.Sections, at, s)
		}
	}
	d.mergeAreas(l.Areas)
}

// Row implements Delta. It returns nil, because a performance is too large to be part of every frame.
func (d *PerformanceDelta) Row() any { return nil }

// performanceState is the state of a performance's topic.
type performanceState struct{ row row.Performance }

// NewPerformanceState returns the state of "performance:<id>". It takes ownership of the row's sections
// and areas.
func NewPerformanceState(performance row.Performance) State { return &performanceState{performance} }

func (s *performanceState) Members(o *events.Object) {
	p := &s.row
	o.String("id", string(p.ID))
	if p.Plan != "" {
		o.String("plan", string(p.Plan))
	}
	appendEditable(o, p)
	o.Int("capacity", p.Capacity)
	appendCounts(o, p.SeatCounts, "sold")
	o.Key("sections")
	o.Buf = append(o.Buf, '[')
	for i := range p.Sections {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		s := events.OpenObject(o.Buf)
		s.String("id", string(p.Sections[i].ID))
		s.String("name", p.Sections[i].DisplayName)
		if p.Plan == "" {
			s.Int("price", p.Sections[i].Price)
		}
		s.Int("capacity", p.Sections[i].Capacity)
		appendCounts(&s, p.Sections[i].SeatCounts, "booked")
		o.Buf = s.Close()
	}
	o.Buf = append(o.Buf, ']')
	if len(p.Areas) > 0 {
		o.Key("areas")
		o.Buf = append(o.Buf, '[')
		for i := range p.Areas {
			o.Buf = appendArea(o.Buf, i, p.Areas[i].ID, p.Areas[i].AreaCounts)
		}
		o.Buf = append(o.Buf, ']')
	}
}

func (s *performanceState) Apply(d Delta) {
	delta := d.(*PerformanceDelta)
	s.row.SeatCounts = delta.Counts
	if e := delta.Edited; e != nil {
		s.row.Title, s.row.Venue, s.row.StartsAt, s.row.SaleTimes = e.Title, e.Venue, e.StartsAt, e.SaleTimes
		s.row.Cancelled = e.Cancelled
		s.row.Prices = e.Prices
		for i := range s.row.Sections {
			s.row.Sections[i].Price = e.Sections[i].Price
		}
	}
	for i := range delta.Sections {
		s.row.Sections[delta.Sections[i].Number].SeatCounts = delta.Sections[i].Counts
	}
	for i := range delta.Areas {
		s.row.Areas[delta.Areas[i].Number].AreaCounts = delta.Areas[i].Counts
	}
}

func (s *performanceState) Row() any { return nil }

func (s *performanceState) Unchanged() Delta {
	return &PerformanceDelta{Counts: s.row.SeatCounts, Cause: CauseNone}
}

// Causes of a change of a performance's seats, besides CauseHeld, CauseReleased
// and CauseExpired.
const (
	CauseBooked    Cause = "booked"
	CauseBlocked   Cause = "blocked"
	CauseUnblocked Cause = "unblocked"
)

// SeatCause returns the cause of a seat's fact, CauseNone if the fact only changes a deadline.
func SeatCause(fact events.Fact) Cause {
	switch f := fact.(type) {
	case *events.SeatHeld:
		return CauseHeld
	case *events.SeatBooked:
		return CauseBooked
	case *events.SeatReleased:
		if f.Reason == events.ReleasedExpired { // the booking expires before its seats
			return CauseExpired
		}
		return CauseReleased
	case *events.SeatExpired:
		return CauseExpired
	case *events.SeatBlocked:
		return CauseBlocked
	case *events.SeatUnblocked:
		return CauseUnblocked
	}
	return CauseNone
}
