package api

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

// rfc4180 parses CSV strictly: every line has the same number of fields and ends with CRLF, and
// quotes are where the grammar allows them. quoted tells which fields were in quotes.
func rfc4180(text string) (lines [][]string, quoted [][]bool, err error) {
	for at := 0; at < len(text); {
		var line []string
		var inQuotes []bool
		for {
			field, quotes := strings.Builder{}, at < len(text) && text[at] == '"'
			if quotes {
				for at++; ; at++ {
					if at >= len(text) {
						return nil, nil, fmt.Errorf("a quote is not closed")
					}
					if text[at] == '"' {
						if at++; at >= len(text) || text[at] != '"' {
							break
						}
					}
					field.WriteByte(text[at])
				}
			} else {
				for at < len(text) && strings.IndexByte(",\r\n\"", text[at]) < 0 {
					field.WriteByte(text[at])
					at++
				}
			}
			line, inQuotes = append(line, field.String()), append(inQuotes, quotes)
			if at < len(text) && text[at] == ',' {
				at++
				continue
			}
			if !strings.HasPrefix(text[at:], "\r\n") {
				return nil, nil, fmt.Errorf("line %d ends in %q", len(lines)+1, text[at:min(len(text), at+4)])
			}
			at += 2
			break
		}
		if len(lines) > 0 && len(line) != len(lines[0]) {
			return nil, nil, fmt.Errorf("line %d has %d fields, want %d", len(lines)+1, len(line), len(lines[0]))
		}
		lines, quoted = append(lines, line), append(quoted, inQuotes)
	}
	return lines, quoted, nil
}

// table parses an answer as CSV, with rfc4180 and with encoding/csv, and returns a map for each line.
func (a answer) table() (all []map[string]string) {
	a.t.Helper()
	if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv; charset=utf-8") {
		a.t.Fatalf("%s: got %d %s %s; want 200 text/csv; charset=utf-8",
			a.what, a.status, a.header.Get("Content-Type"), excerpt(a.text))
	}
	text := strings.TrimPrefix(a.text, "\ufeff")
	lines, _, err := rfc4180(text)
	if err != nil {
		a.t.Fatalf("%s: got %v; want no error", a.what, err)
	}
	reader := csv.NewReader(strings.NewReader(text))
	standard, err := reader.ReadAll()
	if err != nil || len(standard) != len(lines) {
		a.t.Fatalf("%s: encoding/csv: got %v and %d lines, want %d", a.what, err, len(standard), len(lines))
	}
	for i, line := range lines[1:] {
		row := map[string]string{}
		for j, name := range lines[0] {
			row[name] = line[j]
			if got := standard[i+1][j]; got != strings.ReplaceAll(line[j], "\r\n", "\n") {
				a.t.Errorf("%s: encoding/csv has the field %q, want %q", a.what, got, line[j])
			}
		}
		all = append(all, row)
	}
	return all
}

// sameAsJSON compares the lines with the items of a page.
func sameAsJSON(t *testing.T, lines []map[string]string, items []any) {
	t.Helper()
	if len(lines) != len(items) {
		t.Fatalf("got %d lines, want %d, as in JSON", len(lines), len(items))
	}
	for i, item := range items {
		want := map[string]string{}
		for name, value := range item.(map[string]any) {
			switch v := value.(type) {
			case string:
				want[name] = v
			case float64:
				want[name] = strconv.FormatInt(int64(v), 10)
			case bool:
				want[name] = strconv.FormatBool(v)
			default:
				text, _ := json.Marshal(v)
				want[name] = string(text)
				var same any // members of an object have no order
				if json.Unmarshal([]byte(lines[i][name]), &same) == nil && reflect.DeepEqual(same, value) {
					want[name] = lines[i][name]
				}
			}
		}
		got := maps.Clone(lines[i])
		maps.DeleteFunc(got, func(_, value string) bool { return value == "" })
		if !maps.Equal(got, want) {
			t.Errorf("line %d is\n%v, want\n%v", i, got, want)
		}
	}
}

func items(a answer) []any { return a.is(200)["items"].([]any) }

// columnsOf returns the first line of an answer.
func columnsOf(a answer) []string {
	lines, _, _ := rfc4180(strings.TrimPrefix(a.text, "\ufeff"))
	return lines[0]
}

