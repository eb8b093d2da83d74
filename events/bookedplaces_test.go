package events

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// TestTakeAndPutPlaces: TakePlace removes just one place, and putting back all of them, in any order, restores the
// original places.
func TestTakeAndPutPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var places []BookedPlaces
		next := map[AreaID]int64{}
		for range rapid.IntRange(1, 4).Draw(t, "lines") {
			area := rapid.SampledFrom([]AreaID{"floor", "gallery"}).Draw(t, "area")
			n := rapid.Int64Range(1, 4).Draw(t, "quantity")
			last := len(places) - 1
			price := int64(10 * (1 + len(places))) // different, so that adjacent entries are not merged
			if last >= 0 && places[last].Area != area && next[area] > 0 {
				continue // the entries of an area are adjacent
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
				t.Fatalf("TakePlace(%v, %d) = %+v, %t; want the place with that number", left, number, place, ok)
			}
			if _, _, again := TakePlace(rest, at.Area, number); again || CountPlaces(rest) != CountPlaces(left)-1 {
				t.Fatalf("TakePlace(%v, %d) leaves %v, want all other places", left, number, rest)
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
			t.Fatalf("after taking and putting back: %v, want %v", left, places)
		}
	})
}
