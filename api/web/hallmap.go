package web

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"math"
	"slices"
	"strconv"

	"admitone/events"
)

// HallMapType is the private media type of a [HallMap].
const HallMapType = "application/vnd.admitone.hall"

// HallMap returns the map of a hall that the pages draw: JSON, compressed with gzip. planOfHall in seatplan.js is its
// only reader; the format may change with any version. It has a hundredth of the plan's size, because it has lists of
// numbers instead of an object per seat:
//
//	{"width":4000, "height":3000,
//	 "categories": [{"name":"Stalls", "color":"#2e7d5b"}],
//	 "numbers": [["1","2","3"]],     the numbers of the seats of a row, shared by rows with equal numbers
//	 "sections": [{"id":"S", "name":"Stalls", "rows":[["A",0]]}],    each row with an index in numbers
//	 "x": [820,256,256], "y": [900,0,0],    the position of each seat, relative to the previous one
//	 "kinds": [[3,0]],               runs of seats of one category: their length, and an index in categories
//	 "notes": [[2,0],[1,5]],         runs of equal marks: their length; 1 accessible, 2 companion, 4 restricted
//	 "shapes": [{…}]}                areas and decoration: see shape
//
// The unit of length is 1/256 of the usual distance between neighbouring seats. Seats are in the order of the plan,
// section by section, row by row.
func HallMap(hall *events.Hall) []byte {
	m := newHallMap(hall)
	o := events.OpenObject(nil)
	o.Int("width", m.across(m.right)+m.margin)
	o.Int("height", m.down(m.bottom)+m.margin)
	listIn(&o, "categories", len(hall.Categories), func(dst []byte, i int) []byte {
		category := events.OpenObject(dst)
		category.String("name", hall.Categories[i].Name)
		category.String("color", hall.Categories[i].Color)
		return category.Close()
	})
	m.sections(&o)
	m.places(&o, "x", func(at events.PlanPoint) int64 { return m.across(at.X) })
	m.places(&o, "y", func(at events.PlanPoint) int64 { return m.down(at.Y) })
	m.runs(&o, "kinds", hall.Category)
	m.runs(&o, "notes", m.notes)
	shapes := hall.Shapes()
	listIn(&o, "shapes", len(shapes), func(dst []byte, i int) []byte { return m.shape(dst, &shapes[i]) })
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(o.Close()) // a buffer takes everything
	z.Close()
	return packed.Bytes()
}

const (
	// mapUnit is the length of a seat, in the map's units.
	mapUnit = 256
	// leastMargin is the least margin around the drawing: 2.2 seats. marginShare is its share of a large
	// hall's longer side: there, a margin of some seats would not be visible.
	leastMargin, marginShare = mapUnit * 22 / 10, 1. / 50
	// maxMapLength limits the width and the height of a map, in seats: browsers draw no larger elements.
	maxMapLength = 1e6
	// defaultUnit is the distance between seats in a plan without two separate seats.
	defaultUnit = 20
)

// hallMap converts the plan's coordinates to those of the map.
type hallMap struct {
	hall                     *events.Hall
	unit                     float64 // the length of a seat, in the units of the plan
	left, top, right, bottom float64 // the bounds of the drawing, in the units of the plan
	margin                   int64   // around the drawing, in the map's units
}

func newHallMap(hall *events.Hall) *hallMap {
	m := &hallMap{hall: hall, left: math.Inf(1), top: math.Inf(1), right: math.Inf(-1), bottom: math.Inf(-1)}
	for seat := range events.SeatIndex(hall.Seats()) {
		m.reach(hall.Position(seat), 0, 0)
	}
	for _, s := range hall.Shapes() {
		width, height, radius := sizesOf(&s)
		m.reach(s.At, -radius.X, -radius.Y)
		m.reach(s.At, max(width, radius.X), max(height, radius.Y))
		for _, corner := range cornersOf(&s) {
			m.reach(s.At, corner.X, corner.Y)
		}
	}
	const whole = 1 + 2*marginShare // the drawing with its margins
	m.unit = max(usualDistance(hall), whole*(m.right-m.left)/maxMapLength, whole*(m.bottom-m.top)/maxMapLength)
	m.margin = max(leastMargin, m.length(marginShare*max(m.right-m.left, m.bottom-m.top)))
	return m
}

