package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"admitone/actors"
	"admitone/actors/plan"
	"admitone/events"
)

// parlour is a small plan with all extensions of pretix's format.
const parlour = `{%s"name":"Parlour","size":{"width":100,"height":80},"focal_point":{"x":50,"y":-10},
	"categories":[{"name":"Stalls","color":"#3366cc"},{"name":"Box"},{"name":"Floor","color":"#00ff00"}],
	"zones":[{"name":"Stalls","zone_id":"A","position":{"x":10,"y":20},"rows":[{"row_number":"1","row_label":null,"row_guid":"r",
	"position":{"x":0,"y":1.5},"seats":[
	{"seat_guid":"a1","seat_number":"1","start_direction":null,"position":{"x":0,"y":0},"category":"Stalls","accessible":true},
	{"seat_guid":"a2","seat_number":"2","position":{"x":20,"y":0},"category":"Stalls","companion_of":"a1"},
	{"seat_guid":"a3","seat_number":"3b","position":{"x":40,"y":0},"category":"Box","restricted_view":true}]}]},
	{"name":"Floor","position":{"x":0,"y":50},"rows":[],"areas":[{"id":"floor","capacity":30,"category":"Floor","shape":"polygon",
	"rotation":0.5,"polygon":{"points":[{"x":0,"y":0},{"x":9,"y":0},{"x":9,"y":9}]}}]}]}`

func init() {
	cells["createPlan"] = func(m *matrix, _ string) cell { return cell{body: fmt.Sprintf(parlour, "")} }
	cells["listPlans"] = func(*matrix, string) cell { return cell{} }
	cells["getPlan"] = func(m *matrix, _ string) cell {
		id := m.id()
		m.make("POST", "/v1/plans", fmt.Sprintf(parlour, `"id":"`+id+`",`))
		return of(id)
	}
	cells["hallMap"] = cells["getPlan"]
	answersOfKinds = append(answersOfKinds, exercisePlans)
}

// exercisePlans requests every operation of seating plans, and causes their codes.
func exercisePlans(t *testing.T, send func(method, path, body string, headers ...string) answer) {
	body := fmt.Sprintf(parlour, `"id":"parlour",`)
	send("POST", "/v1/plans", body).is(201)
	send("POST", "/v1/plans", body).is(200)
	send("POST", "/v1/plans", fmt.Sprintf(parlour, ""), "Idempotency-Key", "plan").is(201)
	send("POST", "/v1/plans", fmt.Sprintf(parlour, ""), "Idempotency-Key", "plan").is(201)
	send("POST", "/v1/plans", strings.Replace(body, "3b", "4", 1)).problem(409, "already_exists")
	send("POST", "/v1/plans", strings.Replace(body, `"Box","restricted`, `"box","restricted`, 1)).problem(422, "invalid_field")
	for _, path := range []string{"/v1/plans", "/v1/plans?limit=1", "/v1/plans?at=9223372036854775807", "/v1/plans/parlour",
		"/v1/plans/parlour?format=pretix", "/v1/plans/parlour?at=9223372036854775807", "/halls/parlour"} {
		send("GET", path, "").is(200)
	}
	send("GET", "/v1/plans/none", "").problem(404, "not_found")
	send("GET", "/v1/plans/parlour?at=1", "").problem(404, "not_found")
	send("GET", "/v1/plans/parlour?format=csv", "").problem(400, "bad_parameter")
	send("GET", "/v1/plans/parlour", "", "If-None-Match", `"1"`).is(304)
}

