package events

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PlanError describes a fault in a seating plan.
type PlanError struct {
	// Path is the location in the file, such as zones.0.rows.3.seats.7.category; "" is the whole plan.
	Path string
	// Detail is for display.
	Detail string
}

// Error implements error.
func (e *PlanError) Error() string {
	if e.Path == "" {
		return e.Detail
	}
	return e.Path + ": " + e.Detail
}

// noColor is the color of a category without a valid one.
const noColor = "#808080"

// maxPlanText is the longest name of a plan, a zone or a category, in characters.
const maxPlanText = 200

// compiler compiles a hall, or finds the first fault of the plan.
type compiler struct {
	plan *SeatingPlan
	hall *Hall

	names      strings.Builder
	categories map[string]int
	guids      map[string]SeatIndex
	seatPlaces []seatPlace // the place of each seat in the file
	zones      map[string]int
	areas      map[AreaID]string // the path of each area
	rowPaths   map[string]string // the path of each row, by its name
	companions []companion
}

// seatPlace is the place of a seat in the file.
type seatPlace struct{ zone, row, seat int32 }

func (p seatPlace) String() string {
	return fmt.Sprintf("zones.%d.rows.%d.seats.%d", p.zone, p.row, p.seat)
}

// companion is a companion seat and the GUID of the seat that it belongs to.
type companion struct {
	seat SeatIndex
	of   string
}

// Compile checks a plan and returns the hall that it describes. Seats are named <zone>-<row>-<number>;
// names are only looked up, never parsed. Error: [*PlanError].
func (p *SeatingPlan) Compile() (*Hall, error) {
	c := &compiler{plan: p, hall: &Hall{DisplayName: p.Name, Size: p.Size, seed: maphash.MakeSeed(),
		bySect: map[SectionID]int{}, companion: map[SeatIndex]SeatIndex{}},
		categories: map[string]int{}, guids: map[string]SeatIndex{}, zones: map[string]int{},
		areas: map[AreaID]string{}, rowPaths: map[string]string{}}
	for _, step := range [...]func() error{c.checkPlan, c.addCategories, c.addZones, c.indexNames, c.linkCompanions,
		c.addStretches} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return c.hall, nil
}

func planFault(path, format string, args ...any) *PlanError {
	return &PlanError{Path: path, Detail: fmt.Sprintf(format, args...)}
}

// checkPlan checks the members of the plan itself.
func (c *compiler) checkPlan() error {
	p := c.plan
	switch {
	case !validPlanText(p.Name):
		return planFault("name", "1 to %d characters, none of them a control character", maxPlanText)
	case p.Size.Width < 1 || p.Size.Height < 1 || p.Size.Width > MaxPlanCoordinate || p.Size.Height > MaxPlanCoordinate:
		return planFault("size", "a plan needs its width and its height, from 1 to %d", int64(MaxPlanCoordinate))
	case len(p.Zones) == 0 || len(p.Zones) > MaxPlanZones:
		return planFault("zones", "a plan has 1 to %d zones", MaxPlanZones)
	case len(p.Categories) == 0 || len(p.Categories) > MaxPlanCategories:
		return planFault("categories", "a plan has 1 to %d categories", MaxPlanCategories)
	}
	c.hall.FocalPoint = PlanPoint{X: float64(p.Size.Width) / 2}
	if p.FocalPoint != nil {
		if !validPoint(*p.FocalPoint) {
			return farAway("focal_point")
		}
		c.hall.FocalPoint = *p.FocalPoint
	}
	return nil
}

func farAway(path string) *PlanError {
	return planFault(path, "coordinates are from -%d to %d", int64(MaxPlanCoordinate), int64(MaxPlanCoordinate))
}

func (c *compiler) addCategories() error {
	for i, category := range c.plan.Categories {
		path := fmt.Sprintf("categories.%d.name", i)
		if !validPlanText(category.Name) {
			return planFault(path, "1 to %d characters, none of them a control character", maxPlanText)
		}
		if other, duplicate := c.categories[category.Name]; duplicate {
			return planFault(path, "duplicate category %q, also at categories.%d", category.Name, other)
		}
		c.categories[category.Name] = i
		color := category.Color
		if !validColor(color) {
			color = noColor
		}
		c.hall.Categories = append(c.hall.Categories, HallCategory{Name: category.Name, Color: color})
	}
	return nil
}

