package events

import (
	"encoding/json"
	"errors"
	"fmt"
)

// PlanID identifies a seating plan; its format is that of [ProductID].
type PlanID string

// AreaID identifies an area for sale within its plan; its format is that of [ProductID].
type AreaID string

// The bounds of a seating plan.
const (
	// MaxPlanSeats is the largest number of seats of a plan.
	MaxPlanSeats = 100_000
	// MaxPlanZones is the largest number of zones of a plan.
	MaxPlanZones = 1_000
	// MaxPlanCategories is the largest number of categories of a plan. One fact contains the prices of all.
	MaxPlanCategories = 100
	// MaxPlanAreas is the largest number of areas for sale of a plan.
	MaxPlanAreas = 100
	// MaxAreaPlaces is the largest number of places of an area.
	MaxAreaPlaces = 1_000_000
	// MaxSeatName is the longest name of a seat, in bytes.
	MaxSeatName = 64
	// MaxPlanObjects is the largest number of JSON objects in the text of a plan. It bounds the memory that a
	// short text can take. A seat is two objects, a corner of a polygon one. A null in an array counts as one.
	MaxPlanObjects = 400_000
	// MaxPlanCoordinate is the largest absolute value of a coordinate.
	MaxPlanCoordinate = 10_000_000
)

// SeatingPlan is a hall as described by a file: a seating plan of pretix with additional members.
// [SeatingPlan.Compile] checks it. The position of a seat is relative to that of its row, and the position of a
// row or an area to that of its zone. A missing position is 0,0.
type SeatingPlan struct {
	// ID is not part of the hall. It is not in pretix's schema.
	ID   PlanID `json:"id"`
	Name string `json:"name"`
	// Zones are ordered from best to worst, where nothing else ranks the seats.
	Zones      []PlanZone      `json:"zones"`
	Categories []PriceCategory `json:"categories"`
	Size       PlanSize        `json:"size"`
	// FocalPoint is the point that the audience faces; nil is the middle of the top edge. Not in pretix's schema.
	FocalPoint *PlanPoint `json:"focal_point"`
}

// PlanPoint is a point in the plan. Y grows downwards.
type PlanPoint struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// PlanSize is the size of the drawing.
type PlanSize struct {
	Width  int64 `json:"width"`
	Height int64 `json:"height"`
}

// PriceCategory is a category of seats and places with the same prices.
type PriceCategory struct {
	Name string `json:"name"`
	// Color is #rrggbb. Any other value stands for grey.
	Color string `json:"color"`
}

// PlanZone is a part of the hall.
type PlanZone struct {
	Name string `json:"name"`
	// ZoneID is the first part of the names of the zone's seats; if it is empty, Name is used.
	ZoneID   string     `json:"zone_id"`
	UUID     string     `json:"uuid"`
	Position PlanPoint  `json:"position"`
	Rows     []PlanRow  `json:"rows"`
	Areas    []PlanArea `json:"areas"`
}

// PlanRow is a row, or a part of one: rows of a zone with the same number form one row.
type PlanRow struct {
	RowNumber string `json:"row_number"`
	RowLabel  string `json:"row_label"`
	SeatLabel string `json:"seat_label"`
	UUID      string `json:"uuid"`
	// RowGUID occurs in some files. It is ignored.
	RowGUID           string     `json:"row_guid"`
	RowNumberPosition string     `json:"row_number_position"`
	Position          PlanPoint  `json:"position"`
	Seats             []PlanSeat `json:"seats"`
}

// PlanSeat is a seat. Consecutive seats in the file are next to each other.
type PlanSeat struct {
	SeatGUID       string    `json:"seat_guid"`
	SeatNumber     string    `json:"seat_number"`
	UUID           string    `json:"uuid"`
	StartDirection string    `json:"start_direction"`
	Radius         int64     `json:"radius"`
	Position       PlanPoint `json:"position"`
	Category       string    `json:"category"`
	// Accessible marks a place for a wheelchair. This and the next two members are not in pretix's schema.
	Accessible bool `json:"accessible"`
	// CompanionOf is the SeatGUID of the wheelchair place that this companion seat belongs to.
	CompanionOf string `json:"companion_of"`
	// RestrictedView marks a seat from which only a part of the stage is visible.
	RestrictedView bool `json:"restricted_view"`
}

// PlanArea is a shape to be drawn. With a capacity and a category it is also standing room for sale.
type PlanArea struct {
	// ID, Capacity and Category are not in pretix's schema.
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

// PlanPolygon has corners relative to the area's position.
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

// PlanAreaLabel is a text to be drawn.
type PlanAreaLabel struct {
	Text     string    `json:"text"`
	Color    string    `json:"color"`
	Size     int64     `json:"size"`
	Position PlanPoint `json:"position"`
}

// ErrPlanText is returned for a text that does not have the form that [AppendPlan] writes.
var ErrPlanText = errors.New("not the text of a seating plan")

// ParsePlan parses the output of [AppendPlan]. It checks only the syntax and the members; [SeatingPlan.Compile]
// checks the values. Error: [ErrPlanText].
func ParsePlan(text []byte) (*SeatingPlan, error) {
	plan := &SeatingPlan{}
	if exceedsObjects(text, 2*MaxPlanObjects) { // AppendPlan writes omitted positions too
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
func PlanTooLarge(text []byte) bool { return exceedsObjects(text, MaxPlanObjects) }

// exceedsObjects counts objects, and nulls that are elements of arrays.
func exceedsObjects(text []byte, limit int) bool {
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