// reach extends the map to a point.
func (m *hallMap) reach(at events.PlanPoint, x, y float64) {
	m.left, m.right = min(m.left, at.X+x), max(m.right, at.X+x)
	m.top, m.bottom = min(m.top, at.Y+y), max(m.bottom, at.Y+y)
}

// usualDistance returns the median distance of a sample of seats to their nearest neighbours.
func usualDistance(hall *events.Hall) float64 {
	var found []float64
	size := events.SeatIndex(hall.Seats())
	for seat := events.SeatIndex(0); seat < size; seat += max(1, size/16) {
		at, nearest := hall.Position(seat), math.Inf(1)
		for other := range size {
			to := hall.Position(other)
			if square := (to.X-at.X)*(to.X-at.X) + (to.Y-at.Y)*(to.Y-at.Y); square > 0 && square < nearest {
				nearest = square
			}
		}
		if !math.IsInf(nearest, 1) {
			found = append(found, math.Sqrt(nearest))
		}
	}
	if len(found) == 0 {
		return defaultUnit
	}
	slices.Sort(found)
	return found[len(found)/2]
}

func (m *hallMap) length(l float64) int64 { return int64(math.Round(l / m.unit * mapUnit)) }

func (m *hallMap) across(x float64) int64 { return m.length(x-m.left) + m.margin }

func (m *hallMap) down(y float64) int64 { return m.length(y-m.top) + m.margin }

// sections adds the numbers of seats, and the sections with their rows, which refer to them.
func (m *hallMap) sections(o *events.Object) {
	var lists [][]byte
	known := map[string]int{}
	numbersOf := func(id events.SectionID, row *events.HallRow) int {
		prefix := len(id) + len(row.Number) + len("--")
		text := appendList(nil, int(row.End-row.First), func(dst []byte, i int) []byte {
			return events.AppendJSONString(dst, string(m.hall.Name(row.First + events.SeatIndex(i))[prefix:]))
		})
		list, ok := known[string(text)]
		if !ok {
			list = len(lists)
			lists, known[string(text)] = append(lists, text), list
		}
		return list
	}
	all := m.hall.Sections()
	text := appendList(nil, len(all), func(dst []byte, i int) []byte {
		section, rows := events.OpenObject(dst), m.hall.RowsOf(i)
		section.String("id", string(all[i].ID))
		section.String("name", all[i].DisplayName)
		listIn(&section, "rows", len(rows), func(dst []byte, i int) []byte {
			dst = append(events.AppendJSONString(append(dst, '['), rows[i].Number), ',')
			return append(strconv.AppendInt(dst, int64(numbersOf(all[rows[i].Section].ID, &rows[i])), 10), ']')
		})
		return section.Close()
	})
	listIn(o, "numbers", len(lists), func(dst []byte, i int) []byte { return append(dst, lists[i]...) })
	o.Raw("sections", text)
}

// places adds a coordinate of each seat, as the difference from the previous one.
func (m *hallMap) places(o *events.Object, name string, coordinate func(events.PlanPoint) int64) {
	before := int64(0)
	listIn(o, name, m.hall.Seats(), func(dst []byte, i int) []byte {
		at := coordinate(m.hall.Position(events.SeatIndex(i)))
		dst = strconv.AppendInt(dst, at-before, 10)
		before = at
		return dst
	})
}

// runs adds a figure of each seat, run-length encoded: pairs of a number of seats and their common figure.
func (m *hallMap) runs(o *events.Object, name string, figure func(events.SeatIndex) int) {
	type run struct{ seats, figure int }
	var runs []run
	for seat := range events.SeatIndex(m.hall.Seats()) {
		if of := figure(seat); len(runs) == 0 || runs[len(runs)-1].figure != of {
			runs = append(runs, run{0, of})
		}
		runs[len(runs)-1].seats++
	}
	listIn(o, name, len(runs), func(dst []byte, i int) []byte {
		return appendNumbers(dst, int64(runs[i].seats), int64(runs[i].figure))
	})
}

