package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// badBodies are refused by every route. %s stands for the members of a valid body. With the status 0, the code depends
// on the route.
var badBodies = []struct {
	name, body, code string
	status           int
}{
	{"unknown field", `{%s,"colour":"red"}`, "unknown_field", 422},
	{"case-changed name", `{%s,"Quantity":1,"Stock":1}`, "unknown_field", 422},
	{"duplicate name", `{%s,%s}`, "malformed_json", 400},
	{"duplicate name, escaped", `{%s,"\u006eame":"a","\u0068older":"a"}`, "", 0},
	{"unclosed object", `{%s`, "malformed_json", 400},
	{"single quotes", `{'a':1}`, "malformed_json", 400},
	{"trailing bytes", `{%s} x`, "malformed_json", 400},
	{"two objects", `{%s}{%s}`, "malformed_json", 400},
	{"trailing comma", `{%s,}`, "malformed_json", 400},
	{"comment", `{%s}//`, "malformed_json", 400},
	{"bad UTF-8", "{%s,\"\xff\":1}", "malformed_json", 400},
	{"lone surrogate", `{%s,"a":"\ud800"}`, "", 0},
	{"byte order mark", "\xef\xbb\xbf{%s}", "malformed_json", 400},
	{"NUL", "{%s}\x00", "malformed_json", 400},
	{"deep nesting", `{%s,"a":` + strings.Repeat("[", 20000) + `}`, "malformed_json", 400},
	{"33 levels", `{%s,"a":` + strings.Repeat(`{"a":`, 31) + "[1]" + strings.Repeat("}", 32), "malformed_json", 400},
	{"32 levels", `{%s,"a":` + strings.Repeat(`{"a":`, 30) + "[1]" + strings.Repeat("}", 31), "unknown_field", 422},
	{"array", `[{%s}]`, "invalid_field", 422},
	{"string", `"x"`, "invalid_field", 422},
	{"number", `1`, "invalid_field", 422},
	{"null", `null`, "invalid_field", 422},
	{"65 KiB", `{%s}` + strings.Repeat(" ", 65<<10), "body_too_large", 413},
	{"200 KiB", `{%s}` + strings.Repeat(" ", 200<<10), "body_too_large", 413},
	{"3 MiB", `{%s}` + strings.Repeat(" ", 3<<20), "body_too_large", 413},
}

func TestBadBodies(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10, "")
	held := w.reserve("p", "ada", `,"hold":true`).is(201)["id"].(string)
	routes := []struct{ method, path, good string }{
		{"POST", "/v1/products", `"id":"new","name":"n","stock":1`},
		{"PATCH", "/v1/products/p", `"name":"n"`},
		{"POST", "/v1/products/p/reservations", `"holder":"ada"`},
		{"POST", "/v1/products/p/reservations/" + held + "/confirm", `"a":1`},
		{"DELETE", "/v1/products/p/reservations/" + held, `"a":1`},
	}
	for _, route := range routes {
		for _, bad := range badBodies {
			t.Run(route.method+" "+route.path+"/"+bad.name, func(t *testing.T) {
				body := strings.ReplaceAll(bad.body, "%s", route.good)
				a := w.do(route.method, route.path, body, "If-Match", `"0"`)
				a.t = t
				switch {
				case bad.status == 0 || route.good == `"a":1`:
					if a.status < 400 || a.status >= 500 {
						t.Errorf("got status %d: %s; want one from 400 to 499", a.status, a.text)
					}
				default:
					a.problem(bad.status, bad.code)
				}
			})
		}
		if route.method != "DELETE" && !strings.HasSuffix(route.path, "confirm") {
			w.do(route.method, route.path, "", "If-Match", `"0"`, "Content-Type", "application/json").problem(
				400,
				"malformed_json",
			)
		}
	}
	if v := w.do("GET", "/v1/products/p", "").is(200); v["revision"] != float64(1) || v["held"] != float64(1) {
		t.Errorf("after refused bodies: got %v; want revision = 1, held = 1", v)
	}
	w.do("GET", "/v1/products/new", "").problem(404, "not_found")
}

