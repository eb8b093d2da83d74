package row

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"admitone/events"
)

// SeatCounts has the number of seats of a section, or of a performance, by status.
type SeatCounts struct {
	// Capacity is the number of seats. It always equals Remaining() + Held + Booked + Blocked.
	Capacity, Held, Booked, Blocked int64
}

// Remaining returns the number of free seats.
func (c SeatCounts) Remaining() int64 { return c.Capacity - c.Held - c.Booked - c.Blocked }

// Move counts a change of one seat's status.
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
// seats and areas. The single seats are in a [SeatMap].
type Performance struct {
	ID           events.PerformanceID
	Title, Venue string
	StartsAt     time.Time
	// HoldSeconds is the time to pay a booking.
	HoldSeconds int64
	// LimitPerHolder is the largest number of seats of one holder; 0 for no limit.
	LimitPerHolder int64
	// WaitingRoom is the waiting room that guards the sale, "" for none.
	WaitingRoom events.RoomID
	// SaleTimes are the opening and closing times of the sale.
	events.SaleTimes
	// Cancellation is the cancellation policy, the zero value for the default.
	Cancellation events.Cancellation
	// Cancelled is zero unless the organiser has cancelled the performance.
	Cancelled Cancelled
	// Edited is the revision of the last edit, or of the creation.
	Edited events.Revision
	// SeatCounts has the sums of all sections.
	SeatCounts
	Sections []Section
	// Areas have places without numbers, which SeatCounts excludes.
	Areas []Area
	// Revision of the performance's own stream, which facts of seats and areas do not change.
	Revision events.Revision
	// Position of the last event that changed the row, which may be a seat's or an area's.
	Position events.Position
	// Created and Updated are the store's times of the first event and of the event at
	// Position.
	Created, Updated time.Time

	// Plan is the seating plan, "" if the sections define the seats.
	Plan events.PlanID
	// Prices are those of the plan's categories.
	Prices []events.CategoryPrice
	// Layout numbers the seats. It is derived from the sections or, by UseHall, from the plan's hall, as are then
	// the sections.
	Layout *events.Layout
	// Blocks is the number of records of seat blocks in the views, 0 in a row folded from the log alone.
	Blocks int64
}

// Clone returns a copy that later events do not change.
func (p *Performance) Clone() Performance {
	c := *p
	c.Sections, c.Areas = slices.Clone(p.Sections), slices.Clone(p.Areas)
	return c
}

// NewPerformance returns the row after the first event. A row with a plan needs UseHall. Errors: [ErrViolated].
func NewPerformance(e *events.Recorded, fact events.Fact) (Performance, error) {
	f, ok := fact.(*events.PerformanceCreated)
	if err := checkSections(e, f); !ok || err != nil {
		return Performance{}, fmt.Errorf("%w: position %d: a %s in %s: %v", ErrViolated, e.Position, fact.Name(), e.Stream,
			err)
	}
	p := Performance{
		ID: events.PerformanceID(strings.Clone(e.Stream.Entity())), Title: f.Title, Venue: f.Venue,
		StartsAt: f.StartsAt.UTC(), HoldSeconds: f.HoldSeconds, LimitPerHolder: f.LimitPerHolder,
		WaitingRoom: f.WaitingRoom, SaleTimes: f.SaleTimes, Cancellation: f.Cancellation, Plan: f.Plan,
		Prices: f.CategoryPrices, Edited: e.Revision, Revision: e.Revision, Position: e.Position, Created: e.Created,
		Updated: e.Created,
	}
	for _, s := range f.Sections {
		p.Sections = append(p.Sections, Section{s, SeatCounts{Capacity: s.Rows * s.SeatsPerRow}})
	}
	p.complete()
	return p, nil
}

// UseHall sets the hall of the plan, which defines the sections and seats. The counts of a decoded row are preserved.
func (p *Performance) UseHall(hall *events.Hall) {
	sections := make([]Section, len(hall.Sections()))
	layout := events.NewHallLayout(hall, p.Prices)
	for i, s := range hall.Sections() {
		first, end := layout.Span(i)
		sections[i] = Section{s, SeatCounts{Capacity: int64(end - first)}}
		if i < len(p.Sections) {
			sections[i].Held, sections[i].Booked, sections[i].Blocked = p.Sections[i].Held, p.Sections[i].Booked,
				p.Sections[i].Blocked
		}
	}
	p.Sections, p.Layout = sections, layout
	if p.Areas == nil {
		p.Areas = AreasOf(layout)
	}
	p.complete()
}

// maxSeats bounds the number of seats of a performance, so that each fits an events.SeatIndex.
const maxSeats = 1 << 30

// checkSections returns an error if the creation of a performance can't be folded; nil if f is nil.
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

// complete computes the fields that the sections determine.
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
	switch {
	case p.Plan == "":
		p.Layout = events.NewLayout(sections)
	case p.Layout != nil:
		p.Layout = events.NewHallLayout(p.Layout.Hall(), p.Prices)
	}
}

