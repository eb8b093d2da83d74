package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"admitone/events"
)

// leaves returns the values in a JSON text by their paths. Its algorithm is not that of diff.
func leaves(t *testing.T, text string) map[string]any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	found := map[string]any{}
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				walk(name+"."+key, value)
			}
		case []any:
			for i, value := range v {
				place := fmt.Sprint(i)
				if element, ok := value.(map[string]any); ok && element["id"] != nil {
					place = element["id"].(string)
				}
				walk(name+"."+place, value)
			}
		default:
			found[strings.TrimPrefix(name, ".")] = v
		}
	}
	walk("", v)
	return found
}

// TestDiffMatchesShow: diff prints the differences between the outputs of show at two positions, for
// seven kinds of entities.
func TestDiffMatchesShow(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	id := s.createConcert("hall")
	s.send("POST", "/v1/bookings/"+id+"/payment", `{}`)
	s.send("PUT", "/v1/performances/hall/seats/A-2-2/block", "")
	s.send("POST", "/v1/teams", `{"id":"a","name":"A"}`)
	s.send("POST", "/v1/teams", `{"id":"b","name":"B"}`)
	s.send("POST", "/v1/tournaments", `{"id":"cup","name":"Cup","team_limit":1,"waitlist":true,
		"register_deadline":"2999-01-01T00:00:00Z"}`)
	s.send("POST", "/v1/tournaments/cup/entries", `{"team_id":"a"}`)
	s.send("POST", "/v1/tournaments/cup/entries", `{"team_id":"b"}`)
	s.send("DELETE", "/v1/tournaments/cup/entries/a", "")
	head, err := s.Log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, entity := range []string{"product/1", "performance/hall", "seat/hall~A-1-1", "booking/" + id, "wallet/ada",
		"tournament/cup", "team/a"} {
		shown := map[events.Position]map[string]any{}
		for at := range head {
			status, stdout, stderr := command(t, "show", entity, "--json", "--at", fmt.Sprint(at+1), "--url", s.url)
			if shown[at+1] = nil; status == exitDone {
				shown[at+1] = leaves(t, stdout)
				delete(shown[at+1], "as_of.position")
				delete(shown[at+1], "as_of.time")
			} else if status != exitProblemsFound {
				t.Fatalf("show %s at %d: status %d: %s%s; want status 0 or 1", entity, at+1, status, stdout, stderr)
			}
		}
		for from := events.Position(1); from <= head; from += 3 {
			for to := from; to <= head; to++ {
				compareDiff(t, s, entity, from, to, shown[from], shown[to])
			}
		}
	}
}

func compareDiff(t *testing.T, s *testServer, entity string, from, to events.Position, was, is map[string]any) {
	t.Helper()
	status, stdout, stderr := command(t, "diff", entity, "--json", "--from", fmt.Sprint(from), "--to", fmt.Sprint(to),
		"--url", s.url)
	if was == nil && is == nil {
		if status != exitProblemsFound {
			t.Errorf("%s from %d to %d: status %d: %s; want status 1",
				entity, from, to, status, stdout+stderr)
		}
		return
	}
	var c comparison
	if err := json.Unmarshal([]byte(stdout), &c); err != nil || c.From.Position != from || c.To.Position != to ||
		c.From.Existed != (was != nil) {
		t.Fatalf("%s from %d to %d: %v %s%s; want both positions, and existed = %v",
			entity, from, to, err, stdout, stderr, was != nil)
	}
	want, got := map[string][2]any{}, map[string][2]any{}
	for name := range maps.Keys(merged(was, is)) {
		if !reflect.DeepEqual(was[name], is[name]) {
			want[name] = [2]any{was[name], is[name]}
		}
	}
	for _, d := range c.Changes {
		if strings.Contains(d.Name, " ") {
			continue // a part, such as a seat of a performance
		}
		var from, to any
		if json.Unmarshal(d.From, &from) != nil || json.Unmarshal(d.To, &to) != nil {
			t.Fatalf("the change is %+v, want JSON in from and to", d)
		}
		got[d.Name] = [2]any{from, to}
	}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%s from %d to %d: %v, want %v", entity, from, to, got, want)
	}
}

func merged(a, b map[string]any) map[string]any {
	both := maps.Clone(a)
	if both == nil {
		both = map[string]any{}
	}
	maps.Copy(both, b)
	return both
}

