package allowance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// day is the time at which all tests start.
var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

// takeSeats takes seats for a minute, with a limit of 4 seats.
func takeSeats(id events.HoldID, seats int64) *Take {
	return &Take{HoldID: id, Seats: seats, Limit: 4, For: time.Minute}
}
func keepHold(id events.HoldID) *Keep   { return &Keep{HoldID: id} }
func release(id events.HoldID) *Release { return &Release{HoldID: id} }
func extend(id events.HoldID, to time.Duration) *Extend {
	return &Extend{HoldID: id, ExpiresAt: day.Add(to)}
}

// describe describes a decision.
func describe(facts []events.Fact, err error) string {
	if err != nil {
		r := err.(*core.Refusal)
		if r.Code == "limit_exceeded" {
			return fmt.Sprintf("limit_exceeded: %d of %d", r.Fields["taken"], r.Fields["limit"])
		}
		return string(r.Code)
	}
	if len(facts) == 0 {
		return "nothing"
	}
	var texts []string
	for _, fact := range facts {
		texts = append(texts, describeFact(fact))
	}
	return strings.Join(texts, "; ")
}

func describeFact(fact events.Fact) string {
	switch f := fact.(type) {
	case *events.AllowanceTaken:
		return fmt.Sprintf("taken %s %d until %v: %d", f.HoldID, f.Seats, f.ExpiresAt.Sub(day), f.Taken)
	case *events.AllowanceExtended:
		return fmt.Sprintf("extended %s until %v", f.HoldID, f.ExpiresAt.Sub(day))
	case *events.AllowanceKept:
		return fmt.Sprintf("kept %s %d: %d", f.HoldID, f.Seats, f.Taken)
	case *events.AllowanceReleased:
		return fmt.Sprintf("released %s %s %d: %d", f.HoldID, f.Was, f.Seats, f.Taken)
	case *events.AllowanceReduced:
		return fmt.Sprintf("reduced %s by %d: %d", f.HoldID, f.Seats, f.Taken)
	case *events.AllowanceExpired:
		return fmt.Sprintf("expired %s %d at %v: %d", f.HoldID, f.Seats, f.ExpiresAt.Sub(day), f.Taken)
	}
	return fact.Name()
}

const (
	s  = time.Second
	ns = time.Nanosecond
)

// row is a command at a time after day, and the expected decision.
type row struct {
	at   time.Duration
	cmd  core.Command
	want string
}

var rules = []struct {
	name string
	rows []row
}{
	{"the limit applies to all bookings of a holder together", []row{
		{0, takeSeats("b.1", 3), "taken b.1 3 until 1m0s: 3"},
		{1 * s, takeSeats("c.1", 2), "limit_exceeded: 3 of 4"},
		{1 * s, takeSeats("c.1", 1), "taken c.1 1 until 1m1s: 4"},
		{1 * s, takeSeats("d.1", 1), "limit_exceeded: 4 of 4"},
		{2 * s, release("b.1"), "released b.1 held 3: 1"},
		{2 * s, takeSeats("d.1", 4), "limit_exceeded: 1 of 4"},
		{2 * s, takeSeats("d.1", 3), "taken d.1 3 until 1m2s: 4"},
	}},
	{"seats that are not kept expire after their deadline, not before", []row{
		{0, takeSeats("b.1", 3), "taken b.1 3 until 1m0s: 3"},
		{1 * s, takeSeats("c.1", 1), "taken c.1 1 until 1m1s: 4"},
		{60 * s, &core.Expire{}, "nothing"},
		{60*s + ns, &core.Expire{}, "expired b.1 3 at 1m0s: 1"},
		{60*s + ns, &core.Expire{}, "nothing"},
		{60*s + ns, keepHold("b.1"), "not_held"},
		{62 * s, &core.Expire{}, "expired c.1 1 at 1m1s: 0"},
		{62 * s, takeSeats("d.1", 4), "taken d.1 4 until 2m2s: 4"},
	}},
	{"kept seats stay until they are released", []row{
		{0, takeSeats("b.1", 3), "taken b.1 3 until 1m0s: 3"},
		{1 * s, keepHold("b.1"), "kept b.1 3: 3"},
		{1 * s, keepHold("b.1"), "nothing"},
		{1 * s, takeSeats("b.1", 3), "nothing"},
		{1 * s, extend("b.1", 90*s), "not_held"},
		{99 * s, &core.Expire{}, "nothing"},
		{99 * s, takeSeats("c.1", 2), "limit_exceeded: 3 of 4"},
		{99 * s, release("b.1"), "released b.1 kept 3: 0"},
		{99 * s, release("b.1"), "nothing"},
		{99 * s, keepHold("b.1"), "not_held"},
	}},
	{"a hold gives back some of its seats", []row{
		{0, takeSeats("b.1", 3), "taken b.1 3 until 1m0s: 3"},
		{0, takeSeats("c.1", 1), "taken c.1 1 until 1m0s: 4"},
		{1 * s, keepHold("b.1"), "kept b.1 3: 4"},
		{1 * s, &Reduce{HoldID: "b.1", Seats: 2}, "reduced b.1 by 1: 3"},
		{1 * s, &Reduce{HoldID: "b.1", Seats: 2}, "nothing"},
		{1 * s, &Reduce{HoldID: "b.1", Seats: 3}, "nothing"},
		{1 * s, &Reduce{HoldID: "d.1", Seats: 1}, "nothing"},
		{1 * s, &Reduce{HoldID: "b.1", Seats: 1}, "reduced b.1 by 1: 2"},
		{1 * s, takeSeats("d.1", 2), "taken d.1 2 until 1m1s: 4"},
		{1 * s, release("b.1"), "released b.1 kept 1: 3"},
	}},
	{"a repeated command does nothing", []row{
		{0, takeSeats("b.1", 3), "taken b.1 3 until 1m0s: 3"},
		{1 * s, takeSeats("b.1", 3), "nothing"},
		{1 * s, release("b.2"), "nothing"},
		{1 * s, extend("b.2", 90*s), "not_held"},
		{1 * s, extend("b.1", 90*s), "extended b.1 until 1m30s"},
		{1 * s, extend("b.1", 90*s), "nothing"},
		{1 * s, extend("b.1", 80*s), "nothing"},
		{90 * s, &core.Expire{}, "nothing"},
		{91 * s, &core.Expire{}, "expired b.1 3 at 1m30s: 0"},
	}},
	{"a later attempt of a booking replaces an earlier one", []row{
		{0, takeSeats("b.1", 3), "taken b.1 3 until 1m0s: 3"},
		{10 * s, takeSeats("b.2", 3), "released b.1 held 3: 0; taken b.2 3 until 1m10s: 3"},
		{11 * s, release("b.1"), "nothing"},
		{11 * s, keepHold("b.1"), "not_held"},
		{11 * s, takeSeats("b.1", 1), "not_held"},
		{12 * s, takeSeats("b.10", 5), "limit_exceeded: 0 of 4"},
		{12 * s, takeSeats("bb.3", 2), "limit_exceeded: 3 of 4"},
		{13 * s, keepHold("b.2"), "kept b.2 3: 3"},
		{14 * s, takeSeats("b.3", 1), "not_held"},
	}},
}

