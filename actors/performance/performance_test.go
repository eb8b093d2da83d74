package performance

import (
	"bytes"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/actors/core"
	"admitone/events"
)

var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

func stalls(rows, perRow int64) events.Section {
	return events.Section{ID: "A", DisplayName: "Stalls", Rows: rows, SeatsPerRow: perRow, Price: 9900}
}

func gala(change func(*Create)) *Create {
	c := &Create{ID: "gala", Title: "Gala", Venue: "Hall", StartsAt: day, HoldSeconds: 300, LimitPerHolder: 6, WaitingRoom: "room",
		Sections: []events.Section{stalls(2, 3), {ID: "B-1", DisplayName: "Balcony", Rows: 1, SeatsPerRow: 2, Price: 4500}}}
	if change != nil {
		change(c)
	}
	return c
}

func TestCreatingOnceAndAgain(t *testing.T) {
	p := New().(*Performance)
	for i, line := range []struct {
		about string
		cmd   *Create
		code  string
		facts int
	}{
		{"no section", gala(func(c *Create) { c.Sections = nil }), "invalid_field", 0},
		{"a section without an id", gala(func(c *Create) { c.Sections[1].ID = "" }), "invalid_field", 0},
		{"an id that would end the performance's", gala(func(c *Create) { c.Sections[1].ID = "B~1" }), "invalid_field", 0},
		{"two sections of one name", gala(func(c *Create) { c.Sections[1].ID = "A" }), "invalid_field", 0},
		{"no row", gala(func(c *Create) { c.Sections[1].Rows = 0 }), "invalid_field", 0},
		{"no seat in a row", gala(func(c *Create) { c.Sections[1].SeatsPerRow = -1 }), "invalid_field", 0},
		{"a product that wraps around", gala(func(c *Create) { c.Sections[1].Rows, c.Sections[1].SeatsPerRow = 1<<33, 1<<31 }), "invalid_field", 0},
		{"a price below nothing", gala(func(c *Create) { c.Sections[1].Price = -1 }), "invalid_field", 0},
		{"a seat too many", gala(func(c *Create) { c.Sections = []events.Section{stalls(100, 999), {ID: "B", Rows: 101, SeatsPerRow: 1}} }), "invalid_field", 0},
		{"as it should be", gala(nil), "", 1},
		{"the same again, in another time zone", gala(func(c *Create) { c.StartsAt = day.In(time.FixedZone("x", 3600)) }), "", 0},
		{"another title", gala(func(c *Create) { c.Title = "Ball" }), "already_exists", 0},
		{"another layout", gala(func(c *Create) { c.Sections[0].Rows = 3 }), "already_exists", 0},
	} {
		facts, err := p.Decide(line.cmd, day)
		code := ""
		if err != nil {
			code = err.(*core.Refusal).Code
		}
		if code != line.code || len(facts) != line.facts {
			t.Errorf("line %d, %s: %q and %d facts, want %q and %d", i+1, line.about, code, len(facts), line.code, line.facts)
		}
		for _, fact := range facts {
			p.Evolve(fact)
		}
	}
	if !p.Exists() || !reflect.DeepEqual(p.Created(), *gala(nil)) || p.Layout().Seats() != 8 || !p.NextDeadline().IsZero() {
		t.Errorf("it is %+v with %d seats", p.Created(), p.Layout().Seats())
	}
}

func TestASnapshotIsThePerformance(t *testing.T) {
	p := New().(*Performance)
	facts, _ := p.Decide(gala(nil), day)
	for _, p := range []*Performance{New().(*Performance), p} {
		var saved bytes.Buffer
		if err := p.Freeze()(&saved); err != nil {
			t.Fatal(err)
		}
		restored := New().(*Performance)
		if err := restored.Restore(bytes.NewReader(saved.Bytes())); err != nil || !reflect.DeepEqual(restored, p) {
			t.Errorf("restored %+v, %v; want %+v", restored, err, p)
		}
		if err := New().Restore(bytes.NewReader(saved.Bytes()[:saved.Len()/2])); err == nil {
			t.Error("half a snapshot was restored")
		}
		p.Evolve(facts[0])
	}
}

func TestFactsThatCantBe(t *testing.T) {
	facts, _ := New().Decide(gala(nil), day)
	for name, log := range map[string][]events.Fact{
		"created twice":       {facts[0], facts[0]},
		"without seats":       {&events.PerformanceCreated{PerformanceID: "gala"}},
		"a fact of a product": {&events.ProductReserved{}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("taken in")
				}
			}()
			p := New()
			for _, fact := range log {
				p.Evolve(fact)
			}
		})
	}
}

