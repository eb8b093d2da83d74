package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"admitone/api"
)

const (
	parlourCSV = "zone,row,number,x,y,category\nA,1,1,10,20,Stalls\nA,1,2b,30,20,Stalls\nA,2,1,10,40,Stalls\nB,1,1,20,60,Balcony\n"
	arenaJSON  = `{"id":"arena","name":"Arena","size":{"width":100,"height":80},"categories":[{"name":"Tier","color":"#3366cc"},
	{"name":"Floor","color":"red"}],"zones":[{"name":"Pit","position":{"x":0,"y":0},"rows":[],"areas":[{"id":"floor",
	"capacity":400,"category":"Floor"}]},{"name":"Tier","zone_id":"T","position":{"x":0,"y":50},"rows":[{"row_number":"1",
	"seats":[{"seat_guid":"a","seat_number":"1","position":{"x":0,"y":0},"category":"Tier"}]}]}]}`
)

// TestPlanCheck: plan check prints the summary of a file, or its faults with their places, without a server.
func TestPlanCheck(t *testing.T) {
	table, arena := write(t, "parlour.csv", parlourCSV), write(t, "arena.json", arenaJSON)
	stdout, _ := must(t, exitDone, "plan", "check", table)
	if want := "good: parlour (rows: 3, seats: 4, standing places: 0)\n" +
		"zone      A        rows: 2   seats: 3\nzone      B        rows: 1   seats: 1\n" +
		"category  Stalls   seats: 3  places: 0  #0072b2\ncategory  Balcony  seats: 1  places: 0  #e69f00\n"; stdout != want {
		t.Errorf("%s, want\n%s", stdout, want)
	}
	stdout, _ = must(t, exitDone, "plan", "check", arena, "--json")
	want := `{"good":true,"name":"Arena","rows":1,"seats":1,"places":400,"zones":[{"zone":"Pit","rows":0,"seats":0},` +
		`{"zone":"T","rows":1,"seats":1}],"areas":[{"area":"floor","zone":"Pit","capacity":400,"category":"Floor"}],` +
		`"categories":[{"category":"Tier","color":"#3366cc","seats":1,"places":0},` +
		`{"category":"Floor","color":"#808080","seats":0,"places":400}]}` + "\n"
	if stdout != want {
		t.Errorf("%s, want\n%s", stdout, want)
	}
	if stdout, _ = must(t, exitDone, "plan", "check", arena); !strings.Contains(stdout, "\narea      floor  places: 400  of Floor, in Pit\n") {
		t.Errorf("stdout %q; want %q", stdout, "\narea      floor  places: 400  of Floor, in Pit\n")
	}
	bad := write(t, "bad.csv", parlourCSV+"A,1,1,0,0,Stalls\nA,1,9,left,0,Stalls\n")
	stdout, _ = must(t, exitProblemsFound, "plan", "check", bad)
	if want := "bad: line 6: duplicate seat \"A-1-1\", first on line 2\nbad: line 7: x must be a number"; !strings.HasPrefix(stdout, want) ||
		strings.Count(stdout, "\n") != 2 {
		t.Errorf("%s, want %s", stdout, want)
	}
	bad = write(t, "bad.json", strings.Replace(arenaJSON, `"Tier"}]}`, `"Box"}]}`, 1))
	stdout, _ = must(t, exitProblemsFound, "plan", "check", bad, "--json")
	if want := `{"good":false,"faults":[{"place":"zones.1.rows.0.seats.0.category","detail":"the plan has no category \"Box\""}]}` +
		"\n"; stdout != want {
		t.Errorf("%s, want %s", stdout, want)
	}
}

func TestPlanUsage(t *testing.T) {
	table, arena := write(t, "parlour.csv", parlourCSV), write(t, "arena.json", arenaJSON)
	setStdin(t, parlourCSV)
	for want, args := range map[string][]string{
		"FILE is missing; for example: admitone plan check parlour.json": {"plan", "check"},
		"no such file":         {"plan", "check", filepath.Join(t.TempDir(), "none.csv")},
		"--name is for CSV":    {"plan", "check", arena, "--name", "Arena"},
		"the hall with --name": {"plan", "check", "-"},
		"--url":                {"plan", "import", table},
		"is not a server URL":  {"plan", "import", table, "--url", "parlour"},
		"--id is 1 to 64":      {"plan", "import", table, "--url", "http://127.0.0.1:1", "--id", "the parlour"},
		"unknown command":      {"plan", "make"},
		"unknown flag: --url;": {"plan", "check", table, "--url", "http://127.0.0.1:1"},
	} {
		if _, stderr := must(t, exitUsage, args...); !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: %q, want %q", args, stderr, want)
		}
	}
	must(t, exitUnavailable, "plan", "import", table, "--url", "http://127.0.0.1:1")
}

// setStdin gives the process a standard input for the rest of the test.
func setStdin(t *testing.T, text string) {
	t.Helper()
	file, err := os.Open(write(t, "stdin", text))
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdin
	os.Stdin = file
	t.Cleanup(func() { os.Stdin = before; file.Close() })
}