// pretixSchema validates against pretix's schema, if ADMITONE_PRETIX_SCHEMA names its file. Otherwise it
// checks that required members are present, and that there are no members unknown to the schema.
func pretixSchema(t *testing.T, text string) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv("ADMITONE_PRETIX_SCHEMA"); path != "" {
		schema, err := jsonschema.NewCompiler().Compile(path)
		if err == nil {
			err = schema.Validate(value)
		}
		if err != nil {
			t.Errorf("got the error %v, want none, for %s", err, text)
		}
		return
	}
	required := map[string][]string{"": {"name", "zones", "categories", "size"}, "size": {"width", "height"},
		"categories": {"name"}, "zones": {"position", "rows"}, "rows": {"seats", "row_number"},
		"seats": {"seat_guid", "seat_number", "position", "category"}, "position": {"x", "y"}, "points": {"x", "y"},
		"polygon": {"points"}}
	optional := map[string][]string{"categories": {"color"}, "zones": {"name", "zone_id", "uuid", "areas"},
		"rows":  {"row_label", "seat_label", "uuid", "row_number_position", "position"},
		"seats": {"uuid", "start_direction", "radius"},
		"areas": {"color", "border_color", "rotation", "position", "uuid", "shape", "polygon"}}
	checkMembers(t, "", value, required, optional)
}

// checkMembers checks the names of members in value, which is the value of the member name, at every depth.
func checkMembers(t *testing.T, name string, value any, required, optional map[string][]string) {
	t.Helper()
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			checkMembers(t, name, element, required, optional)
		}
	case map[string]any:
		known := map[string]bool{}
		for _, member := range required[name] {
			if known[member] = true; value[member] == nil {
				t.Errorf("%s: got %v, want the member %s in it", name, value, member)
			}
		}
		for _, member := range optional[name] {
			known[member] = true
		}
		for member, inner := range value {
			if !known[member] {
				t.Errorf("%s has the member %s, want known members only", name, member)
			}
			checkMembers(t, member, inner, required, optional)
		}
	}
}

