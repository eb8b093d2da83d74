package bookings

import (
	"context"
	"time"

	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
)

// performanceInfo has the properties of a performance that the steps need.
type performanceInfo struct {
	id      events.PerformanceID
	holdFor time.Duration
	limit   int64         // maximum number of seats per holder, 0 for no limit
	room    events.RoomID // the waiting room that guards it, "" for none
	layout  *events.Layout
	// terms are the performance's terms, and at is the time when they were read.
	terms booking.Terms
	at    time.Time
	// creationTerms are the terms of its creation.
	creationTerms events.SaleTerms
}

var errNoPerformance = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such performance",
	Fields: map[string]any{"resource": "performance"}}

// performanceInfo reads a performance. Refusal: not_found.
func (b *Bookings) performanceInfo(ctx context.Context, id events.PerformanceID) (*performanceInfo, error) {
	var s performanceInfo
	var planned *performance.Create // set if it has a plan
	answer, err := b.desk.View(ctx, performance.Stream(id), func(c core.Core) {
		p := c.(*performance.Performance)
		created := p.Created()
		latest := p.Latest()
		s = performanceInfo{
			id:     created.ID,
			room:   created.WaitingRoom,
			layout: p.Layout(),
			terms: booking.Terms{SaleTerms: p.Terms(), Times: latest.SaleTimes,
				Cancellation: p.Cancellation(), StartsAt: latest.StartsAt, CalledOff: p.CalledOff()},
			creationTerms: events.SaleTerms{HoldSeconds: created.HoldSeconds, LimitPerHolder: created.LimitPerHolder},
		}
		if latest.Plan != "" {
			planned = new(performance.Create)
			*planned = latest
		}
	})
	switch {
	case err != nil:
		return nil, err
	case s.id == "":
		return nil, errNoPerformance
	}
	if planned != nil {
		hall, err := b.views.Hall(ctx, planned.Plan)
		if err != nil {
			return nil, err
		}
		s.layout = planned.Layout(hall)
	}
	s.at = answer.At
	s.applyTerms(s.terms.SaleTerms)
	if b.areas != nil {
		s.layout = s.layout.WithAreas(b.areas(id))
	}
	return &s, nil
}

// applyTerms sets holdFor and limit to the terms of a hold.
func (s *performanceInfo) applyTerms(terms events.SaleTerms) {
	if terms.HoldSeconds == 0 { // an old hold, whose facts do not have the terms
		terms = s.creationTerms
	}
	s.holdFor, s.limit = time.Duration(terms.HoldSeconds)*time.Second, terms.LimitPerHolder
}

// performanceOf reads the performance of a booking, with the terms of its current or most recent hold, which
// later edits don't affect. Refusal: not_found.
func (b *Bookings) performanceOf(ctx context.Context, state *booking.State) (*performanceInfo, error) {
	s, err := b.performanceInfo(ctx, state.PerformanceID)
	if err == nil {
		s.applyTerms(state.SaleTerms)
	}
	return s, err
}

// refusePurchase returns cancelled, not_open or sale_closed if the terms don't permit a purchase, otherwise
// nil. It is checked before anything is taken; in the end the booking decides.
func (s *performanceInfo) refusePurchase() *core.Refusal {
	return s.terms.Refuse(s.at)
}