// TestPlanImport: a plan is stored once, and the plan at the server equals that in the file.
func TestPlanImport(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	table, arena := write(t, "parlour.csv", parlourCSV), write(t, "arena.json", arenaJSON)
	load := func(want int, args ...string) string {
		t.Helper()
		stdout, _ := must(t, want, append([]string{"plan", "import", "--url", s.url}, args...)...)
		return stdout
	}
	for range 2 {
		if output := load(exitDone, table, "--id", "parlour", "--name", "Parlour"); output != "the server has the plan parlour (seats: 4, standing places: 0)\n" {
			t.Errorf("import of the table printed %q, want 4 seats and no standing places", output)
		}
		if output := load(exitDone, arena); output != "the server has the plan arena (seats: 1, standing places: 400)\n" {
			t.Errorf("import of the arena printed %q, want 1 seat and 400 standing places", output)
		}
	}
	for _, args := range [][]string{{table, "--id", "parlour", "--name", "Saloon"}, {arena, "--id", "parlour"},
		{write(t, "other.json", strings.Replace(arenaJSON, "400", "401", 1))}} {
		if output := load(exitProblemsFound, args...); !strings.HasPrefix(output, "bad: id: the server has a different plan ") {
			t.Errorf("%q: %s; want the prefix %q", args, output, "bad: id: the server has a different plan ")
		}
	}
	before := s.send("GET", "/v1/plans", "")
	if output := load(exitProblemsFound, write(t, "bad.csv", parlourCSV+"A\n"), "--id", "bad"); !strings.HasPrefix(output, "bad: line 6: ") {
		t.Errorf("output %q; want the prefix %q", output, "bad: line 6: ")
	}
	if after := s.send("GET", "/v1/plans", ""); after != before {
		t.Errorf("the plans after a bad file: %s; want those before, %s", after, before)
	}
	made := decode[struct {
		ID, Name string
		Position int
	}](t, load(exitDone, table, "--json"))
	if made.ID == "" || made.Name != "parlour" {
		t.Errorf("import printed %+v; want an id and the name parlour", made)
	}
	for id, name := range map[string]string{"parlour": "Parlour", made.ID: "parlour"} {
		var got, want map[string]any
		text := s.send("GET", fmt.Sprintf("/v1/plans/%s?format=pretix&min_position=%d", id, made.Position), "")
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		seat := func(guid, number string, x, y int, category string) string {
			return fmt.Sprintf(`{"seat_guid":%q,"seat_number":%q,"position":{"x":%d,"y":%d},"category":%q}`, guid, number, x, y, category)
		}
		const zero = `"position":{"x":0,"y":0}`
		if err := json.Unmarshal(fmt.Appendf(nil, `{"name":%q,"size":{"width":40,"height":80},"categories":[{"name":"Stalls",
			"color":"#0072b2"},{"name":"Balcony","color":"#e69f00"}],"zones":[{"name":"A",%[2]s,"rows":[{"row_number":"1",%[2]s,
			"seats":[%[3]s,%[4]s]},{"row_number":"2",%[2]s,"seats":[%[5]s]}]},{"name":"B",%[2]s,"rows":[{"row_number":"1",%[2]s,
			"seats":[%[6]s]}]}]}`, name, zero, seat("A-1-1", "1", 10, 20, "Stalls"), seat("A-1-2b", "2b", 30, 20, "Stalls"),
			seat("A-2-1", "1", 10, 40, "Stalls"), seat("B-1-1", "1", 20, 60, "Balcony")), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("the plan %s is %s, want %v", id, text, want)
		}
	}
}

// TestPlanImportNeedsAdmin: plan import needs the token of an admin.
func TestPlanImportNeedsAdmin(t *testing.T) {
	auth := api.JWTAuth{Secret: []byte(strings.Repeat("secret", 9))}
	s := serveIn(t, t.TempDir(), auth)
	table := write(t, "parlour.csv", parlourCSV)
	must(t, exitUsage, "plan", "import", table, "--url", s.url)
	for role, status := range map[api.Role]int{api.RoleService: exitUsage, api.RoleAdmin: exitDone} {
		token, err := auth.Token("me", role, time.Now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		must(t, status, "plan", "import", table, "--url", s.url, "--token", token)
	}
}

// TestPlanGenerate: plan generate makes a valid plan of a description, and refuses an invalid description.
func TestPlanGenerate(t *testing.T) {
	example, _ := must(t, exitDone, "plan", "generate", "--example")
	plan, _ := must(t, exitDone, "plan", "generate", write(t, "example.json", example))
	stdout, _ := must(t, exitDone, "plan", "check", write(t, "plan.json", plan))
	if !strings.HasPrefix(stdout, "good: Town hall (rows: 33, seats: 819, standing places: 200)\n") {
		t.Errorf("stdout %q; want the prefix %q", stdout, "good: Town hall (rows: 33, seats: 819, standing places: 200)\n")
	}
	stdout, _ = must(t, exitProblemsFound, "plan", "generate", write(t, "bad.json", strings.Replace(example, "seats", "seat", 1)))
	if want := "bad: invalid description: json: unknown field \"seat\"\n"; stdout != want {
		t.Errorf("%s, want %s", stdout, want)
	}
	must(t, exitUsage, "plan", "generate")
	must(t, exitUsage, "plan", "generate", "a.json", "--example")
}
