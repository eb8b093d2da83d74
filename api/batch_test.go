package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// cmd encodes a command of a batch. more are further members.
func cmd(method, path, body string, more ...string) string {
	text := fmt.Sprintf(`{"method":%q,"path":%q`, method, path)
	if body != "" {
		text += `,"body":` + body
	}
	return text + strings.Join(more, "") + "}"
}

// batch sends commands in one request.
func (w *harness) batch(commands []string, headers ...string) answer {
	w.t.Helper()
	return w.do("POST", "/v1/batch", `{"commands":[`+strings.Join(commands, ",")+`]}`, headers...)
}

// answers returns the answers to the commands of a batch, as if each had been sent alone.
func (a answer) answers(n int) []answer {
	a.t.Helper()
	var v struct {
		Answers []struct {
			Status int             `json:"status"`
			Body   json.RawMessage `json:"body"`
		} `json:"answers"`
	}
	if a.status != 200 {
		a.t.Fatalf("%s: got %d %s; want status 200", a.what, a.status, excerpt(a.text))
	}
	if err := json.Unmarshal([]byte(a.text), &v); err != nil || len(v.Answers) != n {
		a.t.Fatalf("%s: %d answers, want %d: %v: %s", a.what, len(v.Answers), n, err, excerpt(a.text))
	}
	all := make([]answer, n)
	for i, one := range v.Answers {
		all[i] = answer{t: a.t, what: fmt.Sprintf("command %d", i), status: one.Status, text: string(one.Body)}
	}
	return all
}

// wantCode checks the status and the code of a refused command.
func (a answer) wantCode(status int, code string) map[string]any {
	a.t.Helper()
	v := a.is(status)
	if v["code"] != code {
		a.t.Errorf("%s: code %v, want %s", a.what, v["code"], code)
	}
	return v
}

const reservations = "/v1/products/p/reservations"

func TestBatchKeepsTheOrderOfAnEntity(t *testing.T) {
	w := newHarness(t)
	w.product("p", 50, "")
	commands := make([]string, 100)
	for i := range commands {
		commands[i] = cmd("POST", reservations, fmt.Sprintf(`{"holder":"h%d"}`, i))
	}
	last := 0.
	for i, a := range w.batch(commands).answers(100) {
		if i >= 50 {
			a.wantCode(409, "sold_out")
			continue
		}
		v := a.is(201)
		if v["holder"] != fmt.Sprint("h", i) || v["remaining"] != float64(49-i) || v["position"].(float64) <= last {
			t.Errorf("command %d: %v; want holder = %v, remaining = %v, position > %v",
				i, v, fmt.Sprint("h", i), float64(49-i), last)
		}
		last = v["position"].(float64)
	}
}

func TestBatchConfirmsThenReleasesOneReservation(t *testing.T) {
	w := newHarness(t)
	w.product("q", 9, "")
	one := "/v1/products/q/reservations/" + w.reserve("q", "ada", `,"hold":true`).is(201)["id"].(string)
	all := w.batch([]string{cmd("POST", one+"/confirm", "{}"), cmd("POST", one+"/confirm", ""), cmd("DELETE", one, ""),
		cmd("DELETE", one, ""), cmd("POST", one+"/confirm", "")}).answers(5)
	for i, want := range []string{"confirmed", "", "released", "released", ""} {
		if want != "" && all[i].is(200)["status"] != want {
			t.Errorf("answer to command %d = %s, want status %v", i, all[i].text, want)
		}
	}
	all[1].wantCode(409, "already_confirmed")
	all[4].wantCode(410, "released")
}

