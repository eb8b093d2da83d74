package bookings

import (
	"context"
	"time"

	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
)

// performanceInfo is a performance as the steps need it.
type performanceInfo struct {
	id      events.PerformanceID
	holdFor time.Duration
	limit   int64         // seats a holder may have, 0 if any number
	room    events.RoomID // the waiting room that guards it, "" if none does
	layout  *events.Layout
	// on is what a booking is decided on that is made now, and at when that was read.
	on booking.Terms
	at time.Time
	// made are the terms of its creation.
	made events.SaleTerms
}

var errNoPerformance = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such performance",
	Fields: map[string]any{"resource": "performance"}}

// performanceInfo looks a performance up. Refusal: not_found.
func (b *Bookings) performanceInfo(ctx context.Context, id events.PerformanceID) (*performanceInfo, error) {
	var s performanceInfo
	answer, err := b.desk.View(ctx, performance.Stream(id), func(c core.Core) {
		p := c.(*performance.Performance)
		created, latest := p.Created(), p.Latest()
		s = performanceInfo{
			id:     created.ID,
			room:   created.WaitingRoom,
			layout: p.Layout(),
			on: booking.Terms{SaleTerms: p.Terms(), Times: latest.SaleTimes,
				Cancellation: p.Cancellation(), StartsAt: latest.StartsAt},
			made: events.SaleTerms{HoldSeconds: created.HoldSeconds, LimitPerHolder: created.LimitPerHolder},
		}
	})
	switch {
	case err != nil:
		return nil, err
	case s.id == "":
		return nil, errNoPerformance
	}
	s.at = answer.At
	s.use(s.on.SaleTerms)
	return &s, nil
}

// use sets what the steps of a hold on these terms go by.
func (s *performanceInfo) use(on events.SaleTerms) {
	if on.HoldSeconds == 0 { // the hold is from before performances could be edited
		on = s.made
	}
	s.holdFor, s.limit = time.Duration(on.HoldSeconds)*time.Second, on.LimitPerHolder
}

// performanceOf looks up the performance of a booking, as far as its present or last hold depends
// on it: later edits are not for what is held. Refusal: not_found.
func (b *Bookings) performanceOf(ctx context.Context, state *booking.State) (*performanceInfo, error) {
	s, err := b.performanceInfo(ctx, state.PerformanceID)
	if err == nil {
		s.use(state.SaleTerms)
	}
	return s, err
}

// closed refuses what can't be acquired when the performance was looked up: not_open, sale_closed.
// The booking itself decides; this comes before anything is taken.
func (s *performanceInfo) closed() *core.Refusal {
	return core.Sale{Times: s.on.Times}.Refuse(s.at)
}
