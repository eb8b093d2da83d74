package history

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"admitone/events"
)

// source is a stream with events of a history.
type source struct {
	stream events.StreamID
	// about selects the events of the history; nil selects all.
	about func(fact events.Fact) bool
}

// ReadRelated returns a page of the history of one entity or holder with related events, after a position of the log: 0
// for the first page, else the next of the previous page. more reports whether there may be another page. The lines of
// a page are in the order of decision, which differs from the order of the log because refusals are recorded later.
//
// The history is that of [Read]. For a booking, it also has the events of its seats, areas, wallet and allowance that
// the booking caused. For every kind it has the refused commands, if the server records them.
//
// Errors: those of [Read].
func ReadRelated(ctx context.Context, store events.Store, kind, id string, after events.Position,
	limit int) (page []Line, next events.Position, more bool, err error) {
	known := find(kind)
	if known == nil || known.category == "" || kind == events.TeamCategory || kind == events.RefusalsCategory {
		page, cursor, more, err := Read(ctx, store, kind, id, uint64(after), limit)
		if err == nil {
			err = findCauses(ctx, store, page)
		}
		return byTime(page), events.Position(cursor), more, err
	}
	own := events.NewStreamID(known.category, id)
	currency, err := currencyOf(ctx, store, own)
	if err != nil {
		return nil, 0, false, err
	}
	first, err := store.Read(ctx, own, 0, events.Forward, readSize)
	if err != nil {
		return nil, 0, false, err
	}
	if len(first) == 0 {
		return nil, 0, false, ErrEmpty
	}
	sources, err := sourcesOf(own, first)
	if err != nil {
		return nil, 0, false, err
	}
	c := collector{ctx: ctx, store: store, after: after, upTo: events.EndPosition, limit: limit,
		budget: maxScanned, subj: subject{currency: currency}}
	for _, s := range sources {
		if err := c.read(s); err != nil {
			return nil, 0, false, err
		}
	}
	if err := c.refusals(own, first[0].Created); err != nil {
		return nil, 0, false, err
	}
	page, more = c.page()
	next = after
	if len(page) > 0 {
		next = page[len(page)-1].Position
	}
	if more && len(page) < limit {
		next = c.upTo
	}
	for lines := range slices.Chunk(page, causeLines) {
		if err := findCauses(ctx, store, lines); err != nil {
			return nil, 0, false, err
		}
	}
	return byTime(page), next, more, nil
}

func byTime(page []Line) []Line {
	slices.SortStableFunc(page, func(a, b Line) int { return a.Time.Compare(b.Time) })
	return page
}

// sourcesOf returns the streams with the history of an entity, given its first events.
func sourcesOf(own events.StreamID, first []events.Recorded) ([]source, error) {
	all := []source{{stream: own}}
	switch own.Category() {
	case events.PerformanceCategory, events.ProductCategory, events.TournamentCategory:
		return append(all, callOffSource(own)), nil
	}
	for i := range first {
		e := &first[i]
		fact, err := e.Decode()
		if err != nil {
			return nil, fmt.Errorf("position %d, %s@%d: %w", e.Position, e.Stream, e.Revision, err)
		}
		if held, ok := fact.(*events.BookingHeld); ok {
			return append(all, sourcesOfBooking(held)...), nil
		}
		if _, closed := fact.(*events.BookingAbandoned); !closed { // a closed attempt precedes the booking
			break
		}
	}
	return all, nil
}

func sourcesOfBooking(held *events.BookingHeld) (all []source) {
	about := func(fact events.Fact) bool { return events.BookingOf(fact) == held.BookingID }
	for _, s := range held.Seats {
		id := events.OfPerformance(held.PerformanceID, string(s.Seat))
		all = append(all, source{events.NewStreamID(events.SeatCategory, id), about})
	}
	for _, p := range held.Areas {
		id := events.OfPerformance(held.PerformanceID, string(p.Area))
		area := source{events.NewStreamID(events.AreaCategory, id), about}
		if !slices.ContainsFunc(all, func(s source) bool { return s.stream == area.stream }) {
			all = append(all, area)
		}
	}
	allowance := events.OfPerformance(held.PerformanceID, string(held.Holder))
	return append(all, source{events.NewStreamID(events.WalletCategory, string(held.Holder)), about},
		source{events.NewStreamID(events.AllowanceCategory, allowance), about})
}

// collector collects a page from several streams.
type collector struct {
	ctx   context.Context
	store events.Store
	// after and upTo bound the range of positions that has been read completely.
	after, upTo events.Position
	limit       int
	// budget is the number of events that may still be read.
	budget int
	lines  []Line
	subj   subject // includes everyone; has the currency
}

const (
	// readSize is the smallest and maxReadSize the largest number of events of a stream that are
	// read at a time.
	readSize, maxReadSize = 256, 2048
	// causeLines is the number of lines whose causes are searched together.
	causeLines = 500
)