// TestLists: search by reference, status and holder, now and in the past, as JSON and as CSV.
func TestLists(t *testing.T) {
	w := newHarness(t)
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "other")).is(201)
	book := func(hall, holder, seat, more string) string {
		return w.do("POST", "/v1/performances/"+hall+"/bookings", fmt.Sprintf(`{"holder":%q,"seats":[%q]%s}`, holder, seat,
			more)).is(201)["id"].(string)
	}
	first := book("hall", "ada", "A-1-1", `,"reference":"R-1","metadata":{"a":"b"}`)
	second := book("hall", "bob", "A-1-2", "")
	book("other", "ada", "A-1-1", `,"reference":"R-1"`)
	w.do("POST", "/v1/wallets/ada/charges", `{"amount":100}`).is(201)
	before := w.do("POST", "/v1/bookings/"+first+"/payment", "").is(200)["position"]
	etag := w.do("GET", "/v1/bookings/"+second, "").etag()
	edited := w.do("PATCH", "/v1/bookings/"+second, `{"reference":"R-2"}`, "If-Match", etag).is(200)["position"]
	etag = w.do("GET", "/v1/bookings/"+second, "").etag()
	w.do("PATCH", "/v1/bookings/"+second, `{"reference":"R-3"}`, "If-Match", etag).is(200)
	w.do("DELETE", "/v1/bookings/"+first, "").is(200)

	w.product("p", 100, "")
	some := ""
	for n := range 7 {
		v := w.reserve("p", []string{"ada", "bob"}[n%2], fmt.Sprintf(`,"hold":true,"reference":"P-%d"`, n%3)).is(201)
		if n == 0 {
			some = v["id"].(string)
		}
	}
	w.do("DELETE", "/v1/products/p/reservations/"+some, "").is(200)
	last := w.reserve("p", "cy", `,"reference":"P-7"`).is(201)
	one := "/v1/products/p/reservations/" + last["id"].(string)
	edit := w.do("PATCH", one, `{"reference":null}`, "If-Match", w.do("GET", one, "").etag()).is(200)
	w.do("GET", fmt.Sprintf("/v1/products/p?min_position=%v", edit["position"]), "").is(200)
	for path, want := range map[string]int{
		"/v1/bookings?reference=R-3":                                              1,
		fmt.Sprintf("/v1/bookings?reference=R-2&at=%v", edited):                   1,
		fmt.Sprintf("/v1/bookings?reference=R-3&at=%v", edited):                   0,
		"/v1/reservations?reference=P-7":                                          0,
		fmt.Sprintf("/v1/reservations?reference=P-7&at=%v", last["position"]):     1,
		"/v1/bookings?reference=R-1":                                              2,
		"/v1/bookings?reference=R-1&status=released":                              1,
		"/v1/bookings?reference=R-2":                                              0,
		"/v1/bookings?reference=R":                                                0,
		"/v1/performances/hall/bookings":                                          2,
		"/v1/performances/hall/bookings?status=booked":                            0,
		"/v1/performances/hall/bookings?holder=ada":                               1,
		"/v1/performances/hall/bookings?holder=ada&status=held":                   0,
		fmt.Sprintf("/v1/performances/hall/bookings?status=booked&at=%v", before): 1,
		"/v1/products/p/reservations":                                             8,
		"/v1/products/p/reservations?status=held":                                 6,
		"/v1/products/p/reservations?holder=bob":                                  3,
		"/v1/reservations?reference=P-0":                                          3,
		"/v1/reservations?reference=P-0&status=released":                          1,
		"/v1/reservations?reference=P-9":                                          0,
	} {
		page := items(w.do("GET", path, ""))
		if len(page) != want {
			t.Errorf("%s: got %d items, want %d", path, len(page), want)
		}
		file := w.do("GET", path, "", "Accept", "text/csv")
		sameAsJSON(t, file.table(), page)
		if strings.HasPrefix(file.text, "\ufeff") || file.header.Get("Admitone-Position") == "" {
			t.Errorf("%s begins with %q, Admitone-Position = %q; want no byte order mark, and a position", file.what,
				file.text[:3], file.header.Get("Admitone-Position"))
		}
		for _, accept := range []string{"Text/CSV", "text/csv; charset=utf-8",
			"application/json;q=0.5, text/csv;header=present"} {
			if repeated := w.do("GET", path, "", "Accept", accept); repeated.text != file.text {
				t.Errorf("%s: Accept: %s: got %s, want %s", path, accept, excerpt(repeated.text), excerpt(file.text))
			}
		}
		for _, accept := range []string{"text/csv;q=0", "application/json, text/csv;q=0.9", "*/*", "text/html"} {
			if v := w.do("GET", path, "", "Accept", accept).is(200); v["items"] == nil {
				t.Errorf("%s: Accept: %s: got %v, want JSON with items", path, accept, v)
			}
		}
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		if marked := w.do("GET", path+join+"format=csv", ""); marked.text != "\ufeff"+file.text {
			t.Errorf("%s: got %q, want a byte order mark and %q", marked.what, excerpt(marked.text), excerpt(file.text))
		}
		var paged []any
		for next := any(""); next != nil; {
			a := w.do("GET", fmt.Sprintf("%s%slimit=2&cursor=%v", path, join, next), "").is(200)
			paged, next = append(paged, a["items"].([]any)...), a["next"]
		}
		if fmt.Sprint(paged) != fmt.Sprint(page) {
			t.Errorf("%s in pages of 2 is\n%v, want\n%v", path, paged, page)
		}
	}
	for path, code := range map[string]string{"/v1/bookings": "bad_parameter", "/v1/bookings?reference=": "bad_parameter",
		"/v1/performances/hall/bookings?status=sold":  "bad_parameter",
		"/v1/performances/hall/bookings?format=xml":   "bad_parameter",
		"/v1/performances/hall/bookings?contact=true": "bad_parameter",
		"/v1/performances/hall/bookings?cursor=!":     "bad_cursor"} {
		w.do("GET", path, "").problem(400, code)
	}
	w.do("GET", "/v1/products/none/reservations", "").problem(404, "not_found")
	w.do("GET", "/v1/products/p/reservations?at=1", "").problem(404, "not_found")
}

