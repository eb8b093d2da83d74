package web

import "io"

// WriteCluster writes the page of the system's nodes in HTML; its script loads the data that the
// caller may see. Errors: w's.
func WriteCluster(w io.Writer, f Frame) error {
	f.Title, f.Script, f.Place = "Nodes", "cluster.js", clusterPlace
	return f.write(w, "cluster.html", f)
}

// clusterPlace is not among places: it is for operators.
const clusterPlace = "/cluster"
