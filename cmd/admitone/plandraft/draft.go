package plandraft

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"admitone/events"
)

// Draft is the description of a hall.
type Draft struct {
	Name string `json:"name"`
	// Categories have a name, and a color as #rrggbb.
	Categories []events.PriceCategory `json:"categories"`
	Stage      Stage                  `json:"stage"`
	Blocks     []Block                `json:"blocks"`
	Floors     []Floor                `json:"floors"`
}

// Stage is the point that the audience faces. Without a size it is not drawn.
type Stage struct {
	Width float64 `json:"width"`
	Depth float64 `json:"depth"`
	// Centre means that the audience sits around the stage, otherwise in front of it.
	Centre bool `json:"centre"`
}

// Block is a block of rows of seats. It becomes a zone of the plan.
type Block struct {
	// Zone is the first part of the names of its seats.
	Zone string `json:"zone"`
	// Name is the display name, Zone if empty.
	Name string `json:"name"`
	// Category of its seats, except those of the rows in RowCategories.
	Category string `json:"category"`
	// X and Y are the middle of the front row.
	X float64 `json:"x"`
	Y float64 `json:"y"`
	// Angle turns the block around the middle of the stage, in degrees, clockwise.
	Angle float64 `json:"angle"`
	// Radius of the front row's curve; 0 for a straight row. Later rows have the same centre.
	Radius float64 `json:"radius"`
	// Pitch is the distance from one row to the next; 0 is 1.1.
	Pitch float64 `json:"pitch"`
	// Rows is the number of rows; 0 stands for the length of Seats.
	Rows int `json:"rows"`
	// Seats has the number of seats of each row, from the front; the last one applies to all further rows.
	Seats []int `json:"seats"`
	// FirstRow is the name of the front row: a number or a letter, 1 if empty.
	FirstRow string `json:"first_row"`
	// Numbers is the numbering of the seats of a row; see the constants.
	Numbers string `json:"numbers"`
	// Aisles are gaps, each given by its position in the row: 0 is the left end, 1 the right.
	Aisles []float64 `json:"aisles"`
	// Wheelchairs has the number of wheelchair places by row. They begin at both ends in turn, and each is
	// next to a companion's seat.
	Wheelchairs map[string]int `json:"wheelchairs"`
	// RestrictedView is the number of seats at each end of a row with a restricted view.
	RestrictedView int `json:"restricted_view"`
	// RowCategories has the categories of single rows, by their names.
	RowCategories map[string]string `json:"row_categories"`
}

// The numberings of the seats of a row: from the left, from the right, odd to the left and even to
// the right of the middle, or odd or even numbers only, from the left.
const (
	FromLeft   = ""
	FromRight  = "from_right"
	OddAndEven = "odd_left_even_right"
	OddOnly    = "odd"
	EvenOnly   = "even"
)

// Floor is a rectangle, or with a radius a circle, for standing.
type Floor struct {
	// ID identifies the floor in bookings.
	ID       events.AreaID `json:"id"`
	Name     string        `json:"name"`
	Category string        `json:"category"`
	Capacity int64         `json:"capacity"`
	// X and Y are the middle of its front edge, or of the circle.
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Depth  float64 `json:"depth"`
	Radius float64 `json:"radius"`
}

// Parse reads a description in JSON. Unknown members are errors.
func Parse(text []byte) (*Draft, error) {
	if events.PlanTooLarge(text) {
		return nil, fmt.Errorf("the description has more than %d objects", events.MaxPlanObjects)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	draft := &Draft{}
	if err := decoder.Decode(draft); err != nil {
		return nil, fmt.Errorf("invalid description: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the description has something after its JSON object")
	}
	return draft, nil
}

// The bounds of a description, which exceed any hall, limit the size of the plan.
const (
	maxParts    = 500
	maxRows     = 1_000
	maxDistance = 10_000
)

// Plan returns the seating plan and its compiled hall. An error names the block or the floor.
func (d *Draft) Plan() (*events.SeatingPlan, *events.Hall, error) {
	if len(d.Blocks)+len(d.Floors) > maxParts {
		return nil, nil, fmt.Errorf("a hall has at most %d blocks and floors", maxParts)
	}
	plan := &events.SeatingPlan{Name: d.Name, Categories: d.Categories, FocalPoint: &events.PlanPoint{}}
	remaining := events.MaxPlanSeats
	for i := range d.Blocks {
		zone, err := d.Blocks[i].zone(&remaining)
		if err != nil {
			return nil, nil, fmt.Errorf("block %q: %w", d.Blocks[i].Zone, err)
		}
		plan.Zones = append(plan.Zones, zone)
	}
	for i := range d.Floors {
		if err := d.Floors[i].check(); err != nil {
			return nil, nil, fmt.Errorf("floor %q: %w", d.Floors[i].ID, err)
		}
		plan.Zones = append(plan.Zones, d.Floors[i].zone())
	}
	if d.Stage.Width > 0 && d.Stage.Depth > 0 {
		if !near(d.Stage.Width, d.Stage.Depth) {
			return nil, nil, tooFar("stage")
		}
		plan.Zones = append(plan.Zones, d.Stage.zone())
	}
	frame(plan)
	hall, err := plan.Compile()
	return plan, hall, err
}

// near reports whether no distance exceeds maxDistance.
func near(distances ...float64) bool {
	for _, distance := range distances {
		if math.IsNaN(distance) || math.Abs(distance) > maxDistance {
			return false
		}
	}
	return true
}

func tooFar(what string) error {
	return fmt.Errorf("%s: distances are at most %d seats", what, maxDistance)
}

// rowName returns the name of the row n rows after the first one, which is named first: Z is followed by AA.
func rowName(first string, n int) (string, error) {
	if first == "" {
		first = "1"
	}
	if number := 0; first[0] >= '0' && first[0] <= '9' {
		if _, err := fmt.Sscanf(first, "%d", &number); err != nil || fmt.Sprint(number) != first {
			return "", fmt.Errorf("first_row is a number or a letter, not %q", first)
		}
		return fmt.Sprint(number + n), nil
	}
	if len(first) != 1 || first[0] < 'A' || first[0] > 'Z' {
		return "", fmt.Errorf("first_row is a number or a letter from A to Z, not %q", first)
	}
	n += int(first[0] - 'A')
	return strings.Repeat("A", n/26) + string(rune('A'+n%26)), nil
}
