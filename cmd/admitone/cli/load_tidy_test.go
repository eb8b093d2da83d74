package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"admitone/cmd/admitone/load"
)

// TestLoadTidiesUp: after a run, nothing that the scenario created is on sale or held, and the output lists
// the remaining resources.
func TestLoadTidiesUp(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	run := func(args ...string) {
		t.Helper()
		stdout, _ := must(t, exitDone, append([]string{"load", "--against", s.url, "--connections", "8"}, args...)...)
		_, after, _ := strings.Cut(stdout, "tidied up: ")
		if !strings.Contains(stdout, "proved: ") || !strings.Contains(after, "load-") || !strings.Contains(after, " remain") {
			t.Errorf("%q: %s; want %q, %q and %q", args, stdout, "proved: ", "load-", " remain")
		}
	}
	run("--requests", "300", "--stock", "1000", "--holds", "0.5")
	run("--requests", "30", "--stock", "10")
	run("--scenario", "tournament", "--teams", "30", "--slots", "100")
	room := []string{"--scenario", "waiting-room", "--visitors", "8", "--active-seconds", "1", "--heartbeat-seconds", "1"}
	run(room...)
	run(append(room, "--draw-after", "1s")...)
	run("--scenario", "seats", "--people", "16", "--rows", "4", "--seats-per-row", "5", "--hold-seconds", "1")
	for path, want := range map[string]func(item map[string]any) bool{
		"/v1/products": func(p map[string]any) bool {
			return p["remaining"] == 0.0 && p["held"] == 0.0 && p["stock"] == p["sold"]
		},
		"/v1/tournaments":   func(p map[string]any) bool { return p["status"] == "closed" },
		"/v1/waiting-rooms": func(p map[string]any) bool { return p["status"] == "closed" },
		"/v1/performances":  func(p map[string]any) bool { return p["held"] == 0.0 },
	} {
		var list struct{ Items []map[string]any }
		text := s.send("GET", path, "")
		if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Items) == 0 {
			t.Fatalf("%s: %v %s; want at least one item", path, err, text)
		}
		for _, item := range list.Items {
			if !want(item) {
				t.Errorf("%s has %v, want it closed or without units for sale or on hold", path, item)
			}
		}
	}
	s.end()
	runVerify(t, exitDone, "--store", s.store)
}

// TestLoadLeavesEvidence: if the log and the answers differ, load tidies up nothing.
func TestLoadLeavesEvidence(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	fake := startProxy(t, s.url, func(w http.ResponseWriter, r *http.Request, _ passFunc) bool {
		if r.Method == http.MethodPatch {
			t.Errorf("PATCH %s, want no edit", r.URL)
		}
		lies := strings.HasSuffix(r.URL.Path, "/reservations")
		if lies {
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, `{"id":"01a201a7-afd0-7e61-b5f9-b1fbfa6d76d3"}`)
		}
		return lies
	})
	if r := runLoad[load.ProductProof](t, exitProblemsFound, fake, "--requests", "9"); !strings.Contains(r.After,
		"nothing was changed") {
		t.Errorf("the report says %q, want %q", r.After, "nothing was changed")
	}
}
