package planfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"admitone/events"
)

// header is the required first line.
const header = "zone,row,number,x,y,category"

// maxFaults bounds the number of reported faults.
const maxFaults = 20

// palette has the colors of categories in order of appearance, repeated from the start after the last. They are
// distinguishable by people with color vision deficiency.
var palette = [...]string{"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#332288"}

// table builds a plan from the lines of a CSV file.
type table struct {
	plan       *events.SeatingPlan
	zones      map[string]int
	rows       map[[2]string]int // index of a row in its zone, by zone and row
	categories map[string]int    // line of the first appearance
	names      map[string]int    // lines of the seats, by name
	lines      [][][]int         // of each seat in the plan
	low, high  events.PlanPoint
	faults     []Fault
}

// ReadCSV reads a table of seats with the columns zone, row, number, x, y and category. Rows are in
// order of first appearance, seats in order of their lines. The drawing has equal margins on opposite
// sides; if positions are negative, it is shifted. Faults: up to twenty in the lines, otherwise the
// first one of the plan.
func ReadCSV(text []byte, name string) (*events.SeatingPlan, *events.Hall, []Fault) {
	if len(text) > MaxBytes {
		return nil, nil, tooLarge("the file")
	}
	t := &table{plan: &events.SeatingPlan{Name: name}, zones: map[string]int{}, rows: map[[2]string]int{},
		categories: map[string]int{}, names: map[string]int{}}
	t.read(csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, byteOrderMark))))
	if len(t.faults) > 0 {
		return nil, nil, t.faults
	}
	t.draw()
	hall, err := t.plan.Compile()
	if err != nil {
		return nil, nil, []Fault{t.locate(err)}
	}
	return t.plan, hall, nil
}

// addFault records a fault, and reports whether more faults may be added.
func (t *table) addFault(line int, format string, args ...any) bool {
	t.faults = append(t.faults, Fault{Place: placeOf(line), Detail: fmt.Sprintf(format, args...)})
	return len(t.faults) < maxFaults
}

func placeOf(line int) string { return "line " + strconv.Itoa(line) }

// read adds the seat of every line, until there are too many faults.
func (t *table) read(r *csv.Reader) {
	r.ReuseRecord = true
	first, err := r.Read()
	if err != nil || strings.Join(first, ",") != header {
		t.addFault(1, "expected the header %s", header)
		return
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		syntax := (*csv.ParseError)(nil)
		switch {
		case errors.As(err, &syntax) && !errors.Is(err, csv.ErrFieldCount):
			t.addFault(syntax.Line, "%v", syntax.Err) // the start of the next line is unknown
			return
		case err != nil:
			if line, _ := r.FieldPos(0); !t.addFault(line, "expected 6 fields (%s), got %d", header, len(record)) {
				return
			}
			continue
		}
		line, _ := r.FieldPos(0)
		if len(t.names) == events.MaxPlanSeats {
			t.addFault(line, "a plan has at most %d seats", events.MaxPlanSeats)
			return
		}
		if !t.seat(line, record) {
			return
		}
	}
	if len(t.faults) == 0 && len(t.names) == 0 {
		t.addFault(1, "no seat follows the header")
	}
}

