package projections

import (
	"iter"
	"maps"
	"slices"

	"admitone/events"
)

// SeatsDelta is a change of single seats of a performance. On the wire its member
// "seats" names each with its status: {"A-1-1":"held"}.
type SeatsDelta struct {
	// Counts of the whole performance after it.
	Counts SeatCounts
	// Change of what remains.
	Change int64
	Cause  Cause

	layout *layout
	marks  map[int32]seatMark
}

// Seats are the names of the seats that changed, in canonical order, and where they
// stand now.
func (d *SeatsDelta) Seats() iter.Seq2[string, events.SeatStatus] {
	return func(yield func(string, events.SeatStatus) bool) {
		for _, seat := range slices.Sorted(maps.Keys(d.marks)) {
			if !yield(d.layout.name(seat), d.marks[seat].status()) {
				return
			}
		}
	}
}

// Members is for [Delta].
func (d *SeatsDelta) Members(o *events.Object) {
	appendCounts(o, d.Counts, "sold")
	o.Int("change", d.Change)
	o.String("cause", string(d.Cause))
	o.Key("seats")
	o.Buf = append(o.Buf, '{')
	begun := false
	for name, status := range d.Seats() {
		if begun {
			o.Buf = append(o.Buf, ',')
		}
		begun = true
		o.Buf = append(events.AppendJSONString(o.Buf, name), ':')
		o.Buf = events.AppendJSONString(o.Buf, string(status))
	}
	o.Buf = append(o.Buf, '}')
}

// Clone is for [Delta].
func (d *SeatsDelta) Clone() Delta {
	c := *d
	if c.marks = maps.Clone(d.marks); c.marks == nil {
		c.marks = map[int32]seatMark{}
	}
	return &c
}

// Merge is for [Delta].
func (d *SeatsDelta) Merge(later Delta) {
	l := later.(*SeatsDelta)
	d.Cause = d.Cause.and(l.Cause)
	d.Change += l.Change
	d.Counts, d.layout = l.Counts, l.layout
	maps.Copy(d.marks, l.marks)
}

// Row is for [Delta]: there is none.
func (d *SeatsDelta) Row() any { return nil }

// seatsState is the topic of the single seats of a performance. Its snapshot has
//
//	"sections":[{"id":"A","rows":["ffhbx","fffff"]}]
//
// with one string for each row, from the front, and in it one letter for each seat,
// from number 1: f is free, h held, b booked, x blocked. So a hundred thousand seats
// are a hundred kilobytes.
type seatsState struct {
	counts SeatCounts
	layout *layout
	marks  []byte
}

// seatsState is called with the lock held.
func (k *boxOffice) seatsState(id string) (State, events.Position, error) {
	e, err := k.performances.find(id)
	if err != nil {
		return nil, 0, err
	}
	if e == nil {
		return nil, 0, ErrNotFound
	}
	m, err := k.seatMap(&e.row)
	if err != nil {
		return nil, 0, err
	}
	for i, mark := range m.marks {
		m.marks[i] = byte(seatMark(mark).settled())
	}
	return &seatsState{e.row.SeatCounts, m.layout, m.marks}, e.row.Position, nil
}

func (s *seatsState) Members(o *events.Object) {
	appendCounts(o, s.counts, "sold")
	o.Buf = slices.Grow(o.Buf, len(s.marks)+64*len(s.layout.sections))
	o.Key("sections")
	o.Buf = append(o.Buf, '[')
	seat := 0
	for i := range s.layout.sections {
		of := &s.layout.sections[i]
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		section := events.OpenObject(o.Buf)
		section.String("id", of.ID)
		section.Key("rows")
		for row := range of.Rows {
			begin := byte(',')
			if row == 0 {
				begin = '['
			}
			section.Buf = append(section.Buf, begin, '"')
			section.Buf = append(section.Buf, s.marks[seat:seat+int(of.SeatsPerRow)]...)
			section.Buf = append(section.Buf, '"')
			seat += int(of.SeatsPerRow)
		}
		section.Buf = append(section.Buf, ']')
		o.Buf = section.Close()
	}
	o.Buf = append(o.Buf, ']')
}

func (s *seatsState) Apply(d Delta) {
	delta := d.(*SeatsDelta)
	s.counts = delta.Counts
	for seat, mark := range delta.marks {
		s.marks[seat] = byte(mark)
	}
}

func (s *seatsState) Row() any { return nil }

func (s *seatsState) Unchanged() Delta {
	return &SeatsDelta{Counts: s.counts, Cause: CauseNone, layout: s.layout, marks: map[int32]seatMark{}}
}