// read collects up to limit lines of a source.
func (c *collector) read(s source) error {
	from, err := c.firstAfter(s.stream)
	if err != nil {
		return err
	}
	return c.scan(s.stream, from, func(e *events.Recorded) (bool, error) {
		if s.about != nil {
			fact, err := e.Decode()
			if err != nil || !s.about(fact) {
				return false, err
			}
		}
		line, _, err := describe(e, c.subj)
		if err == nil {
			c.lines = append(c.lines, line)
		}
		return err == nil, err
	})
}

// scan reads a stream up to upTo. If a page of matching events is found or the budget is used up, it stops and lowers
// upTo to the position reached.
func (c *collector) scan(stream events.StreamID, from events.Revision,
	visit func(*events.Recorded) (use bool, err error)) error {
	matched := 0
	for {
		size := min(max(c.limit-matched, readSize), maxReadSize)
		page, err := c.store.Read(c.ctx, stream, from, events.Forward, size)
		if err != nil {
			return err
		}
		for i := range page {
			if page[i].Position > c.upTo {
				return nil
			}
			use, err := visit(&page[i])
			if err != nil {
				return err
			}
			if use {
				matched++
			}
			if c.budget--; matched == c.limit || c.budget == 0 {
				c.upTo = page[i].Position
				return nil
			}
		}
		if len(page) < size {
			return nil
		}
		from = page[len(page)-1].Revision + 1
	}
}

// firstAfter returns the first revision of a stream after a position, by binary search.
func (c *collector) firstAfter(stream events.StreamID) (events.Revision, error) {
	if c.after == 0 {
		return 0, nil
	}
	last, err := c.store.Read(c.ctx, stream, events.EndRevision, events.Backward, 1)
	if err != nil || len(last) == 0 {
		return 0, err
	}
	low, high := events.Revision(0), last[0].Revision+1
	for low < high {
		middle := low + (high-low)/2
		page, err := c.store.Read(c.ctx, stream, middle, events.Forward, 1)
		if err != nil {
			return 0, err
		}
		if len(page) == 1 && page[0].Position <= c.after {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

// maxRefusalDays bounds the days whose refusals are searched.
const maxRefusalDays = 1000

// refusals collects the refusals about an entity that was created at a time.
func (c *collector) refusals(own events.StreamID, created time.Time) error {
	head, err := c.store.Head(c.ctx)
	if err != nil {
		return err
	}
	last, err := events.TimeOf(c.ctx, c.store, head)
	if err != nil {
		return err
	}
	if c.after > 0 {
		if created, err = events.TimeOf(c.ctx, c.store, c.after); err != nil {
			return err
		}
	}
	day, end := created.UTC().AddDate(0, 0, -1), last.UTC().AddDate(0, 0, 1) // clocks may differ
	for days := 0; days < maxRefusalDays && !day.After(end); days++ {
		stream := events.RefusalsOf(day)
		from, err := c.firstAfter(stream)
		if err != nil {
			return err
		}
		if err := c.scan(stream, from, func(e *events.Recorded) (bool, error) { return c.refusal(own, e) }); err != nil {
			return err
		}
		day = day.AddDate(0, 0, 1)
	}
	return nil
}

// refusal collects a refusal if it is about the entity.
func (c *collector) refusal(own events.StreamID, e *events.Recorded) (use bool, err error) {
	fact, err := e.Decode()
	if err != nil {
		return false, err
	}
	f, ok := fact.(*events.RefusalRecorded)
	if !ok || !isAbout(f, own) {
		return false, nil
	}
	line, _, err := describe(e, c.subj)
	if err == nil {
		c.lines = append(c.lines, line)
	}
	return err == nil, err
}

// isAbout reports whether a refusal is about an entity: the entity was requested, or the refusal was decided on it.
func isAbout(f *events.RefusalRecorded, own events.StreamID) bool {
	if f.Stream == string(own) || f.BeatenStream == string(own) {
		return true
	}
	performance, ok := strings.CutPrefix(f.Stream, events.PerformanceCategory+"-")
	return ok && own.Category() == events.SeatCategory && slices.ContainsFunc(f.Seats, func(seat events.SeatName) bool {
		return events.OfPerformance(events.PerformanceID(performance), string(seat)) == own.Entity()
	})
}

// page returns the first limit lines up to upTo, and whether there may be more.
func (c *collector) page() (page []Line, more bool) {
	slices.SortFunc(c.lines, func(a, b Line) int { return cmp.Compare(a.Position, b.Position) })
	for _, line := range c.lines {
		if line.Position > c.upTo {
			break
		}
		if len(page) == c.limit {
			return page, true
		}
		page = append(page, line)
	}
	return page, c.upTo < events.EndPosition
}