// TestBatchKeepsTheOrderOfBookings: commands for the same seats, and payments from the same wallet, run in
// their order.
func TestBatchKeepsTheOrderOfBookings(t *testing.T) {
	w := newHarness(t)
	w.hall("gig", 1, "")
	w.charge("ada", 100)
	first := w.book("gig", "ada", "A-1-1").is(201)["id"].(string)
	second := w.book("gig", "ada", "A-1-2").is(201)["id"].(string)
	book := cmd("POST", "/v1/performances/gig/bookings", `{"holder":"bob","seats":["A-1-1"]}`)
	for range 3 {
		all := w.batch([]string{book, cmd("DELETE", "/v1/bookings/"+first, ""), book}).answers(3)
		all[0].wantCode(409, "seat_taken")
		all[1].is(200)
		first = all[2].is(201)["id"].(string)
	}
	third := w.book("gig", "ada", "A-1-3").is(201)["id"].(string)
	all := w.batch([]string{cmd("POST", "/v1/bookings/"+second+"/payment", "{}"),
		cmd("POST", "/v1/bookings/"+third+"/payment", "{}"), cmd("DELETE", "/v1/bookings/"+second, ""),
		cmd("POST", "/v1/bookings/"+third+"/payment", "{}")}).answers(4)
	all[0].is(200)
	all[1].wantCode(409, "insufficient_balance")
	all[2].is(200)
	all[3].is(200)
}

// withoutVariableParts returns the status and body of an answer, without the parts that differ between runs.
func withoutVariableParts(a answer) string {
	text := strings.TrimSuffix(a.text, "\n")
	for _, p := range []string{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
		`"(position|revision)":\d+`, `"request_id":"[^"]*"`, `20\d\d-[0-9T:.-]+Z`} {
		text = regexp.MustCompile(p).ReplaceAllString(text, "X")
	}
	return fmt.Sprint(a.status, " ", text)
}

// commandsOfEachKind creates what the commands are about, and returns every kind of command, with commands that
// are accepted and commands that are refused.
func commandsOfEachKind(w *harness, admin string) []string {
	create := func(method, path, body string) string {
		a := w.do(method, path, body, "Authorization", admin)
		if a.status >= 300 {
			w.t.Fatalf("%s: got %d %s; want status < 300", a.what, a.status, a.text)
		}
		id, _ := a.is(a.status)["id"].(string)
		return id
	}
	for _, id := range []string{"p", "few", "dear"} {
		price := 0
		if id == "dear" {
			price = 5
		}
		create("POST", "/v1/products",
			fmt.Sprintf(`{"id":%q,"name":"n","stock":9,"price":%d,"limit_per_holder":5}`, id, price))
	}
	create("POST", "/v1/performances", fmt.Sprintf(newHall, "gig"))
	create("POST", "/v1/tournaments", `{"id":"cup","name":"n","team_limit":2,"register_deadline":"2099-01-01T00:00:00Z"}`)
	for _, team := range []string{"t1", "t2", "t3"} {
		create("POST", "/v1/teams", fmt.Sprintf(`{"id":%q,"name":"n","holder":"ada"}`, team))
	}
	create("POST", "/v1/tournaments/cup/entries", `{"team_id":"t2"}`)
	create("POST", "/v1/wallets/ada/charges", `{"amount":150}`)
	held := "/v1/products/few/reservations/" + create("POST", "/v1/products/few/reservations",
		`{"holder":"ada","hold":true}`)
	sold := "/v1/products/few/reservations/" + create("POST", "/v1/products/few/reservations", `{"holder":"ada"}`)
	bobs := "/v1/products/few/reservations/" + create("POST", "/v1/products/few/reservations", `{"holder":"bob"}`)
	booked := "/v1/bookings/" + create("POST", "/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-1"]}`)
	tooExpensive := "/v1/bookings/" + create("POST", "/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-5","A-1-6"]}`)
	w.do("GET", "/v1/performances/gig/seats", "", "Authorization", admin).is(200) // waits for the views
	return []string{
		cmd("POST", reservations, `{"holder":"ada","quantity":2}`),
		cmd("POST", reservations, `{"holder":"ada","hold":true}`),
		cmd("POST", reservations, `{"holder":"ada","quantity":5}`),
		cmd("POST", reservations, `{"holder":"bob"}`),
		cmd("POST", reservations, `{"holder":"ada","quantity":100}`),
		cmd("POST", reservations, `{"holder":"ada","quantity":0}`),
		cmd("POST", reservations, `{"holder":"ada","typo":0}`),
		cmd("POST", reservations, `{"holder":"ada","quantity":null}`),
		cmd("POST", reservations, `{"holder":"."}`),
		cmd("POST", reservations, `[]`),
		cmd("POST", reservations, `null`),
		cmd("POST", reservations, ""),
		cmd("POST", reservations, `{"holder":"ada"}`, `,"idempotency_key":""`),
		cmd("POST", reservations, `{"holder":"ada"}`, `,"idempotency_key":"a b"`),
		cmd("POST", reservations, `{"holder":"ada"}`, `,"idempotency_key":"k"`),
		cmd("POST", reservations, `{"holder":"ada"}`, `,"idempotency_key":"k"`),
		cmd("POST", reservations, `{"holder":"ada","hold":true}`, `,"idempotency_key":"k"`),
		cmd("POST", reservations+"?x=1", `{"holder":"ada"}`),
		cmd("POST", "/v1/products/dear/reservations", `{"holder":"ada","hold":false}`),
		cmd("POST", "/v1/products/dear/reservations", `{"holder":"ada"}`),
		cmd("POST", "/v1/products/none/reservations", `{"holder":"ada"}`),
		cmd("POST", "/v1/products/a%20b/reservations", `{"holder":"ada"}`),
		cmd("POST", held+"/confirm", "{}"),
		cmd("POST", held+"/confirm", ""),
		cmd("DELETE", sold, "", `,"idempotency_key":""`),
		cmd("DELETE", sold, ""),
		cmd("DELETE", bobs, ""),
		cmd("POST", sold+"/confirm", ""),
		cmd("POST", "/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-9"]}`),
		cmd("POST", "/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-9"]}`),
		cmd("POST", "/v1/performances/gig/bookings", `{"holder":"ada","best_available":{"quantity":2}}`),
		cmd("POST", "/v1/performances/none/bookings", `{"holder":"ada","seats":["A-1-9"]}`),
		cmd("POST", booked+"/payment", "{}"),
		cmd("POST", booked+"/payment", "{}"),
		cmd("POST", tooExpensive+"/payment", "{}"),
		cmd("DELETE", booked, ""),
		cmd("DELETE", tooExpensive, ""),
		cmd("DELETE", "/v1/bookings/none", ""),
		cmd("POST", "/v1/tournaments/cup/entries", `{"team_id":"t1"}`),
		cmd("POST", "/v1/tournaments/cup/entries", `{"team_id":"t3"}`),
		cmd("POST", "/v1/tournaments/cup/entries", `{"team_id":"none"}`),
		cmd("DELETE", "/v1/tournaments/cup/entries/t2", ""),
		cmd("DELETE", "/v1/tournaments/cup/entries/t2", ""),
		cmd("DELETE", "/v1/tournaments/none/entries/t2", ""),
	}
}

