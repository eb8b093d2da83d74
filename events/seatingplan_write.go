package events

import (
	"math"
	"strconv"
)

// PlanForm selects the members that [AppendPlan] writes.
type PlanForm int

const (
	// PlanComplete has every member except id, which identifies the plan and not the hall, and row_guid, which is
	// ignored.
	PlanComplete PlanForm = iota
	// PlanPretix has only the members of pretix's schema.
	PlanPretix
)

// planWriter appends a plan. Optional members with a zero value are omitted.
type planWriter struct{ form PlanForm }

// AppendPlan appends a plan as JSON. Two plans describe the same hall with the same texts if and only if their
// complete forms are equal. Facts contain the complete form.
func AppendPlan(dst []byte, p *SeatingPlan, form PlanForm) []byte {
	w := planWriter{form}
	o := OpenObject(dst)
	o.String("name", p.Name)
	appendArray(&o, "categories", p.Categories, func(o *Object, c *PriceCategory) {
		o.String("name", c.Name)
		optionalText(o, "color", c.Color)
	})
	o.Key("size")
	o.Buf = appendSize(o.Buf, p.Size)
	if w.form == PlanComplete && p.FocalPoint != nil {
		appendPoint(&o, "focal_point", *p.FocalPoint)
	}
	appendArray(&o, "zones", p.Zones, w.zone)
	return o.Close()
}

func (w planWriter) zone(o *Object, z *PlanZone) {
	optionalText(o, "name", z.Name)
	optionalText(o, "zone_id", z.ZoneID)
	optionalText(o, "uuid", z.UUID)
	appendPoint(o, "position", z.Position)
	appendArray(o, "rows", z.Rows, w.row)
	if len(z.Areas) > 0 {
		appendArray(o, "areas", z.Areas, w.area)
	}
}

func (w planWriter) row(o *Object, r *PlanRow) {
	o.String("row_number", r.RowNumber)
	optionalText(o, "row_label", r.RowLabel)
	optionalText(o, "seat_label", r.SeatLabel)
	optionalText(o, "uuid", r.UUID)
	optionalText(o, "row_number_position", r.RowNumberPosition)
	appendPoint(o, "position", r.Position)
	appendArray(o, "seats", r.Seats, w.seat)
}

func (w planWriter) seat(o *Object, s *PlanSeat) {
	o.String("seat_guid", s.SeatGUID)
	o.String("seat_number", s.SeatNumber)
	optionalText(o, "uuid", s.UUID)
	optionalText(o, "start_direction", s.StartDirection)
	optionalNumber(o, "radius", s.Radius)
	appendPoint(o, "position", s.Position)
	o.String("category", s.Category)
	if w.form != PlanComplete {
		return
	}
	if s.Accessible {
		o.Bool("accessible", true)
	}
	optionalText(o, "companion_of", s.CompanionOf)
	if s.RestrictedView {
		o.Bool("restricted_view", true)
	}
}

func (w planWriter) area(o *Object, a *PlanArea) {
	if w.form == PlanComplete {
		optionalText(o, "id", string(a.ID))
		optionalNumber(o, "capacity", a.Capacity)
		optionalText(o, "category", a.Category)
	}
	optionalText(o, "color", a.Color)
	optionalText(o, "border_color", a.BorderColor)
	if a.Rotation != 0 {
		o.Key("rotation")
		o.Buf = appendFloat(o.Buf, a.Rotation)
	}
	appendPoint(o, "position", a.Position)
	optionalText(o, "uuid", a.UUID)
	optionalText(o, "shape", a.Shape)
	if a.Polygon != nil {
		appendObject(o, "polygon", func(o *Object) {
			o.Key("points")
			o.Buf = append(o.Buf, '[')
			for i, p := range a.Polygon.Points {
				if i > 0 {
					o.Buf = append(o.Buf, ',')
				}
				o.Buf = appendPointValue(o.Buf, p)
			}
			o.Buf = append(o.Buf, ']')
		})
	}
	if a.Rectangle != nil {
		o.Key("rectangle")
		o.Buf = appendSize(o.Buf, *a.Rectangle)
	}
	if a.Ellipse != nil {
		appendObject(o, "ellipse", func(o *Object) { appendPoint(o, "radius", a.Ellipse.Radius) })
	}
	if a.Circle != nil {
		appendObject(o, "circle", func(o *Object) { o.Int("radius", a.Circle.Radius) })
	}
	if a.Text != nil {
		appendObject(o, "text", func(o *Object) {
			o.String("text", a.Text.Text)
			optionalText(o, "color", a.Text.Color)
			optionalNumber(o, "size", a.Text.Size)
			appendPoint(o, "position", a.Text.Position)
		})
	}
}

// appendObject adds an object as a member; write adds the members of that object.
func appendObject(o *Object, name string, write func(*Object)) {
	o.Key(name)
	inner := OpenObject(o.Buf)
	write(&inner)
	o.Buf = inner.Close()
}

// appendArray adds an array of objects as a member; write adds the members of one of them.
func appendArray[T any](o *Object, name string, all []T, write func(*Object, *T)) {
	o.Key(name)
	o.Buf = append(o.Buf, '[')
	for i := range all {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		inner := OpenObject(o.Buf)
		write(&inner, &all[i])
		o.Buf = inner.Close()
	}
	o.Buf = append(o.Buf, ']')
}

func optionalText(o *Object, name, value string) {
	if value != "" {
		o.String(name, value)
	}
}

func optionalNumber(o *Object, name string, value int64) {
	if value != 0 {
		o.Int(name, value)
	}
}

func appendSize(dst []byte, s PlanSize) []byte {
	o := OpenObject(dst)
	o.Int("width", s.Width)
	o.Int("height", s.Height)
	return o.Close()
}

func appendPoint(o *Object, name string, p PlanPoint) {
	o.Key(name)
	o.Buf = appendPointValue(o.Buf, p)
}

func appendPointValue(dst []byte, p PlanPoint) []byte {
	dst = appendFloat(append(dst, `{"x":`...), p.X)
	dst = appendFloat(append(dst, `,"y":`...), p.Y)
	return append(dst, '}')
}

// appendFloat appends the shortest JSON number that parses to x, in exponent form outside [1e-6, 1e21). x must be
// finite; -0 is written as 0.
func appendFloat(dst []byte, x float64) []byte {
	format := byte('f')
	if size := math.Abs(x); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	if x == 0 {
		x = 0 // -0 becomes 0
	}
	return strconv.AppendFloat(dst, x, format, -1, 64)
}
