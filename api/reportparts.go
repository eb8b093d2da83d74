package api

import (
	"admitone/events"
	"admitone/projections/row"
)

// reportParts are the sections and categories of a performance's report.
type reportParts struct {
	layout   *events.Layout
	sections []sectionReport
	// categories are the plan's. Each has its price types: first the current ones in order, then removed
	// ones.
	categories [][]categoryReport
	// places counts the places of areas, which belong to no section.
	places counted
}

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

// of returns the parts in which a seat is counted.
func (p *reportParts) of(seat *events.BookedSeat) []*counted {
	at, ok := p.layout.Find(seat.Seat)
	if !ok { // impossible: verify checks bookings against the layout
		return nil
	}
	parts := []*counted{&p.sections[p.layout.SectionOf(at)].counted}
	hall := p.layout.Hall()
	if hall == nil {
		return parts
	}
	return append(parts, p.category(hall.Category(at), seat.PriceType))
}

// ofArea returns the parts in which a place of an area is counted.
func (p *reportParts) ofArea(id events.AreaID, priceType string) []*counted {
	hall := p.layout.Hall()
	if hall == nil {
		return nil
	}
	at := hall.Area(id)
	if at < 0 { // impossible: verify checks bookings against the layout
		return nil
	}
	return []*counted{&p.places, p.category(hall.Areas[at].Category, priceType)}
}

// category returns the counts of a price type of a category.
func (p *reportParts) category(of int, priceType string) *counted {
	types := &p.categories[of]
	for i := range *types {
		if (*types)[i].PriceType == priceType {
			return &(*types)[i].counted
		}
	}
	*types = append(*types, categoryReport{Category: p.layout.Hall().Categories[of].Name, PriceType: priceType})
	return &(*types)[len(*types)-1].counted
}

// sold returns the price types ever sold or held.
func (p *reportParts) sold() (all []categoryReport) {
	for _, types := range p.categories {
		for i := range types {
			if types[i].counted != (counted{}) {
				all = append(all, types[i])
			}
		}
	}
	return all
}
