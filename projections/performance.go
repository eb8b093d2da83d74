package projections

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

// move takes one seat from a status to another.
func (c *SeatCounts) move(from, to seatMark) {
	for _, step := range [...]struct {
		mark seatMark
		by   int64
	}{{from, -1}, {to, 1}} {
		switch step.mark {
		case markHeld:
			c.Held += step.by
		case markBooked:
			c.Booked += step.by
		case markBlocked:
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
	ID, Title, Venue string
	StartsAt         time.Time
	// HoldSeconds is how long a booking may stay unpaid.
	HoldSeconds int64
	// LimitPerHolder is how many seats one holder may have; 0 is no limit.
	LimitPerHolder int64
	// WaitingRoom that guards the sale, "" if none does.
	WaitingRoom string
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

	layout *layout
	// blocks is how many blocks of seats have records.
	blocks int64
}

// clone returns a copy that the fold does not change.
func (p *Performance) clone() Performance {
	c := *p
	c.Sections = slices.Clone(p.Sections)
	return c
}

// newPerformance is the row behind the first event.
func newPerformance(e *events.Recorded, fact events.Fact) (Performance, error) {
	f, ok := fact.(*events.PerformanceCreated)
	if err := checkSections(e, f); !ok || err != nil {
		return Performance{}, fmt.Errorf("%w: position %d: a %s in %s: %v", ErrViolated, e.Position, fact.Name(), e.Stream, err)
	}
	p := Performance{
		ID: strings.Clone(e.Stream.Entity()), Title: f.Title, Venue: f.Venue, StartsAt: f.StartsAt.UTC(), HoldSeconds: f.HoldSeconds,
		LimitPerHolder: f.LimitPerHolder, WaitingRoom: f.WaitingRoom, Revision: e.Revision, Position: e.Position,
		Created: e.Created, Updated: e.Created,
	}
	for _, s := range f.Sections {
		p.Sections = append(p.Sections, Section{s, SeatCounts{Capacity: s.Rows * s.SeatsPerRow}})
	}
	p.complete()
	return p, nil
}

// mostSeats bounds a performance, so that a seat's number fits its type.
const mostSeats = 1 << 30

// checkSections says what can't be folded; nil for another fact.
func checkSections(e *events.Recorded, f *events.PerformanceCreated) error {
	if f == nil {
		return nil
	}
	if e.Revision != 0 {
		return fmt.Errorf("it is at revision %d", e.Revision)
	}
	seen, seats := map[string]bool{}, int64(0)
	for _, s := range f.Sections {
		if s.Rows < 1 || s.SeatsPerRow < 1 || s.Rows > mostSeats || s.SeatsPerRow > mostSeats || seen[s.ID] {
			return fmt.Errorf("a section %q of %d rows of %d", s.ID, s.Rows, s.SeatsPerRow)
		}
		seen[s.ID] = true
		if seats += s.Rows * s.SeatsPerRow; seats > mostSeats {
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
	p.layout = newLayout(sections)
}

func appendPerformance(dst []byte, p *Performance) []byte {
	dst = appendString(appendString(appendString(dst, p.Title), p.Venue), p.WaitingRoom)
	dst = appendMoment(dst, p.StartsAt)
	for _, n := range [...]int64{p.HoldSeconds, p.LimitPerHolder, int64(p.Revision), int64(p.Position), p.blocks, int64(len(p.Sections))} {
		dst = appendInt(dst, n)
	}
	dst = appendTime(appendTime(dst, p.Created), p.Updated)
	for i := range p.Sections {
		s := &p.Sections[i]
		dst = appendString(appendString(dst, s.ID), s.DisplayName)
		for _, n := range [...]int64{s.Rows, s.SeatsPerRow, s.Price, s.Held, s.Booked, s.Blocked} {
			dst = appendInt(dst, n)
		}
	}
	return dst
}

func decodePerformance(id string, record []byte) (Performance, error) {
	r := reader{rest: record}
	p := Performance{
		ID: id, Title: r.str(), Venue: r.str(), WaitingRoom: r.str(), StartsAt: r.moment(),
		HoldSeconds: r.int(), LimitPerHolder: r.int(), Revision: events.Revision(r.int()), Position: events.Position(r.int()), blocks: r.int(),
	}
	n := r.int()
	p.Created, p.Updated = r.time(), r.time()
	for ; n > 0 && !r.bad; n-- {
		s := Section{Section: events.Section{ID: r.str(), DisplayName: r.str(), Rows: r.int(), SeatsPerRow: r.int(), Price: r.int()}}
		s.SeatCounts = SeatCounts{s.Rows * s.SeatsPerRow, r.int(), r.int(), r.int()}
		p.Sections = append(p.Sections, s)
	}
	if err := r.done(); err != nil {
		return Performance{}, err
	}
	p.complete()
	return p, nil
}

// dateKey sorts performances by when they start, and then by id.
func dateKey(startsAt time.Time, id string) string {
	return startsAt.UTC().Format("2006-01-02T15:04:05.000000000Z") + " " + id
}

// performance returns a row that the fold does not change. The lock must be held.
func (k *boxOffice) performance(id string) (row Performance, ok bool, err error) {
	if e, ok := k.performances.memory(id); ok {
		return e.row.clone(), true, nil
	}
	return k.performances.stored(id)
}

// Performance returns the row of a performance, and whether it exists.
// Errors: the disk's.
func (p *Projections) Performance(id string) (Performance, bool, error) {
	if err := p.enter(); err != nil {
		return Performance{}, false, err
	}
	defer p.leave()
	p.mu.RLock()
	defer p.mu.RUnlock()
	return kindOf[*boxOffice](p).performance(id)
}

// Performances returns up to limit performances that start at from or later and
// before to (a zero time is no bound), ordered by when they start and then by id.
// next is the after of the next page, "" when there is none; it is text, made of a
// time and an id. Errors: the disk's.
func (p *Projections) Performances(from, to time.Time, after string, limit int) (page []Performance, next string, err error) {
	if err := p.enter(); err != nil {
		return nil, "", err
	}
	defer p.leave()
	begin, end := "", "\xff"
	if !from.IsZero() {
		begin = dateKey(from, "")
	}
	if !to.IsZero() {
		end = dateKey(to, "")
	}
	if after != "" {
		begin = max(begin, after+"\x00")
	}
	k := kindOf[*boxOffice](p)
	p.mu.RLock()
	dates, err := k.dates.scan(begin, end)
	p.mu.RUnlock()
	if err != nil {
		return nil, "", err
	}
	var keys []string
	err = dates.each(func(key string, _ *struct{}) bool {
		keys = append(keys, key)
		return len(keys) <= limit
	})
	if err != nil {
		return nil, "", err
	}
	if len(keys) > limit {
		keys = keys[:limit]
		next = keys[limit-1]
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, key := range keys {
		_, id, _ := strings.Cut(key, " ")
		row, _, err := k.performance(id)
		if err != nil {
			return nil, "", err
		}
		page = append(page, row)
	}
	return page, next, nil
}
