package projections

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"admitone/events"
)

// chapter is a stream that is a part of a story, or those of its events that are.
type chapter struct {
	stream events.StreamID
	// about says which events are; nil is all.
	about func(fact events.Fact) bool
}

// Story returns a page of what happened to one entity, or to one holder: what is
// behind a position of the log, which is 0 for the first page and else the next of the
// page before. more says whether there may be another page. Within a page lines are in
// the order of their times: refusals are written down a moment after they were said.
//
// It is [History] with all that belongs to it: of a booking also what happened to its
// seats, its holder's wallet and allowance because of it; and of everything the
// commands that were refused, where a server has recorded them.
//
// Errors: those of [History].
func Story(ctx context.Context, store events.Store, kind, id string, after events.Position, limit int) (page []Line, next events.Position, more bool, err error) {
	category := categoryOf(kind)
	if _, known := tales[category]; !known || kind == teamCategory || kind == events.RefusalsCategory {
		page, place, more, err := History(ctx, store, kind, id, uint64(after), limit)
		if err == nil {
			err = findCauses(ctx, store, page)
		}
		return byTime(page), events.Position(place), more, err
	}
	own := events.NewStreamID(category, id)
	first, err := store.Read(ctx, own, 0, events.Forward, 1)
	if err != nil {
		return nil, 0, false, err
	}
	if len(first) == 0 {
		return nil, 0, false, ErrNoHistory
	}
	chapters, err := chaptersOf(own, &first[0])
	if err != nil {
		return nil, 0, false, err
	}
	t := teller{ctx: ctx, store: store, after: after, upTo: events.EndPosition, limit: limit, budget: historyScan}
	for _, c := range chapters {
		if err := t.read(c); err != nil {
			return nil, 0, false, err
		}
	}
	if err := t.refusals(own, first[0].Created); err != nil {
		return nil, 0, false, err
	}
	page, more = t.page()
	next = after
	if len(page) > 0 {
		next = page[len(page)-1].Position
	}
	if more && len(page) < limit {
		next = t.upTo
	}
	return byTime(page), next, more, findCauses(ctx, store, page)
}

func byTime(page []Line) []Line {
	slices.SortStableFunc(page, func(a, b Line) int { return a.Time.Compare(b.Time) })
	return page
}

// chaptersOf are the streams in which the story of one is told, given its first event.
func chaptersOf(own events.StreamID, first *events.Recorded) ([]chapter, error) {
	all := []chapter{{stream: own}}
	fact, err := first.Decode()
	if err != nil {
		return nil, fmt.Errorf("position %d, %s@%d: %w", first.Position, first.Stream, first.Revision, err)
	}
	made, ok := fact.(*events.BookingHeld)
	if !ok {
		return all, nil
	}
	about := func(fact events.Fact) bool { return bookingOf(fact) == made.BookingID }
	for _, s := range made.Seats {
		all = append(all, chapter{events.NewStreamID(seatCategory, events.OfPerformance(made.PerformanceID, s.Seat)), about})
	}
	return append(all,
		chapter{events.NewStreamID(walletCategory, made.Holder), about},
		chapter{events.NewStreamID(allowanceCategory, events.OfPerformance(made.PerformanceID, made.Holder)), about}), nil
}

// bookingOf is the booking because of which something happened to a seat, a wallet or
// an allowance, "" if none.
func bookingOf(fact events.Fact) string {
	hold := ""
	switch f := fact.(type) {
	case *events.WalletDebited:
		return f.BookingID
	case *events.WalletRefunded:
		return f.BookingID
	case *events.WalletCancelled:
		return f.BookingID
	case *events.AllowanceTaken:
		hold = f.HoldID
	case *events.AllowanceExtended:
		hold = f.HoldID
	case *events.AllowanceKept:
		hold = f.HoldID
	case *events.AllowanceReleased:
		hold = f.HoldID
	case *events.AllowanceExpired:
		hold = f.HoldID
	default:
		step, _ := stepOf(fact)
		hold = step.holdID
	}
	id, _, _ := events.CutHoldID(hold)
	return id
}

// teller gathers a page out of several streams.
type teller struct {
	ctx   context.Context
	store events.Store
	// after and upTo bound what has been gathered completely.
	after, upTo events.Position
	limit       int
	// budget is how many events may still be looked at.
	budget int
	lines  []Line
}

// storyPage is how many events of a stream are read at once.
const storyPage = 256

