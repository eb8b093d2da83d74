package projections

import (
	"context"
	"encoding/binary"

	"admitone/events"
)

// seatMark is where a seat stands, in one letter.
type seatMark byte

// The marks. They are the letters of a snapshot of "seats:<id>" too.
const (
	markUntouched seatMark = 0 // free; nothing ever happened to it
	markFree      seatMark = 'f'
	markHeld      seatMark = 'h'
	markBooked    seatMark = 'b'
	markBlocked   seatMark = 'x'
)

func (m seatMark) status() events.SeatStatus {
	switch m {
	case markHeld:
		return events.SeatIsHeld
	case markBooked:
		return events.SeatIsBooked
	case markBlocked:
		return events.SeatIsBlocked
	}
	return events.SeatIsFree
}

// settled is the mark with what nobody has touched called free.
func (m seatMark) settled() seatMark {
	if m == markUntouched {
		return markFree
	}
	return m
}

// seatStep is what a seat's fact does to its mark.
type seatStep struct {
	from, to seatMark
	cause    Cause
	holdID   string
}

// change of what remains that a step makes.
func (s seatStep) change() int8 {
	switch {
	case s.to == markFree:
		return 1
	case s.from == markFree:
		return -1
	}
	return 0
}

// What makes the seats of a performance change, besides CauseHeld, CauseReleased
// and CauseExpired.
const (
	CauseBooked    Cause = "booked"
	CauseBlocked   Cause = "blocked"
	CauseUnblocked Cause = "unblocked"
)

// stepOf returns false for a fact that is not a seat's.
func stepOf(fact events.Fact) (seatStep, bool) {
	switch f := fact.(type) {
	case *events.SeatHeld:
		return seatStep{markFree, markHeld, CauseHeld, f.HoldID}, true
	case *events.SeatExtended:
		return seatStep{markHeld, markHeld, CauseNone, f.HoldID}, true
	case *events.SeatBooked:
		return seatStep{markHeld, markBooked, CauseBooked, f.HoldID}, true
	case *events.SeatReleased:
		from, cause := markHeld, CauseReleased
		if f.Was == events.SeatIsBooked {
			from = markBooked
		}
		if f.Reason == events.ReleasedExpired { // the booking's deadline comes before the seat's own
			cause = CauseExpired
		}
		return seatStep{from, markFree, cause, f.HoldID}, true
	case *events.SeatExpired:
		return seatStep{markHeld, markFree, CauseExpired, f.HoldID}, true
	case *events.SeatBlocked:
		return seatStep{markFree, markBlocked, CauseBlocked, ""}, true
	case *events.SeatUnblocked:
		return seatStep{markBlocked, markFree, CauseUnblocked, ""}, true
	}
	return seatStep{}, false
}

// seatBlockSize is how many seats are in one block, which is one record. A block of
// which nobody has touched a seat has none: most of a new performance costs nothing.
const seatBlockSize = 1024

// seatBlock has the marks of seats next to each other in the canonical order.
type seatBlock [seatBlockSize]byte

// cachedSeatBlocks of a kibibyte each are kept in memory, at most twice.
const cachedSeatBlocks = 2000

func appendSeatBlock(dst []byte, b *seatBlock) []byte { return append(dst, b[:]...) }

func decodeSeatBlock(_ string, record []byte) (b seatBlock, err error) {
	if len(record) != len(b) {
		return b, errRecord
	}
	copy(b[:], record)
	return b, nil
}

// seatBlockKey sorts by performance and number.
func seatBlockKey(performance string, block int32) string {
	key := binary.AppendUvarint(make([]byte, 0, len(performance)+8), uint64(len(performance)))
	key = append(key, performance...)
	return string(binary.BigEndian.AppendUint32(key, uint32(block)))
}

// SeatMap says where the seats of a performance stand at some moment. It belongs to
// whoever got it.
type SeatMap struct {
	// Position of the log up to which it contains everything.
	Position events.Position
	layout   *layout
	marks    []byte // by number
}

// Seat is one of a map.
type Seat struct {
	// Seat is its name, <section>-<row>-<number>.
	Seat   string
	Status events.SeatStatus
	// Price in minor units of the currency.
	Price int64
}

// Len is how many seats there are.
func (m *SeatMap) Len() int { return len(m.marks) }