// TestBatchAnswersAsItsCommandsAlone: commands in a batch get the same answers as commands that are sent one
// by one, to another server.
func TestBatchAnswersAsItsCommandsAlone(t *testing.T) {
	callers := map[string]string{
		"open": "", "ada": bearer(t, "ada", RoleHolder), "audit": bearer(t, "audit", RoleAuditor),
		"shop": bearer(t, "shop", RoleService), "root": bearer(t, "root", RoleAdmin),
	}
	for name, token := range callers {
		t.Run(name, func(t *testing.T) {
			jwt := func(w *harness) {
				if name != "open" {
					w.config.Auth = secret
				}
			}
			single, batched := newHarness(t, jwt), newHarness(t, jwt)
			var singles []answer
			for _, text := range commandsOfEachKind(single, callers["root"]) {
				var c struct {
					Method, Path string
					Body         json.RawMessage
					Key          *string `json:"idempotency_key"`
				}
				single.must(json.Unmarshal([]byte(text), &c))
				request := [][2]string{{"Authorization", token}, {"Content-Type", "application/json"}}
				if c.Key != nil {
					request = append(request, [2]string{"Idempotency-Key", *c.Key})
				}
				singles = append(singles, single.withHeaders(c.Method, c.Path, string(c.Body), request))
			}
			commands := commandsOfEachKind(batched, callers["root"])
			for i, a := range batched.batch(commands, "Authorization", token).answers(len(singles)) {
				if got, want := withoutVariableParts(a), withoutVariableParts(singles[i]); got != want {
					t.Errorf("%s\nin a batch: got %s\nwant, as alone: %s", commands[i], got, want)
				}
			}
		})
	}
}

