package web

import (
	"io"
	"strings"
)

// Problem is why a page can't be shown.
type Problem struct {
	// Status is the HTTP status.
	Status int
	// Title is a headline, Detail a sentence.
	Title, Detail string
	// Again means that the same address may be answered later.
	Again bool
}

// WriteProblem writes a page that explains why the one at path can't be shown, with the id of the
// request in the server's log. Errors: w's.
func WriteProblem(w io.Writer, f Frame, path string, p Problem, requestID string) error {
	f.Title = p.Title
	return f.write(w, "problem.html", struct {
		Frame
		Problem
		Title, RequestID string
		Ways             []place
	}{f, p, p.Title, requestID, linksFrom(path)})
}

// linksFrom returns links from a path: the list that it belongs to comes first, if there is one.
func linksFrom(path string) []place {
	var in, others []place
	for _, at := range places {
		if at.Path != "/" && strings.HasPrefix(path, at.Path+"/") {
			in = append(in, at)
		} else {
			others = append(others, at)
		}
	}
	return append(in, others...)
}