// AppendPerformance appends the record of a performance: all but the id.
func AppendPerformance(dst []byte, p *Performance) []byte {
	dst = AppendString(AppendString(AppendString(dst, p.Title), p.Venue), string(p.WaitingRoom))
	dst = AppendMoment(AppendMoment(AppendMoment(dst, p.StartsAt), p.OpensAt), p.ClosesAt)
	dst = appendPrices(AppendString(AppendCancellation(dst, p.Cancellation), string(p.Plan)), p.Prices)
	for _, n := range [...]int64{p.HoldSeconds, p.LimitPerHolder, int64(p.Edited), int64(p.Revision), int64(p.Position),
		p.Blocks, int64(len(p.Sections))} {
		dst = AppendInt(dst, n)
	}
	dst = AppendTime(AppendTime(dst, p.Created), p.Updated)
	dst = AppendCancelled(dst, &p.Cancelled)
	for i := range p.Sections {
		s := &p.Sections[i]
		dst = AppendString(AppendString(dst, string(s.ID)), s.DisplayName)
		for _, n := range [...]int64{s.Rows, s.SeatsPerRow, s.Price, s.Held, s.Booked, s.Blocked} {
			dst = AppendInt(dst, n)
		}
	}
	return appendAreas(dst, p.Areas)
}

// DecodePerformance reads what [AppendPerformance] wrote. A row with a plan needs UseHall. Error: [ErrRecord].
func DecodePerformance(id string, record []byte) (Performance, error) {
	r := NewReader(record)
	p := Performance{
		ID: events.PerformanceID(id), Title: r.Text(), Venue: r.Text(), WaitingRoom: events.RoomID(r.Text()),
		StartsAt: r.Moment(), SaleTimes: events.SaleTimes{OpensAt: r.Moment(), ClosesAt: r.Moment()},
		Cancellation: r.Cancellation(),
		Plan:         events.PlanID(r.Text()), Prices: r.prices(),
		HoldSeconds: r.Int(), LimitPerHolder: r.Int(), Edited: events.Revision(r.Int()), Revision: events.Revision(r.Int()),
		Position: events.Position(r.Int()), Blocks: r.Int(),
	}
	n := r.Int()
	p.Created, p.Updated = r.Time(), r.Time()
	p.Cancelled = r.Cancelled()
	for ; n > 0 && r.OK(); n-- {
		s := Section{
			Section: events.Section{ID: events.SectionID(r.Text()), DisplayName: r.Text(), Rows: r.Int(), SeatsPerRow: r.Int(),
				Price: r.Int()},
		}
		s.SeatCounts = SeatCounts{s.Rows * s.SeatsPerRow, r.Int(), r.Int(), r.Int()}
		p.Sections = append(p.Sections, s)
	}
	p.Areas = readAreas(&r)
	if err := r.Done(); err != nil {
		return Performance{}, err
	}
	p.complete()
	return p, nil
}

// Apply applies the next event of the performance's own stream, as [Product.Apply] does.
func (p *Performance) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return p.ApplyFact(e, fact)
}

// ApplyFact is Apply for an event whose fact has been decoded.
func (p *Performance) ApplyFact(e *events.Recorded, fact events.Fact) error {
	_, isCreation := fact.(*events.PerformanceCreated)
	if done, err := CheckNext(e, fact, revisionOf(p.ID != "", p.Revision), isCreation); done || err != nil {
		return err
	}
	if isCreation {
		created, err := NewPerformance(e, fact)
		if err == nil {
			*p = created
		}
		return err
	}
	switch f := fact.(type) {
	case *events.BlocksBegun, *events.BlocksChanged, *events.BlocksWithdrawn, *events.BlocksUndone:
		p.Revision = e.Revision // the seats and areas change by facts of their own streams
		return nil
	case *events.PerformanceEdited:
		if !p.edit(f) {
			return fmt.Errorf("%w: position %d: %s@%d has the prices of other sections", ErrViolated, e.Position, e.Stream,
				e.Revision)
		}
		p.Edited = e.Revision
	case *events.PerformanceCancelled:
		if !p.Cancelled.cancel(e, f.Reason) {
			return fmt.Errorf("%w: position %d: %s is cancelled twice", ErrViolated, e.Position, e.Stream)
		}
	case *events.PerformanceOpened, *events.PerformanceClosed:
	default:
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	p.Revision, p.Position, p.Updated = e.Revision, e.Position, e.Created
	return nil
}

// edit applies an edit, and reports whether it has prices for exactly the performance's sections or categories.
func (p *Performance) edit(f *events.PerformanceEdited) bool {
	if p.Plan != "" {
		if len(f.Prices) > 0 || !events.SameCategories(f.CategoryPrices, p.Prices) {
			return false
		}
		p.Prices = f.CategoryPrices
	} else if len(f.Prices) != len(p.Sections) {
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
	p.Sections = slices.Clone(p.Sections) // copies of the row share the old slice
	for i := range f.Prices {
		p.Sections[i].Price = f.Prices[i].Price
	}
	p.complete()
	return true
}
