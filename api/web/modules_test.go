package web

import (
	"slices"
	"strings"
	"testing"

	"admitone/projections/row"
)

// TestImports: a page lists all modules that its script needs, each once, and no missing ones.
func TestImports(t *testing.T) {
	served := map[string]bool{}
	for _, asset := range Assets() {
		served[asset.Path] = true
	}
	for _, script := range scripts {
		found := Frame{Script: script}.Imports()
		for i, module := range found {
			if !served[module] || slices.Contains(found[:i], module) {
				t.Errorf("%s imports %s, which is not served, or twice", script, module)
			}
		}
	}
	found := Frame{Script: "performance.js"}.Imports()
	for _, module := range []string{"/assets/seatplan.js", "/assets/seatblocks.js", "/assets/seatsigns.js", "/client/socket.js"} {
		if !slices.Contains(found, module) {
			t.Errorf("performance.js lacks %s: %v", module, found)
		}
	}
	var page strings.Builder
	if err := WriteAudit(&page, Frame{}, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), `<link rel="modulepreload" href="/assets/kinds.js">`) {
		t.Errorf("got %v; want <link rel=\"modulepreload\" href=\"/assets/kinds.js\"> in page.String()", page.String())
	}
}

// TestPreloadOfAHall: a browser requests the map of a hall before the scripts.
func TestPreloadOfAHall(t *testing.T) {
	var page strings.Builder
	if err := WritePerformance(&page, Frame{}, &row.Performance{ID: "gig", Plan: "hall ä"}); err != nil {
		t.Fatal(err)
	}
	hall, scripts := strings.Index(page.String(), `href="/halls/hall%20%C3%A4"`), strings.Index(page.String(), "modulepreload")
	if hall < 0 || scripts < hall {
		t.Errorf("the map is at %d, the scripts at %d", hall, scripts)
	}
}
