package kinds

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/product"
	"admitone/api"
	"admitone/cmd/admitone/load"
	"admitone/events"
	"admitone/projections/demand"
	"admitone/projections/row"
)

// performanceKind is a performance with numbered seats.
var performanceKind = register(&Kind{
	Name:        "performance",
	Rules:       performance.Kind,
	Show:        showPerformance,
	Command:     performanceCommand,
	WaitingRoom: func(c core.Core) events.RoomID { return c.(*performance.Performance).Latest().WaitingRoom },
	Settings: &Settings{
		Bounds: map[string][2]int64{"hold_seconds": {1, 86_400}, "limit_per_holder": {0, product.MaxStock}},
		Before: performanceBefore,
		Intent: performanceIntent,
	},
	Requests:        performanceRequests,
	RefusedRequests: performanceRefusedRequests,
	Figures:         performanceFigures,
	Scenario:        "seats",
	NewScenario:     load.Seats,
})

// showPerformance shows a performance with the states of its seats.
func showPerformance(ctx context.Context, store events.Store, id string, at row.Moment) (*Shown, error) {
	p, seats, err := row.PerformanceAt(ctx, store, events.PerformanceID(id), at.Position, nil)
	if err != nil || p == nil {
		return nil, err
	}
	currency, err := events.CurrencyIn(ctx, store, events.EndPosition)
	if err != nil {
		return nil, err
	}
	return &Shown{
		Text:  func(out io.Writer) error { return performanceText(out, p, currency) },
		JSON:  func(asOf *row.Moment) []byte { return api.AppendPerformance(nil, p, asOf) },
		Parts: func() Parts { return seatParts(seats) },
	}, nil
}

func performanceText(out io.Writer, p *row.Performance, c events.Currency) error {
	limit := "none"
	if p.LimitPerHolder > 0 {
		limit = fmt.Sprint(p.LimitPerHolder)
	}
	if _, err := fmt.Fprintf(out, `performance/%s  %s%s
  venue      %s, %s
  seats      %s
  limit      %s per holder
  holds      %d s%s
  position   %d
`, p.ID, p.Title, cancelledText(&p.Cancelled), p.Venue, events.FormatTime(p.StartsAt), seatsText(&p.SeatCounts), limit, p.HoldSeconds,
		saleText(p.SaleTimes), p.Position); err != nil {
		return err
	}
	for i := range p.Sections {
		s := &p.Sections[i]
		rows := fmt.Sprintf("%d rows", s.Rows)
		if s.SeatsPerRow > 0 {
			rows += fmt.Sprintf(" of %d at %s", s.SeatsPerRow, c.Text(s.Price))
		}
		if _, err := fmt.Fprintf(out, "  section    %s  %s: %s; %s\n", s.ID, s.DisplayName, rows,
			seatsText(&s.SeatCounts)); err != nil {
			return err
		}
	}
	for _, price := range p.Prices {
		if _, err := fmt.Fprintf(out, "  price      %s %s\n", strings.TrimSpace(price.Category+" "+price.Type),
			c.Text(price.Amount)); err != nil {
			return err
		}
	}
	return nil
}

func seatsText(c *row.SeatCounts) string {
	return fmt.Sprintf("%d = %d remaining + %d held + %d booked + %d blocked",
		c.Capacity, c.Remaining(), c.Held, c.Booked, c.Blocked)
}

func seatParts(m *row.SeatMap) Parts {
	p := Parts{Noun: "seat", Default: string(events.SeatIsFree), States: map[string]string{}}
	seats, _ := m.Seats("", "", 0, m.Len())
	for _, seat := range seats {
		if seat.Status != events.SeatIsFree {
			p.States[string(seat.Seat)] = string(seat.Status)
		}
	}
	return p
}

func performanceCommand(request *demand.Request, _ events.RoomID) (core.Command, error) {
	switch f := request.Fact.(type) {
	case *events.PerformanceCreated:
		return &performance.Create{ID: f.PerformanceID, Title: f.Title, Venue: f.Venue, StartsAt: f.StartsAt,
			HoldSeconds: f.HoldSeconds, LimitPerHolder: f.LimitPerHolder, WaitingRoom: f.WaitingRoom,
			Sections: f.Sections, SaleTimes: f.SaleTimes, Cancellation: f.Cancellation, Plan: f.Plan,
			Categories: pricedCategories(f.CategoryPrices), Prices: f.CategoryPrices}, nil
	case *events.PerformanceEdited:
		edit := &performance.Edit{Title: &f.Title, Venue: &f.Venue, StartsAt: &f.StartsAt, HoldSeconds: &f.HoldSeconds,
			LimitPerHolder: &f.LimitPerHolder, OpensAt: &f.OpensAt, ClosesAt: &f.ClosesAt,
			Prices: make(map[events.SectionID]int64, len(f.Prices)), Cancellation: &f.Cancellation,
			CategoryPrices: f.CategoryPrices}
		for _, p := range f.Prices {
			edit.Prices[p.Section] = p.Price
		}
		return edit, nil
	case *events.PerformanceCancelled:
		return &performance.Cancel{Reason: f.Reason}, nil
	}
	return nil, nil
}

