package api

import (
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
	"admitone/projections/row"
)

// performanceTimes parses the times at which the sale of a new performance opens and closes. By default the sale closes
// when the performance starts; with null it never does.
func performanceTimes(startsAt time.Time, opensAt, closesAt jsontext.Value) (times events.SaleTimes, err error) {
	opens, err := editedTime(fieldOpensAt, opensAt)
	if err != nil {
		return times, err
	}
	closes, err := editedTime(fieldClosesAt, closesAt)
	return events.SaleTimes{OpensAt: core.Or(opens, time.Time{}), ClosesAt: core.Or(closes, startsAt)}, err
}

// editPerformance edits a performance, unless it has been edited since If-Match. That must be an edit_tag, because the
// ETag changes with every seat.
func (s *Server) editPerformance(r *request) error {
	if err := r.caller.requireRole(RoleAdmin); err != nil {
		return err
	}
	id, err := param[events.PerformanceID](r, "id", "performance")
	if err != nil {
		return err
	}
	base, err := r.ifMatchEdit()
	if err != nil {
		return err
	}
	if !base.edit {
		base.revision = noSuchRevision
	}
	command, err := newPerformanceEdit(r)
	if err != nil {
		return err
	}
	if len(command.Areas) > 0 {
		command.Base = &base.revision
		return s.editAreas(r, id, command)
	}
	answer, err := r.dispatch(performance.Stream(id), command, base)
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && refusal.Code == core.CodeStaleRevision {
		return r.stalePrecondition(refusal, performance.Stream(id), base.revision, answer.Revision)
	}
	if err != nil {
		return err
	}
	edited, err := s.performanceAsEdited(id, answer.Position)
	if err != nil {
		return err
	}
	r.setPerformanceETag(&edited)
	return r.json(200, AppendPerformance(nil, &edited, nil))
}

// editAreas makes an edit that changes the capacity of areas.
func (s *Server) editAreas(r *request, id events.PerformanceID, edit *performance.Edit) error {
	var at events.Position
	err := r.keyed(func(command actors.CommandID) (err error) {
		ctx, cancel := r.answerContext()
		defer cancel()
		err = s.config.Bookings.EditAreas(ctx, bookings.EditAreas{Origin: r.origin(command), PerformanceID: id, Edit: edit})
		if err == nil {
			at, err = s.config.Store.Head(ctx) // at or after the last event of the edit
		}
		return err
	})
	r.noteHead()
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
		switch refusal.Code {
		case core.CodeStaleRevision:
			now, err := s.config.Desk.View(context.Background(), performance.Stream(id), func(core.Core) {})
			if err != nil {
				return err
			}
			return r.stalePrecondition(refusal, performance.Stream(id), *edit.Base, now.Revision)
		case core.CodeInvalidField:
			return invalidField(refusal.Fields.Field(), refusal.Detail)
		}
	}
	if err != nil {
		return err
	}
	_ = s.awaitViews(at) // a successful edit must not fail because the views lag
	edited, err := s.performanceAsEdited(id, 0)
	if err != nil {
		return err
	}
	r.setPerformanceETag(&edited)
	return r.json(200, AppendPerformance(nil, &edited, nil))
}

// newPerformanceEdit decodes and validates the body of an edit.
func newPerformanceEdit(r *request) (*performance.Edit, error) {
	var body struct {
		Title          *string        `json:"title"`
		Venue          *string        `json:"venue"`
		StartsAt       *string        `json:"starts_at"`
		HoldSeconds    *int64         `json:"hold_seconds"`
		LimitPerHolder *int64         `json:"limit_per_holder"`
		OpensAt        jsontext.Value `json:"opens_at"`
		ClosesAt       jsontext.Value `json:"closes_at"`
		Prices         jsontext.Value `json:"prices"`
		Cancellation   jsontext.Value `json:"cancellation"`
		Areas          areaPlaces     `json:"areas"`
	}
	if err := r.decode(&body, false, fieldOpensAt, fieldClosesAt, fieldCancellation); err != nil {
		return nil, err
	}
	for _, text := range []struct {
		field string
		value *string
	}{{"title", body.Title}, {"venue", body.Venue}} {
		if text.value != nil && !validText(*text.value, maxName) {
			return nil, invalidField(text.field, "1 to 200 characters, none of them a control character")
		}
	}
	if _, err := wholeNumber("hold_seconds", body.HoldSeconds, 1, 1, maxHold); err != nil {
		return nil, err
	}
	if _, err := wholeNumber("limit_per_holder", body.LimitPerHolder, 0, 0, performance.MaxSeats); err != nil {
		return nil, err
	}
	command := &performance.Edit{Title: body.Title, Venue: body.Venue, HoldSeconds: body.HoldSeconds,
		LimitPerHolder: body.LimitPerHolder}
	var err error
	if body.Areas != nil {
		if command.Areas, err = body.Areas.list(); err != nil {
			return nil, err
		}
	}
	if command.CategoryPrices, err = pricesOf(body.Prices); err != nil {
		return nil, err
	}
	command.Prices = sectionPrices(command.CategoryPrices)
	if body.StartsAt != nil {
		starts, err := timeOf("starts_at", *body.StartsAt)
		if err != nil {
			return nil, err
		}
		command.StartsAt = &starts
	}
	if command.OpensAt, err = editedTime(fieldOpensAt, body.OpensAt); err != nil {
		return nil, err
	}
	if command.ClosesAt, err = editedTime(fieldClosesAt, body.ClosesAt); err != nil || body.Cancellation == nil {
		return command, err
	}
	rule, err := newCancellation(body.Cancellation)
	command.Cancellation = &rule
	return command, err
}

// performanceAsEdited returns the current state of a performance. The seat counts are from the views, everything
// else is from the entity: a successful edit must not fail because the views lag.
func (s *Server) performanceAsEdited(id events.PerformanceID, position events.Position) (row.Performance, error) {
	_ = s.awaitViews(position)
	var latest performance.Create
	var revision events.Revision
	_, err := s.config.Desk.View(context.Background(), performance.Stream(id), func(c core.Core) {
		latest = c.(*performance.Performance).Latest()
		revision = c.(*performance.Performance).EditRevision()
	})
	var hall *events.Hall
	if err == nil && latest.Plan != "" {
		hall, err = s.config.Views.Hall(context.Background(), latest.Plan)
	}
	if err != nil {
		return row.Performance{}, err
	}
	edited := newPerformanceRow(&latest, hall)
	edited.Edited = revision
	counted, ok, err := s.config.Views.Performance(id)
	if err != nil || !ok {
		edited.Position = position
		return edited, err
	}
	edited.SeatCounts, edited.Position = counted.SeatCounts, max(position, counted.Position)
	edited.Areas = counted.Areas
	for i := range edited.Sections {
		edited.Sections[i].SeatCounts = counted.Sections[i].SeatCounts
	}
	return edited, nil
}

// sectionPrices converts prices of categories to prices of sections. It returns nil if there are price types, which
// sections don't have.
func sectionPrices(prices []events.CategoryPrice) map[events.SectionID]int64 {
	sections := make(map[events.SectionID]int64, len(prices))
	for _, p := range prices {
		if p.Type != "" {
			return nil
		}
		sections[events.SectionID(p.Category)] = p.Amount
	}
	return sections
}
