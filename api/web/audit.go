package web

import "io"

// WriteAudit writes the page of the history in HTML; heads means that the log has signed heads to
// show. Errors: w's.
func WriteAudit(w io.Writer, f Frame, heads bool) error {
	f.Title, f.Script, f.Place = "Audit", "audit.js", auditPlace
	return pages.ExecuteTemplate(w, "audit.html", struct {
		Frame
		Heads bool
	}{f, heads})
}

// auditPlace is the path of the page of the history.
const auditPlace = "/audit"
