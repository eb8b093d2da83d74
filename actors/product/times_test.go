package product

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// withBounds sets the bounds of the sale, as times after day; zero means no bound.
func withBounds(c *Create, opens, closes time.Duration) *Create {
	c.SaleTimes = events.SaleTimes{OpensAt: timeAfter(opens), ClosesAt: timeAfter(closes)}
	return c
}

func timeAfter(d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return day.Add(d)
}

func openAfter(d time.Duration) *Edit  { at := timeAfter(d); return &Edit{OpensAt: &at} }
func closeAfter(d time.Duration) *Edit { at := timeAfter(d); return &Edit{ClosesAt: &at} }

// describeBound describes the facts of a sale's bounds, and other facts with describeFact.
func describeBound(fact events.Fact) string {
	switch f := fact.(type) {
	case *events.ProductOpened:
		return fmt.Sprintf("opened at %v, %d left", f.OpensAt.Sub(day), f.Remaining)
	case *events.ProductClosed:
		return fmt.Sprintf("closed at %v, %d left", f.ClosesAt.Sub(day), f.Remaining)
	}
	return describeFact(fact)
}

const (
	created   = "created p with 9"
	edited    = "edited Lamp to 9 at 500, limit 0, 9 left"
	notOpen   = "not_open [opens_at:2026-05-01 10:00:10 +0000 UTC]"
	closed20  = "sale_closed [closes_at:2026-05-01 10:00:20 +0000 UTC]"
	badTimes  = "invalid_field [field:closes_at]"
	opened10  = "opened at 10s, 9 left"
	closedAll = "closed at 20s, 9 left"
)

