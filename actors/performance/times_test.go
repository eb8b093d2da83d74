package performance

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

const (
	s  = time.Second
	ns = time.Nanosecond
)

var evening = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return evening.Add(d) }

func ptr[T any](v T) *T { return &v }

// sentence describes a fact, with times relative to evening.
func sentence(fact events.Fact) string {
	times := func(t events.SaleTimes) (text string) {
		if !t.OpensAt.IsZero() {
			text += fmt.Sprint(" from ", t.OpensAt.Sub(evening))
		}
		if !t.ClosesAt.IsZero() {
			text += fmt.Sprint(" until ", t.ClosesAt.Sub(evening))
		}
		return text
	}
	switch f := fact.(type) {
	case *events.PerformanceCreated:
		return fmt.Sprintf("created, starts at %v%s", f.StartsAt.Sub(evening), times(f.SaleTimes))
	case *events.PerformanceEdited:
		return fmt.Sprintf("edited: %s at %s, starts at %v, %d s, limit %d, %v%s", f.Title, f.Venue, f.StartsAt.Sub(evening),
			f.HoldSeconds, f.LimitPerHolder, f.Prices, times(f.SaleTimes))
	case *events.PerformanceOpened:
		return fmt.Sprint("opened at ", f.OpensAt.Sub(evening))
	case *events.PerformanceClosed:
		return fmt.Sprint("closed at ", f.ClosesAt.Sub(evening))
	}
	return fact.Name()
}

// gig returns a creation of a performance that starts at 60 s, with the bounds of its sale; 0 means no bound.
func gig(opens, closes time.Duration) *Create {
	c := &Create{ID: "gig", Title: "Gig", Venue: "Hall", StartsAt: at(60 * s), HoldSeconds: 30,
		Sections: []events.Section{
			{ID: "A", Rows: 1, SeatsPerRow: 2, Price: 5},
			{ID: "B", Rows: 1, SeatsPerRow: 1, Price: 3},
		}}
	if opens != 0 {
		c.OpensAt = at(opens)
	}
	if closes != 0 {
		c.ClosesAt = at(closes)
	}
	return c
}

func TestTimesAndEdits(t *testing.T) {
	const edited = "edited: Gig at Hall, starts at "
	for _, rule := range []struct {
		name  string
		cases []commandCase
	}{
		{"bounds are recorded at their time, not a nanosecond before", []commandCase{
			{0, gig(10*s, 60*s), "created, starts at 1m0s from 10s until 1m0s"},
			{10*s - ns, &core.Expire{}, "nothing"},
			{10 * s, &core.Expire{}, "opened at 10s"},
			{10*s + ns, &core.Expire{}, "nothing"},
			{60*s - ns, &core.Expire{}, "nothing"},
			{60 * s, &core.Expire{}, "closed at 1m0s"},
			{60 * s, &core.Expire{}, "nothing"},
		}},
		{"bounds in the past are recorded immediately, and the creation can be repeated", []commandCase{
			{70 * s, gig(10*s, 60*s), "created, starts at 1m0s from 10s until 1m0s; opened at 10s; closed at 1m0s"},
			{70 * s, gig(10*s, 60*s), "nothing"},
			{70 * s, gig(10*s, 0), "already_exists"},
			{70 * s, &Edit{Title: ptr("Gag")}, "edited: Gag at Hall, starts at 1m0s, 30 s, limit 0, [{A 5} {B 3}] from 10s until 1m0s"},
			{70 * s, gig(10*s, 60*s), "nothing"},
		}},
		{"an old performance never closes, and can be created again with a close at its start", []commandCase{
			{0, gig(0, 0), "created, starts at 1m0s"},
			{0, gig(0, 60*s), "nothing"},
			{0, gig(0, 59*s), "already_exists"},
			{0, &Edit{StartsAt: ptr(at(90 * s))}, edited + "1m30s, 30 s, limit 0, [{A 5} {B 3}]"},
		}},
		{"a sale must close after it opens", []commandCase{
			{0, gig(60*s, 60*s), "invalid_field [field:closes_at]"},
			{0, gig(60*s-ns, 60*s), "created, starts at 1m0s from 59.999999999s until 1m0s"},
			{0, &Edit{StartsAt: ptr(at(30 * s))}, "invalid_field [field:closes_at]"},
			{0, &Edit{ClosesAt: ptr(at(20 * s))}, "invalid_field [field:closes_at]"},
		}},
		{"the close of a sale that closes at the start moves with the start", []commandCase{
			{0, gig(0, 60*s), "created, starts at 1m0s until 1m0s"},
			{0, &Edit{StartsAt: ptr(at(90 * s))}, edited + "1m30s, 30 s, limit 0, [{A 5} {B 3}] until 1m30s"},
			{60 * s, &core.Expire{}, "nothing"},
			{90 * s, &core.Expire{}, "closed at 1m30s"},
			{91 * s, &Edit{StartsAt: ptr(at(120 * s))}, edited + "2m0s, 30 s, limit 0, [{A 5} {B 3}] until 2m0s"},
			{120 * s, &core.Expire{}, "closed at 2m0s"},
			{121 * s, &Edit{ClosesAt: ptr(at(100 * s))}, edited + "2m0s, 30 s, limit 0, [{A 5} {B 3}] until 1m40s; closed at 1m40s"},
			{121 * s, &Edit{StartsAt: ptr(at(130 * s))}, edited + "2m10s, 30 s, limit 0, [{A 5} {B 3}] until 1m40s"},
			{121 * s, &Edit{ClosesAt: &time.Time{}}, edited + "2m10s, 30 s, limit 0, [{A 5} {B 3}]"},
			{121 * s, &Edit{StartsAt: ptr(at(140 * s))}, edited + "2m20s, 30 s, limit 0, [{A 5} {B 3}]"},
			{121 * s, &Edit{ClosesAt: ptr(at(140 * s))}, edited + "2m20s, 30 s, limit 0, [{A 5} {B 3}] until 2m20s"},
			{121 * s, &Edit{StartsAt: ptr(at(150 * s))}, edited + "2m30s, 30 s, limit 0, [{A 5} {B 3}] until 2m30s"},
		}},
		{"edits of prices, hold and limit", []commandCase{
			{0, &Edit{Title: ptr("x")}, "not_found [resource:performance]"},
			{0, gig(0, 0), "created, starts at 1m0s"},
			{0, &Edit{}, "nothing"},
			{0, &Edit{Prices: map[events.SectionID]int64{"B": 0}, HoldSeconds: ptr(int64(60)), LimitPerHolder: ptr(int64(2)),
				Venue: ptr("Barn")}, "edited: Gig at Barn, starts at 1m0s, 60 s, limit 2, [{A 5} {B 0}]"},
			{0, &Edit{Prices: map[events.SectionID]int64{"C": 1}}, "invalid_field [field:prices]"},
			{0, &Edit{Prices: map[events.SectionID]int64{"A": -1}}, "invalid_field [field:prices]"},
			{0, &Edit{Prices: map[events.SectionID]int64{"A": events.MaxPrice + 1}}, "invalid_field [field:prices]"},
			{0, &Edit{OpensAt: ptr(at(s))}, "edited: Gig at Barn, starts at 1m0s, 60 s, limit 2, [{A 5} {B 0}] from 1s"},
		}},
	} {
		t.Run(rule.name, func(t *testing.T) {
			p := New()
			for i, c := range rule.cases {
				if got := coretest.Do(p, c.cmd, at(c.at), sentence); got != c.want {
					t.Fatalf("case %d: %T at %v:\n got %s\nwant %s", i+1, c.cmd, c.at, got, c.want)
				}
				p = coretest.RoundTrip(t, p.Freeze(), New)
			}
		})
	}
}

