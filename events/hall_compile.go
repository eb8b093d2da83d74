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

// PlanError describes a fault of a seating plan and its place.
type PlanError struct {
	// Path of the place in the file, such as zones.0.rows.3.seats.7.category; "" is the whole.
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

// noColor is drawn where a category has no valid color.
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
	where      []seatPlace // of each seat in the plan
	zones      map[string]int
	areas      map[AreaID]string // their paths
	rowPaths   map[string]string // of rows, by their names
	companions []companion
}

// seatPlace is a place in the file.
type seatPlace struct{ zone, row, seat int32 }

func (p seatPlace) String() string {
	return fmt.Sprintf("zones.%d.rows.%d.seats.%d", p.zone, p.row, p.seat)
}

type companion struct {
	seat SeatIndex
	of   string
}

// Compile checks a plan and returns the hall that it describes. Seats are named <zone>-<row>-<number>;
// names are looked up and never taken apart. Error: [*PlanError].
func (p *SeatingPlan) Compile() (*Hall, error) {
	c := &compiler{plan: p, hall: &Hall{DisplayName: p.Name, Size: p.Size, seed: maphash.MakeSeed(),
		bySect: map[SectionID]int{}, companion: map[SeatIndex]SeatIndex{}},
		categories: map[string]int{}, guids: map[string]SeatIndex{}, zones: map[string]int{},
		areas: map[AreaID]string{}, rowPaths: map[string]string{}}
	for _, step := range [...]func() error{c.whole, c.allCategories, c.allZones, c.index, c.allCompanions, c.stretch} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return c.hall, nil
}

func planFault(path, format string, args ...any) *PlanError {
	return &PlanError{Path: path, Detail: fmt.Sprintf(format, args...)}
}

