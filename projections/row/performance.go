package row

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"admitone/events"
)

// SeatCounts are how many seats of a section, or of a performance, stand where.
type SeatCounts struct {
	// Capacity is how many there are: Remaining() + Held + Booked + Blocked, always.
	Capacity, Held, Booked, Blocked int64
}

// Remaining is how many can still be had.
func (c SeatCounts) Remaining() int64 { return c.Capacity - c.Held - c.Booked - c.Blocked }

// Move takes one seat from a status to another.
func (c *SeatCounts) Move(from, to Mark) {
	for _, step := range [...]struct {
		mark Mark
		by   int64
	}{{from, -1}, {to, 1}} {
		switch step.mark {
		case MarkHeld:
			c.Held += step.by
		case MarkBooked:
			c.Booked += step.by
		case MarkBlocked:
			c.Blocked += step.by
		}
	}
}

// Section is a section of a performance with its counts.
type Section struct {
	events.Section
	SeatCounts
}

// Performance is the fold of one performance's stream and of the streams of its
// seats, without the seats themselves: those are a [SeatMap].
type Performance struct {
	ID           events.PerformanceID
	Title, Venue string
	StartsAt     time.Time
	// HoldSeconds is how long a booking may stay unpaid.
	HoldSeconds int64
	// LimitPerHolder is how many seats one holder may have; 0 is no limit.
	LimitPerHolder int64
	// WaitingRoom that guards the sale, "" if none does.
	WaitingRoom events.RoomID
	// SaleTimes are the bounds of the sale.
	events.SaleTimes
	// Cancellation is the rule for giving back that it states, the zero one if it is the default.
	Cancellation events.Cancellation
	// Edited is the revision of the newest edit; the creation counts.
	Edited events.Revision
	// SeatCounts over all sections.
	SeatCounts
	Sections []Section
	// Revision of the performance's own stream, which does not move when seats do.
	Revision events.Revision
	// Position of the last event that changed the row, which may be a seat's.
	Position events.Position
	// Created and Updated are the store's times of the first event and of the one at
	// Position.
	Created, Updated time.Time

	// Layout numbers the seats. It follows from the sections.
	Layout *events.Layout
	// Blocks is the number of blocks of seats that are records in the views. It is 0 in a row that
	// was folded from the log alone.
	Blocks int64
}

// Clone returns a copy that the fold does not change.
func (p *Performance) Clone() Performance {
	c := *p
	c.Sections = slices.Clone(p.Sections)
	return c
}

// NewPerformance is the row after the first event.
func NewPerformance(e *events.Recorded, fact events.Fact) (Performance, error) {
	f, ok := fact.(*events.PerformanceCreated)
	if err := checkSections(e, f); !ok || err != nil {
		return Performance{}, fmt.Errorf("%w: position %d: a %s in %s: %v", ErrViolated, e.Position, fact.Name(), e.Stream,
			err)
	}
	p := Performance{
		ID: events.PerformanceID(
			strings.Clone(e.Stream.Entity()),
		), Title: f.Title, Venue: f.Venue, StartsAt: f.StartsAt.UTC(),
		HoldSeconds:    f.HoldSeconds,
		LimitPerHolder: f.LimitPerHolder, WaitingRoom: f.WaitingRoom, SaleTimes: f.SaleTimes, Cancellation: f.Cancellation,
		Edited:   e.Revision,
		Revision: e.Revision, Position: e.Position, Created: e.Created, Updated: e.Created,
	}
	for _, s := range f.Sections {
		p.Sections = append(p.Sections, Section{s, SeatCounts{Capacity: s.Rows * s.SeatsPerRow}})
	}
	p.complete()
	return p, nil
}

// maxSeats bounds a performance, so that a seat's number fits its type.
const maxSeats = 1 << 30

// checkSections returns why sections can't be folded; nil for another fact.
func checkSections(e *events.Recorded, f *events.PerformanceCreated) error {
	if f == nil {
		return nil
	}
	if e.Revision != 0 {
		return fmt.Errorf("it is at revision %d", e.Revision)
	}
	seen, seats := map[events.SectionID]bool{}, int64(0)
	for _, s := range f.Sections {
		if s.Rows < 1 || s.SeatsPerRow < 1 || s.Rows > maxSeats || s.SeatsPerRow > maxSeats || seen[s.ID] {
			return fmt.Errorf("a section %q of %d rows of %d", s.ID, s.Rows, s.SeatsPerRow)
		}
		seen[s.ID] = true
		if seats += s.Rows * s.SeatsPerRow; seats > maxSeats {
			return fmt.Errorf("%d seats or more", seats)
		}
	}
	return nil
}