func TestPlanIsReturnedUnchanged(t *testing.T) {
	w := newHarness(t)
	created := w.do("POST", "/v1/plans", fmt.Sprintf(parlour, `"id":"parlour",`))
	if got := created.is(201); got["seats"] != 3.0 || got["places"] != 30.0 || got["name"] != "Parlour" {
		t.Errorf("got %s; want seats = 3, places = 30, name = Parlour", created.text)
	}
	read := w.do("GET", "/v1/plans/parlour", "")
	got := read.is(200)
	var want map[string]any
	w.must(json.Unmarshal(fmt.Appendf(nil, parlour, `"id":"parlour",`), &want))
	zones := want["zones"].([]any)
	row := zones[0].(map[string]any)["rows"].([]any)[0].(map[string]any)
	delete(row, "row_label")
	delete(row, "row_guid")
	delete(row["seats"].([]any)[0].(map[string]any), "start_direction")
	zones[1].(map[string]any)["areas"].([]any)[0].(map[string]any)["position"] = map[string]any{"x": 0.0, "y": 0.0}
	for _, member := range []string{"seats", "places", "revision", "position"} {
		want[member] = got[member]
	}
	if gotText, wantText := encoded(t, got), encoded(t, want); gotText != wantText {
		t.Errorf("got\n%s\nwant\n%s", gotText, wantText)
	}
	pretix := w.do("GET", "/v1/plans/parlour?format=pretix", "")
	pretix.is(200)
	pretixSchema(t, pretix.text)
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// largePlan has enough seats for its text to exceed the body limit of other routes and to have many
// parts.
func largePlan(id string, seats int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"id":%q,"name":"Large","size":{"width":100,"height":80},"categories":[{"name":"C"}],"zones":[`+
		`{"name":"A","position":{"x":0,"y":0},"rows":[`, id)
	for i := range seats {
		if i%100 == 0 {
			if i > 0 {
				b.WriteString("]},")
			}
			fmt.Fprintf(&b, `{"row_number":"%d","position":{"x":0,"y":%d},"seats":[`, i/100, i/100)
		} else {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"seat_guid":"guid-%d","seat_number":"%d","position":{"x":%d,"y":0},"category":"C"}`, i, i%100, i%100)
	}
	b.WriteString("]}]}]}")
	return b.String()
}

// TestPlanInParts: a plan whose parts are not complete is not visible, and is completed or replaced by the
// next request. A sealed plan can't be changed.
func TestPlanInParts(t *testing.T) {
	w := newHarness(t)
	body := largePlan("large", 3000)
	parsed, err := events.ParsePlan([]byte(body))
	w.must(err)
	text := events.AppendPlan(nil, parsed, events.PlanComplete)
	addParts := func(text []byte, parts int) {
		t.Helper()
		digest, offset := events.PlanDigest(text), int64(0)
		for range parts {
			part, remaining := events.CutPlanPart(text[offset:])
			_, err := w.server.config.Desk.Ask(context.Background(), actors.Request{Stream: plan.Stream("large"), ID: actors.NewCommandID(),
				Command: &plan.AddPart{ID: "large", Digest: digest, Offset: offset, Text: string(part)}})
			w.must(err)
			offset += int64(len(part))
			if len(remaining) == 0 {
				break
			}
		}
	}
	wantInvisible := func() {
		t.Helper()
		w.do("GET", "/v1/plans/large", "").problem(404, "not_found")
		if items := w.do("GET", "/v1/plans", "").is(200)["items"].([]any); len(items) != 0 {
			t.Errorf("before the seal: got the list %v, want no items", items)
		}
	}
	addParts([]byte(`{"name":"something else"}`), 1)
	wantInvisible()
	addParts(text, 4)
	wantInvisible()
	w.do("POST", "/v1/plans", body).is(201)
	if page := w.do("GET", "/v1/streams/plan-large/events?limit=500", "").is(200)["items"].([]any); len(page) != partsOf(text)+2 {
		t.Errorf("got %d events, want those of %d parts, one of a different plan, and the seal", len(page), partsOf(text))
	}
	w.do("POST", "/v1/plans", body).is(200)
	w.do("POST", "/v1/plans", largePlan("large", 3001)).problem(409, "already_exists")
	read := w.do("GET", "/v1/plans/large", "").text
	if parsed, err = events.ParsePlan([]byte(`{` + read[strings.Index(read, `"name"`):])); err != nil ||
		string(events.AppendPlan(nil, parsed, events.PlanComplete)) != string(text) {
		t.Errorf("%v: got %.100s; want no error, string(events.AppendPlan(nil, parsed, events.PlanComplete)) = %v",
			err, read, string(text))
	}
	w.stop()
	w.start()
	if repeated := w.do("GET", "/v1/plans/large", "").text; repeated != read {
		t.Errorf("after a restart: got %.100s, want %.100s", repeated, read)
	}
}

func partsOf(text []byte) (parts int) {
	for len(text) > 0 {
		_, text = events.CutPlanPart(text)
		parts++
	}
	return parts
}

// TestLargePlanIsReadForAdminsOnly: other callers are refused before the body is read, and one plan is
// read at a time.
func TestLargePlanIsReadForAdminsOnly(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	body := largePlan("large", 2000)
	w.do("POST", "/v1/plans", body, "Authorization", bearer(t, "ada", RoleHolder)).problem(403, "forbidden")
	w.do("POST", "/v1/plans", body).problem(401, "unauthenticated")
	w.server.planning <- struct{}{}
	w.do("POST", "/v1/plans", body, "Authorization", bearer(t, "root", RoleAdmin)).problem(429, "overloaded")
	<-w.server.planning
	w.do("POST", "/v1/plans", body+strings.Repeat(" ", maxPlanBody+1-len(body)), "Authorization", bearer(t, "root", RoleAdmin)).problem(413, "body_too_large")
	w.do("POST", "/v1/plans", body, "Authorization", bearer(t, "root", RoleAdmin)).is(http.StatusCreated)
}

// TestPretixPlansAreSentOneAtATime: while one plan is sent, a request for another is refused, but plans can be
// stored.
func TestPretixPlansAreSentOneAtATime(t *testing.T) {
	w := newHarness(t, buffered)
	w.do("POST", "/v1/plans", largePlan("large", 20_000)).is(201)
	const path = "/v1/plans/large?format=pretix"
	slow := slowReader(t, w, path)
	w.do("GET", path, "").problem(429, "overloaded")
	w.do("POST", "/v1/plans", largePlan("other", 100)).is(201)
	w.must(slow.Close())
	w.wait(func() bool { return w.do("GET", path, "").status == 200 })
}
