package performance

import (
	"bytes"
	"reflect"
	"runtime"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

func stalls(rows, perRow int64) events.Section {
	return events.Section{ID: "A", DisplayName: "Stalls", Rows: rows, SeatsPerRow: perRow, Price: 9900}
}

// gala returns a creation of a performance with eight seats, modified by change unless that is nil.
func gala(change func(*Create)) *Create {
	c := &Create{
		ID:             "gala",
		Title:          "Gala",
		Venue:          "Hall",
		StartsAt:       day,
		HoldSeconds:    300,
		LimitPerHolder: 6,
		WaitingRoom:    "room",
		Sections: []events.Section{
			stalls(2, 3),
			{ID: "B-1", DisplayName: "Balcony", Rows: 1, SeatsPerRow: 2, Price: 4500},
		},
	}
	if change != nil {
		change(c)
	}
	return c
}

func TestCreate(t *testing.T) {
	p := New().(*Performance)
	for _, test := range []struct {
		name  string
		cmd   *Create
		code  string
		facts int
	}{
		{"no section", gala(func(c *Create) { c.Sections = nil }), "invalid_field", 0},
		{"a section without an id", gala(func(c *Create) { c.Sections[1].ID = "" }), "invalid_field", 0},
		{"a section id with ~", gala(func(c *Create) { c.Sections[1].ID = "B~1" }), "invalid_field", 0},
		{"two sections with one id", gala(func(c *Create) { c.Sections[1].ID = "A" }), "invalid_field", 0},
		{"no row", gala(func(c *Create) { c.Sections[1].Rows = 0 }), "invalid_field", 0},
		{"no seat in a row", gala(func(c *Create) { c.Sections[1].SeatsPerRow = -1 }), "invalid_field", 0},
		{"a number of seats that overflows", gala(func(c *Create) { c.Sections[1].Rows, c.Sections[1].SeatsPerRow = 1<<33, 1<<31 }), "invalid_field", 0},
		{"a negative price", gala(func(c *Create) { c.Sections[1].Price = -1 }), "invalid_field", 0},
		{"one seat too many", gala(func(c *Create) { c.Sections = []events.Section{stalls(100, 999), {ID: "B", Rows: 101, SeatsPerRow: 1}} }), "invalid_field", 0},
		{"valid", gala(nil), "", 1},
		{"the same in a different time zone", gala(func(c *Create) { c.StartsAt = day.In(time.FixedZone("x", 3600)) }), "", 0},
		{"a different title", gala(func(c *Create) { c.Title = "Ball" }), "already_exists", 0},
		{"a different layout", gala(func(c *Create) { c.Sections[0].Rows = 3 }), "already_exists", 0},
	} {
		facts, err := p.Decide(test.cmd, day)
		code := ""
		if err != nil {
			code = string(err.(*core.Refusal).Code)
		}
		if code != test.code || len(facts) != test.facts {
			t.Errorf("%s: got %q, %d facts; want %q, %d", test.name, code, len(facts), test.code, test.facts)
		}
		for _, fact := range facts {
			p.Evolve(fact)
		}
	}
	if !p.Exists() || !reflect.DeepEqual(p.Created(), *gala(nil)) || p.Layout().Seats() != 8 ||
		!p.NextDeadline().IsZero() {
		t.Errorf("got %+v with %d seats, deadline %v; want %+v, 8, none", p.Created(), p.Layout().Seats(),
			p.NextDeadline(), *gala(nil))
	}
}

func TestSnapshot(t *testing.T) {
	p := New().(*Performance)
	facts, _ := p.Decide(gala(nil), day)
	for _, p := range []*Performance{New().(*Performance), p} {
		var saved bytes.Buffer
		if err := p.Freeze()(&saved); err != nil {
			t.Fatal(err)
		}
		restored := New().(*Performance)
		if err := restored.Restore(bytes.NewReader(saved.Bytes())); err != nil || !reflect.DeepEqual(restored, p) {
			t.Errorf("got %+v, %v; want %+v", restored, err, p)
		}
		if err := New().Restore(bytes.NewReader(saved.Bytes()[:saved.Len()/2])); err == nil {
			t.Error("Restore of half a snapshot: got no error, want one")
		}
		p.Evolve(facts[0])
	}
}

// TestImpossibleFacts checks that the core panics on facts that contradict its state.
func TestImpossibleFacts(t *testing.T) {
	facts, _ := New().Decide(gala(nil), day)
	for name, log := range map[string][]events.Fact{
		"created twice":            {facts[0], facts[0]},
		"created without seats":    {&events.PerformanceCreated{PerformanceID: "gala"}},
		"fact of another category": {&events.ProductReserved{}},
	} {
		t.Run(name, func(t *testing.T) { coretest.RequirePanic(t, New(), log...) })
	}
}

func TestMap(t *testing.T) {
	l := events.NewLayout(gala(nil).Sections)
	m := MapOf(l, []byte{0, 1, 3, 0, 0, 0, 2, 0})
	m.Take(7)
	m.Release(1, 2)
	other := m.Clone()
	other.Take(0)
	if m.Layout() != l || !m.Free(0) || !m.Free(1) || m.Free(6) || m.Remaining(0) != 6 || m.Remaining(1) != 0 {
		t.Errorf("taken %v: got %d and %d remaining seats, want 6 and 0", m.taken, m.Remaining(0), m.Remaining(1))
	}
	defer func() {
		if recover() == nil {
			t.Error("MapOf with the seats of a different layout: got no panic, want one")
		}
	}()
	MapOf(l, make([]byte, 7))
}

// TestMemory checks that a performance with a hundred thousand seats needs no memory for each seat.
func TestMemory(t *testing.T) {
	facts, err := New().Decide(gala(func(c *Create) { c.Sections = hall().Sections() }), day)
	if err != nil {
		t.Fatal(err)
	}
	const halls = 100
	kept := make([]core.Core, halls)
	before := heap()
	for i := range kept {
		kept[i] = New()
		kept[i].Evolve(facts[0])
	}
	if each := (heap() - before) / halls; each > 4<<10 {
		t.Errorf("got %d bytes for a performance with %d seats, want at most 4 KiB", each, hall().Seats())
	}
	runtime.KeepAlive(kept)
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
