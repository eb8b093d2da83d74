package web

import "io"

// WriteAudit writes the page that shows what happened, in HTML; heads says whether
// the log has signed heads to show. Errors: w's.
func WriteAudit(w io.Writer, f Frame, heads bool) error {
	f.Title, f.Script, f.Place = "Audit", "audit.js", auditPlace
	return pages.ExecuteTemplate(w, "audit.html", struct {
		Frame
		Heads bool
	}{f, heads})
}

// auditPlace is for those who look back; nobody buys anything there.
const auditPlace = "/audit"
