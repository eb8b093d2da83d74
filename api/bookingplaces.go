package api

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"admitone/actors/booking"
	"admitone/events"
)

// newAreas is the member areas in the body of a new booking: the requested places by area.
type newAreas map[events.AreaID]newPlaces

// newPlaces are the requested places of one area: a number, or a list of numbers by price type.
type newPlaces []typedPlaces

type typedPlaces struct {
	PriceType *string `json:"price_type,omitzero"`
	Quantity  *int64  `json:"quantity"`
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (p *newPlaces) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	switch dec.PeekKind() {
	case '0':
		var quantity int64
		if err := json.UnmarshalDecode(dec, &quantity); err != nil {
			return err
		}
		*p = newPlaces{{Quantity: &quantity}}
		return nil
	case '[':
		return json.UnmarshalDecode(dec, (*[]typedPlaces)(p))
	}
	return errors.New("the places of an area must be a number, or a list with price types")
}

// MarshalJSONTo implements json.MarshalerTo. Equal bodies have equal encodings.
func (a newAreas) MarshalJSONTo(enc *jsontext.Encoder) error {
	return json.MarshalEncode(enc, map[events.AreaID]newPlaces(a), json.Deterministic(true))
}

// placesOf validates and returns the requested places of a booking that also has a number of seats. Areas are
// sorted by id, because JSON objects have no order. The places of an area keep their order, by which they are
// numbered.
func placesOf(given newAreas, seats int) (areas []events.WantedPlaces, err error) {
	total := int64(seats)
	for _, id := range slices.Sorted(maps.Keys(given)) {
		field := "areas." + string(id)
		if len(given[id]) == 0 {
			return nil, invalidField(field, "give the number of places")
		}
		for _, p := range given[id] {
			if p.Quantity == nil {
				return nil, invalidField(field, "give the number of places")
			}
			quantity, err := wholeNumber(field, p.Quantity, 0, 1, booking.MaxSeats)
			if err != nil {
				return nil, err
			}
			if total += quantity; total > booking.MaxSeats {
				return nil, invalidField("areas", fmt.Sprintf("a booking has 1 to %d seats and places", booking.MaxSeats))
			}
			places := events.WantedPlaces{Area: id, Quantity: quantity}
			if p.PriceType != nil {
				if places.PriceType = *p.PriceType; places.PriceType == "" {
					return nil, invalidField(field, "a price type has a name; omit it for the first one")
				}
			}
			areas = append(areas, places)
		}
	}
	if len(areas) == 0 {
		return nil, invalidField("areas", "give the number of places by area")
	}
	return areas, nil
}
