package performance

import (
	"reflect"
	"strings"
	"testing"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// inHall returns a creation with a plan of two categories, modified by change unless that is nil.
func inHall(change func(*Create)) *Create {
	c := gala(func(c *Create) {
		c.Sections, c.Plan, c.Categories = nil, "opera", []string{"Stalls", "Box"}
		c.Prices = []events.CategoryPrice{{Category: "Stalls", Type: "adult", Amount: 50}, {Category: "Stalls", Type: "press",
			Restricted: true}, {Category: "Box", Amount: 90}}
	})
	if change != nil {
		change(c)
	}
	return c
}

func TestCreateWithPlan(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Create)
		field  string
	}{
		"valid":               {nil, ""},
		"plan and sections":   {func(c *Create) { c.Sections = gala(nil).Sections }, "sections"},
		"category unpriced":   {func(c *Create) { c.Prices = c.Prices[:2] }, "prices"},
		"unknown category":    {func(c *Create) { c.Categories = c.Categories[:1] }, "prices"},
		"negative":            {func(c *Create) { c.Prices[2].Amount = -1 }, "prices"},
		"above the maximum":   {func(c *Create) { c.Prices[2].Amount = events.MaxPrice + 1 }, "prices"},
		"duplicate type":      {func(c *Create) { c.Prices[1].Type = "adult" }, "prices"},
		"second type unnamed": {func(c *Create) { c.Prices[1].Type = "" }, "prices"},
		"first type unnamed":  {func(c *Create) { c.Prices[0].Type = "" }, "prices"},
		"not grouped":         {func(c *Create) { c.Prices[1].Category, c.Prices[2].Category = "Box", "Stalls" }, "prices"},
		"long type":           {func(c *Create) { c.Prices[0].Type = strings.Repeat("x", events.MaxPriceType+1) }, "prices"},
		"control character":   {func(c *Create) { c.Prices[0].Type = "a\n" }, "prices"},
		"no plan":             {func(c *Create) { c.Plan, c.Sections = "", gala(nil).Sections }, "prices"},
	} {
		_, err := New().Decide(inHall(test.change), day)
		field := ""
		if err != nil {
			field = err.(*core.Refusal).Fields.Field()
		}
		if field != test.field {
			t.Errorf("%s: got %v, want field %q", name, err, test.field)
		}
	}
}

func TestEditWithPlan(t *testing.T) {
	p := New().(*Performance)
	facts, err := p.Decide(inHall(nil), day)
	if err != nil {
		t.Fatal(err)
	}
	for _, fact := range facts {
		p.Evolve(fact)
	}
	if p.Layout() != nil || p.Latest().Plan != "opera" {
		t.Errorf("got %+v, layout %v; want the plan opera and no layout", p.Latest(), p.Layout())
	}
	if again, err := p.Decide(inHall(nil), day); err != nil || again != nil {
		t.Errorf("repeated creation: got %v, %v; want no facts", again, err)
	}
	if _, err := p.Decide(inHall(func(c *Create) { c.Prices[0].Amount++ }), day); err == nil ||
		err.(*core.Refusal).Code != core.CodeAlreadyExists {
		t.Errorf("creation with different prices: got %v, want already_exists", err)
	}
	for _, bad := range []events.CategoryPrice{{Category: "Floor", Amount: 1}, {Category: "Box", Amount: -1}} {
		if _, err := p.Decide(&Edit{CategoryPrices: []events.CategoryPrice{bad}}, day); err == nil {
			t.Errorf("edit with price %+v: got no error, want one", bad)
		}
	}
	facts, err = p.Decide(&Edit{CategoryPrices: []events.CategoryPrice{{Category: "Stalls", Amount: 7}}}, day)
	if err != nil {
		t.Fatal(err)
	}
	p.Evolve(facts[0])
	want := []events.CategoryPrice{{Category: "Stalls", Amount: 7}, {Category: "Box", Amount: 90}}
	restored := coretest.RoundTrip(t, p.Freeze(), New).(*Performance)
	if !reflect.DeepEqual(p.Latest().Prices, want) || !reflect.DeepEqual(restored, p) {
		t.Errorf("got prices %+v, restored %+v; want %+v", p.Latest().Prices, restored.Latest().Prices, want)
	}
	facts, err = p.Decide(&Edit{HoldSeconds: new(int64(9))}, day)
	if err != nil || !reflect.DeepEqual(facts[0].(*events.PerformanceEdited).CategoryPrices, want) {
		t.Errorf("edit of hold_seconds: got %v, %v; want the same prices", facts, err)
	}
	coretest.RequirePanic(t, p, &events.PerformanceEdited{CategoryPrices: want[:1]})
}

// TestNearInShorterRows looks for alternatives in a row that is far shorter than the row of the requested seat.
func TestNearInShorterRows(t *testing.T) {
	plan := &events.SeatingPlan{Name: "P", Size: events.PlanSize{Width: 1, Height: 1}, Categories: []events.PriceCategory{{Name: "C"}},
		Zones: []events.PlanZone{{Name: "A", Rows: []events.PlanRow{{RowNumber: "1"}, {RowNumber: "2"}}}}}
	for row, seats := range []int{3, 20_000} {
		for i := range seats {
			number := strings.Repeat("x", i%20) + string(rune('a'+i/20%26)) + string(rune('a'+i/520%26)) + string(rune('a'+i/13520))
			plan.Zones[0].Rows[row].Seats = append(plan.Zones[0].Rows[row].Seats, events.PlanSeat{
				SeatGUID: number + string(rune('0'+row)), SeatNumber: number, Category: "C"})
		}
	}
	hall, err := plan.Compile()
	if err != nil {
		t.Fatal(err)
	}
	m := NewMap(events.NewHallLayout(hall, nil))
	if seats, ok := m.Best(0, 3); !ok || !reflect.DeepEqual(seats, []Seat{0, 1, 2}) {
		t.Errorf("best seats: got %v, %t; want [0 1 2], true", seats, ok)
	}
	m.Take(20_002)
	for _, choice := range m.Alternatives([]Seat{20_002}, 2, nil) {
		if len(choice) != 1 || !m.Free(choice[0]) {
			t.Errorf("alternative: got %v, want one free seat", choice)
		}
	}
}