// TestDiff checks the text output, with parts of entities, and usage errors.
func TestDiff(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	id := s.createConcert("hall") // positions 6 to 10: performance, wallet, two seats, booking
	s.send("POST", "/v1/bookings/"+id+"/payment", `{}`)
	s.send("POST", "/v1/teams", `{"id":"a","name":"A"}`)
	s.send("POST", "/v1/teams", `{"id":"b","name":"B"}`)
	s.send("POST", "/v1/tournaments", `{"id":"cup","name":"Cup","team_limit":1,"waitlist":true,
		"register_deadline":"2999-01-01T00:00:00Z"}`)
	s.send("POST", "/v1/tournaments/cup/entries", `{"team_id":"a"}`)
	s.send("POST", "/v1/tournaments/cup/entries", `{"team_id":"b"}`)
	s.send("DELETE", "/v1/tournaments/cup/entries/a", "")
	head, _ := s.Log.Head(t.Context())
	entered := fmt.Sprint(uint64(head) - 3) // before withdrawal and promotion
	for _, test := range []struct {
		args  string
		want  int
		texts []string // expected in the output
	}{
		{"product/1 --from 2 --to 5", 0, []string{"product/1 from position 2, ", " to position 5, ",
			"  sold                 1 → 4\n", "  remaining            9 → 6\n"}},
		{"product/1 --from 4 --to 4", 0, []string{"nothing changed"}},
		{"product/1 --from 2001-01-01T00:00:00Z --to 1", 0,
			[]string{"it did not exist before", "  name                 — → Poster <№ 1>\n"}},
		{"product/1 --from 1", 0, []string{"revision             0 → 4"}},
		{"product/1 --from 1 --to 999", 0, []string{"revision             0 → 4",
			fmt.Sprintf("note: --to 999 is after the end of the log; its last position is %d\n", head)}},
		{"performance/hall --from 6", 0, []string{"sections.A.booked ", "0 → 2", "  seat A-1-1           free → booked\n",
			"  seat A-1-2           free → booked\n"}},
		{"performance/hall --from 1", 0, []string{"it did not exist before", "  seat A-1-2           free → booked\n"}},
		{"seat/hall~A-1-1 --from 6", 0, []string{"status               free → booked", "holder               — → ada"}},
		{"seat/hall~A-2-1 --from 6", 0, []string{"nothing changed"}},
		{"tournament/cup --from " + entered, 0, []string{"  entry a              entered → out\n",
			"  entry b              out → entered\n"}},
		{"product/none --from 1", 1, []string{"there was no product/none"}},
		{"product/1 --from 5 --to 2", 2, []string{"--from is after --to"}},
		{"product/1", 2, []string{"--from"}},
		{"product/1 --from noon", 2, []string{"RFC 3339"}},
		{"ghost/1 --from 1", 2, []string{shownKinds()}},
		{"product --from 1", 2, []string{"not of the form KIND/ID"}},
	} {
		stdout, stderr := must(t, test.want, append([]string{"diff", "--url", s.url}, strings.Fields(test.args)...)...)
		for _, text := range test.texts {
			if !strings.Contains(stdout+stderr, text) {
				t.Errorf("diff %s prints\n%s%s\nwant %q", test.args, stdout, stderr, text)
			}
		}
	}
	stdout, _ := must(t, exitDone, "diff", "seat/hall~A-1-1", "--from", "6", "--url", s.url)
	var names []string
	for line := range strings.Lines(stdout) {
		names = append(names, strings.Fields(line)[0])
	}
	want := []string{"status", "holder", "booking_id", "hold_id", "revision", "position"}
	if !slices.Equal(names[1:], want) {
		t.Errorf("diff prints the members %q, want %q", names[1:], want)
	}
	for args, want := range map[string]string{
		"seat/hall~A-1-1": "holder     ada\n",
		"seat/hall~A-1-1 --at 6 --json": `{"performance_id":"hall","seat":"A-1-1","status":"free","revision":-1,` +
			`"position":0,"as_of":{"position":6,"time":"`,
	} {
		if stdout, _ := must(t, exitDone, append([]string{"show", "--url", s.url},
			strings.Fields(args)...)...); !strings.Contains(stdout, want) {
			t.Errorf("show %s: %s; want %q", args, stdout, want)
		}
	}
	if _, stderr := must(t, exitDone, "show", "product/1", "--at", fmt.Sprint(head), "--url", s.url); stderr != "" {
		t.Errorf("show at the last position: stderr %q, want none", stderr)
	}
	if _, stderr := must(t, exitDone, "show", "product/1", "--at", "99999999999999999999", "--url",
		s.url); !strings.Contains(stderr, "after the end of the log") {
		t.Errorf("show after the end of the log: stderr %q; want %q", stderr, "after the end of the log")
	}
	must(t, exitProblemsFound, "show", "seat/hall~Z-1-1", "--url", s.url)
	must(t, exitProblemsFound, "show", "allowance/hall~ada", "--url", s.url)
}