func TestBadFields(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10, "")
	const create, edit, reserve = "POST /v1/products", "PATCH /v1/products/p", "POST /v1/products/p/reservations"
	numbers := []string{
		"-1",
		"1000000000001",
		"9223372036854775808",
		"-9223372036854775809",
		"1e400",
		"1e30",
		"1.5",
		"1e-1",
		"0.5e0",
		`"1"`,
		"null",
		"true",
		"[1]",
		"{}",
	}
	check := func(route, format, field string, values ...string) {
		for _, value := range values {
			method, path, _ := strings.Cut(route, " ")
			a := w.do(method, path, fmt.Sprintf(format, value), "If-Match", `"0"`)
			if v := a.problem(422, "invalid_field"); v["field"] != field {
				t.Errorf("%s: got field %v, want %s", a.what, v["field"], field)
			}
		}
	}
	for _, field := range []string{"price", "limit_per_holder", "hold_seconds"} {
		check(create, `{"name":"n","stock":1,"`+field+`":%s}`, field, numbers...)
	}
	check(create, `{"name":"n","stock":%s}`, "stock", append(numbers, "1000000001")...)
	check(create, `{"name":"n","stock":1,"hold_seconds":%s}`, "hold_seconds", "0", "2592001")
	texts := []string{`""`, `" "`, `"a\u0000b"`, `"a\nb"`, `"` + strings.Repeat("ä", 201) + `"`, "null", "1", `["a"]`}
	check(create, `{"name":%s,"stock":1}`, "name", texts...)
	check(create, `{"id":%s,"name":"n","stock":1}`, "id", `""`, `"a b"`, `"a/b"`, `"ä"`,
		`"`+strings.Repeat("a", 65)+`"`, "null", "7")
	check(create, `{"name":"n"%s}`, "stock", "")
	check(create, `{"stock":1%s}`, "name", "")
	for _, field := range []string{"stock", "price", "limit_per_holder"} {
		check(edit, `{"`+field+`":%s}`, field, numbers...)
	}
	check(edit, `{"name":%s}`, "name", texts...)
	check(reserve, `{"holder":"ada","quantity":%s}`, "quantity", append(numbers, "0")...)
	check(reserve, `{"holder":%s}`, "holder", `""`, `" ada"`, `"."`, `".."`, `"a\u0000"`,
		`"`+strings.Repeat("a", 256)+`"`, "null", "7")
	check(reserve, `{"holder":"ada","hold":%s}`, "hold", "1", `"true"`, "null")
	check(reserve, `{%s}`, "holder", "")
	// Values at the bounds are accepted.
	w.do("POST", "/v1/products", `{"id":"`+strings.Repeat("a", 64)+`","name":"`+strings.Repeat("ä", 200)+
		`","stock":1000000000,"price":1000000000000,"limit_per_holder":1000000000,"hold_seconds":2592000}`).is(201)
	w.do("POST", "/v1/products", `{"name":"null","stock":0}`).is(201)
	w.reserve("p", strings.Repeat("ä", 255), `,"quantity":10`).is(201)
}

func TestContentType(t *testing.T) {
	w := newHarness(t)
	w.product("p", 100, "")
	for kind, status := range map[string]int{
		"application/json": 201, "application/json; charset=utf-8": 201, "Application/JSON ;charset=utf-8": 201,
		"": 415, "text/plain": 415, "application/x-www-form-urlencoded": 415, "application/jsonx": 415,
		"application/json, text/plain": 415,
	} {
		a := w.reserve("p", "ada", "", "Content-Type", kind)
		if status == 415 {
			a.problem(415, "unsupported_media_type")
		} else {
			a.is(status)
		}
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(`{"holder":"ada"}`))
	z.Close()
	w.do("POST", "/v1/products/p/reservations", packed.String(), "Content-Encoding", "gzip").problem(
		415,
		"unsupported_media_type",
	)
	w.reserve("p", "ada", "", "Content-Encoding", "identity").is(201)
}