func (c *compiler) addZones() error {
	for i := range c.plan.Zones {
		if err := c.addZone(i, &c.plan.Zones[i]); err != nil {
			return err
		}
	}
	c.hall.first = append(c.hall.first, SeatIndex(len(c.hall.category)))
	c.hall.sectRow = append(c.hall.sectRow, int32(len(c.hall.rows)))
	c.hall.names = c.names.String()
	if len(c.hall.category) == 0 && len(c.hall.Areas) == 0 {
		return planFault("zones", "a plan needs a seat, or an area with an id, a capacity and a category")
	}
	return nil
}

func (c *compiler) addZone(i int, z *PlanZone) error {
	path := fmt.Sprintf("zones.%d", i)
	label := z.ZoneID
	if label == "" {
		label = z.Name
	}
	switch other, duplicate := c.zones[label]; {
	case label == "":
		return planFault(path, "a zone needs a zone_id or a name, which begins the names of its seats")
	case len(label) > MaxSeatName || !validName(label):
		return planFault(path, "the zone_id of a zone (or its name) has at most %d bytes and no control character",
			MaxSeatName)
	case z.Name != "" && !validPlanText(z.Name):
		return planFault(path+".name", "1 to %d characters, none of them a control character", maxPlanText)
	case duplicate:
		return planFault(path, "duplicate zone %q, also at zones.%d", label, other)
	case !validPoint(z.Position):
		return farAway(path + ".position")
	}
	c.zones[label] = i
	before := len(c.hall.rows)
	c.hall.first = append(c.hall.first, SeatIndex(len(c.hall.category)))
	c.hall.sectRow = append(c.hall.sectRow, int32(before))
	if err := c.addRows(i, label, z); err != nil {
		return err
	}
	if rows := len(c.hall.rows) - before; rows > 0 {
		name := z.Name
		if name == "" {
			name = label
		}
		c.hall.bySect[SectionID(label)] = len(c.hall.sections)
		c.hall.sections = append(c.hall.sections, Section{ID: SectionID(label), DisplayName: name, Rows: int64(rows)})
	} else { // the zone has no seats
		c.hall.first, c.hall.sectRow = c.hall.first[:len(c.hall.first)-1], c.hall.sectRow[:len(c.hall.sectRow)-1]
	}
	for j := range z.Areas {
		if err := c.addArea(fmt.Sprintf("%s.areas.%d", path, j), SectionID(label), z, &z.Areas[j]); err != nil {
			return err
		}
	}
	return nil
}

// addRows adds the rows of a zone. Rows with the same number are merged at the position of the first.
func (c *compiler) addRows(zone int, label string, z *PlanZone) error {
	parts, order := map[string][]int{}, []string{}
	for i := range z.Rows {
		r := &z.Rows[i]
		path := fmt.Sprintf("zones.%d.rows.%d", zone, i)
		switch {
		case r.RowNumber == "" || !validName(r.RowNumber):
			return planFault(path+".row_number", "a row needs a number, without control characters")
		case !slices.Contains([]string{"", "start", "end", "both"}, r.RowNumberPosition):
			return planFault(path+".row_number_position", "start, end or both")
		case !validPoint(r.Position):
			return farAway(path + ".position")
		}
		if len(r.Seats) == 0 {
			continue
		}
		if parts[r.RowNumber] == nil {
			order = append(order, r.RowNumber)
		}
		parts[r.RowNumber] = append(parts[r.RowNumber], i)
	}
	for _, number := range order {
		name, path := label+"-"+number, fmt.Sprintf("zones.%d.rows.%d", zone, parts[number][0])
		if other, duplicate := c.rowPaths[name]; duplicate {
			return planFault(path, "duplicate row %q, also at %s", name, other)
		}
		c.rowPaths[name] = path
		row := HallRow{Section: len(c.hall.sections), Number: number, First: SeatIndex(len(c.hall.category)), name: name}
		for _, i := range parts[number] {
			if err := c.addSeats(seatPlace{zone: int32(zone), row: int32(i)}, name, z, &z.Rows[i]); err != nil {
				return err
			}
		}
		row.End = SeatIndex(len(c.hall.category))
		c.hall.rows = append(c.hall.rows, row)
	}
	return nil
}

