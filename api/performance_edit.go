package api

import (
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
	"admitone/projections/row"
)

// performanceTimes reads the bounds of a new performance's sale. One that says nothing of its close
// closes when the show starts; null is none.
func performanceTimes(startsAt time.Time, opensAt, closesAt jsontext.Value) (times events.SaleTimes, err error) {
	opens, err := editedTime(fieldOpensAt, opensAt)
	if err != nil {
		return times, err
	}
	closes, err := editedTime(fieldClosesAt, closesAt)
	return events.SaleTimes{OpensAt: core.Or(opens, time.Time{}), ClosesAt: core.Or(closes, startsAt)}, err
}

// editPerformance changes one, unless it has been edited since. Its ETag moves with every seat, so
// the edit_tag alone is taken.
func (s *Server) editPerformance(r *request) error {
	if err := r.caller.must(RoleAdmin); err != nil {
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
		base.revision = neverGiven
	}
	command, err := newPerformanceEdit(r)
	if err != nil {
		return err
	}
	answer, err := r.ask(performance.Stream(id), command, base)
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && refusal.Code == core.CodeStaleRevision {
		return r.checkPrecondition(refusal, performance.Stream(id), base.revision, answer.Revision)
	}
	if err != nil {
		return err
	}
	edited, err := s.performanceAsEdited(id, answer.Position)
	if err != nil {
		return err
	}
	r.tagPerformance(&edited)
	return r.json(200, AppendPerformance(nil, &edited, nil))
}

// newPerformanceEdit reads and checks the body of an edit.
func newPerformanceEdit(r *request) (*performance.Edit, error) {
	var body struct {
		Title          *string                    `json:"title"`
		Venue          *string                    `json:"venue"`
		StartsAt       *string                    `json:"starts_at"`
		HoldSeconds    *int64                     `json:"hold_seconds"`
		LimitPerHolder *int64                     `json:"limit_per_holder"`
		OpensAt        jsontext.Value             `json:"opens_at"`
		ClosesAt       jsontext.Value             `json:"closes_at"`
		Prices         map[events.SectionID]int64 `json:"prices"`
		Cancellation   jsontext.Value             `json:"cancellation"`
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
		LimitPerHolder: body.LimitPerHolder, Prices: body.Prices}
	if body.StartsAt != nil {
		starts, err := timeOf("starts_at", *body.StartsAt)
		if err != nil {
			return nil, err
		}
		command.StartsAt = &starts
	}
	var err error
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

// performanceAsEdited returns a performance as its entity has it, with the counts of its seats as
// the views have them: an edit that succeeded must not be answered with an error because those are
// behind.
func (s *Server) performanceAsEdited(id events.PerformanceID, position events.Position) (row.Performance, error) {
	_ = s.seen(position)
	var edited row.Performance
	_, err := s.config.Desk.View(context.Background(), performance.Stream(id), func(c core.Core) {
		latest := c.(*performance.Performance).Latest()
		edited = untouched(&latest)
		edited.Edited = c.(*performance.Performance).EditRevision()
	})
	if err != nil {
		return edited, err
	}
	counted, ok, err := s.config.Views.Performance(id)
	if err != nil || !ok {
		edited.Position = position
		return edited, err
	}
	edited.SeatCounts, edited.Position = counted.SeatCounts, max(position, counted.Position)
	for i := range edited.Sections {
		edited.Sections[i].SeatCounts = counted.Sections[i].SeatCounts
	}
	return edited, nil
}