// Status of the seat of that name. ok is false if there is none.
func (m *SeatMap) Status(name string) (status events.SeatStatus, ok bool) {
	seat, _, ok := m.layout.find(name)
	if !ok {
		return "", false
	}
	return seatMark(m.marks[seat]).status(), true
}

// Taken has one byte for each seat in canonical order (section by section, row by
// row, number by number), 0 for a free one. It takes the map apart: nothing else of
// it may be used afterwards.
func (m *SeatMap) Taken() []byte {
	for i, mark := range m.marks {
		if seatMark(mark).settled() == markFree {
			m.marks[i] = 0
		}
	}
	return m.marks
}

// Seats returns up to limit seats behind the place after, which is 0 for the first
// page and else the next of the page before; next is 0 if there are no more. Only
// those of a section and in a status; "" is any. They are in canonical order.
func (m *SeatMap) Seats(section string, status events.SeatStatus, after uint64, limit int) (page []Seat, next uint64) {
	from, end := int32(0), int32(len(m.marks))
	if section != "" {
		i, ok := m.layout.byID[section]
		if !ok {
			return nil, 0
		}
		from, end = m.layout.first[i], m.layout.first[i+1]
	}
	for seat := max(from, int32(min(after, uint64(len(m.marks))))); seat < end; seat++ {
		stands := seatMark(m.marks[seat]).status()
		if status != "" && stands != status {
			continue
		}
		if len(page) == limit {
			return page, uint64(seat)
		}
		section, row, number := m.layout.place(seat)
		of := &m.layout.sections[section]
		page = append(page, Seat{events.SeatName(of.ID, row, number), stands, of.Price})
	}
	return page, 0
}

// Counts adds the map up by section.
func (m *SeatMap) Counts() []Section {
	counts := make([]Section, len(m.layout.sections))
	for i := range counts {
		first, end := m.layout.first[i], m.layout.first[i+1]
		counts[i] = Section{m.layout.sections[i], SeatCounts{Capacity: int64(end - first)}}
		for _, mark := range m.marks[first:end] {
			counts[i].move(markFree, seatMark(mark))
		}
	}
	return counts
}

// touched are the names of the seats to which something ever happened.
func (m *SeatMap) touched() []string {
	names := []string{}
	for seat, mark := range m.marks {
		if seatMark(mark) != markUntouched {
			names = append(names, m.layout.name(int32(seat)))
		}
	}
	return names
}

// seatMap reads a performance's map, as it is now. The lock must be held.
func (k *boxOffice) seatMap(row *Performance) (*SeatMap, error) {
	m := &SeatMap{Position: k.at(), layout: row.layout, marks: make([]byte, row.layout.seats())}
	found := int64(0)
	for block := int32(0); found < row.blocks && int(block)*seatBlockSize < len(m.marks); block++ {
		key := seatBlockKey(row.ID, block)
		marks := m.marks[int(block)*seatBlockSize:]
		if e, ok := k.blocks.memory(key); ok {
			copy(marks, e.row[:])
			found++
			continue
		}
		stored, ok, err := k.blocks.stored(key)
		if err != nil {
			return nil, err
		}
		if ok {
			copy(marks, stored[:])
			found++
		}
	}
	return m, nil
}

// SeatMap returns where the seats of a performance stand, and whether it exists.
// Errors: the disk's.
func (p *Projections) SeatMap(performanceID string) (*SeatMap, bool, error) {
	if err := p.enter(); err != nil {
		return nil, false, err
	}
	defer p.leave()
	k := kindOf[*boxOffice](p)
	p.mu.RLock()
	defer p.mu.RUnlock()
	row, ok, err := k.performance(performanceID)
	if err != nil || !ok {
		return nil, false, err
	}
	m, err := k.seatMap(&row)
	return m, err == nil, err
}

// TakenSeats is [SeatMap.Taken] of a performance as the views have it, and the
// position up to which they contain the log. Errors: [ErrNotFound]; the disk's.
func (p *Projections) TakenSeats(_ context.Context, performanceID string) (taken []byte, at events.Position, err error) {
	m, ok, err := p.SeatMap(performanceID)
	if err == nil && !ok {
		err = ErrNotFound
	}
	if err != nil {
		return nil, 0, err
	}
	return m.Taken(), m.Position, nil
}
