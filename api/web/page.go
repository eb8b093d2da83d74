package web

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strconv"

	"admitone/projections"
)

//go:embed page.html docs.html page.js page.css icon.svg openapi.yaml
var files embed.FS

// Policy is the Content-Security-Policy of all pages: nothing from elsewhere, no
// script or style in the page itself, no form, and no frame around it.
const Policy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

// Asset is a file that pages refer to.
type Asset struct {
	// Path to serve it under, Kind its media type.
	Path, Kind string
	Body       []byte
}

// Assets are the files under /assets/, and the description of the API.
func Assets() []Asset {
	return []Asset{
		asset("/assets/page.js", "page.js", "text/javascript; charset=utf-8"),
		asset("/assets/page.css", "page.css", "text/css; charset=utf-8"),
		asset("/assets/icon.svg", "icon.svg", "image/svg+xml"),
		asset("/openapi.yaml", "openapi.yaml", "application/yaml; charset=utf-8"),
	}
}

func asset(path, name, kind string) Asset { return Asset{Path: path, Kind: kind, Body: read(name)} }

// read returns a file of the program; it is there, or the program would not build.
func read(name string) []byte {
	body, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return body
}

// Page is what the live page shows.
type Page struct {
	Products []projections.Product
	// First says that no page comes before this one.
	First bool
	// Next is the cursor of the next page, "" if there is none.
	Next string
	// Epoch of the log that the products' positions belong to.
	Epoch string
	// Token says that reserving needs one.
	Token bool
}

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"money": money, "share": share, "prose": prose, "anchor": anchor,
}).ParseFS(files, "page.html", "docs.html"))

// Write writes the page in HTML.
func (p *Page) Write(w io.Writer) error { return pages.ExecuteTemplate(w, "page.html", p) }

// money shows minor units with two decimals; the currency is the seller's affair.
func money(minor int64) string {
	if minor == 0 {
		return "free"
	}
	return fmt.Sprintf("%d.%02d", minor/100, minor%100)
}

// share is a part of a whole as a percentage for CSS and SVG.
func share(part, whole int64) string {
	if whole == 0 {
		return "0%"
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 2, 64) + "%"
}