// pricedCategories returns the categories that have prices. A recorded performance has a price for each category
// of its plan that is in use.
func pricedCategories(prices []events.CategoryPrice) (names []string) {
	for _, p := range prices {
		names = append(names, p.Category)
	}
	return names
}

func performanceBefore(fact events.Fact, p Policy) events.Fact {
	switch f := fact.(type) {
	case *events.PerformanceCreated:
		changed := *f
		p.Apply("hold_seconds", &changed.HoldSeconds)
		if changed.LimitPerHolder > 0 { // without a limit, nothing counted the seats of a holder before the range
			p.Apply("limit_per_holder", &changed.LimitPerHolder)
		}
		return &changed
	case *events.PerformanceEdited:
		changed := *f
		p.Apply("hold_seconds", &changed.HoldSeconds)
		if changed.LimitPerHolder > 0 {
			p.Apply("limit_per_holder", &changed.LimitPerHolder)
		}
		return &changed
	}
	return fact
}

func performanceIntent(fact events.Fact, p Policy) events.Fact {
	fact = performanceBefore(fact, p)
	switch f := fact.(type) {
	case *events.PerformanceCreated:
		p.Apply("limit_per_holder", &f.LimitPerHolder)
	case *events.PerformanceEdited:
		p.Apply("limit_per_holder", &f.LimitPerHolder)
	}
	return fact
}

func performanceRequests(request *demand.Request) []*Request {
	switch f := request.Fact.(type) {
	case *events.PerformanceCreated:
		sections := make([]members, len(f.Sections))
		for i, s := range f.Sections {
			sections[i] = members{"id": s.ID, "rows": s.Rows, "seats_per_row": s.SeatsPerRow, "price": s.Price}
			if s.DisplayName != "" {
				sections[i]["name"] = s.DisplayName
			}
		}
		body := members{"id": f.PerformanceID, "title": f.Title, "venue": f.Venue,
			"starts_at": f.StartsAt, "closes_at": nil, "hold_seconds": LongHold, "limit_per_holder": f.LimitPerHolder,
			"sections": sections}
		if f.Plan != "" {
			delete(body, "sections")
			body["plan"], body["prices"] = f.Plan, categoryPrices(f.CategoryPrices)
		}
		body["cancellation"] = cancellationOf(f.Cancellation)
		return setup(Post("/v1/performances", body, On(request.Stream, Exclusive)))
	case *events.PerformanceEdited:
		prices := make(members, len(f.Prices))
		for _, p := range f.Prices {
			prices[string(p.Section)] = p.Price
		}
		if len(f.CategoryPrices) > 0 {
			prices = categoryPrices(f.CategoryPrices)
		}
		body := members{"title": f.Title, "venue": f.Venue, "starts_at": f.StartsAt, "limit_per_holder": f.LimitPerHolder,
			"prices": prices, "cancellation": cancellationOf(f.Cancellation)}
		if f.Change != 0 {
			areas := members{}
			for _, a := range f.Areas {
				areas[string(a.Area)] = a.Places
			}
			body["areas"] = areas
		}
		return setup(&Request{Method: http.MethodPatch, Path: "/v1/performances/" + request.Stream.Entity(), Edit: true,
			Needs: []Need{On(request.Stream, Exclusive)}, Body: body})
	case *events.PerformanceCancelled:
		return cancelRequest(request, "performances", f.Reason)
	}
	return nil
}

// categoryPrices returns prices as a member of a request body.
func categoryPrices(prices []events.CategoryPrice) members {
	all := members{}
	for _, p := range prices {
		if p.Type == "" {
			all[p.Category] = p.Amount
			continue
		}
		types, _ := all[p.Category].([]members)
		all[p.Category] = append(types, members{"type": p.Type, "amount": p.Amount, "restricted": p.Restricted})
	}
	return all
}

func performanceRefusedRequests(f *events.RefusalRecorded, path []string) []*Request {
	if len(path) != 2 || path[1] != "bookings" {
		return nil
	}
	body := members(BookingBody(f.Holder, f.Seats, f.Areas))
	if len(f.Seats)+len(f.Areas) == 0 {
		best := members{"quantity": f.Quantity}
		if f.Section != "" {
			best["section"] = f.Section
		}
		body = members{"holder": f.Holder, "best_available": best}
	}
	return []*Request{{Method: f.Method, Path: f.Path, Body: body,
		Needs: []Need{On(performance.Stream(events.PerformanceID(path[0])), Exclusive)}}}
}

func performanceFigures(ctx context.Context, store events.Store, id string,
	at events.Position) (map[string]int64, error) {
	row, _, err := row.PerformanceAt(ctx, store, events.PerformanceID(id), at, nil)
	if err != nil {
		return nil, err
	}
	return map[string]int64{"held": row.Held, "booked": row.Booked}, nil
}
