package verify

import (
	"testing"
	"time"

	"admitone/events"
)

// TestPricesAreHeldToThePlan: the prices of a performance for its plan's categories, and the price
// of a held seat.
func TestPricesAreHeldToThePlan(t *testing.T) {
	plan, err := events.ParsePlan([]byte(tinyPlan))
	if err != nil {
		t.Fatal(err)
	}
	hall, err := plan.Compile()
	if err != nil {
		t.Fatal(err)
	}
	c, d := events.CategoryPrice{Category: "C", Type: "a", Amount: 5}, events.CategoryPrice{Category: "D", Amount: 7}
	second := events.CategoryPrice{Category: "C", Type: "b", Amount: 3}
	created := func(prices ...events.CategoryPrice) *events.PerformanceCreated {
		return &events.PerformanceCreated{PerformanceID: "g", HoldSeconds: 60, Plan: "p", CategoryPrices: prices}
	}
	edited := func(prices ...events.CategoryPrice) *events.PerformanceEdited {
		return &events.PerformanceEdited{HoldSeconds: 60, CategoryPrices: prices}
	}
	sections := []events.Section{{ID: "A", Rows: 1, SeatsPerRow: 1}}
	for i, line := range []struct {
		facts []events.Fact
		rule  Rule
	}{
		{[]events.Fact{created(c, second, d), edited(c, d)}, ""},
		{[]events.Fact{created(c)}, RuleLayout},
		{[]events.Fact{created(d, c)}, RuleLayout},
		{[]events.Fact{created(c, c, d)}, RuleLayout},
		{[]events.Fact{created(c, d, events.CategoryPrice{Category: "E"})}, RuleLayout},
		{[]events.Fact{created(c, events.CategoryPrice{Category: "D", Amount: -1})}, RuleLayout},
		{[]events.Fact{&events.PerformanceCreated{PerformanceID: "g", Plan: "q", CategoryPrices: created(c, d).CategoryPrices}}, RuleLayout},
		{[]events.Fact{&events.PerformanceCreated{PerformanceID: "g", Plan: "p", Sections: sections}}, RuleFigures},
		{[]events.Fact{&events.PerformanceCreated{PerformanceID: "g", Sections: sections, CategoryPrices: created(c).CategoryPrices}}, RuleLayout},
		{[]events.Fact{created(c, d), edited(c)}, RuleLayout},
		{[]events.Fact{created(c, d), &events.PerformanceEdited{Prices: []events.SectionPrice{{Section: "A"}}, CategoryPrices: created(c, d).CategoryPrices}}, RuleLayout},
		{[]events.Fact{&events.PerformanceCreated{PerformanceID: "g", Sections: sections}, &events.PerformanceEdited{Prices: []events.SectionPrice{{Section: "A"}},
			CategoryPrices: created(c).CategoryPrices}}, RuleLayout},
	} {
		ledger := newLedger()
		ledger.halls["p"] = hall
		check, rule := &performanceCheck{ledger: ledger, id: "g"}, Rule("")
		for j, fact := range line.facts {
			if f := check.apply(&events.Recorded{Revision: events.Revision(j)}, fact, time.Time{}); f != nil {
				if rule = f.rule; j < len(line.facts)-1 {
					t.Errorf("line %d: fact %d: %s", i+1, j, f.detail)
				}
			}
		}
		if rule != line.rule {
			t.Errorf("line %d: %q, want %q", i+1, rule, line.rule)
		}
	}
	on := &terms{layout: events.NewHallLayout(hall, []events.CategoryPrice{c, second, d})}
	for name, costs := range map[events.SeatName][2]int64{"A-1-1": {5, 7}, "A-1-2": {7, 5}} {
		if !on.costs(name, costs[0]) || on.costs(name, costs[1]) {
			t.Errorf("%s at %d, not at %d", name, costs[0], costs[1])
		}
	}
	if !on.costs("A-1-1", 3) || on.costs("A-1-3", 5) {
		t.Error("every type's price of a seat, and none of a seat that is not there")
	}
}