// commandCase is a row of a table: the time since evening, the command, and the decision as text.
type commandCase struct {
	at   time.Duration
	cmd  core.Command
	want string
}

// TestTerms checks that the terms have the revision of the latest edit, which the bounds of the sale don't change.
func TestTerms(t *testing.T) {
	p := New()
	coretest.Do(p, gig(10*s, 60*s), at(20*s), sentence) // appends created and opened
	if got, want := p.(*Performance).Terms(), (events.SaleTerms{HoldSeconds: 30}); got != want {
		t.Errorf("after the creation: got terms %+v, want %+v", got, want)
	}
	coretest.Do(p, &Edit{Prices: map[events.SectionID]int64{"A": 9}, LimitPerHolder: ptr(int64(4))}, at(20*s), sentence)
	coretest.Do(p, &core.Expire{}, at(60*s), sentence)
	p = coretest.RoundTrip(t, p.Freeze(), New)
	want := events.SaleTerms{Terms: 2, HoldSeconds: 30, LimitPerHolder: 4}
	if got := p.(*Performance).Terms(); got != want {
		t.Errorf("after an edit: got terms %+v, want %+v", got, want)
	}
	if got := p.(*Performance).Layout().Price(0); got != 9 || p.(core.Edited).EditRevision() != 2 {
		t.Errorf("got price %d, edit revision %d; want 9, 2", got, p.(core.Edited).EditRevision())
	}
	if initial := p.(*Performance).Created(); initial.Sections[0].Price != 5 {
		t.Errorf("got price %d at creation, want 5", initial.Sections[0].Price)
	}
}

// TestImpossibleTimes checks that the core panics on bounds that are not upcoming, and on prices of other sections.
func TestImpossibleTimes(t *testing.T) {
	made := &events.PerformanceCreated{PerformanceID: "gig", HoldSeconds: 30, Sections: gig(0, 0).Sections,
		SaleTimes: events.SaleTimes{OpensAt: at(s)}}
	for name, facts := range map[string][]events.Fact{
		"created twice":  {made},
		"wrong time":     {&events.PerformanceOpened{OpensAt: at(2 * s)}},
		"missing bound":  {&events.PerformanceClosed{ClosesAt: at(s)}},
		"opened twice":   {&events.PerformanceOpened{OpensAt: at(s)}, &events.PerformanceOpened{OpensAt: at(s)}},
		"wrong sections": {&events.PerformanceEdited{Prices: []events.SectionPrice{{Section: "B"}, {Section: "A"}}}},
		"too few prices": {&events.PerformanceEdited{}},
	} {
		t.Run(name, func(t *testing.T) {
			p := New()
			p.Evolve(made)
			coretest.RequirePanic(t, p, facts...)
		})
	}
}
