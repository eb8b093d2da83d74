package events

import (
	"math"
	"slices"
)

// areaShapes has the names of an area's shape; "" means none.
var areaShapes = []string{"", "polygon", "rectangle", "ellipse", "circle", "text"}

// addArea checks an area and adds it to the shapes, and to the areas if it is for sale.
func (c *compiler) addArea(path string, zone SectionID, z *PlanZone, a *PlanArea) error {
	if err := checkDrawn(path, a); err != nil {
		return err
	}
	if a.ID != "" {
		if !validAreaID(a.ID) {
			return planFault(path+".id", "1 to 64 of A-Z a-z 0-9 _ and -")
		}
		if other, duplicate := c.areas[a.ID]; duplicate {
			return planFault(path+".id", "duplicate area id %q, also at %s", a.ID, other)
		}
		c.areas[a.ID] = path
	}
	at := PlanPoint{z.Position.X + a.Position.X, z.Position.Y + a.Position.Y}
	if a.Capacity == 0 && a.Category == "" {
		c.hall.shapes = append(c.hall.shapes, HallShape{Area: a, Zone: z.Name, Category: -1, At: at})
		return nil
	}
	category, known := c.categories[a.Category]
	switch {
	case a.Capacity < 1 || a.Capacity > MaxAreaPlaces:
		return planFault(path+".capacity", "an area for sale has from 1 to %d places", MaxAreaPlaces)
	case a.Category == "":
		return planFault(path+".category", "an area for sale needs a category besides its capacity")
	case !known:
		return planFault(path+".category", "the plan has no category %q", a.Category)
	case a.ID == "":
		return planFault(path+".id", "an area for sale needs an id")
	case len(c.hall.Areas) == MaxPlanAreas:
		return planFault(path, "a plan has at most %d areas for sale", MaxPlanAreas)
	}
	c.hall.Areas = append(c.hall.Areas, HallArea{ID: a.ID, Capacity: a.Capacity, Category: category, Zone: zone,
		Position: at})
	c.hall.shapes = append(c.hall.shapes, HallShape{Area: a, Zone: z.Name, Category: category, At: at})
	c.hall.Categories[category].Places += a.Capacity
	return nil
}

// checkDrawn checks the members that are only used for drawing.
func checkDrawn(path string, a *PlanArea) error {
	points := []PlanPoint{a.Position}
	if a.Polygon != nil {
		points = append(points, a.Polygon.Points...)
	}
	if a.Ellipse != nil {
		points = append(points, a.Ellipse.Radius)
	}
	if a.Text != nil {
		points = append(points, a.Text.Position)
	}
	switch {
	case !slices.Contains(areaShapes, a.Shape):
		return planFault(path+".shape", "polygon, rectangle, ellipse, circle or text")
	case math.Abs(a.Rotation) > MaxPlanCoordinate:
		return farAway(path + ".rotation")
	case slices.ContainsFunc(points, func(p PlanPoint) bool { return !validPoint(p) }):
		return farAway(path)
	}
	return nil
}

// validAreaID reports whether an id has 1 to 64 characters, all of A-Z a-z 0-9 _ and -.
func validAreaID(id AreaID) bool {
	return len(id) <= 64 && !slices.ContainsFunc([]byte(id), func(c byte) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_')
	})
}
