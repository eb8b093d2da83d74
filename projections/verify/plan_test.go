package verify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

const tinyPlan = `{"name":"T","categories":[{"name":"C"},{"name":"D"}],"size":{"width":1,"height":1},"zones":[{"name":"A","rows":[` +
	`{"row_number":"1","seats":[{"seat_guid":"1","seat_number":"1","category":"C"},{"seat_guid":"2","seat_number":"2","category":"D"}]}]}]}`

// TestVerifierChecksPlans: each case has the facts of a plan's stream, and the rule that the last fact
// breaks.
func TestVerifierChecksPlans(t *testing.T) {
	digest, size := events.PlanDigest([]byte(tinyPlan)), int64(len(tinyPlan))
	all := &events.PlanPartAdded{PlanID: "p", Digest: digest, Text: tinyPlan}
	part := func(offset int64, text string) *events.PlanPartAdded {
		return &events.PlanPartAdded{PlanID: "p", Digest: digest, Offset: offset, Text: text}
	}
	seal := &events.PlanSealed{PlanID: "p", Digest: digest, Bytes: size, DisplayName: "T", Seats: 2}
	changed := func(change func(*events.PlanSealed)) *events.PlanSealed {
		f := *seal
		change(&f)
		return &f
	}
	text := func(text string) []events.Fact {
		d := events.PlanDigest([]byte(text))
		return []events.Fact{&events.PlanPartAdded{PlanID: "p", Digest: d, Text: text},
			&events.PlanSealed{PlanID: "p", Digest: d, Bytes: int64(len(text)), DisplayName: "T", Seats: 2}}
	}
	for i, line := range []struct {
		facts []events.Fact
		rule  Rule
	}{
		{[]events.Fact{all, seal}, ""},
		{[]events.Fact{&events.PlanPartAdded{PlanID: "p", Digest: "x", Text: "begun"}, part(0, tinyPlan[:9]), part(9, tinyPlan[9:]), seal}, ""},
		{[]events.Fact{&events.PlanPartAdded{PlanID: "q", Digest: digest, Text: "x"}}, RuleFigures},
		{[]events.Fact{part(0, "")}, RuleFigures},
		{[]events.Fact{part(0, tinyPlan[:9]), part(10, tinyPlan[10:])}, RulePlans},
		{[]events.Fact{part(0, tinyPlan[:9]), &events.PlanPartAdded{PlanID: "p", Digest: "x", Offset: 9, Text: "x"}}, RulePlans},
		{[]events.Fact{part(0, tinyPlan[:9]), seal}, RulePlans},
		{[]events.Fact{part(0, tinyPlan+" "), seal}, RulePlans},
		{[]events.Fact{all, seal, part(0, tinyPlan)}, RulePlans},
		{[]events.Fact{all, seal, seal}, RulePlans},
		{[]events.Fact{all, changed(func(f *events.PlanSealed) { f.PlanID = "q" })}, RuleFigures},
		{[]events.Fact{all, changed(func(f *events.PlanSealed) { f.Seats = 3 })}, RuleFigures},
		{[]events.Fact{all, changed(func(f *events.PlanSealed) { f.Places = 1 })}, RuleFigures},
		{[]events.Fact{all, changed(func(f *events.PlanSealed) { f.DisplayName = "U" })}, RuleFigures},
		{[]events.Fact{all, changed(func(f *events.PlanSealed) { f.Digest = "x" })}, RulePlans},
		{[]events.Fact{all, &events.ProductOpened{}}, RuleKnown},
		{text(`{"name":`), RulePlans},
		{text(strings.Replace(tinyPlan, `"seat_number":"2"`, `"seat_number":"1"`, 1)), RulePlans},
	} {
		c, rule := ledgerChecks[events.PlanCategory](newLedger(), "p"), Rule("")
		for j, fact := range line.facts {
			if f := c.apply(&events.Recorded{Revision: events.Revision(j)}, fact, time.Time{}); f != nil {
				rule = f.rule
				if j < len(line.facts)-1 {
					rule = Rule(fmt.Sprint("too early: ", f.rule, f.detail))
				}
				break
			}
		}
		if rule != line.rule {
			t.Errorf("line %d: %q, want %q", i+1, rule, line.rule)
		}
	}
}