func TestRules(t *testing.T) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			a := New()
			for i, row := range rule.rows {
				facts, err := a.Decide(row.cmd, day.Add(row.at))
				if got := describe(facts, err); got != row.want {
					t.Fatalf("row %d: %T at %v:\n got %s\nwant %s", i+1, row.cmd, row.at, got, row.want)
				}
				for _, fact := range facts {
					a.Evolve(fact)
				}
			}
		})
	}
}

// TestImpossibleFacts checks that the core panics on facts that contradict its state.
func TestImpossibleFacts(t *testing.T) {
	taken := &events.AllowanceTaken{HoldID: "b.1", Seats: 3, Taken: 3, ExpiresAt: day}
	kept := &events.AllowanceKept{HoldID: "b.1", Seats: 3, Taken: 3}
	for name, facts := range map[string][]events.Fact{
		"total does not add up":             {&events.AllowanceTaken{HoldID: "b.1", Seats: 3, Taken: 4, ExpiresAt: day}},
		"take of no seats":                  {&events.AllowanceTaken{HoldID: "b.1", ExpiresAt: day}},
		"take by a hold that has taken":     {taken, &events.AllowanceTaken{HoldID: "b.1", Seats: 3, Taken: 6, ExpiresAt: day}},
		"keep of a kept hold":               {taken, kept, kept},
		"keep by an unknown hold":           {taken, &events.AllowanceKept{HoldID: "c.1", Seats: 3, Taken: 3}},
		"keep of fewer seats than taken":    {taken, &events.AllowanceKept{HoldID: "b.1", Seats: 2, Taken: 3}},
		"expiry of a kept hold":             {taken, kept, &events.AllowanceExpired{HoldID: "b.1", Seats: 3}},
		"release of a kept hold as held":    {taken, kept, &events.AllowanceReleased{HoldID: "b.1", Was: events.AllowanceIsHeld, Seats: 3}},
		"reduction to no seats":             {taken, &events.AllowanceReduced{HoldID: "b.1", Seats: 3}},
		"reduction by no seats":             {taken, &events.AllowanceReduced{HoldID: "b.1", Taken: 3}},
		"release of fewer seats than taken": {taken, &events.AllowanceReleased{HoldID: "b.1", Was: events.AllowanceIsHeld, Seats: 2, Taken: 1}},
		"release by an unknown hold":        {&events.AllowanceReleased{HoldID: "b.1"}},
		"extension of a kept hold":          {taken, kept, &events.AllowanceExtended{HoldID: "b.1", ExpiresAt: day}},
		"fact of another entity":            {&events.ProductReserved{}},
	} {
		t.Run(name, func(t *testing.T) { coretest.RequirePanic(t, New(), facts...) })
	}
}