func TestHostileIDs(t *testing.T) {
	w := newHarness(t)
	w.product("p", 1, "")
	for _, id := range []string{"a%2Fb", "%ff", "%00", strings.Repeat("a", 65), "a%20b", "p%2f", "..", "a.b", "ä",
		"%C3%A4", "%2570", "%c0%af"} {
		w.do("GET", "/v1/products/"+id, "").problem(404, "not_found")
		w.do("PATCH", "/v1/products/"+id, `{"stock":2}`, "If-Match", `"0"`).problem(404, "not_found")
		w.reserve(id, "ada", "").problem(404, "not_found")
		for _, path := range []string{"/v1/products/p/reservations/" + id, "/v1/products/" + id + "/reservations/" +
			id} {
			w.do("GET", path, "").problem(404, "not_found")
			w.do("DELETE", path, "").problem(404, "not_found")
			w.do("POST", path+"/confirm", "").problem(404, "not_found")
		}
		w.do("GET", "/v1/streams/"+id+"/events", "").problem(404, "not_found")
	}
	other := "0190cafe-0000-7000-8000-00000000abcd"
	if v := w.do("GET", "/v1/products/p/reservations/"+other, "").problem(404,
		"not_found"); v["resource"] != "reservation" {
		t.Errorf("got %v; want resource = reservation", v)
	}
	w.do("GET", "/v1/products/p/reservations/"+strings.ToUpper(other), "").problem(404, "not_found")
	if v := w.do("GET", "/v1/products/q/reservations/"+other, "").problem(404, "not_found"); v["resource"] == nil {
		t.Errorf("got %v; want a resource", v)
	}
}

func TestRoutesAndMethods(t *testing.T) {
	w := newHarness(t)
	w.product("p", 1, "")
	for _, path := range []string{"/v1", "/v2/products", "/v1/products/", "/v1/products/p/", "/V1/products",
		"/v1/Products", "/v1/products/p/q/r", "/v1//products", "/../etc/passwd", "/yardstick"} {
		a := w.do("GET", path, "")
		if v := a.problem(404, "not_found"); v["resource"] != "route" {
			t.Errorf("%s: got %v; want resource = route", path, v)
		}
	}
	for _, method := range []string{"PUT", "DELETE", "TRACE", "BREW", "get", "CONNECT"} {
		a := w.do(method, "/v1/products", "")
		a.problem(405, "method_not_allowed")
		if allow := a.header.Get("Allow"); allow != "GET, HEAD, POST" {
			t.Errorf("%s: got Allow %q, want GET, HEAD, POST", method, allow)
		}
	}
	a := w.do("OPTIONS", "/v1/products/p", "")
	if a.is(204); a.header.Get("Allow") != "GET, HEAD, PATCH" {
		t.Errorf("OPTIONS: got Allow %q, want GET, HEAD, PATCH", a.header.Get("Allow"))
	}
	w.do("OPTIONS", "/v1/nothing", "").problem(404, "not_found")
	get, head := w.do("GET", "/v1/products/p", ""), w.do("HEAD", "/v1/products/p", "")
	if head.status != 200 || head.text != "" || head.header.Get("ETag") != get.header.Get("ETag") ||
		head.header.Get("Content-Length") != get.header.Get("Content-Length") {
		t.Errorf("HEAD: got %d %q %v; want 200, no body, and the ETag and Content-Length of GET: %v",
			head.status, head.text, head.header, get.header)
	}
	if a := w.do("HEAD", "/v1/products/p", "", "If-None-Match", `"0"`); a.status != 304 {
		t.Errorf("HEAD with If-None-Match: %d; want status = 304", a.status)
	}
	if a := w.do("HEAD", "/v1/products/q", ""); a.status != 404 || a.text != "" {
		t.Errorf("HEAD of an unknown product: got %d %q, want 404 without a body", a.status, a.text)
	}
	for _, path := range []string{"/ws", "/ws/reservations"} {
		a := w.do("GET", path, "")
		a.problem(426, "upgrade_required")
		if a.header.Get("Upgrade") != "websocket" || a.header.Get("Connection") != "Upgrade" {
			t.Errorf("%s: got headers %v; want Upgrade = websocket, Connection = Upgrade", path, a.header)
		}
		w.do("POST", path, "{}").problem(405, "method_not_allowed")
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if a := w.do("GET", path, ""); a.status != 200 {
			t.Errorf("%s: got %d %s; want status = 200", path, a.status, a.text)
		}
	}
	w.do("GET", "/v1/products", "", "X-Large", strings.Repeat("a", 8<<10)).problem(431, "request_header_too_large")
}

