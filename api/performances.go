package api

import (
	"context"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/performance"
	"admitone/events"
	"admitone/projections"
)

func (s *Server) performanceRoutes() {
	s.handle(fiber.MethodPost, "/v1/performances", s.createPerformance)
	s.handle(fiber.MethodGet, "/v1/performances", s.past(s.listPerformances))
	s.handle(fiber.MethodGet, "/v1/performances/:id", s.past(s.getPerformance))
	s.seatRoutes()
	s.bookingRoutes()
	s.walletRoutes()
}

// createPerformance puts one on sale: 201 with it, or 200 with the one that was there
// already, created just like it.
func (s *Server) createPerformance(r *request) error {
	if err := r.caller.must(RoleAdmin); err != nil {
		return err
	}
	command, err := newPerformance(r)
	if err != nil {
		return err
	}
	answer, err := r.ask(performance.Stream(command.ID), command, nil)
	if err != nil {
		return err
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/performances/"+command.ID)
	if len(answer.Facts) == 0 { // its seats have gone on since
		if err := r.seen(answer.Position); err != nil {
			return err
		}
		row, err := s.performanceNow(command.ID)
		if err != nil {
			return err
		}
		r.tagPerformance(&row)
		return r.json(fiber.StatusOK, AppendPerformance(nil, &row, nil))
	}
	row := untouched(command, answer.Revision, answer.Position)
	r.tagPerformance(&row)
	return r.json(fiber.StatusCreated, AppendPerformance(nil, &row, nil))
}

// untouched is the row of a performance none of whose seats was ever asked for.
func untouched(c *performance.Create, revision events.Revision, position events.Position) projections.Performance {
	row := projections.Performance{
		ID: c.ID, Title: c.Title, Venue: c.Venue, StartsAt: c.StartsAt, HoldSeconds: c.HoldSeconds,
		LimitPerHolder: c.LimitPerHolder, WaitingRoom: c.WaitingRoom, Revision: revision, Position: position,
	}
	for _, section := range c.Sections {
		seats := projections.SeatCounts{Capacity: section.Rows * section.SeatsPerRow}
		row.Sections = append(row.Sections, projections.Section{Section: section, SeatCounts: seats})
		row.Capacity += seats.Capacity
	}
	return row
}

// newSection is a section in the body of a new performance.
type newSection struct {
	ID          string  `json:"id"`
	Name        *string `json:"name"`
	Rows        *int64  `json:"rows"`
	SeatsPerRow *int64  `json:"seats_per_row"`
	Price       *int64  `json:"price"`
}

// newPerformance reads what is to be put on sale.
func newPerformance(r *request) (*performance.Create, error) {
	var body struct {
		ID             *string      `json:"id"`
		Title          string       `json:"title"`
		Venue          string       `json:"venue"`
		StartsAt       *string      `json:"starts_at"`
		HoldSeconds    *int64       `json:"hold_seconds"`
		LimitPerHolder *int64       `json:"limit_per_holder"`
		WaitingRoom    *string      `json:"waiting_room"`
		Sections       []newSection `json:"sections"`
	}
	if err := r.decode(&body, false); err != nil {
		return nil, err
	}
	id, err := r.newID(body.ID)
	if err != nil {
		return nil, err
	}
	for _, text := range []struct{ field, value string }{{"title", body.Title}, {"venue", body.Venue}} {
		if !validText(text.value, maxName) {
			return nil, invalidField(text.field, "1 to 200 characters, none of them a control character")
		}
	}
	command := &performance.Create{ID: id, Title: body.Title, Venue: body.Venue}
	if body.StartsAt == nil {
		return nil, invalidField("starts_at", "say when it begins: an RFC 3339 time")
	}
	if command.StartsAt, err = timeOf("starts_at", *body.StartsAt); err != nil {
		return nil, err
	}
	if command.HoldSeconds, err = whole("hold_seconds", body.HoldSeconds, 300, 1, maxHold); err != nil {
		return nil, err
	}
	if command.LimitPerHolder, err = whole("limit_per_holder", body.LimitPerHolder, 0, 0, performance.MaxSeats); err != nil {
		return nil, err
	}
	if command.WaitingRoom, err = guardedBy(body.WaitingRoom); err != nil {
		return nil, err
	}
	command.Sections, err = sectionsOf(body.Sections)
	return command, err
}

// sectionsOf checks each section by itself; the rules check them together.
func sectionsOf(given []newSection) ([]events.Section, error) {
	sections := make([]events.Section, 0, len(given))
	for i, from := range given {
		field := func(name string) string { return fmt.Sprintf("sections.%d.%s", i, name) }
		if !validID(from.ID) {
			return nil, invalidField(field("id"), "1 to 64 of A-Z a-z 0-9 _ and -")
		}
		section := events.Section{ID: from.ID, DisplayName: from.ID}
		if from.Name != nil {
			if section.DisplayName = *from.Name; !validText(section.DisplayName, maxName) {
				return nil, invalidField(field("name"), "1 to 200 characters, none of them a control character")
			}
		}
		for _, number := range []struct {
			name        string
			given       *int64
			to          *int64
			least, most int64
		}{
			{"rows", from.Rows, &section.Rows, 1, performance.MaxSeats},
			{"seats_per_row", from.SeatsPerRow, &section.SeatsPerRow, 1, performance.MaxSeats},
			{"price", from.Price, &section.Price, 0, performance.MaxPrice},
		} {
			if number.given == nil {
				return nil, invalidField(field(number.name), "a section needs it")
			}
			var err error
			if *number.to, err = whole(field(number.name), number.given, 0, number.least, number.most); err != nil {
				return nil, err
			}
		}
		sections = append(sections, section)
	}
	return sections, nil
}

// timeOf reads a time that people plan for.
func timeOf(field, text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if t = t.UTC(); err != nil || t.Year() < 1970 || t.Year() > 9999 {
		return t, invalidField(field, "an RFC 3339 time from 1970 to 9999, such as 2031-05-01T20:00:00Z")
	}
	return t, nil
}

// span reads from and to, both included: dates, the last to its end, or times.
func (r *request) span() (from, before time.Time, err error) {
	for _, bound := range []struct {
		name string
		day  time.Duration
		to   *time.Time
	}{{"from", 0, &from}, {"to", 24 * time.Hour, &before}} {
		given := r.ctx.Query(bound.name)
		if given == "" {
			continue
		}
		if date, err := time.Parse(time.DateOnly, given); err == nil {
			*bound.to = date.Add(bound.day)
			continue
		}
		t, err := time.Parse(time.RFC3339Nano, given)
		if t = t.UTC(); err != nil || t.Year() < 1970 || t.Year() > 9999 {
			return from, before, refuse("bad_parameter", bound.name+" is a date, such as 2031-05-01, or an RFC 3339 time")
		}
		if bound.day > 0 {
			t = t.Add(1) // before is excluded
		}
		*bound.to = t
	}
	return from, before, nil
}

// listPerformances answers with a page of them, by when they begin.
func (s *Server) listPerformances(r *request) error {
	p, err := r.paging()
	if err != nil {
		return err
	}
	from, before, err := r.span()
	if err != nil {
		return err
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	rows, next, err := s.config.Views.Performances(from, before, p.after, p.limit)
	if err != nil {
		return err
	}
	if at == nil {
		return r.list(len(rows), next, func(dst []byte, i int) ([]byte, error) {
			return AppendPerformance(dst, &rows[i], nil), nil
		}, nil)
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	return r.list(len(rows), next, func(dst []byte, i int) ([]byte, error) {
		row, _, err := s.performanceAt(ctx, rows[i].ID, at)
		if err != nil || row == nil { // it did not exist yet
			return dst, err
		}
		return AppendPerformance(dst, row, nil), nil
	}, func(o *events.Object) { o.Raw("as_of", appendAsOf(nil, *at)) })
}

// performanceAt is a performance at a moment with its seats; nil if it did not exist
// by then.
func (s *Server) performanceAt(ctx context.Context, id string, at *projections.Moment) (*projections.Performance, *projections.SeatMap, error) {
	touched, err := s.config.Views.TouchedSeats(id)
	if err != nil {
		return nil, nil, err
	}
	return projections.PerformanceAt(ctx, s.config.Store, id, at.Position, touched)
}

// performance is a performance with its seats as they are or were, or not_found.
func (s *Server) performance(id string, at *projections.Moment) (row *projections.Performance, seats *projections.SeatMap, err error) {
	if at != nil {
		ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
		defer cancel()
		if row, seats, err = s.performanceAt(ctx, id, at); err == nil && row == nil {
			err = notFound("performance")
		}
		return row, seats, err
	}
	now, err := s.performanceNow(id)
	if err != nil {
		return nil, nil, err
	}
	seats, _, err = s.config.Views.SeatMap(id) // it exists, and never goes away
	return &now, seats, err
}

// getPerformance answers with one of them.
func (s *Server) getPerformance(r *request) error {
	id, err := r.param("id", "performance")
	if err != nil {
		return err
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	row := (*projections.Performance)(nil)
	if at != nil {
		row, _, err = s.performance(id, at)
	} else if now, missed := s.performanceNow(id); missed == nil {
		row = &now
	} else {
		err = missed
	}
	if err != nil {
		return err
	}
	if r.tagPerformance(row) {
		return r.notModified()
	}
	return r.json(fiber.StatusOK, AppendPerformance(nil, row, at))
}

// performanceNow is a performance as the views have it, or not_found.
func (s *Server) performanceNow(id string) (projections.Performance, error) {
	row, ok, err := s.config.Views.Performance(id)
	if err == nil && !ok {
		err = notFound("performance")
	}
	return row, err
}

// tagPerformance tags with the position: what a performance shows changes with its
// seats, and those have streams, and revisions, of their own.
func (r *request) tagPerformance(row *projections.Performance) (fresh bool) {
	return r.tag(events.Revision(row.Position))
}

// AppendPerformance appends a performance as the HTTP resource, with as_of if it is
// one of the past.
func AppendPerformance(dst []byte, p *projections.Performance, at *projections.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", p.ID)
	o.String("title", p.Title)
	o.String("venue", p.Venue)
	o.Time("starts_at", p.StartsAt)
	o.Int("hold_seconds", p.HoldSeconds)
	o.Int("limit_per_holder", p.LimitPerHolder)
	if p.WaitingRoom != "" {
		o.String("waiting_room", p.WaitingRoom)
	}
	appendCounts(&o, &p.SeatCounts)
	o.Key("sections")
	o.Buf = append(o.Buf, '[')
	for i := range p.Sections {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		o.Buf = appendSection(o.Buf, &p.Sections[i])
	}
	o.Buf = append(o.Buf, ']')
	o.Int("revision", int64(p.Position))
	o.Int("position", int64(p.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}

func appendSection(dst []byte, s *projections.Section) []byte {
	o := events.OpenObject(dst)
	o.String("id", s.ID)
	o.String("name", s.DisplayName)
	o.Int("rows", s.Rows)
	o.Int("seats_per_row", s.SeatsPerRow)
	o.Int("price", s.Price)
	appendCounts(&o, &s.SeatCounts)
	return o.Close()
}

func appendCounts(o *events.Object, c *projections.SeatCounts) {
	o.Int("capacity", c.Capacity)
	o.Int("remaining", c.Remaining())
	o.Int("held", c.Held)
	o.Int("booked", c.Booked)
	o.Int("blocked", c.Blocked)
}
