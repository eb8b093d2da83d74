package api

import (
	"fmt"
	"strings"
	"testing"
)

// changeTexts returns the sentences of a stale edit's changes.
func changeTexts(t *testing.T, v map[string]any) (texts []string) {
	t.Helper()
	changes, ok := v["changes"].([]any)
	if !ok {
		t.Fatalf("got %v, want changes in it", v)
	}
	for _, change := range changes {
		texts = append(texts, change.(map[string]any)["text"].(string))
	}
	return texts
}

// TestStaleEditListsChanges: the refusal of a stale edit describes the changes since its revision, or the newest
// of them if there are many.
func TestStaleEditListsChanges(t *testing.T) {
	w := newHarness(t)
	w.product("p", 100, "")
	w.do("PATCH", "/v1/products/p", `{"stock":90}`, "If-Match", `"0"`).is(200)
	w.reserve("p", "ada", "").is(201)
	edit := func(revision int) map[string]any {
		t.Helper()
		return w.do("PATCH", "/v1/products/p", `{"price":7}`, "If-Match", fmt.Sprintf(`"%d"`, revision)).problem(
			412,
			"stale_revision",
		)
	}
	v := edit(0)
	if got := changeTexts(t, v); len(got) != 2 || !strings.Contains(got[0], "90 units") ||
		!strings.Contains(got[1], "ada bought 1 unit") {
		t.Errorf("changes after revision 0: %q; want two: one of 90 units, then ada's purchase of 1 unit", got)
	}
	if v["current_revision"] != float64(2) || v["earlier_changes"] != nil {
		t.Errorf("got %v; want current_revision = 2, earlier_changes = nil", v)
	}
	if got := changeTexts(t, edit(1)); len(got) != 1 || !strings.Contains(got[0], "ada") {
		t.Errorf("changes after revision 1: %q; want one, ada's", got)
	}
	if got := changeTexts(t, edit(9)); len(got) != 0 {
		t.Errorf("changes after a future revision: %q; want no entries", got)
	}
	for i := range maxChanges + 3 {
		w.reserve("p", fmt.Sprintf("holder-%d", i), "").is(201)
	}
	v = edit(0)
	got := changeTexts(t, v)
	if len(got) != maxChanges || !strings.Contains(got[0], "holder-3 ") ||
		!strings.Contains(got[maxChanges-1], fmt.Sprintf("holder-%d ", maxChanges+2)) {
		t.Errorf("got %d changes, from %q to %q; want %d, from holder-3 to holder-%d", len(got), got[0], got[len(got)-1],
			maxChanges, maxChanges+2)
	}
	if v["earlier_changes"] != float64(5) {
		t.Errorf("earlier changes: %v, want 5", v["earlier_changes"])
	}
}