var timesRules = []struct {
	name     string
	attempts []attempt
}{
	{"a sale opens at its time and not a nanosecond earlier", []attempt{
		{0, withBounds(create(9, 0), 10*s, 20*s), created},
		{0, reserve(1, "ann", 1), notOpen},
		{10*s - ns, reserve(1, "ann", 1), notOpen},
		{10*s - ns, hold(1, "ann", 1), notOpen},
		{10*s - ns, &core.Expire{}, "nothing"},
		{10 * s, &core.Expire{}, opened10},
		{10 * s, &core.Expire{}, "nothing"},
		{10 * s, reserve(1, "ann", 1), "reserved #1 ann 1, 8 left"},
		{10*s + ns, reserve(2, "ann", 1), "reserved #2 ann 1, 7 left"},
	}},
	{"a sale closes at its time and not a nanosecond earlier", []attempt{
		{0, withBounds(create(9, 0), 10*s, 20*s), created},
		{20*s - ns, hold(1, "ann", 1), "held #1 ann 1 until 1m19.999999999s, 8 left"},
		{20 * s, reserve(2, "ann", 1), closed20},
		{20*s + ns, hold(2, "ann", 1), closed20},
	}},
	{"a hold from before the close can be confirmed and released after it", []attempt{
		{0, withBounds(create(9, 0), 0, 20*s), created},
		{20*s - ns, hold(1, "ann", 1), "held #1 ann 1 until 1m19.999999999s, 8 left"},
		{20*s - ns, hold(2, "ann", 1), "held #2 ann 1 until 1m19.999999999s, 7 left"},
		{21 * s, confirm(1, "ann"), "confirmed #1 ann 1, 7 left"},
		{21 * s, release(2, "ann"), "released #2 ann 1 held, 8 left"},
		{21 * s, release(1, "ann"), "released #1 ann 1 confirmed, 9 left"},
		{21 * s, reserve(3, "ann", 1), closed20},
	}},
	{"a bound applies before a fact records it", []attempt{
		{0, withBounds(create(9, 0), 10*s, 20*s), created},
		{10 * s, reserve(1, "ann", 1), "reserved #1 ann 1, 8 left"},
		{20 * s, reserve(2, "ann", 1), closed20},
		{20 * s, &core.Expire{}, "opened at 10s, 8 left"},
		{20 * s, &core.Expire{}, "closed at 20s, 8 left"},
	}},
	{"due holds and bounds are recorded in the order of their times", []attempt{
		{0, withBounds(create(9, 0), 10*s, 90*s), created},
		{10 * s, hold(1, "ann", 1), "held #1 ann 1 until 1m10s, 8 left"},
		{30*s - ns, hold(3, "cid", 1), "held #3 cid 1 until 1m29.999999999s, 7 left"},
		{30 * s, hold(2, "bob", 2), "held #2 bob 2 until 1m30s, 5 left"},
		{100 * s, &core.Expire{}, "opened at 10s, 5 left"},
		{100 * s, &core.Expire{}, "expired #1 ann 1 at 1m10s, #3 cid 1 at 1m29.999999999s: 2, 7 left"},
		{100 * s, &core.Expire{}, "closed at 1m30s, 7 left"},
		{100 * s, &core.Expire{}, "expired #2 bob 2 at 1m30s: 2, 9 left"},
		{100 * s, &core.Expire{}, "nothing"},
	}},
	{"a bound in the past is recorded immediately", []attempt{
		{30 * s, withBounds(create(9, 0), 10*s, 20*s), "created p with 9; opened at 10s, 9 left; closed at 20s, 9 left"},
		{30 * s, reserve(1, "ann", 1), closed20},
		{30 * s, &core.Expire{}, "nothing"},
		{30 * s, withBounds(create(9, 0), 10*s, 20*s), "nothing"},
		{30 * s, create(9, 0), "already_exists"},
		{30 * s, withBounds(create(9, 0), 10*s, 21*s), "already_exists"},
	}},
	{"a sale closes after it opens", []attempt{
		{0, withBounds(create(9, 0), 20*s, 10*s), badTimes},
		{0, withBounds(create(9, 0), 10*s, 10*s), badTimes},
		{0, withBounds(create(9, 0), 10*s, 10*s+ns), created},
		{0, closeAfter(10 * s), badTimes},
		{0, openAfter(11 * s), badTimes},
		{0, closeAfter(20 * s), edited},
		{0, openAfter(20 * s), badTimes},
	}},
	{"a bound is recorded again only after an edit that moves it", []attempt{
		{0, withBounds(create(9, 0), 10*s, 0), created},
		{10 * s, &core.Expire{}, opened10},
		{11 * s, stock(9), edited},
		{11 * s, &core.Expire{}, "nothing"},
		{12 * s, openAfter(15 * s), edited},
		{12 * s, reserve(1, "ann", 1), "not_open [opens_at:2026-05-01 10:00:15 +0000 UTC]"},
		{15 * s, &core.Expire{}, "opened at 15s, 9 left"},
		{16 * s, closeAfter(12 * s), badTimes},
		{16 * s, closeAfter(15*s + 1), edited + "; closed at 15.000000001s, 9 left"},
		{16 * s, closeAfter(0), edited},
		{16 * s, &core.Expire{}, "nothing"},
		{16 * s, reserve(1, "ann", 1), "reserved #1 ann 1, 8 left"},
	}},
	{"a bound that was moved or removed in time is not recorded at its former time", []attempt{
		{0, withBounds(create(9, 0), 10*s, 0), created},
		{5 * s, openAfter(20 * s), edited},
		{10 * s, &core.Expire{}, "nothing"},
		{10 * s, openAfter(0), edited},
		{20 * s, &core.Expire{}, "nothing"},
	}},
	{"bounds are checked before limits and stock, but after the quantity", []attempt{
		{0, withBounds(create(9, 2), 10*s, 0), created},
		{0, reserve(1, "ann", 10), notOpen},
		{0, reserve(1, "ann", 3), notOpen},
		{0, reserve(1, "ann", 0), "invalid_field [field:quantity]"},
	}},
}

func TestTimes(t *testing.T) {
	for _, rule := range timesRules {
		t.Run(rule.name, func(t *testing.T) {
			p := New()
			for i, a := range rule.attempts {
				if got := coretest.Do(p, a.cmd, day.Add(a.at), describeBound); got != a.want {
					t.Fatalf("row %d: %T at %v\n gives %s\n  want %s", i+1, a.cmd, a.at, got, a.want)
				}
				p = coretest.RoundTrip(t, p.Freeze(), New)
			}
		})
	}
}