// seat adds the seat of a line, and reports whether more faults may be added.
func (t *table) seat(line int, record []string) (more bool) {
	zone, row, number, category := record[0], record[1], record[2], record[5]
	name := zone + "-" + row + "-" + number
	for i, column := range strings.Split(header, ",") {
		if record[i] == "" {
			return t.addFault(line, "missing %s", column)
		}
		if !utf8.ValidString(record[i]) {
			return t.addFault(line, "the %s is not UTF-8; save the file in that encoding", column)
		}
	}
	at := events.PlanPoint{}
	for i, to := range []*float64{&at.X, &at.Y} {
		var ok bool
		if *to, ok = coordinate(record[3+i]); !ok {
			return t.addFault(line, "%s must be a number from -%d to %[2]d, got %.40q", [...]string{"x", "y"}[i],
				int64(events.MaxPlanCoordinate), record[3+i])
		}
	}
	if other, twice := t.names[name]; twice {
		return t.addFault(line, "duplicate seat %.80q, first on line %d", name, other)
	}
	t.names[name] = line
	z, ok := t.zones[zone]
	if !ok {
		z = len(t.plan.Zones)
		t.zones[zone] = z
		t.plan.Zones = append(t.plan.Zones, events.PlanZone{Name: zone})
		t.lines = append(t.lines, nil)
	}
	rows := &t.plan.Zones[z].Rows
	r, ok := t.rows[[2]string{zone, row}]
	if !ok {
		r = len(*rows)
		t.rows[[2]string{zone, row}] = r
		*rows = append(*rows, events.PlanRow{RowNumber: row})
		t.lines[z] = append(t.lines[z], nil)
	}
	if _, ok := t.categories[category]; !ok {
		t.categories[category] = line
		color := palette[len(t.plan.Categories)%len(palette)]
		t.plan.Categories = append(t.plan.Categories, events.PriceCategory{Name: category, Color: color})
	}
	(*rows)[r].Seats = append((*rows)[r].Seats, events.PlanSeat{SeatGUID: name, SeatNumber: number, Position: at,
		Category: category})
	t.lines[z][r] = append(t.lines[z][r], line)
	if len(t.names) == 1 {
		t.low, t.high = at, at
	}
	t.low = events.PlanPoint{X: min(t.low.X, at.X), Y: min(t.low.Y, at.Y)}
	t.high = events.PlanPoint{X: max(t.high.X, at.X), Y: max(t.high.Y, at.Y)}
	return true
}

// coordinate reads a decimal number.
func coordinate(text string) (x float64, ok bool) {
	x, err := strconv.ParseFloat(text, 64)
	return x, err == nil && math.Abs(x) <= events.MaxPlanCoordinate && strings.Trim(text, "0123456789.+-eE") == ""
}

// draw sets the plan's size, and moves its zones if seats are at negative positions.
func (t *table) draw() {
	shift := events.PlanPoint{X: max(0, -t.low.X), Y: max(0, -t.low.Y)}
	for i := range t.plan.Zones {
		t.plan.Zones[i].Position = shift
	}
	t.plan.Size = events.PlanSize{Width: extent(t.low.X, t.high.X), Height: extent(t.low.Y, t.high.Y)}
}

// extent returns the size of a drawing with the same margin on both sides.
func extent(low, high float64) int64 { return int64(max(1, math.Ceil(high+max(low, -low)))) }

var (
	placeInPlan = regexp.MustCompile(`^(?:zones\.(\d+)(?:\.rows\.(\d+)(?:\.seats\.(\d+))?)?|categories\.(\d+))(?:\.\w+)?$`)
	otherPlace  = regexp.MustCompile(`(, also at) ((?:zones|categories)\.[0-9a-z.]+)$`)
)

// locate converts an error of Compile to a fault with line numbers instead of paths.
func (t *table) locate(err error) Fault {
	fault := (*events.PlanError)(nil)
	if !errors.As(err, &fault) {
		return Fault{Detail: err.Error()}
	}
	detail := fault.Detail
	if other := otherPlace.FindStringSubmatchIndex(detail); other != nil {
		detail = detail[:other[4]] + t.line(detail[other[4]:])
	}
	return Fault{Place: t.line(fault.Path), Detail: detail}
}

// line returns the line of a path in the plan, or the path itself if it has no line.
func (t *table) line(path string) string {
	match := placeInPlan.FindStringSubmatch(path)
	if match == nil {
		return path
	}
	at := func(group int) int {
		i, _ := strconv.Atoi(match[group]) // "" is 0
		return i
	}
	if match[4] != "" {
		return placeOf(t.categories[t.plan.Categories[at(4)].Name])
	}
	return placeOf(t.lines[at(1)][at(2)][at(3)])
}
