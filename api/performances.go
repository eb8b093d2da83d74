package api

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"admitone/actors/performance"
	"admitone/api/codes"
	"admitone/api/input"
	"admitone/events"
	"admitone/projections/row"
)

func init() {
	register(kind{collection: "performances", rules: performance.Kind, routes: (*Server).performanceRoutes})
}

func (s *Server) performanceRoutes() {
	s.handle(fiber.MethodPost, "/v1/performances", s.createPerformance)
	s.handle(fiber.MethodGet, "/v1/performances", s.limitPastReads(s.listPerformances))
	s.handle(fiber.MethodGet, "/v1/performances/:id", s.limitPastReads(s.getPerformance))
	s.handle(fiber.MethodPatch, "/v1/performances/:id", s.editPerformance)
	s.seatRoutes()
}

// createPerformance creates a performance: 201, or 200 if one with the same values exists.
func (s *Server) createPerformance(r *request) error {
	if err := r.caller.requireRole(RoleAdmin); err != nil {
		return err
	}
	command, hall, err := newPerformance(r)
	if err != nil {
		return err
	}
	answer, err := r.dispatchNew(performance.Stream(command.ID), command)
	if err != nil {
		return err
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/performances/"+string(command.ID))
	if len(answer.Facts) == 0 { // its seats may have changed since
		if err := r.server.awaitViews(answer.Position); err != nil {
			return err
		}
		row, err := s.performanceNow(command.ID)
		if err != nil {
			return err
		}
		r.setPerformanceETag(&row)
		return r.json(fiber.StatusOK, AppendPerformance(nil, &row, nil))
	}
	row := newPerformanceRow(command, hall)
	row.Position = answer.Position
	r.setPerformanceETag(&row)
	return r.json(fiber.StatusCreated, AppendPerformance(nil, &row, nil))
}

// newPerformanceRow returns the row of a performance that has just been created. hall is that of its plan, nil if
// it has no plan.
func newPerformanceRow(c *performance.Create, hall *events.Hall) row.Performance {
	performance := row.Performance{
		ID: c.ID, Title: c.Title, Venue: c.Venue, StartsAt: c.StartsAt, HoldSeconds: c.HoldSeconds,
		LimitPerHolder: c.LimitPerHolder, WaitingRoom: c.WaitingRoom, SaleTimes: c.SaleTimes,
		Cancellation: c.Cancellation, Plan: c.Plan, Prices: c.Prices,
	}
	if c.Plan != "" {
		performance.UseHall(hall)
		return performance
	}
	for _, section := range c.Sections {
		seats := row.SeatCounts{Capacity: section.Rows * section.SeatsPerRow}
		performance.Sections = append(performance.Sections, row.Section{Section: section, SeatCounts: seats})
		performance.Capacity += seats.Capacity
	}
	return performance
}

// newSection is a section in the body of a new performance.
type newSection struct {
	ID          string  `json:"id"`
	Name        *string `json:"name"`
	Rows        *int64  `json:"rows"`
	SeatsPerRow *int64  `json:"seats_per_row"`
	Price       *int64  `json:"price"`
}

// performanceBody is the body of a new performance.
type performanceBody struct {
	ID             *events.PerformanceID `json:"id"`
	Title          string                `json:"title"`
	Venue          string                `json:"venue"`
	StartsAt       *string               `json:"starts_at"`
	HoldSeconds    *int64                `json:"hold_seconds"`
	LimitPerHolder *int64                `json:"limit_per_holder"`
	WaitingRoom    *events.RoomID        `json:"waiting_room"`
	Sections       []newSection          `json:"sections"`
	Plan           *events.PlanID        `json:"plan"`
	Prices         jsontext.Value        `json:"prices"`
	OpensAt        jsontext.Value        `json:"opens_at"`
	ClosesAt       jsontext.Value        `json:"closes_at"`
	Cancellation   jsontext.Value        `json:"cancellation"`
}

// newPerformance decodes and validates the body. It also returns the hall of the plan in the body, nil if there is no
// plan.
func newPerformance(r *request) (*performance.Create, *events.Hall, error) {
	var body performanceBody
	if err := r.decode(&body, false, fieldOpensAt, fieldClosesAt, fieldCancellation); err != nil {
		return nil, nil, err
	}
	id, err := newID(r, body.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, text := range []struct{ field, value string }{{"title", body.Title}, {"venue", body.Venue}} {
		if !validText(text.value, maxName) {
			return nil, nil, invalidField(text.field, "1 to 200 characters, none of them a control character")
		}
	}
	command := &performance.Create{ID: id, Title: body.Title, Venue: body.Venue}
	if body.StartsAt == nil {
		return nil, nil, invalidField("starts_at", "the start is missing: an RFC 3339 time")
	}
	if command.StartsAt, err = timeOf("starts_at", *body.StartsAt); err != nil {
		return nil, nil, err
	}
	if command.HoldSeconds, err = wholeNumber("hold_seconds", body.HoldSeconds, 300, 1, maxHold); err != nil {
		return nil, nil, err
	}
	if command.LimitPerHolder, err = wholeNumber("limit_per_holder", body.LimitPerHolder, 0, 0,
		performance.MaxSeats); err != nil {
		return nil, nil, err
	}
	if command.WaitingRoom, err = waitingRoomOf(body.WaitingRoom); err != nil {
		return nil, nil, err
	}
	if command.SaleTimes, err = performanceTimes(command.StartsAt, body.OpensAt, body.ClosesAt); err != nil {
		return nil, nil, err
	}
	if command.Cancellation, err = newCancellation(body.Cancellation); err != nil {
		return nil, nil, err
	}
	if body.Plan == nil {
		if len(body.Prices) > 0 {
			return nil, nil, invalidField("prices", "prices are only allowed with a plan; give each section a price instead")
		}
		command.Sections, err = sectionsOf(body.Sections)
		return command, nil, err
	}
	hall, err := r.setPlan(command, &body)
	return command, hall, err
}

// sectionsOf validates the sections one by one. The performance's core checks that they are compatible.
func sectionsOf(given []newSection) ([]events.Section, error) {
	sections := make([]events.Section, 0, len(given))
	for i, from := range given {
		field := func(name string) string { return fmt.Sprintf("sections.%d.%s", i, name) }
		if !input.ValidID(from.ID) {
			return nil, invalidField(field("id"), "1 to 64 of A-Z a-z 0-9 _ and -")
		}
		section := events.Section{ID: events.SectionID(from.ID), DisplayName: from.ID}
		if from.Name != nil {
			if section.DisplayName = *from.Name; !validText(section.DisplayName, maxName) {
				return nil, invalidField(field("name"), "1 to 200 characters, none of them a control character")
			}
		}
		for _, number := range []struct {
			name     string
			given    *int64
			to       *int64
			min, max int64
		}{
			{"rows", from.Rows, &section.Rows, 1, performance.MaxSeats},
			{"seats_per_row", from.SeatsPerRow, &section.SeatsPerRow, 1, performance.MaxSeats},
			{"price", from.Price, &section.Price, 0, events.MaxPrice},
		} {
			if number.given == nil {
				return nil, invalidField(field(number.name), "a section needs it")
			}
			var err error
			if *number.to, err = wholeNumber(field(number.name), number.given, 0, number.min,
				number.max); err != nil {
				return nil, err
			}
		}
		sections = append(sections, section)
	}
	return sections, nil
}

// timeOf parses an RFC 3339 time from 1970 to 9999.
func timeOf(field, text string) (time.Time, error) {
	t, err := events.ParseTime(text)
	if err != nil || t.Year() < 1970 || t.Year() > 9999 {
		return t, invalidField(field, "an RFC 3339 time from 1970 to 9999, such as 2031-05-01T20:00:00Z")
	}
	return t, nil
}

// dateRange parses the query parameters from and to, which are dates or times, and both inclusive. It returns the range
// of start times from (inclusive) to before (exclusive); zero means no bound.
func (r *request) dateRange() (from, before time.Time, err error) {
	for _, bound := range []struct {
		name string
		day  time.Duration // added to a date
		to   *time.Time
	}{{"from", 0, &from}, {"to", 24 * time.Hour, &before}} {
		given := r.plusQuery(bound.name)
		if given == "" {
			continue
		}
		if date, err := time.Parse(time.DateOnly, given); err == nil {
			*bound.to = date.Add(bound.day)
			continue
		}
		t, err := events.ParseTime(given)
		if err != nil || t.Year() < 1970 || t.Year() > 9999 {
			return from, before, refuse(codes.BadParameter,
				bound.name+" is a date, such as 2031-05-01, or an RFC 3339 time")
		}
		if bound.day > 0 {
			t = t.Add(1) // to is inclusive, before is exclusive
		}
		*bound.to = t
	}
	return from, before, nil
}

// listPerformances answers with a page of the performances, by start time.
func (s *Server) listPerformances(r *request) error {
	p, err := r.paging()
	if err != nil {
		return err
	}
	from, before, err := r.dateRange()
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
	ctx, cancel := context.WithTimeout(context.Background(), pastTimeout)
	defer cancel()
	return r.list(len(rows), next, func(dst []byte, i int) ([]byte, error) {
		row, _, err := s.performanceAt(ctx, rows[i].ID, at)
		if err != nil || row == nil { // it did not exist yet
			return dst, err
		}
		return AppendPerformance(dst, row, nil), nil
	}, func(o *events.Object) { o.Raw("as_of", appendAsOf(nil, *at)) })
}

// performanceAt returns the state of a performance and of its seats at a moment, nil if it did not exist
// yet.
func (s *Server) performanceAt(ctx context.Context, id events.PerformanceID, at *row.Moment,
) (*row.Performance, *row.SeatMap, error) {
	touched, err := s.config.Views.TouchedSeats(id)
	if err != nil {
		return nil, nil, err
	}
	return row.PerformanceAt(ctx, s.config.Store, id, at.Position, touched)
}

// performance returns the state of a performance and of its seats at a moment, nil for the present. Errors:
// not_found; the views' or the store's.
func (s *Server) performance(id events.PerformanceID,
	at *row.Moment) (performance *row.Performance, seats *row.SeatMap, err error) {
	if at != nil {
		ctx, cancel := context.WithTimeout(context.Background(), pastTimeout)
		defer cancel()
		if performance, seats, err = s.performanceAt(ctx, id, at); err == nil && performance == nil {
			err = notFound("performance")
		}
		return performance, seats, err
	}
	now, err := s.performanceNow(id)
	if err != nil {
		return nil, nil, err
	}
	seats, _, err = s.config.Views.SeatMap(id) // it exists: performances are never deleted
	return &now, seats, err
}

// getPerformance answers with the present or a past state of a performance.
func (s *Server) getPerformance(r *request) error {
	id, err := param[events.PerformanceID](r, "id", "performance")
	if err != nil {
		return err
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	performance := (*row.Performance)(nil)
	if at != nil {
		performance, _, err = s.performance(id, at)
	} else if now, missed := s.performanceNow(id); missed == nil {
		performance = &now
	} else {
		err = missed
	}
	if err != nil {
		return err
	}
	if r.setPerformanceETag(performance) {
		return r.notModified()
	}
	return r.json(fiber.StatusOK, AppendPerformance(nil, performance, at))
}

// performanceNow returns a performance from the views. Errors: not_found; the views'.
func (s *Server) performanceNow(id events.PerformanceID) (row.Performance, error) {
	row, ok, err := s.config.Views.Performance(id)
	if err == nil && !ok {
		err = notFound("performance")
	}
	return row, err
}

// setPerformanceETag sets the ETag to the position, because a performance shows its seats, whose streams have
// revisions of their own. It reports whether the client has that version already.
func (r *request) setPerformanceETag(performance *row.Performance) (fresh bool) {
	return r.setETag(events.Revision(performance.Position))
}

// AppendPerformance appends a performance as the HTTP resource, with as_of unless at is nil.
func AppendPerformance(dst []byte, p *row.Performance, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", string(p.ID))
	o.String("title", p.Title)
	o.String("venue", p.Venue)
	o.Time("starts_at", p.StartsAt)
	o.Int("hold_seconds", p.HoldSeconds)
	o.Int("limit_per_holder", p.LimitPerHolder)
	if p.WaitingRoom != "" {
		o.String("waiting_room", string(p.WaitingRoom))
	}
	p.AppendSaleTimes(&o)
	appendCancellation(&o, p.Cancellation)
	appendCancelled(&o, &p.Cancelled)
	if p.Plan != "" {
		o.String("plan", string(p.Plan))
		events.AppendPrices(&o, p.Prices)
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
	appendAreas(&o, p.Areas)
	o.String("edit_tag", editTag(p.Edited))
	o.Int("revision", int64(p.Position))
	o.Int("position", int64(p.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}

func appendSection(dst []byte, s *row.Section) []byte {
	o := events.OpenObject(dst)
	o.String("id", string(s.ID))
	o.String("name", s.DisplayName)
	o.Int("rows", s.Rows)
	if s.SeatsPerRow > 0 { // otherwise a plan defines the seats
		o.Int("seats_per_row", s.SeatsPerRow)
		o.Int("price", s.Price)
	}
	appendCounts(&o, &s.SeatCounts)
	return o.Close()
}

func appendCounts(o *events.Object, c *row.SeatCounts) {
	o.Int("capacity", c.Capacity)
	o.Int("remaining", c.Remaining())
	o.Int("held", c.Held)
	o.Int("booked", c.Booked)
	o.Int("blocked", c.Blocked)
}