// notes returns the marks of a seat.
func (m *hallMap) notes(seat events.SeatIndex) (bits int) {
	if m.hall.Accessible(seat) {
		bits |= 1
	}
	if _, ok := m.hall.CompanionOf(seat); ok {
		bits |= 2
	}
	if m.hall.RestrictedView(seat) {
		bits |= 4
	}
	return bits
}

// shape appends an area or a piece of decoration:
//
//	{"shape":"polygon", "rotation":0, "x":0, "y":0, "width":0, "height":0, "rx":0, "ry":0, "points":[[0,0]],
//	 "label":{"text":"Floor", "x":0, "y":0},
//	 "id":"floor", "capacity":300, "category":0}
//
// Rotation is in degrees; points and the label are relative to x and y. Only areas for sale have the last line.
func (m *hallMap) shape(dst []byte, s *events.HallShape) []byte {
	o, corners := events.OpenObject(dst), cornersOf(s)
	width, height, radius := sizesOf(s)
	o.String("shape", s.Area.Shape)
	o.Raw("rotation", strconv.AppendFloat(nil, s.Area.Rotation, 'g', -1, 64))
	o.Int("x", m.across(s.At.X))
	o.Int("y", m.down(s.At.Y))
	o.Int("width", m.length(width))
	o.Int("height", m.length(height))
	o.Int("rx", m.length(radius.X))
	o.Int("ry", m.length(radius.Y))
	listIn(&o, "points", len(corners), func(dst []byte, i int) []byte {
		return appendNumbers(dst, m.length(corners[i].X), m.length(corners[i].Y))
	})
	text, at := labelOf(s)
	label := events.OpenObject(nil)
	label.String("text", text)
	label.Int("x", m.length(at.X))
	label.Int("y", m.length(at.Y))
	o.Raw("label", label.Close())
	if s.Category >= 0 {
		o.String("id", string(s.Area.ID))
		o.Int("capacity", s.Area.Capacity)
		o.Int("category", int64(s.Category))
	}
	return o.Close()
}

// labelOf returns the text on a shape, and its place. An area for sale without a text has the name of its zone.
func labelOf(s *events.HallShape) (text string, at events.PlanPoint) {
	if s.Area.Shape == "rectangle" {
		width, height, _ := sizesOf(s)
		at = events.PlanPoint{X: width / 2, Y: height / 2}
	}
	if s.Area.Text != nil {
		text, at = s.Area.Text.Text, s.Area.Text.Position
	}
	if text == "" && s.Category >= 0 {
		text = cmp.Or(s.Zone, string(s.Area.ID))
	}
	return text, at
}

// sizesOf returns the size of a rectangle and the radius of an ellipse or a circle, zero for others.
func sizesOf(s *events.HallShape) (width, height float64, radius events.PlanPoint) {
	if r := s.Area.Rectangle; r != nil {
		width, height = float64(r.Width), float64(r.Height)
	}
	switch a := s.Area; {
	case a.Ellipse != nil:
		radius = a.Ellipse.Radius
	case a.Circle != nil:
		radius = events.PlanPoint{X: float64(a.Circle.Radius), Y: float64(a.Circle.Radius)}
	}
	return width, height, radius
}

func cornersOf(s *events.HallShape) []events.PlanPoint {
	if s.Area.Polygon == nil {
		return nil
	}
	return s.Area.Polygon.Points
}

// listIn adds an array of n values that write appends.
func listIn(o *events.Object, name string, n int, write func(dst []byte, i int) []byte) {
	o.Key(name)
	o.Buf = appendList(o.Buf, n, write)
}

func appendList(dst []byte, n int, write func(dst []byte, i int) []byte) []byte {
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = write(dst, i)
	}
	return append(dst, ']')
}

func appendNumbers(dst []byte, numbers ...int64) []byte {
	return appendList(dst, len(numbers), func(dst []byte, i int) []byte { return strconv.AppendInt(dst, numbers[i], 10) })
}