// read gathers what a chapter has, up to limit lines.
func (t *teller) read(c chapter) error {
	from, err := t.firstBehind(c.stream)
	if err != nil {
		return err
	}
	return t.scan(c.stream, from, func(e *events.Recorded) (bool, error) {
		if c.about != nil {
			fact, err := e.Decode()
			if err != nil || !c.about(fact) {
				return false, err
			}
		}
		line, _, err := tell(e, whose{})
		if err == nil {
			t.lines = append(t.lines, line)
		}
		return err == nil, err
	})
}

// scan takes the events of a stream until there is a page of those that are of use, or
// enough was looked at; then it bounds upTo by where it has come.
func (t *teller) scan(stream events.StreamID, from events.Revision, take func(*events.Recorded) (use bool, err error)) error {
	found := 0
	for {
		page, err := t.store.Read(t.ctx, stream, from, events.Forward, storyPage)
		if err != nil {
			return err
		}
		for i := range page {
			if page[i].Position > t.upTo {
				return nil
			}
			use, err := take(&page[i])
			if err != nil {
				return err
			}
			if use {
				found++
			}
			if t.budget--; found == t.limit || t.budget == 0 {
				t.upTo = page[i].Position
				return nil
			}
		}
		if len(page) < storyPage {
			return nil
		}
		from = page[len(page)-1].Revision + 1
	}
}

// firstBehind is the first revision of a stream that lies behind after. It searches by
// halves.
func (t *teller) firstBehind(stream events.StreamID) (events.Revision, error) {
	if t.after == 0 {
		return 0, nil
	}
	last, err := t.store.Read(t.ctx, stream, events.EndRevision, events.Backward, 1)
	if err != nil || len(last) == 0 {
		return 0, err
	}
	low, high := events.Revision(0), last[0].Revision+1
	for low < high {
		middle := low + (high-low)/2
		page, err := t.store.Read(t.ctx, stream, middle, events.Forward, 1)
		if err != nil {
			return 0, err
		}
		if len(page) == 1 && page[0].Position <= t.after {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

// mostDays bounds the days in which refusals are looked for.
const mostDays = 1000

// refusals gathers what was refused about an entity that began at a time.
func (t *teller) refusals(own events.StreamID, began time.Time) error {
	head, err := t.store.Head(t.ctx)
	if err != nil {
		return err
	}
	last, err := events.TimeOf(t.ctx, t.store, head)
	if err != nil {
		return err
	}
	if t.after > 0 {
		if began, err = events.TimeOf(t.ctx, t.store, t.after); err != nil {
			return err
		}
	}
	day, end := began.UTC().AddDate(0, 0, -1), last.UTC().AddDate(0, 0, 1) // clocks differ
	for days := 0; days < mostDays && !day.After(end); days++ {
		stream := events.RefusalsOf(day)
		from, err := t.firstBehind(stream)
		if err != nil {
			return err
		}
		if err := t.scan(stream, from, func(e *events.Recorded) (bool, error) { return t.refusal(own, e) }); err != nil {
			return err
		}
		day = day.AddDate(0, 0, 1)
	}
	return nil
}

// refusal gathers one, if it is about the entity.
func (t *teller) refusal(own events.StreamID, e *events.Recorded) (use bool, err error) {
	fact, err := e.Decode()
	if err != nil {
		return false, err
	}
	f, ok := fact.(*events.RefusalRecorded)
	if !ok || !refusedOf(f, own) {
		return false, nil
	}
	line, _, err := tell(e, whose{})
	if err == nil {
		t.lines = append(t.lines, line)
	}
	return err == nil, err
}

// refusedOf says whether a refusal is about an entity: it was asked, it was asked for,
// or it was in the way.
func refusedOf(f *events.RefusalRecorded, own events.StreamID) bool {
	if f.Stream == string(own) || f.BeatenStream == string(own) {
		return true
	}
	performance, ok := strings.CutPrefix(f.Stream, performanceCategory+"-")
	return ok && own.Category() == seatCategory && slices.ContainsFunc(f.Seats, func(seat string) bool {
		return events.OfPerformance(performance, seat) == own.Entity()
	})
}

// page is what comes first of all that was gathered.
func (t *teller) page() (page []Line, more bool) {
	slices.SortFunc(t.lines, func(a, b Line) int { return cmp.Compare(a.Position, b.Position) })
	for _, line := range t.lines {
		if line.Position > t.upTo {
			break
		}
		if len(page) == t.limit {
			return page, true
		}
		page = append(page, line)
	}
	return page, t.upTo < events.EndPosition
}
