package bookings

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"admitone/actors/performance"
	"admitone/events"
)

// saleIn returns a performance in plain sections, or in a hall with an area, where a third of the seats has
// restricted price types only.
func saleIn(t interface{ Fatal(...any) }, rows, perRow int, inHall bool) *performanceInfo {
	if !inHall {
		return &performanceInfo{id: "gala", layout: events.NewLayout([]events.Section{
			{ID: "A", Rows: int64(rows), SeatsPerRow: int64(perRow)}, {ID: "B", Rows: 1, SeatsPerRow: int64(perRow)}})}
	}
	zone := events.PlanZone{Name: "A", ZoneID: "A"}
	for row := range rows {
		of := events.PlanRow{RowNumber: fmt.Sprint(row + 1)}
		for i := range perRow {
			of.Seats = append(of.Seats, events.PlanSeat{SeatGUID: fmt.Sprint(row, ".", i), SeatNumber: fmt.Sprint(i + 1),
				Category: []string{"open", "press"}[(row+i)%3/2], Accessible: i == perRow-1,
				Position: events.PlanPoint{X: float64(10 * i), Y: float64(10 * row)}})
		}
		zone.Rows = append(zone.Rows, of)
	}
	plan := &events.SeatingPlan{Name: "Hall", Size: events.PlanSize{Width: 9000, Height: 9000},
		Categories: []events.PriceCategory{{Name: "open"}, {Name: "press"}, {Name: "floor"}},
		Zones: []events.PlanZone{zone, {Name: "Floor", Rows: []events.PlanRow{}, Areas: []events.PlanArea{
			{ID: "floor", Capacity: 9, Category: "floor", Shape: "rectangle",
				Rectangle: &events.PlanSize{Width: 9, Height: 9}}}}}}
	hall, err := plan.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return &performanceInfo{id: "gala", layout: events.NewHallLayout(hall, []events.CategoryPrice{
		{Category: "open", Amount: 10}, {Category: "press", Type: "press", Restricted: true},
		{Category: "floor", Amount: 5}})}
}

// fixedMap are views with a fixed seat map.
type fixedMap struct {
	noViews
	taken []byte
}

func (v fixedMap) TakenSeats(context.Context, events.PerformanceID) ([]byte, events.Position, error) {
	return slices.Clone(v.taken), 7, nil
}

// TestAlternativesFromASharedMap checks that callers which use a recent map in turn get the alternatives
// that they would find in a separate copy.
func TestAlternativesFromASharedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := saleIn(t, rapid.IntRange(1, 5).Draw(t, "rows"), rapid.IntRange(2, 8).Draw(t, "seats"),
			rapid.Bool().Draw(t, "hall"))
		seats := s.layout.Seats()
		views := fixedMap{taken: rapid.SliceOfN(rapid.ByteRange(0, 1), seats, seats).Draw(t, "taken")}
		b := New(nil, views)
		for range rapid.IntRange(1, 6).Draw(t, "callers") {
			cmd := &Book{Restricted: rapid.Bool().Draw(t, "restricted")}
			first := rapid.IntRange(0, seats-1).Draw(t, "first")
			wanted := []performance.Seat{performance.Seat(first)}
			if first+1 < seats && rapid.Bool().Draw(t, "two") {
				wanted = append(wanted, performance.Seat(first+1))
			}
			if hidden := cmd.hidden(s); hidden != nil && slices.ContainsFunc(wanted, func(seat performance.Seat) bool {
				return hidden[s.layout.Hall().Category(seat)]
			}) {
				continue // forbidden
			}
			lost := wanted[:rapid.IntRange(1, len(wanted)).Draw(t, "lost")]
			for _, shared := range []bool{false, true} {
				got := offered(t, b, s, cmd, wanted, lost, shared)
				if want := offeredFromCopy(s, cmd, views.taken, wanted, lost, shared); !reflect.DeepEqual(got, want) {
					t.Fatalf("alternatives: got %v to %v, want %v", got, wanted, want)
				}
			}
		}
	})
}

// offered returns alternatives from a recent map. With shared, those that are not near the wanted seats are shared
// by all callers.
func offered(t *rapid.T, b *Bookings, s *performanceInfo, cmd *Book, wanted, lost []performance.Seat,
	shared bool) (choices [][]performance.Seat) {
	err := b.maps.withRecentMap(t.Context(), s, cmd, true, choiceSize{len(wanted), cmd.Restricted},
		func(m *performance.Map, best func() [][]performance.Seat) {
			if !shared {
				best = nil
			}
			m.Release(wanted...)
			m.Take(lost...)
			choices = m.Alternatives(wanted, alternatives, best)
		})
	if err != nil {
		t.Fatal(err)
	}
	return choices
}

// offeredFromCopy computes the result of offered from a separate copy.
func offeredFromCopy(s *performanceInfo, cmd *Book, taken []byte, wanted, lost []performance.Seat,
	shared bool) [][]performance.Seat {
	restricted := func(m *performance.Map) {
		for seat := range performance.Seat(s.layout.Seats()) {
			hall := s.layout.Hall()
			if hall != nil && !cmd.Restricted && hall.Categories[hall.Category(seat)].Name == "press" {
				m.Take(seat)
			}
		}
	}
	m := performance.MapOf(s.layout, slices.Clone(taken))
	m.Release(wanted...)
	m.Take(lost...)
	restricted(m)
	if !shared {
		return m.Alternatives(wanted, alternatives, nil)
	}
	all := performance.MapOf(s.layout, slices.Clone(taken))
	restricted(all)
	best := all.BestChoices(len(wanted), alternatives)
	return m.Alternatives(wanted, alternatives, func() [][]performance.Seat { return best })
}