// complete derives what follows from the sections.
func (p *Performance) complete() {
	sections := make([]events.Section, len(p.Sections))
	p.SeatCounts = SeatCounts{}
	for i, s := range p.Sections {
		sections[i] = s.Section
		p.Capacity += s.Capacity
		p.Held += s.Held
		p.Booked += s.Booked
		p.Blocked += s.Blocked
	}
	p.Layout = events.NewLayout(sections)
}

// AppendPerformance appends the record of a performance: all but the id.
func AppendPerformance(dst []byte, p *Performance) []byte {
	dst = AppendString(AppendString(AppendString(dst, p.Title), p.Venue), string(p.WaitingRoom))
	dst = AppendMoment(AppendMoment(AppendMoment(dst, p.StartsAt), p.OpensAt), p.ClosesAt)
	dst = AppendCancellation(dst, p.Cancellation)
	for _, n := range [...]int64{p.HoldSeconds, p.LimitPerHolder, int64(p.Edited), int64(p.Revision), int64(p.Position),
		p.Blocks, int64(len(p.Sections))} {
		dst = AppendInt(dst, n)
	}
	dst = AppendTime(AppendTime(dst, p.Created), p.Updated)
	for i := range p.Sections {
		s := &p.Sections[i]
		dst = AppendString(AppendString(dst, string(s.ID)), s.DisplayName)
		for _, n := range [...]int64{s.Rows, s.SeatsPerRow, s.Price, s.Held, s.Booked, s.Blocked} {
			dst = AppendInt(dst, n)
		}
	}
	return dst
}

// DecodePerformance reads what [AppendPerformance] wrote. Error: [ErrRecord].
func DecodePerformance(id string, record []byte) (Performance, error) {
	r := NewReader(record)
	p := Performance{
		ID: events.PerformanceID(
			id,
		), Title: r.Text(), Venue: r.Text(), WaitingRoom: events.RoomID(r.Text()), StartsAt: r.Moment(),
		SaleTimes: events.SaleTimes{OpensAt: r.Moment(), ClosesAt: r.Moment()}, Cancellation: r.Cancellation(),
		HoldSeconds: r.Int(), LimitPerHolder: r.Int(), Edited: events.Revision(r.Int()), Revision: events.Revision(r.Int()),
		Position: events.Position(r.Int()), Blocks: r.Int(),
	}
	n := r.Int()
	p.Created, p.Updated = r.Time(), r.Time()
	for ; n > 0 && r.OK(); n-- {
		s := Section{
			Section: events.Section{ID: events.SectionID(r.Text()), DisplayName: r.Text(), Rows: r.Int(), SeatsPerRow: r.Int(),
				Price: r.Int()},
		}
		s.SeatCounts = SeatCounts{s.Rows * s.SeatsPerRow, r.Int(), r.Int(), r.Int()}
		p.Sections = append(p.Sections, s)
	}
	if err := r.Done(); err != nil {
		return Performance{}, err
	}
	p.complete()
	return p, nil
}

// Apply takes the next event of the performance's own stream in, as [Product.Apply] does.
func (p *Performance) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return p.ApplyFact(e, fact)
}

// ApplyFact is Apply of an event whose fact has been decoded.
func (p *Performance) ApplyFact(e *events.Recorded, fact events.Fact) error {
	_, isCreation := fact.(*events.PerformanceCreated)
	if done, err := CheckNext(e, fact, revisionOf(p.ID != "", p.Revision), isCreation); done || err != nil {
		return err
	}
	if isCreation {
		made, err := NewPerformance(e, fact)
		if err == nil {
			*p = made
		}
		return err
	}
	switch f := fact.(type) {
	case *events.PerformanceEdited:
		if !p.edit(f) {
			return fmt.Errorf("%w: position %d: %s@%d has the prices of other sections", ErrViolated, e.Position, e.Stream,
				e.Revision)
		}
		p.Edited = e.Revision
	case *events.PerformanceOpened, *events.PerformanceClosed:
	default:
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	p.Revision, p.Position, p.Updated = e.Revision, e.Position, e.Created
	return nil
}

// edit takes an edit in, and returns whether its sections are the performance's.
func (p *Performance) edit(f *events.PerformanceEdited) bool {
	if len(f.Prices) != len(p.Sections) {
		return false
	}
	for i := range f.Prices {
		if f.Prices[i].Section != p.Sections[i].ID {
			return false
		}
	}
	p.Title, p.Venue, p.StartsAt, p.SaleTimes = f.Title, f.Venue, f.StartsAt.UTC(), f.SaleTimes
	p.Cancellation = f.Cancellation
	p.HoldSeconds, p.LimitPerHolder = f.HoldSeconds, f.LimitPerHolder
	p.Sections = slices.Clone(p.Sections) // what was handed out does not change
	for i := range f.Prices {
		p.Sections[i].Price = f.Prices[i].Price
	}
	p.complete()
	return true
}
