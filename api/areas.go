package api

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

// areaPlaces is the number of places by area in a request body.
type areaPlaces map[events.AreaID]*int64

// list returns the places, sorted by area. Error: a number is invalid, or there is no area.
func (a areaPlaces) list() (places []events.AreaPlaces, err error) {
	for _, id := range slices.Sorted(maps.Keys(a)) {
		field := "areas." + string(id)
		if a[id] == nil {
			return nil, invalidField(field, "give the number of places")
		}
		n, err := wholeNumber(field, a[id], 0, 1, events.MaxAreaPlaces)
		if err != nil {
			return nil, err
		}
		places = append(places, events.AreaPlaces{Area: id, Places: n})
	}
	if len(places) == 0 {
		return nil, invalidField("areas", "give the number of places by area")
	}
	return places, nil
}

// appendPlaces appends the number of a booking's places in each area, if it has any.
func appendPlaces(o *events.Object, b *row.Booking) {
	if len(b.Areas) == 0 {
		return
	}
	o.Key("areas")
	areas, last := events.OpenObject(o.Buf), events.AreaID("")
	for _, line := range placeLines(b.Areas) {
		if line.area != last {
			areas.Int(string(line.area), events.PlacesIn(b.Areas, line.area))
		}
		last = line.area
	}
	o.Buf = areas.Close()
}

// placeLine has the places of a booking in one area at one price.
type placeLine struct {
	area      events.AreaID
	priceType string
	price     int64
	places    []int64
}

// placeLines groups places by area, price type and price. The lines of an area are adjacent. Areas, and the
// lines within an area, are in the order of their first occurrence.
func placeLines(places []events.BookedPlaces) (lines []placeLine) {
	first := map[events.AreaID]int{}
	for i := range places {
		p := &places[i]
		if _, ok := first[p.Area]; !ok {
			first[p.Area] = i
		}
		index := slices.IndexFunc(lines, func(l placeLine) bool {
			return l.area == p.Area && l.priceType == p.PriceType && l.price == p.Price
		})
		if index < 0 {
			index, lines = len(lines), append(lines, placeLine{area: p.Area, priceType: p.PriceType, price: p.Price})
		}
		for number := p.First; number < p.First+p.Quantity; number++ {
			lines[index].places = append(lines[index].places, number)
		}
	}
	slices.SortStableFunc(lines, func(a, b placeLine) int { return cmp.Compare(first[a.area], first[b.area]) })
	return lines
}

func (l *placeLine) append(dst []byte) []byte {
	o := events.OpenObject(dst)
	o.String("area", string(l.area))
	if l.priceType != "" {
		o.String("price_type", l.priceType)
	}
	o.Int("quantity", int64(len(l.places)))
	o.Int("price", l.price)
	o.Key("places")
	o.Buf = append(o.Buf, '[')
	for i, number := range l.places {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		o.Buf = strconv.AppendInt(o.Buf, number, 10)
	}
	o.Buf = append(o.Buf, ']')
	return o.Close()
}

// appendAreas appends the areas of a performance, if any.
func appendAreas(o *events.Object, areas []row.Area) {
	if len(areas) == 0 {
		return
	}
	o.Key("areas")
	o.Buf = append(o.Buf, '[')
	for i := range areas {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		o.Buf = live.AppendArea(o.Buf, areas[i].ID, areas[i].AreaCounts)
	}
	o.Buf = append(o.Buf, ']')
}