// TestLayout holds names, numbers, places and neighbours to each other.
func TestLayout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sections []events.Section
		for _, id := range rapid.Permutation([]string{"A", "A-1", "B", "1"}).Draw(t, "ids")[:rapid.IntRange(1, 4).Draw(t, "sections")] {
			sections = append(sections, events.Section{ID: id, Rows: rapid.Int64Range(1, 12).Draw(t, "rows"),
				SeatsPerRow: rapid.Int64Range(1, 12).Draw(t, "seats"), Price: rapid.Int64Range(0, 9).Draw(t, "price")})
		}
		l, next := NewLayout(sections), Seat(0)
		for i, s := range sections {
			if first, _ := l.Span(i); l.Section(s.ID) != i || first != next {
				t.Fatalf("section %s is %d and begins at %d, want %d and %d", s.ID, l.Section(s.ID), first, i, next)
			}
			for row := int64(1); row <= s.Rows; row++ {
				for number := int64(1); number <= s.SeatsPerRow; number++ {
					checkSeat(t, l, next, i, row, number)
					next++
				}
			}
			if _, end := l.Span(i); end != next {
				t.Fatalf("section %s ends at %d, want %d", s.ID, end, next)
			}
		}
		if l.Seats() != int(next) {
			t.Fatalf("%d seats, want %d", l.Seats(), next)
		}
	})
}

func checkSeat(t *rapid.T, l *Layout, seat Seat, section int, row, number int64) {
	s := l.Sections()[section]
	name := events.SeatName(s.ID, row, number)
	if got, ok := l.Find(name); got != seat || !ok || l.Name(seat) != name || l.Price(seat) != s.Price {
		t.Fatalf("%s is found as %d, %t, and %d is %s at %d; want %d", name, got, ok, seat, l.Name(seat), l.Price(seat), seat)
	}
	if gs, gr, gn := l.Place(seat); gs != section || gr != row || gn != number {
		t.Fatalf("%s is in %d-%d-%d", name, gs, gr, gn)
	}
	left, right := l.Neighbours(seat)
	wantLeft, okLeft := l.Find(events.SeatName(s.ID, row, number-1))
	wantRight, okRight := l.Find(events.SeatName(s.ID, row, number+1))
	if okLeft != (left >= 0) || okRight != (right >= 0) || okLeft && left != wantLeft || okRight && right != wantRight {
		t.Fatalf("%s is between %d and %d", name, left, right)
	}
}

func TestCanonicalOrder(t *testing.T) {
	l := NewLayout(gala(nil).Sections)
	seats, unknown, twice := l.Canonical([]string{"B-1-1-2", "A-2-1", "C-1-1", "A-1-3", "A-1-4", "A-3-1", "A-1-03", "A-2-1", ""})
	if got, want := l.Names(seats), []string{"A-1-3", "A-2-1", "B-1-1-2"}; !slices.Equal(got, want) {
		t.Errorf("the seats are %v, want %v", got, want)
	}
	if want := []string{"C-1-1", "A-1-4", "A-3-1", "A-1-03", ""}; !slices.Equal(unknown, want) {
		t.Errorf("unknown are %q, want %q", unknown, want)
	}
	if want := []string{"A-2-1"}; !slices.Equal(twice, want) {
		t.Errorf("twice are %v, want %v", twice, want)
	}
	if l.Section("C") != -1 {
		t.Errorf("section C is %d, want -1", l.Section("C"))
	}
}

func TestMap(t *testing.T) {
	l := NewLayout(gala(nil).Sections)
	m := MapOf(l, []byte{0, 1, 3, 0, 0, 0, 2, 0})
	m.Take(7)
	m.Release(1, 2)
	other := m.Clone()
	other.Take(0)
	if m.Layout() != l || !m.Free(0) || !m.Free(1) || m.Free(6) || m.Remaining(0) != 6 || m.Remaining(1) != 0 {
		t.Errorf("%v: %d and %d remain, want 6 and 0", m.taken, m.Remaining(0), m.Remaining(1))
	}
	defer func() {
		if recover() == nil {
			t.Error("a map of another layout was taken")
		}
	}()
	MapOf(l, make([]byte, 7))
}

// TestAHallCostsItsLayout: a performance of a hundred thousand seats has no memory
// for a seat.
func TestAHallCostsItsLayout(t *testing.T) {
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
		t.Errorf("a performance of %d seats takes %d bytes, want at most 4 KB", hall().Seats(), each)
	}
	runtime.KeepAlive(kept)
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
