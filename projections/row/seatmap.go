package row

import (
	"admitone/events"
)

// SeatMap has the status of the seats of a performance as of a position. It belongs to the caller.
type SeatMap struct {
	// Position is the position up to which the map contains all events.
	Position events.Position
	// Layout numbers the seats.
	Layout *events.Layout
	// Marks has a [Mark] for each seat, by number.
	Marks []byte
}

// Seat is one seat of a map.
type Seat struct {
	// Seat is the name of the seat, <section>-<row>-<number>.
	Seat   events.SeatName
	Status events.SeatStatus
	// Price in minor units of the currency.
	Price int64
}

// Len returns the number of seats.
func (m *SeatMap) Len() int { return len(m.Marks) }

// Status returns the status of a seat; ok is false if there is no seat with that name.
func (m *SeatMap) Status(name events.SeatName) (status events.SeatStatus, ok bool) {
	seat, ok := m.Layout.Find(name)
	if !ok {
		return "", false
	}
	return Mark(m.Marks[seat]).Status(), true
}

// Taken returns one byte for each seat in canonical order (section by section, row by
// row, number by number), 0 for a free seat. It overwrites the map, which must not be
// used afterwards.
func (m *SeatMap) Taken() []byte {
	for i, mark := range m.Marks {
		m.Marks[i] = takenMarks[mark]
	}
	return m.Marks
}

// takenMarks maps the marks of free seats to 0, and other marks to themselves. A table is faster than a
// branch, which is hard to predict in a partly sold hall.
var takenMarks = func() (table [256]byte) {
	for mark := range table {
		table[mark] = byte(mark)
	}
	table[MarkFree] = 0
	return table
}()

// Seats returns up to limit seats in canonical order, only those in a section and with a status; "" means any. after
// is 0 for the first page, else the next of the previous page; next is 0 on the last page.
func (m *SeatMap) Seats(section events.SectionID, status events.SeatStatus, after uint64,
	limit int) (page []Seat, next uint64) {
	from, end := events.SeatIndex(0), events.SeatIndex(len(m.Marks))
	if section != "" {
		i := m.Layout.Section(section)
		if i < 0 {
			return nil, 0
		}
		from, end = m.Layout.Span(i)
	}
	for seat := max(from, events.SeatIndex(min(after, uint64(len(m.Marks))))); seat < end; seat++ {
		seatStatus := Mark(m.Marks[seat]).Status()
		if status != "" && seatStatus != status {
			continue
		}
		if len(page) == limit {
			return page, uint64(seat)
		}
		page = append(page, Seat{m.Layout.Name(seat), seatStatus, m.Layout.Price(seat)})
	}
	return page, 0
}

// Counts returns the sections with the counts of their seats by status.
func (m *SeatMap) Counts() []Section {
	counts := make([]Section, len(m.Layout.Sections()))
	for i := range counts {
		first, end := m.Layout.Span(i)
		counts[i] = Section{m.Layout.Sections()[i], SeatCounts{Capacity: int64(end - first)}}
		for _, mark := range m.Marks[first:end] {
			counts[i].Move(MarkFree, Mark(mark))
		}
	}
	return counts
}

// Touched returns the names of the seats whose streams have events.
func (m *SeatMap) Touched() []events.SeatName {
	names := []events.SeatName{}
	for seat, mark := range m.Marks {
		if Mark(mark) != MarkUntouched {
			names = append(names, m.Layout.Name(events.SeatIndex(seat)))
		}
	}
	return names
}