func TestRawRequests(t *testing.T) {
	w := newHarness(t)
	w.product("p", 1, "")
	for _, text := range []string{
		"GET\r\n\r\n", "\x00\x01\x02\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /v1/products HTTP/1.1\r\nHost: " +
			"localhost\r\nContent-Length: -1\r\n\r\n",
		"POST /v1/products HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"POST /v1/products HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: " +
			"chunked\r\n\r\nzz\r\n",
		"GET /v1/products?limit=%zz&cursor=%ff&at=%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		"GET /v1/products/\xff\xfe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		"GET http://evil.example/v1/products/p HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: " +
			"7\r\n\r\n",
		"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: " +
			"13\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", w.address)
		w.must(err)
		w.must(conn.SetDeadline(time.Now().Add(patience)))
		fmt.Fprint(conn, text)
		conn.(*net.TCPConn).CloseWrite()
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%q was not answered in time", text)
		}
		if err == nil && response.StatusCode >= 500 {
			t.Errorf("%q: status = %d, want one below 500", text, response.StatusCode)
		}
		if err == nil && response.StatusCode >= 400 && response.Header.Get("X-Request-Id") == "" {
			t.Errorf("%q: status %d without a request id", text, response.StatusCode)
		}
		conn.Close()
	}
	w.do("GET", "/v1/products/p", "").is(200)
}

// TestIdleConnections: a connection over which nothing was sent is closed without a response. Browsers open
// connections in advance, and would take a response for the answer to a request just sent. A connection with an
// incomplete request gets a refusal.
func TestIdleConnections(t *testing.T) {
	t.Parallel() // it mostly waits
	w := newHarness(t)
	var all sync.WaitGroup
	for sent, want := range map[string]string{
		"": "", "GET /v1/pro": "HTTP/1.1 400", "POST /v1/products HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
			"9\r\n\r\n{": "HTTP/1.1 400",
	} {
		all.Go(func() {
			conn, err := net.Dial("tcp", w.address)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprint(conn, sent)
			got, err := io.ReadAll(conn)
			if err != nil || want == "" && len(got) > 0 || !strings.HasPrefix(string(got), want) ||
				want != "" && !strings.Contains(string(got), "in time") {
				t.Errorf("sent %q: got %q, %v; want the prefix %q", sent, got, err, want)
			}
		})
	}
	all.Wait()
	w.stop()
	if n := strings.Count(w.access.String(), "\n"); n != 2 {
		t.Errorf("%d requests are in the access log, want 2:\n%s", n, w.access)
	}
}

// TestHugeBody: a request with a huge Content-Length is refused before its body is sent.
func TestHugeBody(t *testing.T) {
	w := newHarness(t)
	conn, err := net.Dial("tcp", w.address)
	w.must(err)
	defer conn.Close()
	fmt.Fprint(
		conn,
		"POST /v1/products HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "+
			"10000000000\r\n\r\n",
	)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	w.must(err)
	text, err := io.ReadAll(response.Body)
	w.must(err)
	answer{t, "a huge body", response.StatusCode, response.Header, string(text)}.problem(413, "body_too_large")
}
