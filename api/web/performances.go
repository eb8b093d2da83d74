package web

import (
	"html/template"
	"io"
	"net/url"

	"admitone/projections"
)

// Dates bound a list of performances by when they begin: dates, or "" for no bound.
type Dates struct{ From, To string }

// WritePerformances writes the page of a list of performances in HTML. Errors: w's.
func WritePerformances(w io.Writer, f Frame, dates Dates, performances []projections.Performance) error {
	f.Title, f.Script, f.Place, f.Things = "Performances", "performances.js", "/performances", "performances"
	f.Filter = template.URL(url.Values{"from": {dates.From}, "to": {dates.To}}.Encode() + "&")
	return f.write(w, "performances.html", struct {
		Frame
		Dates
		Items []projections.Performance
	}{f, dates, performances})
}

// WritePerformance writes the page of one performance in HTML. Errors: w's.
func WritePerformance(w io.Writer, f Frame, p *projections.Performance) error {
	f.Title, f.Script, f.Place = p.Title, "performance.js", "/performances"
	return f.write(w, "performance.html", struct {
		Frame
		Performance *projections.Performance
	}{f, p})
}

// order sorts performances as the list does: by when they begin, then by id.
func order(p projections.Performance) string {
	return p.StartsAt.UTC().Format("2006-01-02T15:04:05.000000000Z") + " " + p.ID
}
