package verify

import (
	"testing"
	"time"

	"admitone/events"
)

// TestVerifierChecksPrices: a performance has prices for exactly the categories of its plan, in their order, and a held
// seat has the price of its category.
func TestVerifierChecksPrices(t *testing.T) {
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
	for i, test := range []struct {
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
		for j, fact := range test.facts {
			if f := check.apply(&events.Recorded{Revision: events.Revision(j)}, fact, time.Time{}); f != nil {
				if rule = f.rule; j < len(test.facts)-1 {
					t.Errorf("case %d: fact %d: %s; want no fault before the last fact", i+1, j, f.detail)
				}
			}
		}
		if rule != test.rule {
			t.Errorf("case %d: %q, want %q", i+1, rule, test.rule)
		}
	}
	saleTerms := &terms{layout: events.NewHallLayout(hall, []events.CategoryPrice{c, second, d})}
	for name, costs := range map[events.SeatName][2]int64{"A-1-1": {5, 7}, "A-1-2": {7, 5}} {
		if !saleTerms.costs(name, costs[0]) || saleTerms.costs(name, costs[1]) {
			t.Errorf("costs(%s): want true for %d, false for %d", name, costs[0], costs[1])
		}
	}
	if !saleTerms.costs("A-1-1", 3) || saleTerms.costs("A-1-3", 5) {
		t.Error("costs: want true for the second type's price of A-1-1, false for the unknown seat A-1-3")
	}
}
