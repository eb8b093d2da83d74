package web

import (
	"embed"
	"html/template"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"admitone/api/client/js"
	"admitone/events"
	"admitone/projections/row"
)

//go:embed *.html *.js page.css icon.svg openapi.yaml asyncapi.yaml
var files embed.FS

// Policy is the Content-Security-Policy of all pages: nothing from other origins, no inline
// script or style, no form, and no frame around it.
const Policy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

// Asset is a file that pages refer to.
type Asset struct {
	// Path to serve it under, Kind its media type.
	Path, Kind string
	Body       []byte
}

// scripts are the modules of the pages.
var scripts = embedded("*.js")

func embedded(pattern string) []string {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		panic(err)
	}
	return names
}

// modules are the modules of the JavaScript client.
var modules = []string{"index.js", "client.js", "errors.js", "socket.js", "webhook.js"}

// Assets are the files under /assets/ and /client/, and the descriptions of the API.
func Assets() []Asset {
	assets := []Asset{
		asset("/assets/page.css", "page.css", "text/css; charset=utf-8"),
		asset("/assets/icon.svg", "icon.svg", "image/svg+xml"),
		asset("/openapi.yaml", "openapi.yaml", "application/yaml; charset=utf-8"),
		asset("/asyncapi.yaml", "asyncapi.yaml", "application/yaml; charset=utf-8"),
	}
	for _, name := range scripts {
		assets = append(assets, asset("/assets/"+name, name, "text/javascript; charset=utf-8"))
	}
	for _, name := range modules {
		body, err := js.Files.ReadFile(name)
		if err != nil {
			panic(err) // it is embedded
		}
		assets = append(assets, Asset{Path: "/client/" + name, Kind: "text/javascript; charset=utf-8", Body: body})
	}
	return assets
}

func asset(path, name, kind string) Asset { return Asset{Path: path, Kind: kind, Body: read(name)} }

// read returns an embedded file, which exists, or the program would not build.
func read(name string) []byte {
	body, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return body
}

// place is a page of the navigation.
type place struct{ Path, Name string }

// places are the pages that every page links to.
var places = []place{{"/", "On sale"}, {"/performances", "Performances"}, {"/tournaments", "Tournaments"},
	{"/waiting-rooms", "Waiting rooms"}, {auditPlace, "Audit"}}

// Frame has the data that all pages share.
type Frame struct {
	// Epoch of the log that the positions on the page belong to.
	Epoch string
	// Token means that commands need one.
	Token bool
	// Currency of all amounts.
	Currency events.Currency
	// HoldersCharge means that holders may charge their own wallets.
	HoldersCharge bool
	// First means that no page of the list comes before this one.
	First bool
	// AsOf is the moment that a server with --at shows, with its position; zero for the present.
	AsOf         time.Time
	AsOfPosition uint64
	// Next is the cursor of the list's next page, "" if there is none.
	Next string
	// Filter is the rest of the query of the list's pages, with an & at its end; "" for none.
	Filter template.URL

	// Title of the page, the Script that makes it live, its Place in the navigation, and Things, the
	// plural noun for the items of its list. The functions below set them.
	Title, Script, Place, Things string
	// Preload is the address of the data that the script waits for, "" if there is none. It is requested
	// before the scripts, because it takes longer.
	Preload string
}

// parsed are the pages before any was executed: only then can they be copied. pages are the current
// pages.
var (
	parsed = template.Must(template.New("").Funcs(template.FuncMap{
		"share": share, "prose": prose, "anchor": anchor, "places": func() []place { return places },
		"stamp": stamp, "people": people, "second": second, "order": order, "sentence": sentence, "prices": prices,
	}).Funcs(noticesBy(time.Now)).ParseFS(files, "*.html"))
	pages = template.Must(parsed.Clone())
)

// noticesBy returns the functions that depend on the time.
func noticesBy(now func() time.Time) template.FuncMap {
	return template.FuncMap{
		"notice":     func(t row.Tournament) string { return notice(t, now()) },
		"doorNotice": func(room row.WaitingRoom) string { return doorNotice(room, now()) },
	}
}

// write writes a page. On a server with --at, now is its moment.
func (f *Frame) write(w io.Writer, page string, data any) error {
	if f.AsOf.IsZero() {
		return pages.ExecuteTemplate(w, page, data)
	}
	past, err := parsed.Clone()
	if err != nil {
		return err
	}
	return past.Funcs(noticesBy(func() time.Time { return f.AsOf })).ExecuteTemplate(w, page, data)
}

// WriteProducts writes the page of a list of products in HTML. Errors: w's.
func WriteProducts(w io.Writer, f Frame, products []row.Product) error {
	f.Title, f.Script, f.Place, f.Things = "On sale now", "products.js", "/", "products"
	return writeList(w, "products.html", f, products)
}

func writeList[R any](w io.Writer, template string, f Frame, items []R) error {
	return f.write(w, template, struct {
		Frame
		Items []R
	}{f, items})
}

// WriteTournaments writes the page of a list of tournaments in HTML. Errors: w's.
func WriteTournaments(w io.Writer, f Frame, tournaments []row.Tournament) error {
	f.Title, f.Script, f.Place, f.Things = "Tournaments", "tournaments.js", "/tournaments", "tournaments"
	return writeList(w, "tournaments.html", f, tournaments)
}

// Teams are the teams of one list of a tournament that its page shows at first.
type Teams struct {
	Teams []row.Team
	// More means that there are others.
	More bool
}

// WriteTournament writes the page of one tournament in HTML. Errors: w's.
func WriteTournament(w io.Writer, f Frame, t *row.Tournament, entered, waiting Teams) error {
	f.Title, f.Script, f.Place = t.Name, "tournament.js", "/tournaments"
	return f.write(w, "tournament.html", struct {
		Frame
		Tournament       *row.Tournament
		Entered, Waiting Teams
	}{f, t, entered, waiting})
}

// stamp formats a time for the script, people for a reader, and second for a reader to the millisecond.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func people(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

func second(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05.000 UTC") }

// sentence makes a sentence of the words of a problem, as the scripts do.
func sentence(words string) string {
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(words[size:], ".") + "."
}

// notice returns why a team can't get a slot at a time, as the script does; "" if it can.
func notice(t row.Tournament, now time.Time) string {
	switch {
	case now.After(t.RegisterDeadline):
		return "Sign-up is over"
	case t.StatusAt(now) == events.TournamentClosed:
		return "Closed"
	case now.Before(t.OpensAt):
		return "Sign-up has not opened"
	case t.Remaining() == 0:
		return "Full"
	}
	return ""
}

// Money formats an amount of minor units with the currency's code, even if the currency is assumed.
func (f Frame) Money(minor int64) string {
	if minor == 0 {
		return "free"
	}
	return f.Currency.Number(minor) + " " + f.Currency.Code
}

// Charge is the amount that a wallet's page proposes: 100 of the currency.
func (f Frame) Charge() string {
	minor := int64(100)
	for range f.Currency.Digits {
		minor *= 10
	}
	return f.Currency.Number(minor)
}

// share returns a part of a whole as a percentage for CSS and SVG.
func share(part, whole int64) string {
	if whole == 0 {
		return "0%"
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 2, 64) + "%"
}