// TestCopiesAreSeparate checks that callers which use a map concurrently do not see each other's changes.
func TestCopiesAreSeparate(t *testing.T) {
	s := saleIn(t, 20, 30, true)
	taken := make([]byte, s.layout.Seats())
	rng := rand.New(rand.NewPCG(1, 2))
	for seat := range taken {
		taken[seat] = byte(rng.IntN(2))
	}
	m := &seatMap{taken: taken}
	m.keepUntil(time.Now().Add(time.Minute))
	var all sync.WaitGroup
	for caller := range 8 {
		all.Go(func() {
			for round := range 100 {
				hidden := (&Book{Restricted: round%2 == 0}).hidden(s)
				m.withCopy(s.layout, hidden, func(own *performance.Map) {
					for seat := range performance.Seat(len(taken)) {
						hides := hidden != nil && hidden[s.layout.Hall().Category(seat)]
						if own.Free(seat) != (taken[seat] == 0 && !hides) {
							t.Errorf("seat %d: got free %t, want %t", seat, own.Free(seat), taken[seat] == 0 && !hides)
							return
						}
						own.Take(seat)
					}
					own.Release(0, performance.Seat(caller))
				})
				if caller == 0 && round == 50 {
					m.retire()
				}
			}
		})
	}
	all.Wait()
	if len(m.idle) == 0 || len(m.idle) > 16 {
		t.Errorf("got %d idle copies, want 1 to 16", len(m.idle))
	}
}

// slowMap is a fixedMap that takes a millisecond to read.
type slowMap struct{ fixedMap }

func (v slowMap) TakenSeats(ctx context.Context, id events.PerformanceID) ([]byte, events.Position, error) {
	time.Sleep(time.Millisecond)
	return v.fixedMap.TakenSeats(ctx, id)
}

// TestMapsOfOneCaller checks that a single caller gets a new map each time.
func TestMapsOfOneCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &seatMaps{views: slowMap{fixedMap{taken: []byte{0, 1}}}}
		for last := (*seatMap)(nil); m.budget.spent < maxBudget/2; {
			next := m.getRecent(t.Context(), "gala", true)
			if next == last {
				t.Fatalf("after %v spent on reads: got the same map, want a new one", m.budget.spent)
			}
			last = next
		}
	})
}

// TestMapsOfCrowd checks that callers share the cost of a read that they wait for, and that maps are read
// less often once the budget is spent.
func TestMapsOfCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &seatMaps{views: slowMap{fixedMap{taken: []byte{0, 1}}}}
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { m.getRecent(t.Context(), "gala", true) })
		}
		all.Wait()
		if m.budget.spent > 3*time.Millisecond {
			t.Errorf("got %v of the budget spent, want at most 3 ms: one read for the first caller, and one that all others share", m.budget.spent)
		}
		for m.budget.spent < maxBudget {
			m.getRecent(t.Context(), "gala", true)
		}
		first := m.recent["gala"]
		var used time.Duration
		for start := time.Now(); m.getRecent(t.Context(), "gala", true) == first; time.Sleep(100 * time.Microsecond) {
			used = time.Since(start)
		}
		if used > maxMapAge {
			t.Errorf("got a map used for %v, want at most %v", used, maxMapAge)
		}
		reads, last := 0, first
		for range 10_000 { // a second
			if next := m.getRecent(t.Context(), "gala", true); next != last {
				reads, last = reads+1, next
			}
			time.Sleep(100 * time.Microsecond)
		}
		if reads < 40 || reads > 60 {
			t.Errorf("got %d reads in a second, want 40 to 60, a twentieth of the time", reads)
		}
	})
}

// BenchmarkSeatTaken refuses a taken seat of a half-sold hall of 100,000 seats.
func BenchmarkSeatTaken(b *testing.B) {
	for _, inHall := range []bool{false, true} {
		b.Run(fmt.Sprintf("hall=%t", inHall), func(b *testing.B) {
			s := saleIn(b, 1000, 100, inHall)
			views := fixedMap{taken: make([]byte, s.layout.Seats())}
			for seat := range views.taken {
				views.taken[seat] = byte(seat % 2)
			}
			all := New(nil, views)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				wanted := []performance.Seat{performance.Seat(i * 7919 % s.layout.Seats() / 3 * 3)}
				all.seatTaken(b.Context(), &Book{}, s, wanted, wanted)
			}
		})
	}
}

// TestBestOfStandingCategory checks that best seats of a category without seats are refused with
// invalid_field.
func TestBestOfStandingCategory(t *testing.T) {
	layout := saleIn(t, 2, 4, true).layout
	for category, want := range map[string]error{"open": nil, "floor": ErrNoSeatsOfCategory, "none": ErrNoCategory} {
		if _, err := (&Book{Quantity: 1, Category: category}).criteria(layout); err != want {
			t.Errorf("category %s: got %v, want %v", category, err, want)
		}
	}
}