// TestImpossibleTimes checks that the core panics if a fact records a bound that is not upcoming.
func TestImpossibleTimes(t *testing.T) {
	times := events.SaleTimes{OpensAt: day.Add(s)}
	created := &events.ProductCreated{ProductID: "p", DisplayName: "Lamp", Stock: 2, HoldSeconds: 60, SaleTimes: times}
	for name, facts := range map[string][]events.Fact{
		"wrong time":      {&events.ProductOpened{OpensAt: day.Add(2 * s), Remaining: 2}},
		"wrong remaining": {&events.ProductOpened{OpensAt: day.Add(s), Remaining: 1}},
		"unknown bound":   {&events.ProductClosed{ClosesAt: day.Add(s), Remaining: 2}},
		"opened twice": {&events.ProductOpened{OpensAt: day.Add(s), Remaining: 2},
			&events.ProductOpened{OpensAt: day.Add(s), Remaining: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			p := New()
			p.Evolve(created)
			coretest.RequirePanic(t, p, facts...)
		})
	}
}

// TestEditRevision checks that only edits change the revision for edits.
func TestEditRevision(t *testing.T) {
	p := New()
	for _, a := range []struct {
		cmd  core.Command
		want events.Revision
	}{
		{withBounds(create(9, 0), 1*s, 0), 0}, // and opened, at revision 1
		{reserve(1, "ann", 1), 0},
		{stock(8), 3},
		{reserve(2, "ann", 1), 3},
		{&Edit{}, 3},
		{closeAfter(90 * s), 5},
	} {
		coretest.Do(p, a.cmd, day.Add(5*s), describeBound)
		p = coretest.RoundTrip(t, p.Freeze(), New)
		if got := p.(core.Edited).EditRevision(); got != a.want {
			t.Errorf("%+v: EditRevision() = %d, want %d", a.cmd, got, a.want)
		}
	}
}

// TestNothingIsSoldOutsideTheSale runs random commands at random times on a product whose bounds change,
// and checks every reservation against the current bounds.
func TestNothingIsSoldOutsideTheSale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, now := New(), day
		after := rapid.Custom(
			func(t *rapid.T) time.Duration { return time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * s },
		)
		coretest.Do(p, withBounds(create(50, 0), after.Draw(t, "opens"), 0), now, describeBound)
		times, recorded := p.(*Product).sale().Times, map[string]bool{}
		check := func(facts []events.Fact) {
			for _, fact := range facts {
				switch f := fact.(type) {
				case *events.ProductEdited:
					if !f.OpensAt.Equal(times.OpensAt) {
						delete(recorded, "opened")
					}
					if !f.ClosesAt.Equal(times.ClosesAt) {
						delete(recorded, "closed")
					}
					times = f.SaleTimes
				case *events.ProductReserved, *events.ProductHeld:
					if now.Before(times.OpensAt) || !times.ClosesAt.IsZero() && !now.Before(times.ClosesAt) {
						t.Fatalf("%s at %v, want none outside the sale %+v", fact.Name(), now, times)
					}
				case *events.ProductOpened, *events.ProductClosed:
					name := describeBound(fact)[:6]
					if recorded[name] {
						t.Fatalf("the sale was recorded as %s twice, want once", name)
					}
					recorded[name] = true
				}
			}
		}
		for i := range rapid.IntRange(1, 30).Draw(t, "commands") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "later")) * s)
			cmd := rapid.SampledFrom([]core.Command{hold(i, "ann", 1), reserve(i, "bob", 1), stock(50),
				openAfter(after.Draw(t, "o")), closeAfter(after.Draw(t, "c"))}).Draw(t, "command")
			facts, _ := core.Step(p, cmd, now, check)
			check(facts)
			if open := times.Within(now); !open && p.(*Product).sale().Refuse(now) == nil {
				t.Fatalf("the sale is open at %v, want it closed outside its bounds %+v", now, times)
			}
		}
	})
}
