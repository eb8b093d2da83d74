package main

import (
	"fmt"
	"strconv"
	"strings"
)

// module is the name that our own packages begin with.
const module = "admitone"

// layer says what the packages in a folder may import. A pattern that ends in
// "/..." stands for a folder and all below it.
type layer struct {
	folder string
	// ours lists our own packages.
	ours []string
	// theirs lists modules from outside; "*" is any that soleImporters allows.
	theirs []string
	// inTests lists more of our own packages for the tests of the folder: a store
	// that works, the entities there are. Never one further up.
	inTests []string
}

// layers go from the bottom up; the first whose folder fits a package is its own.
var layers = []layer{
	{folder: "events", inTests: []string{"events/..."}},
	{folder: "events/...", ours: []string{"events/..."}, theirs: []string{"*"}},
	{folder: "actors/core", ours: []string{"events"}},
	{folder: "actors", ours: []string{"events", "actors/core"}, theirs: []string{hollywood}, inTests: []string{"events/...", "actors/..."}},
	{folder: "actors/bookings", ours: []string{"events", "actors/..."}, inTests: []string{"events/..."}},
	{folder: "actors/admission", ours: []string{"events", "actors/..."}, inTests: []string{"events/..."}},
	{folder: "actors/refusals", ours: []string{"events", "actors/..."}, inTests: []string{"events/..."}},
	{folder: "actors/...", ours: []string{"events", "actors/core"}, inTests: []string{"actors/core/..."}},
	{folder: "projections/...", ours: []string{"events", "projections/..."}, theirs: []string{"*"}, inTests: []string{"events/..."}},
	{folder: "api/...", ours: []string{"events", "actors/...", "projections/...", "api/..."}, theirs: []string{"*"}, inTests: []string{"events/..."}},
	{folder: "cmd/...", ours: []string{"..."}, theirs: []string{"*"}},
}

const hollywood = "github.com/anthdm/hollywood"

// soleImporters says which folders may import a technology, so that replacing it
// is the work of one folder.
var soleImporters = []struct {
	theirs  string
	folders []string
}{
	{hollywood, []string{"actors"}},
	{"github.com/gofiber", []string{"api/..."}},
	{"github.com/fasthttp/websocket", []string{"api/...", "cmd/..."}}, // cmd/: the load generator, as a client
	{"github.com/valyala/fasthttp", []string{"api/...", "cmd/..."}},   // likewise
	{"github.com/cockroachdb/pebble", []string{"events/embedded/...", "projections/..."}},
	{"github.com/EventStore/EventStore-Client-Go", []string{"events/esdb/...", "events/esdbwire/..."}},
}

// testLibraries may be imported by any test, and by nothing else but cmd/ and
// the conformance suite of the stores, which is made of tests.
var testLibraries = []string{
	"pgregory.net/rapid", "github.com/anishathalye/porcupine", "go.uber.org/goleak", "github.com/chromedp",
}

// checkImports: imports go down only.
func checkImports(t *houseTree) (faults []string) {
	for i := range t.gos {
		f := &t.gos[i]
		for _, spec := range f.ast.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue // the parser has refused it before
			}
			if why := importFault(f, imported); why != "" {
				faults = append(faults, fmt.Sprintf("%s:%d imports %s: %s", f.path, f.line(spec), imported, why))
			}
		}
	}
	return faults
}

// importFault says what is wrong with an import, nothing if it may be.
func importFault(f *goFile, imported string) string {
	mine := layerOf(f.dir)
	if mine == nil {
		return "no layer is known for " + f.dir + "; give it one in house_imports_test.go"
	}
	if ours, ok := ownPackage(imported); ok {
		if within(ours, mine.ours) || f.test && (within(ours, mine.inTests) || ours == f.dir) {
			return ""
		}
		return fmt.Sprintf("%s may import %s; imports go down only, so take what you need as an argument or move the code",
			mine.folder, list(mine.ours))
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return "" // the standard library
	}
	for _, sole := range soleImporters {
		if below(imported, sole.theirs) && !within(f.dir, sole.folders) {
			return fmt.Sprintf("only %s may; go through that package", strings.Join(sole.folders, " and "))
		}
	}
	for _, library := range testLibraries {
		if below(imported, library) {
			if f.test || below(f.dir, "cmd") || f.dir == "events/storetest" {
				return ""
			}
			return "it is for tests only"
		}
	}
	if f.test {
		return ""
	}
	for _, theirs := range mine.theirs {
		if theirs == "*" || below(imported, theirs) {
			return ""
		}
	}
	return fmt.Sprintf("%s may import %s; put the technology behind a package of its own further up", mine.folder, list(mine.theirs))
}

// ownPackage returns the folder of one of our own packages, "." for the top.
func ownPackage(imported string) (folder string, ok bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

func layerOf(dir string) *layer {
	for i := range layers {
		if within(dir, []string{layers[i].folder}) {
			return &layers[i]
		}
	}
	return nil
}

// within says whether a folder fits one of the patterns.
func within(folder string, patterns []string) bool {
	for _, pattern := range patterns {
		if pattern == "..." || pattern == folder {
			return true
		}
		if parent, ok := strings.CutSuffix(pattern, "/..."); ok && below(folder, parent) {
			return true
		}
	}
	return false
}

// below says whether a path is parent or in it.
func below(child, parent string) bool {
	return child == parent || strings.HasPrefix(child, parent+"/")
}

func list(patterns []string) string {
	if len(patterns) == 0 {
		return "nothing but the standard library"
	}
	return strings.Join(patterns, ", ") + " and the standard library"
}
