package events

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// TestTakeAndPutPlaces: a place that is taken is gone, and put back in any order the places are as before.
func TestTakeAndPutPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var places []BookedPlaces
		next := map[AreaID]int64{}
		for range rapid.IntRange(1, 4).Draw(t, "lines") {
			area := rapid.SampledFrom([]AreaID{"floor", "gallery"}).Draw(t, "area")
			n := rapid.Int64Range(1, 4).Draw(t, "quantity")
			last := len(places) - 1
			price := int64(10 * (1 + len(places))) // neighbours differ, or they would be one
			if last >= 0 && places[last].Area != area && next[area] > 0 {
				continue // an area's lines are together
			}
			places = append(places, BookedPlaces{Area: area, First: next[area] + 1, Quantity: n, Price: price})
			next[area] += n
		}
		left, total := places, CountPlaces(places)
		var taken []BookedPlaces
		for range rapid.IntRange(1, int(total)).Draw(t, "takes") {
			at := left[rapid.IntRange(0, len(left)-1).Draw(t, "line")]
			number := at.First + rapid.Int64Range(0, at.Quantity-1).Draw(t, "place")
			rest, place, ok := TakePlace(left, at.Area, number)
			if !ok || place != (BookedPlaces{Area: at.Area, First: number, Quantity: 1, Price: at.Price}) {
				t.Fatalf("TakePlace(%v) of %v = %+v, %t; want the place with its number", number, left, place, ok)
			}
			if _, _, again := TakePlace(rest, at.Area, number); again || CountPlaces(rest) != CountPlaces(left)-1 {
				t.Fatalf("TakePlace(%v) of %v left %v, want all others", number, left, rest)
			}
			if left, taken = rest, append(taken, place); len(left) == 0 {
				break
			}
		}
		for _, place := range rapid.Permutation(taken).Draw(t, "put") {
			left = PutPlace(left, place)
		}
		sorted := map[AreaID][]BookedPlaces{}
		for _, p := range left {
			sorted[p.Area] = append(sorted[p.Area], p)
		}
		want := map[AreaID][]BookedPlaces{}
		for _, p := range places {
			want[p.Area] = append(want[p.Area], p)
		}
		if !reflect.DeepEqual(sorted, want) {
			t.Fatalf("%v, want %v", left, places)
		}
	})
}