// TestColumnsAreComplete: every member of a listed resource has a column, and there are no other
// columns.
func TestColumnsAreComplete(t *testing.T) {
	d := describe(t)
	// A contact has a separate column, and an outcome belongs to a payment report.
	excluded := []string{"as_of", "contact", "outcome", "refund_id"}
	for schema, columns := range map[string][]string{"Booking": bookingColumns, "Reservation": reservationColumns,
		"Entry": entryColumns, "Refund": refundColumns} {
		want := slices.Sorted(maps.Keys(d.at("components", "schemas", schema, "properties")))
		want = slices.DeleteFunc(want, func(name string) bool { return slices.Contains(excluded, name) })
		if got := slices.Sorted(slices.Values(columns)); !slices.Equal(got, want) {
			t.Errorf("%s has the columns\n%v, want\n%v", schema, got, want)
		}
	}
}

// TestFormulasAreEscaped: text that a spreadsheet would evaluate as a formula gets an apostrophe before it.
func TestFormulasAreEscaped(t *testing.T) {
	for text, want := range map[string]string{"=1+1": `"'=1+1"`, "+1": `"'+1"`, "-1": `"'-1"`, "@x": `"'@x"`,
		"\tx": "\"'\tx\"", "\rx": "\"'\rx\"", "\nx": "\"'\nx\"", "a=1": `"a=1"`, `a"b`: `"a""b"`, "": `""`, `"`: `""""`,
		"a,b\r\nc": "\"a,b\r\nc\"", "'x": `"'x"`, "größe": `"größe"`} {
		if got := string(appendCSVText(nil, []byte(text))); got != want {
			t.Errorf("%q gives %s, want %s", text, got, want)
		}
	}
	w := newHarness(t)
	w.product("p", 10, "")
	w.reserve("p", "=cmd|' /C calc'!A0", `,"quantity":2,"reference":"-2+3","metadata":{"=x":"=y\r\n\t\"z\","}`).is(201)
	a := w.do("GET", "/v1/products/p/reservations", "", "Accept", "text/csv")
	row := a.table()[0]
	if row["holder"] != "'=cmd|' /C calc'!A0" || row["reference"] != "'-2+3" || row["quantity"] != "2" {
		t.Errorf("the line is %v; want holder = '=cmd|' /C calc'!A0, reference = '-2+3, quantity = 2", row)
	}
	var pairs map[string]string
	if err := json.Unmarshal([]byte(row["metadata"]), &pairs); err != nil || pairs["=x"] != "=y\r\n\t\"z\"," {
		t.Errorf("the metadata are %q (%v), want =x with its value", row["metadata"], err)
	}
	lines, quoted, _ := rfc4180(a.text)
	for i, name := range lines[0] {
		text := !slices.Contains([]string{"quantity", "remaining", "revision", "position", "expires_at", "kept"}, name)
		if quoted[1][i] != text {
			t.Errorf("%s is %q, in quotes: %t, want %t", name, lines[1][i], quoted[1][i], text)
		}
	}
}