// withHeaders sends a request whose headers may be empty.
func (w *harness) withHeaders(method, path, body string, headers [][2]string) answer {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.address)
	w.must(err)
	defer conn.Close()
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %d\r\n",
		method, path, w.address, len(body))
	for _, h := range headers {
		fmt.Fprintf(&text, "%s: %s\r\n", h[0], h[1])
	}
	text.WriteString("\r\n" + body)
	_, err = conn.Write(text.Bytes())
	w.must(err)
	return w.answerFrom(conn, method+" "+path)
}

// answerFrom reads the answer to a request that was written to conn.
func (w *harness) answerFrom(conn net.Conn, what string) answer {
	w.t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	w.must(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	w.must(err)
	return answer{w.t, what, response.StatusCode, response.Header, string(body)}
}

func TestBatchKeys(t *testing.T) {
	w := newHarness(t)
	w.product("p", 50, "")
	keyed := func(holder, key string) string {
		return cmd("POST", reservations, fmt.Sprintf(`{"holder":%q}`, holder), fmt.Sprintf(`,"idempotency_key":%q`, key))
	}
	commands := []string{keyed("ada", "1"), keyed("ada", "1"), keyed("bob", "1"), keyed("ada", "2"),
		cmd("POST", reservations, `{"holder":"ada","quantity":2}`, `,"idempotency_key":"1"`)}
	first := w.batch(commands)
	all := first.answers(5)
	one, repeated, bobs, two := all[0].is(201), all[1].is(201), all[2].is(201), all[3].is(201)
	if one["id"] != repeated["id"] || one["position"] != repeated["position"] || one["id"] == bobs["id"] ||
		one["id"] == two["id"] {
		t.Errorf("got %s; want one reservation for the first two commands, and others for the next two", first.text)
	}
	all[4].wantCode(422, "idempotency_key_reused")
	for i, a := range w.batch(commands[:4]).answers(4) {
		if a.text != all[i].text {
			t.Errorf("command %d repeated: got %s, want %s", i, a.text, all[i].text)
		}
	}
	single := w.do("POST", reservations, `{"holder":"ada"}`, "Idempotency-Key", "1")
	if v := single.is(201); v["id"] != one["id"] || single.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("sent alone: got %s, %v; want id = %v, Idempotent-Replay = true", single.text, single.header, one["id"])
	}
	w.batch(commands, "Idempotency-Key", "x").problem(400, "bad_parameter")
	if v := w.do("GET", "/v1/products/p", "").is(200); v["sold"] != 3. {
		t.Errorf("got %v; want sold = 3", v)
	}
}

// TestBatchWithPasses: commands with the same pass wait for each other, and a purchase ends the pass.
func TestBatchWithPasses(t *testing.T) {
	w := newHarness(t)
	w.room("r", "")
	w.requireRoom("r", "ada")
	adas := fmt.Sprintf(`,"admission_pass":%q`, w.passOf("r", "ada"))
	bobs := fmt.Sprintf(`,"admission_pass":%q`, w.passOf("r", "bob"))
	all := w.batch([]string{
		cmd("POST", reservations, `{"holder":"ada"}`),
		cmd("POST", reservations, `{"holder":"ada","hold":true}`, adas),
		cmd("POST", reservations, `{"holder":"ada","hold":true}`, adas),
		cmd("POST", "/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-1"]}`, adas),
		cmd("POST", reservations, `{"holder":"ada"}`, bobs),
		cmd("POST", reservations, `{"holder":"bob"}`, bobs),
		cmd("POST", reservations, `{"holder":"bob"}`, bobs),
		cmd("POST", reservations, `{"holder":"eve"}`),
	}).answers(8)
	all[0].wantCode(403, "pass_required")
	all[1].is(201)
	all[2].is(201)
	all[3].is(201)
	all[4].wantCode(403, "pass_invalid")
	all[5].is(201)
	all[6].wantCode(403, "pass_invalid")
	all[7].wantCode(403, "pass_required")
}
