package live

import (
	"iter"
	"maps"
	"slices"

	"admitone/events"
	"admitone/projections/row"
)

// SeatsDelta is a change of single seats of a performance. In JSON, its member "seats" has
// the status of each changed seat by name: {"A-1-1":"held"}.
type SeatsDelta struct {
	// Counts has the sums of all sections after the change.
	Counts row.SeatCounts
	// Change is the change of the number of free seats.
	Change int64
	Cause  Cause

	// Layout names the seats, Marks has the mark of each changed seat.
	Layout *events.Layout
	Marks  map[events.SeatIndex]row.Mark
}

// Seats yields the names of the changed seats, in canonical order, with their status after the change.
func (d *SeatsDelta) Seats() iter.Seq2[events.SeatName, events.SeatStatus] {
	return func(yield func(events.SeatName, events.SeatStatus) bool) {
		for _, seat := range slices.Sorted(maps.Keys(d.Marks)) {
			if !yield(d.Layout.Name(seat), d.Marks[seat].Status()) {
				return
			}
		}
	}
}

// Members implements Delta.
func (d *SeatsDelta) Members(o *events.Object) {
	appendCounts(o, d.Counts, "sold")
	o.Int("change", d.Change)
	o.String("cause", string(d.Cause))
	o.Key("seats")
	o.Buf = append(o.Buf, '{')
	first := true
	for name, status := range d.Seats() {
		if !first {
			o.Buf = append(o.Buf, ',')
		}
		first = false
		o.Buf = append(events.AppendJSONString(o.Buf, string(name)), ':')
		o.Buf = events.AppendJSONString(o.Buf, string(status))
	}
	o.Buf = append(o.Buf, '}')
}

// Clone implements Delta.
func (d *SeatsDelta) Clone() Delta {
	c := *d
	if c.Marks = maps.Clone(d.Marks); c.Marks == nil {
		c.Marks = map[events.SeatIndex]row.Mark{}
	}
	return &c
}

// Merge implements Delta.
func (d *SeatsDelta) Merge(later Delta) {
	l := later.(*SeatsDelta)
	d.Cause = d.Cause.MergedWith(l.Cause)
	d.Change += l.Change
	d.Counts, d.Layout = l.Counts, l.Layout
	maps.Copy(d.Marks, l.Marks)
}

// Row implements Delta. It returns nil.
func (d *SeatsDelta) Row() any { return nil }

// seatsState is the state of the topic of the single seats of a performance. Its snapshot has
//
//	"sections":[{"id":"A","rows":["ffhbx","fffff"]}]
//
// with one string per row, from the front, and in it one letter per seat, from number 1:
// f is free, h held, b booked, x blocked. A hundred thousand seats take about a hundred
// kilobytes. If the performance has a plan, the member "plan" is its id; rows and seats are in
// the order of the plan, which has their names.
type seatsState struct {
	plan   events.PlanID // "" if there is none
	counts row.SeatCounts
	layout *events.Layout
	marks  []byte
}

// NewSeatsState returns the state of "seats:<id>": the plan of a performance, "" for none, its counts
// and its map. The state takes ownership of the map.
func NewSeatsState(plan events.PlanID, counts row.SeatCounts, m *row.SeatMap) State {
	for i, mark := range m.Marks {
		m.Marks[i] = byte(row.Mark(mark).Normalized())
	}
	return &seatsState{plan, counts, m.Layout, m.Marks}
}

func (s *seatsState) Members(o *events.Object) {
	if s.plan != "" {
		o.String("plan", string(s.plan))
	}
	appendCounts(o, s.counts, "sold")
	o.Buf = slices.Grow(o.Buf, len(s.marks)+64*len(s.layout.Sections()))
	o.Key("sections")
	o.Buf = append(o.Buf, '[')
	for i := range s.layout.Sections() {
		layoutSection := &s.layout.Sections()[i]
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		section := events.OpenObject(o.Buf)
		section.String("id", string(layoutSection.ID))
		section.Key("rows")
		for row := range s.layout.Rows(i) {
			separator := byte(',')
			if row == 0 {
				separator = '['
			}
			section.Buf = append(section.Buf, separator, '"')
			first, end := s.layout.Row(i, row)
			section.Buf = append(section.Buf, s.marks[first:end]...)
			section.Buf = append(section.Buf, '"')
		}
		section.Buf = append(section.Buf, ']')
		o.Buf = section.Close()
	}
	o.Buf = append(o.Buf, ']')
}

func (s *seatsState) Apply(d Delta) {
	delta := d.(*SeatsDelta)
	s.counts = delta.Counts
	for seat, mark := range delta.Marks {
		s.marks[seat] = byte(mark)
	}
}

func (s *seatsState) Row() any { return nil }

func (s *seatsState) Unchanged() Delta {
	return &SeatsDelta{Counts: s.counts, Cause: CauseNone, Layout: s.layout, Marks: map[events.SeatIndex]row.Mark{}}
}
