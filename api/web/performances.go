package web

import (
	"html/template"
	"io"
	"net/url"

	"admitone/events"
	"admitone/projections/row"
)

// Dates bound a list of performances by when they begin: dates, or "" for no bound.
type Dates struct {
	From, To string
	// Today means that From was not requested: it is the day on which the list is read.
	Today bool
	// Others means that an empty list has performances at other dates.
	Others bool
}

// WritePerformances writes the page of a list of performances in HTML. Errors: w's.
func WritePerformances(w io.Writer, f Frame, dates Dates, performances []row.Performance) error {
	f.Title, f.Script, f.Place, f.Things = "Performances", "performances.js", "/performances", "performances"
	f.Filter = template.URL(url.Values{"from": {dates.From}, "to": {dates.To}}.Encode() + "&")
	return f.write(w, "performances.html", struct {
		Frame
		Dates
		Items []row.Performance
	}{f, dates, performances})
}

// WritePerformance writes the page of one performance in HTML. Errors: w's.
func WritePerformance(w io.Writer, f Frame, p *row.Performance) error {
	f.Title, f.Script, f.Place = p.Title, "performance.js", "/performances"
	if p.Plan != "" {
		f.Preload = "/halls/" + url.PathEscape(string(p.Plan))
	}
	return f.write(w, "performance.html", struct {
		Frame
		Performance *row.Performance
	}{f, p})
}

// prices is the JSON object in which resources have the prices of categories, for the script.
func prices(of []events.CategoryPrice) string {
	o := events.OpenObject(nil)
	events.AppendPrices(&o, of)
	return string(o.Close())
}

// order sorts performances as the list does: by when they begin, then by id.
func order(p row.Performance) string {
	return p.StartsAt.UTC().Format("2006-01-02T15:04:05.000000000Z") + " " + string(p.ID)
}