// addSeats adds the seats of a row, or of a part of one.
func (c *compiler) addSeats(place seatPlace, row string, z *PlanZone, r *PlanRow) error {
	h := c.hall
	for i := range r.Seats {
		s := &r.Seats[i]
		place.seat = int32(i)
		name := row + "-" + s.SeatNumber
		category, known := c.categories[s.Category]
		at := PlanPoint{z.Position.X + r.Position.X + s.Position.X, z.Position.Y + r.Position.Y + s.Position.Y}
		other, duplicate := c.guids[s.SeatGUID]
		switch {
		case len(h.category) == MaxPlanSeats:
			return planFault(place.String(), "a plan has at most %d seats", MaxPlanSeats)
		case s.SeatNumber == "":
			return planFault(place.String()+".seat_number", "a seat needs a number")
		case len(name) > MaxSeatName || !validName(name):
			return planFault(place.String(), "the seat's name %q has more than %d bytes or a control character", name,
				MaxSeatName)
		case s.SeatGUID == "":
			return planFault(place.String()+".seat_guid", "a seat needs a seat_guid")
		case duplicate:
			return planFault(place.String()+".seat_guid", "duplicate seat_guid %q, also at %s", s.SeatGUID,
				c.seatPlaces[other])
		case !known:
			return planFault(place.String()+".category", "the plan has no category %q", s.Category)
		case !validPoint(s.Position) || !validPoint(at):
			return farAway(place.String() + ".position")
		}
		seat := SeatIndex(len(h.category))
		c.guids[s.SeatGUID], c.seatPlaces = seat, append(c.seatPlaces, place)
		c.names.WriteString(name)
		h.nameEnds = append(h.nameEnds, uint32(c.names.Len()))
		h.places = append(h.places, hallPlace{float32(at.X), float32(at.Y)})
		h.category = append(h.category, uint8(category))
		h.flags = append(h.flags, flagsOf(s))
		h.Categories[category].Seats++
		if s.CompanionOf != "" {
			c.companions = append(c.companions, companion{seat, s.CompanionOf})
		}
	}
	return nil
}

func flagsOf(s *PlanSeat) (flags seatFlags) {
	if s.Accessible {
		flags |= seatAccessible
	}
	if s.RestrictedView {
		flags |= seatRestrictedView
	}
	return flags
}

// indexNames builds the indexes of seats and rows by name, and refuses duplicate seat names.
func (c *compiler) indexNames() error {
	h := c.hall
	size := 2
	for size < 2*h.Seats() {
		size *= 2
	}
	h.table = slices.Repeat([]int32{-1}, size)
	for seat := range SeatIndex(h.Seats()) {
		name := h.Name(seat)
		if other, duplicate := h.Find(name); duplicate {
			return planFault(c.seatPlaces[seat].String(), "duplicate seat %q, also at %s", name, c.seatPlaces[other])
		}
		at := maphash.String(h.seed, string(name)) % uint64(size)
		for h.table[at] >= 0 {
			at = (at + 1) % uint64(size)
		}
		h.table[at] = int32(seat)
	}
	for i := range h.rows {
		h.byRow = append(h.byRow, int32(i))
	}
	slices.SortFunc(h.byRow, func(a, b int32) int { return strings.Compare(h.rows[a].name, h.rows[b].name) })
	return nil
}

func (c *compiler) linkCompanions() error {
	for _, companion := range c.companions {
		of, ok := c.guids[companion.of]
		if !ok || of == companion.seat {
			return planFault(c.seatPlaces[companion.seat].String()+".companion_of",
				"no other seat has the seat_guid %q", companion.of)
		}
		c.hall.companion[companion.seat] = of
		c.hall.flags[companion.seat] |= seatCompanion
	}
	return nil
}

// validName reports whether s can be a part of a name.
func validName(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func validPlanText(s string) bool {
	return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= maxPlanText && validName(s)
}

// validColor reports whether s is #rrggbb.
func validColor(s string) bool {
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	for _, digit := range s[1:] {
		if !strings.ContainsRune("0123456789abcdefABCDEF", digit) {
			return false
		}
	}
	return true
}

func validPoint(p PlanPoint) bool {
	return math.Abs(p.X) <= MaxPlanCoordinate && math.Abs(p.Y) <= MaxPlanCoordinate
}