// whole checks the members of the plan itself.
func (c *compiler) whole() error {
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

func (c *compiler) allCategories() error {
	for i, category := range c.plan.Categories {
		path := fmt.Sprintf("categories.%d.name", i)
		if !validPlanText(category.Name) {
			return planFault(path, "1 to %d characters, none of them a control character", maxPlanText)
		}
		if other, twice := c.categories[category.Name]; twice {
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

func (c *compiler) allZones() error {
	for i := range c.plan.Zones {
		if err := c.zone(i, &c.plan.Zones[i]); err != nil {
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

func (c *compiler) zone(i int, z *PlanZone) error {
	path := fmt.Sprintf("zones.%d", i)
	label := z.ZoneID
	if label == "" {
		label = z.Name
	}
	switch other, twice := c.zones[label]; {
	case label == "":
		return planFault(path, "a zone needs a zone_id or a name: its seats are named by it")
	case len(label) > MaxSeatName || !validName(label):
		return planFault(path, "what a zone is named by has at most %d bytes and no control character", MaxSeatName)
	case z.Name != "" && !validPlanText(z.Name):
		return planFault(path+".name", "1 to %d characters, none of them a control character", maxPlanText)
	case twice:
		return planFault(path, "duplicate zone %q, also at zones.%d", label, other)
	case !validPoint(z.Position):
		return farAway(path + ".position")
	}
	c.zones[label] = i
	before := len(c.hall.rows)
	c.hall.first = append(c.hall.first, SeatIndex(len(c.hall.category)))
	c.hall.sectRow = append(c.hall.sectRow, int32(before))
	if err := c.rows(i, label, z); err != nil {
		return err
	}
	if rows := len(c.hall.rows) - before; rows > 0 {
		name := z.Name
		if name == "" {
			name = label
		}
		c.hall.bySect[SectionID(label)] = len(c.hall.sections)
		c.hall.sections = append(c.hall.sections, Section{ID: SectionID(label), DisplayName: name, Rows: int64(rows)})
	} else { // it has no seats
		c.hall.first, c.hall.sectRow = c.hall.first[:len(c.hall.first)-1], c.hall.sectRow[:len(c.hall.sectRow)-1]
	}
	for j := range z.Areas {
		if err := c.area(fmt.Sprintf("%s.areas.%d", path, j), SectionID(label), z, &z.Areas[j]); err != nil {
			return err
		}
	}
	return nil
}

// rows adds the rows of a zone. Rows with the same number are merged at the position of the first.
func (c *compiler) rows(zone int, label string, z *PlanZone) error {
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
		named, path := label+"-"+number, fmt.Sprintf("zones.%d.rows.%d", zone, parts[number][0])
		if other, twice := c.rowPaths[named]; twice {
			return planFault(path, "duplicate row %q, also at %s", named, other)
		}
		c.rowPaths[named] = path
		row := HallRow{Section: len(c.hall.sections), Number: number, First: SeatIndex(len(c.hall.category)), named: named}
		for _, i := range parts[number] {
			if err := c.seats(seatPlace{zone: int32(zone), row: int32(i)}, named, z, &z.Rows[i]); err != nil {
				return err
			}
		}
		row.End = SeatIndex(len(c.hall.category))
		c.hall.rows = append(c.hall.rows, row)
	}
	return nil
}

// seats adds the seats of a row, or of a part of one.
func (c *compiler) seats(place seatPlace, row string, z *PlanZone, r *PlanRow) error {
	h := c.hall
	for i := range r.Seats {
		s := &r.Seats[i]
		place.seat = int32(i)
		name := row + "-" + s.SeatNumber
		category, known := c.categories[s.Category]
		at := PlanPoint{z.Position.X + r.Position.X + s.Position.X, z.Position.Y + r.Position.Y + s.Position.Y}
		other, twice := c.guids[s.SeatGUID]
		switch {
		case len(h.category) == MaxPlanSeats:
			return planFault(place.String(), "a plan has at most %d seats", MaxPlanSeats)
		case s.SeatNumber == "":
			return planFault(place.String()+".seat_number", "a seat needs a number")
		case len(name) > MaxSeatName || !validName(name):
			return planFault(place.String(), "the seat's name %q has more than %d bytes or a control character", name,
				MaxSeatName)
		case s.SeatGUID == "":
			return planFault(place.String()+".seat_guid", "a seat needs one")
		case twice:
			return planFault(place.String()+".seat_guid", "duplicate seat_guid %q, also at %s", s.SeatGUID, c.where[other])
		case !known:
			return planFault(place.String()+".category", "the plan has no category %q", s.Category)
		case !validPoint(s.Position) || !validPoint(at):
			return farAway(place.String() + ".position")
		}
		seat := SeatIndex(len(h.category))
		c.guids[s.SeatGUID], c.where = seat, append(c.where, place)
		c.names.WriteString(name)
		h.nameEnds = append(h.nameEnds, uint32(c.names.Len()))
		h.places = append(h.places, hallPlace{float32(at.X), float32(at.Y)})
		h.category = append(h.category, uint8(category))
		h.marks = append(h.marks, marksOf(s))
		h.Categories[category].Seats++
		if s.CompanionOf != "" {
			c.companions = append(c.companions, companion{seat, s.CompanionOf})
		}
	}
	return nil
}

func marksOf(s *PlanSeat) (marks seatMarks) {
	if s.Accessible {
		marks |= seatAccessible
	}
	if s.RestrictedView {
		marks |= seatRestrictedView
	}
	return marks
}

// index builds the look-up by name, and finds duplicate names.
func (c *compiler) index() error {
	h := c.hall
	size := 2
	for size < 2*h.Seats() {
		size *= 2
	}
	h.table = slices.Repeat([]int32{-1}, size)
	for seat := range SeatIndex(h.Seats()) {
		name := h.Name(seat)
		if other, twice := h.Find(name); twice {
			return planFault(c.where[seat].String(), "duplicate seat %q, also at %s", name, c.where[other])
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
	slices.SortFunc(h.byRow, func(a, b int32) int { return strings.Compare(h.rows[a].named, h.rows[b].named) })
	return nil
}

func (c *compiler) allCompanions() error {
	for _, companion := range c.companions {
		of, ok := c.guids[companion.of]
		if !ok || of == companion.seat {
			return planFault(c.where[companion.seat].String()+".companion_of",
				"it is the seat_guid of a different seat, and no other has %q", companion.of)
		}
		c.hall.companion[companion.seat] = of
		c.hall.marks[companion.seat] |= seatCompanion
	}
	return nil
}

// validName reports whether a text can be a part of a name.
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
