package api

import (
	"admitone/events"
	"admitone/projections/row"
)

// reportParts are the sections and categories of a performance's report.
type reportParts struct {
	layout   *events.Layout
	sections []sectionReport
	// categories has the price types of each category of the plan: the current ones in order, then the
	// removed ones.
	categories [][]categoryReport
	// places has the counts of places, which belong to no section.
	places salesCounts
}

// newReportParts returns the parts for a performance, with all counts zero.
func newReportParts(show *row.Performance) *reportParts {
	p := &reportParts{layout: show.Layout, sections: make([]sectionReport, len(show.Sections))}
	for i := range show.Sections {
		p.sections[i].Section = show.Sections[i].ID
	}
	hall := p.layout.Hall()
	if hall == nil {
		return p
	}
	p.categories = make([][]categoryReport, len(hall.Categories))
	for i := range p.categories {
		for _, price := range p.layout.CategoryPrices(i) {
			p.categories[i] = append(p.categories[i], categoryReport{Category: price.Category, PriceType: price.Type})
		}
	}
	return p
}

// seatParts returns the parts in which a seat is counted.
func (p *reportParts) seatParts(seat *events.BookedSeat) []*salesCounts {
	at, ok := p.layout.Find(seat.Seat)
	if !ok { // impossible: verify checks bookings against the layout
		return nil
	}
	parts := []*salesCounts{&p.sections[p.layout.SectionOf(at)].salesCounts}
	hall := p.layout.Hall()
	if hall == nil {
		return parts
	}
	return append(parts, p.category(hall.Category(at), seat.PriceType))
}

// placeParts returns the parts in which a place of an area is counted.
func (p *reportParts) placeParts(id events.AreaID, priceType string) []*salesCounts {
	hall := p.layout.Hall()
	if hall == nil {
		return nil
	}
	at := hall.Area(id)
	if at < 0 { // impossible: verify checks bookings against the layout
		return nil
	}
	return []*salesCounts{&p.places, p.category(hall.Areas[at].Category, priceType)}
}

// category returns the counts of a price type, of the category with an index in the plan.
func (p *reportParts) category(index int, priceType string) *salesCounts {
	types := &p.categories[index]
	for i := range *types {
		if (*types)[i].PriceType == priceType {
			return &(*types)[i].salesCounts
		}
	}
	*types = append(*types, categoryReport{Category: p.layout.Hall().Categories[index].Name, PriceType: priceType})
	return &(*types)[len(*types)-1].salesCounts
}

// soldCategories returns the price types ever sold or held.
func (p *reportParts) soldCategories() (all []categoryReport) {
	for _, types := range p.categories {
		for i := range types {
			if types[i].salesCounts != (salesCounts{}) {
				all = append(all, types[i])
			}
		}
	}
	return all
}
