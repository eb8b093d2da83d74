package api

import (
	"context"
	"fmt"

	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/events"
	"admitone/projections"
)

// pastShow is a performance with its seats at a moment of the past.
type pastShow struct {
	row    projections.Performance
	layout *performance.Layout
	// marks has those of the seats that somebody had asked for by then.
	marks map[performance.Seat]events.SeatStatus
}

// status of a seat.
func (p *pastShow) status(seat performance.Seat) events.SeatStatus {
	if mark, ok := p.marks[seat]; ok {
		return mark
	}
	return events.SeatIsFree
}

// showAt is a performance at a moment, or not_found.
func (s *Server) showAt(now *projections.Performance, at *projections.Moment) (*pastShow, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	were, err := showsAt(ctx, s.config.Store, []projections.Performance{*now}, at.Position)
	if err != nil {
		return nil, err
	}
	if len(were) == 0 {
		return nil, notFound("performance")
	}
	return were[0], nil
}

// PerformanceAt is a performance as it was at a position; nil if it did not exist by
// then. It reads the log from there on where the performance was made. Errors: the
// store's.
func PerformanceAt(ctx context.Context, store events.Store, id string, position events.Position) (*projections.Performance, error) {
	were, err := showsAt(ctx, store, []projections.Performance{{ID: id}}, position)
	if err != nil || len(were) == 0 {
		return nil, err
	}
	return &were[0].row, nil
}

// showsAt returns those of the performances that existed at a position, as they were.
// It reads the log from where the first of them was made: their seats have streams
// of their own, and which were touched is nowhere else.
func showsAt(ctx context.Context, store events.Store, now []projections.Performance, position events.Position) ([]*pastShow, error) {
	var were []*pastShow
	byID := map[string]*pastShow{}
	first := position
	for i := range now {
		show, err := createdAt(ctx, store, now[i].ID, position)
		if err != nil {
			return nil, err
		}
		if show != nil {
			were, first = append(were, show), min(first, show.row.Position)
			byID[show.row.ID] = show
		}
	}
	if len(were) == 0 {
		return nil, nil
	}
	for e, err := range events.All(ctx, store, first) {
		if err != nil {
			return nil, err
		}
		if e.Position > position {
			break
		}
		if e.Stream.Category() != seat.Category {
			continue
		}
		id, name := events.CutPerformance(e.Stream.Entity())
		if show := byID[id]; show != nil {
			if err := show.take(&e, name); err != nil {
				return nil, err
			}
		}
	}
	for _, show := range were {
		show.count()
	}
	return were, nil
}

// createdAt is a performance as it was made, nil if that was later.
func createdAt(ctx context.Context, store events.Store, id string, position events.Position) (*pastShow, error) {
	var show *pastShow
	err := projections.UpTo(ctx, store, performance.Stream(id), position, func(e *events.Recorded) error {
		fact, err := e.Decode()
		if err != nil {
			return err
		}
		f, ok := fact.(*events.PerformanceCreated)
		if !ok {
			return fmt.Errorf("a %s in %s", fact.Name(), e.Stream)
		}
		show = &pastShow{layout: performance.NewLayout(f.Sections), marks: map[performance.Seat]events.SeatStatus{}}
		show.row = untouched(&performance.Create{ID: f.PerformanceID, Title: f.Title, Venue: f.Venue, StartsAt: f.StartsAt,
			HoldSeconds: f.HoldSeconds, LimitPerHolder: f.LimitPerHolder, WaitingRoom: f.WaitingRoom, Sections: f.Sections}, e.Revision, e.Position)
		return nil
	})
	return show, err
}

// take takes the next event of one of its seats in.
func (p *pastShow) take(e *events.Recorded, name string) error {
	at, ok := p.layout.Find(name)
	if !ok {
		return fmt.Errorf("%s is not in the performance's layout", e.Stream)
	}
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	switch fact.(type) {
	case *events.SeatHeld:
		p.marks[at] = events.SeatIsHeld
	case *events.SeatBooked:
		p.marks[at] = events.SeatIsBooked
	case *events.SeatBlocked:
		p.marks[at] = events.SeatIsBlocked
	case *events.SeatReleased, *events.SeatExpired, *events.SeatUnblocked:
		p.marks[at] = events.SeatIsFree
	default:
		return nil // a deadline moved, which nothing here shows
	}
	p.row.Position = e.Position
	return nil
}

// count adds the seats up, by section and over all.
func (p *pastShow) count() {
	for at, mark := range p.marks {
		section, _, _ := p.layout.Place(at)
		for _, counts := range []*projections.SeatCounts{&p.row.SeatCounts, &p.row.Sections[section].SeatCounts} {
			switch mark {
			case events.SeatIsHeld:
				counts.Held++
			case events.SeatIsBooked:
				counts.Booked++
			case events.SeatIsBlocked:
				counts.Blocked++
			}
		}
	}
}

// seats returns a page of them, as [projections.SeatMap.Seats] does.
func (p *pastShow) seats(section string, status events.SeatStatus, after uint64, limit int) (page []projections.Seat, next uint64) {
	from, end := performance.Seat(0), performance.Seat(p.layout.Seats())
	if section != "" {
		from, end = p.layout.Span(p.layout.Section(section))
	}
	for at := max(from, performance.Seat(min(after, uint64(end)))); at < end; at++ {
		stood := p.status(at)
		if status != "" && stood != status {
			continue
		}
		if len(page) == limit {
			return page, uint64(at)
		}
		page = append(page, projections.Seat{Seat: p.layout.Name(at), Status: stood, Price: p.layout.Price(at)})
	}
	return page, 0
}