// TestEntriesAsCSV: entries are exported with order data and contacts to the roles that may see them.
func TestEntriesAsCSV(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	m := &matrix{harness: w, admin: bearer(t, "root", RoleAdmin)}
	cup := m.id()
	m.make("POST", "/v1/tournaments", fmt.Sprintf(
		`{"id":%q,"name":"n","team_limit":300,"register_deadline":"2099-01-01T00:00:00Z","waitlist":true}`, cup))
	path := "/v1/tournaments/" + cup + "/entries"
	for n := range 310 {
		more := ""
		if n%100 == 5 {
			more = fmt.Sprintf(`,"holder":"ada","reference":"R-%d","contact":{"email":"ada@example.org"}`, n)
		}
		m.make("POST", path, fmt.Sprintf(`{"team_id":%q%s}`, m.team("ada"), more))
	}
	get := func(query string, role Role) answer {
		return w.do("GET", path+query, "", "Authorization", bearer(t, "x", role), "Accept", "text/csv")
	}
	all := get("?contact=true", RoleAuditor).table()
	if len(all) != 300 || all[5]["reference"] != "R-5" || all[5]["contact"] != `{"email":"ada@example.org"}` ||
		all[6]["contact"] != "" {
		t.Errorf("got %d lines, the sixth is %v; want 300, the sixth with R-5 and a contact, the seventh without", len(all), all[5])
	}
	if waiting := get("?status=waitlisted", RoleService).table(); len(waiting) != 10 || waiting[9]["place"] != "10" ||
		waiting[5]["reference"] != "R-305" {
		t.Errorf("the waitlist is %v; want 10 teams, the last with place = 10, the sixth with reference = R-305", waiting)
	}
	past := get("?at=999999", RoleAdmin)
	if !strings.Contains(past.text, "R-205") || len(past.table()) != 300 {
		t.Errorf("in the past: got %d lines, want 300, with R-205", len(past.table()))
	}
	get("?contact=true", RoleService).problem(403, "forbidden")
	get("", RoleHolder).problem(403, "forbidden")
	w.do("GET", path+"?format=csv", "").problem(401, "unauthenticated")
	w.do("DELETE", "/v1/holders/ada/contact", "", "Authorization", m.admin).is(200)
	if all := get("?contact=true", RoleAdmin).table(); all[5]["contact"] != "" || all[5]["reference"] != "R-5" {
		t.Errorf("after the contact was deleted: got %v; want no contact, reference = R-5", all[5])
	}
}

// append appends a fact to the log as the first of its stream.
func (w *harness) append(stream events.StreamID, fact events.Fact) events.Position {
	w.t.Helper()
	e := events.Event{ID: events.EventID(string(stream), 0), Type: fact.Name(), Data: events.AppendFact(nil, fact)}
	e.Metadata, _ = events.Seal(nil, events.Hash{}, stream, 0, &e, &events.Metadata{CommandID: string(stream),
		Actor: "test", At: time.Unix(1_900_000_000, 0)})
	result, err := w.store.Append(w.t.Context(), stream, events.NoStream, []events.Event{e})
	w.must(err)
	return result.Position
}

func init() { answersOfKinds = append(answersOfKinds, exerciseLists) }

// exerciseLists requests the lists of what the other functions sold.
func exerciseLists(t *testing.T, send func(method, path, body string, headers ...string) answer) {
	const reservations = "/v1/products/tee/reservations"
	send("GET", reservations+"?status=expired&holder=ada", "").is(200)
	send("GET", "/v1/reservations?reference=R-1", "").is(200)
	send("GET", "/v1/reservations", "").problem(400, "bad_parameter")
	send("GET", "/v1/bookings?reference=R-2", "").is(200)
	send("GET", "/v1/performances/hall/bookings?at=999", "").is(200)
	send("GET", "/v1/performances/none/bookings", "").problem(404, "not_found")
	for _, list := range []string{reservations, "/v1/performances/hall/bookings", "/v1/tournaments/cup/entries"} {
		if a := send("GET", list+"?format=csv&contact=true", ""); a.status != 200 {
			t.Errorf("%s: got %d %s; want status = 200", a.what, a.status, a.text)
		}
	}
	for _, of := range []string{"/v1/products/tee", "/v1/performances/hall", "/v1/tournaments/cup"} {
		send("GET", of+"/report", "").is(200)
	}
	send("GET", "/v1/products/none/report", "").problem(404, "not_found")
}
