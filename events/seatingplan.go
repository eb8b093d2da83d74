package events

import (
	"encoding/json"
	"errors"
	"fmt"
)

// PlanID identifies a seating plan; its format is that of [ProductID].
type PlanID string

// AreaID names an area that is for sale within its plan; its format is that of [ProductID].
type AreaID string

// The bounds of a seating plan.
const (
	// MaxPlanSeats is the largest number of seats of a plan.
	MaxPlanSeats = 100_000
	// MaxPlanZones is the largest number of its zones.
	MaxPlanZones = 1_000
	// MaxPlanCategories is the largest number of its categories. All their prices are in one fact.
	MaxPlanCategories = 100
	// MaxPlanAreas is the largest number of its areas for sale.
	MaxPlanAreas = 100
	// MaxAreaPlaces is the largest number of places of such an area.
	MaxAreaPlaces = 1_000_000
	// MaxSeatName is the longest name of a seat, in bytes.
	MaxSeatName = 64
	// MaxPlanObjects is how many JSON objects the text of a plan can have, so that a short text
	// can't take much memory: a seat takes two, a corner of a polygon one. A null in a list counts as one.
	MaxPlanObjects = 400_000
	// MaxPlanCoordinate is the largest coordinate of anything, in either direction.
	MaxPlanCoordinate = 10_000_000
)

// SeatingPlan is a hall as a file describes it, in the form of pretix's seating plans with some
// members beyond them: [Compile] checks it. Positions add up: a seat's is relative to its row's, and
// that to its zone's. One that is missing is 0,0.
type SeatingPlan struct {
	// ID is not part of the hall. Beyond pretix's form.
	ID   PlanID `json:"id"`
	Name string `json:"name"`
	// Zones in the order of the best seats where nothing else decides.
	Zones      []PlanZone      `json:"zones"`
	Categories []PriceCategory `json:"categories"`
	Size       PlanSize        `json:"size"`
	// FocalPoint is the point that the audience faces; nil is the middle of the top edge. Not in pretix's schema.
	FocalPoint *PlanPoint `json:"focal_point"`
}

// PlanPoint is a place in the plan. Y grows downwards.
type PlanPoint struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// PlanSize is the size of the drawing.
type PlanSize struct {
	Width  int64 `json:"width"`
	Height int64 `json:"height"`
}

// PriceCategory is a category of seats and places, which have one price list.
type PriceCategory struct {
	Name string `json:"name"`
	// Color is #rrggbb; seats of any other are drawn grey.
	Color string `json:"color"`
}

// PlanZone is a part of the hall.
type PlanZone struct {
	Name string `json:"name"`
	// ZoneID is the first part of the names of seats; if it is empty, Name is.
	ZoneID   string     `json:"zone_id"`
	UUID     string     `json:"uuid"`
	Position PlanPoint  `json:"position"`
	Rows     []PlanRow  `json:"rows"`
	Areas    []PlanArea `json:"areas"`
}

// PlanRow is a row, or a part of one: rows of a zone that have the same number are one.
type PlanRow struct {
	RowNumber string `json:"row_number"`
	RowLabel  string `json:"row_label"`
	SeatLabel string `json:"seat_label"`
	UUID      string `json:"uuid"`
	// RowGUID is in some files, and ignored.
	RowGUID           string     `json:"row_guid"`
	RowNumberPosition string     `json:"row_number_position"`
	Position          PlanPoint  `json:"position"`
	Seats             []PlanSeat `json:"seats"`
}

// PlanSeat is a seat. Those next to each other in the file are neighbours.
type PlanSeat struct {
	SeatGUID       string    `json:"seat_guid"`
	SeatNumber     string    `json:"seat_number"`
	UUID           string    `json:"uuid"`
	StartDirection string    `json:"start_direction"`
	Radius         int64     `json:"radius"`
	Position       PlanPoint `json:"position"`
	Category       string    `json:"category"`
	// Accessible marks a place for a wheelchair. This and the next two are beyond pretix's form.
	Accessible bool `json:"accessible"`
	// CompanionOf is the SeatGUID of the wheelchair place that this companion seat belongs to.
	CompanionOf string `json:"companion_of"`
	// RestrictedView marks a seat from which only a part of the stage is visible.
	RestrictedView bool `json:"restricted_view"`
}

// PlanArea is a shape that is drawn and, with a capacity and a category, standing room that is for sale.
type PlanArea struct {
	// ID, Capacity and Category are beyond pretix's form.
	ID          AreaID         `json:"id"`
	Capacity    int64          `json:"capacity"`
	Category    string         `json:"category"`
	Color       string         `json:"color"`
	BorderColor string         `json:"border_color"`
	Rotation    float64        `json:"rotation"`
	Position    PlanPoint      `json:"position"`
	UUID        string         `json:"uuid"`
	Shape       string         `json:"shape"`
	Polygon     *PlanPolygon   `json:"polygon"`
	Rectangle   *PlanSize      `json:"rectangle"`
	Ellipse     *PlanEllipse   `json:"ellipse"`
	Circle      *PlanCircle    `json:"circle"`
	Text        *PlanAreaLabel `json:"text"`
}

// PlanPolygon has its corners relative to the area's position.
type PlanPolygon struct {
	Points []PlanPoint `json:"points"`
}

// PlanEllipse has a radius in each direction.
type PlanEllipse struct {
	Radius PlanPoint `json:"radius"`
}

// PlanCircle has a radius.
type PlanCircle struct {
	Radius int64 `json:"radius"`
}

// PlanAreaLabel is a text that is drawn.
type PlanAreaLabel struct {
	Text     string    `json:"text"`
	Color    string    `json:"color"`
	Size     int64     `json:"size"`
	Position PlanPoint `json:"position"`
}

// ErrPlanText is returned for a text that is not what [AppendPlan] writes.
var ErrPlanText = errors.New("not the text of a seating plan")

// ParsePlan reads what [AppendPlan] wrote. It checks the form alone; see [Compile]. Error: [ErrPlanText].
func ParsePlan(text []byte) (*SeatingPlan, error) {
	plan := &SeatingPlan{}
	if moreObjects(text, 2*MaxPlanObjects) { // positions that were left out are written
		return nil, fmt.Errorf("%w: it has more than %d objects", ErrPlanText, 2*MaxPlanObjects)
	}
	if err := decodeStrict(text, plan); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("%w: byte %d: %v", ErrPlanText, syntax.Offset, err)
		}
		return nil, fmt.Errorf("%w: %v", ErrPlanText, err)
	}
	return plan, nil
}

// PlanTooLarge reports whether a JSON text has more than [MaxPlanObjects] objects. For a text that is
// not JSON the result is unspecified.
func PlanTooLarge(text []byte) bool { return moreObjects(text, MaxPlanObjects) }

func moreObjects(text []byte, limit int) bool {
	objects, isMember := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case ':', ',', '[':
			isMember = c == ':'
		case '{', 'n':
			if c == 'n' && isMember {
				break
			}
			if objects++; objects > limit {
				return true
			}
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		}
	}
	return false
}
