package events

import (
	"cmp"
	"slices"
)

// CountPlaces returns the total number of a booking's places.
func CountPlaces(places []BookedPlaces) (n int64) {
	for i := range places {
		n += places[i].Quantity
	}
	return n
}

// PlacesIn returns the number of a booking's places in an area.
func PlacesIn(places []BookedPlaces, area AreaID) (n int64) {
	for i := range places {
		if places[i].Area == area {
			n += places[i].Quantity
		}
	}
	return n
}

// TakePlace removes the place with the given number from places without changing them, and returns the
// remaining places and the removed one. ok is false if the booking does not have it. rest is nil if no place
// remains.
func TakePlace(places []BookedPlaces, area AreaID, number int64) (rest []BookedPlaces, place BookedPlaces, ok bool) {
	at := slices.IndexFunc(places, func(p BookedPlaces) bool {
		return p.Area == area && p.First <= number && number < p.First+p.Quantity
	})
	if at < 0 {
		return places, BookedPlaces{}, false
	}
	before, after := places[at], places[at]
	place = places[at]
	place.First, place.Quantity = number, 1
	before.Quantity = number - before.First
	after.Quantity, after.First = after.First+after.Quantity-number-1, number+1
	rest = append(rest, places[:at]...)
	for _, part := range []BookedPlaces{before, after} {
		if part.Quantity > 0 {
			rest = append(rest, part)
		}
	}
	return append(rest, places[at+1:]...), place, true
}

// PutPlace returns places plus place, which [TakePlace] removed before.
func PutPlace(places []BookedPlaces, place BookedPlaces) []BookedPlaces {
	last := -1 // the index of the last entry of place's area
	at := slices.IndexFunc(places, func(p BookedPlaces) bool { return p.Area == place.Area && p.First > place.First })
	for i := range places {
		if places[i].Area == place.Area {
			last = i
		}
	}
	if at < 0 {
		at = cmp.Or(last+1, len(places))
	}
	places = slices.Insert(slices.Clone(places), at, place)
	for i := len(places) - 1; i > 0; i-- {
		before, p := &places[i-1], places[i]
		if before.Area == p.Area && before.Price == p.Price && before.PriceType == p.PriceType &&
			before.First+before.Quantity == p.First {
			before.Quantity += p.Quantity
			places = slices.Delete(places, i, i+1)
		}
	}
	return places
}
