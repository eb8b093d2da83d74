package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// misframedRequests are ambiguous or malformed. HOST stands for the server's
// address.
var misframedRequests = []struct{ name, text string }{
	{"no Host", "GET /healthz HTTP/1.1\r\n\r\n"},
	{"two Host lines", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\n\r\n"},
	{"the same Host twice", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nhost: HOST\r\n\r\n"},
	{"a list in Host", "GET /healthz HTTP/1.1\r\nHost: HOST, evil.example\r\n\r\n"},
	{"NUL in a value", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A: a\x00b\r\n\r\n"},
	{"NUL in a name", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-\x00A: a\r\n\r\n"},
	{"NUL in Host", "GET /healthz HTTP/1.1\r\nHost: HOST\x00\r\n\r\n"},
	{"a control character in a value", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A: a\x07b\r\n\r\n"},
	{"a line without a colon", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A\r\n\r\n"},
	{"a first line without a colon", "GET /healthz HTTP/1.1\r\nX-A\r\nHost: HOST\r\n\r\n"},
	{"a line without a name", "GET /healthz HTTP/1.1\r\nHost: HOST\r\n: a\r\n\r\n"},
	{"a space before the colon", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A : a\r\n\r\n"},
	{"a tab before the colon", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A\t: a\r\n\r\n"},
	{"a space in a name", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX A: a\r\n\r\n"},
	{
		"a space before Content-Length's colon",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nContent-Length : 5\r\n\r\n{   }",
	},
	{"a folded value", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A: a\r\n b\r\n\r\n"},
	{"a value folded with a tab", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A: a\r\n\tb\r\n\r\n"},
	{"a folded first line", "GET /healthz HTTP/1.1\r\n Host: HOST\r\n\r\n"},
	{
		"a folded Transfer-Encoding",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
	},
	{"a bare CR in a value", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A: a\rX-B: b\r\n\r\n"},
	{"a bare LF after a value", "GET /healthz HTTP/1.1\r\nHost: HOST\nX-A: a\r\n\r\n"},
	{
		"a bare LF hides a Content-Length",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nX-A: a\nContent-Length: 5\r\n\r\n{   }",
	},
	{"a bare LF at the header's end", "GET /healthz HTTP/1.1\r\nHost: HOST\r\n\n\r\n\r\n"},
	{
		"Content-Length and Transfer-Encoding",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	},
	{
		"Transfer-Encoding and Content-Length",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
	},
	{
		"Content-Length 0 and Transfer-Encoding",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	},
	{
		"the same Content-Length twice",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n{   }",
	},
	{
		"two Content-Lengths",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\n{   }",
	},
	{"a list in Content-Length", "POST /v1/products HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5, 5\r\n\r\n{   }"},
	{"a plus in Content-Length", "POST /v1/products HTTP/1.1\r\nHost: HOST\r\nContent-Length: +5\r\n\r\n{   }"},
	{"a minus in Content-Length", "POST /v1/products HTTP/1.1\r\nHost: HOST\r\nContent-Length: -5\r\n\r\n{   }"},
	{"a hexadecimal Content-Length", "POST /v1/products HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0x5\r\n\r\n{   }"},
	{"an empty Content-Length", "POST /v1/products HTTP/1.1\r\nHost: HOST\r\nContent-Length:\r\n\r\n{   }"},
	{
		"a Content-Length past 2^64",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nContent-Length: 18446744073709551621\r\n\r\n{   }",
	},
	{
		"an unknown Transfer-Encoding",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
	},
	{
		"chunked not last",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
	},
	{
		"chunked last of several",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	},
	{
		"chunked twice",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: " +
			"chunked\r\n\r\n0\r\n\r\n",
	},
	{
		"identity and Content-Length",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\n{   }",
	},
	{"identity alone", "POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: identity\r\n\r\n"},
	{
		"an empty Transfer-Encoding",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding:\r\nContent-Length: 5\r\n\r\n{   }",
	},
	{
		"a vertical tab before chunked",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
	},
	{
		"HTTP/1.0 with chunked",
		"POST /v1/products HTTP/1.0\r\nHost: HOST\r\nConnection: keep-alive\r\nTransfer-Encoding: " +
			"chunked\r\n\r\n0\r\n\r\n",
	},
	{
		"a bare LF in a chunk's extension",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5;a\n{   }\r\n0\r\n\r\n",
	},
	{
		"a bare CR in a chunk's extension",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5;a\rb\r\n{   }\r\n0\r\n\r\n",
	},
	{
		"a bare LF after a chunk's size",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5\n{   }\r\n0\r\n\r\n",
	},
	{
		"a bare LF after a chunk",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{   }\n0\r\n\r\n",
	},
	{
		"a chunk longer than it says",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{   }\r\n0\r\n\r\n",
	},
	{
		"0x before a chunk's size",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n{   }\r\n0\r\n\r\n",
	},
	{
		"a plus before a chunk's size",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\n{   }\r\n0\r\n\r\n",
	},
	{
		"a minus before a chunk's size",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n{   }\r\n0\r\n\r\n",
	},
	{
		"an empty chunk size",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n\r\n{   }\r\n0\r\n\r\n",
	},
	{
		"a chunk past 2^64",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000005\r\n{   " +
			"}\r\n0\r\n\r\n",
	},
	{
		"Content-Length in the trailer",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n",
	},
	{
		"a trailer line without a colon",
		"POST /v1/products HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nabc\r\n\r\n",
	},
	{"HTTP/0.9", "GET /healthz\r\n\r\n"},
	{"HTTP/2.0", "GET /healthz HTTP/2.0\r\nHost: HOST\r\nConnection: keep-alive\r\n\r\n"},
	{"HTTP/1.2", "GET /healthz HTTP/1.2\r\nHost: HOST\r\nConnection: keep-alive\r\n\r\n"},
	{"http/1.1", "GET /healthz http/1.1\r\nHost: HOST\r\n\r\n"},
	{"HTTP/1.1 and more", "GET /healthz HTTP/1.1 x\r\nHost: HOST\r\n\r\n"},
	{"a space after the version", "GET /healthz HTTP/1.1 \r\nHost: HOST\r\n\r\n"},
	{"two spaces after the method", "GET  /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
	{"a tab after the method", "GET\t/healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
	{"a space in the address", "GET /healthz x HTTP/1.1\r\nHost: HOST\r\n\r\n"},
	{"a space before the method", " GET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
	{"NUL in the address", "GET /health\x00z HTTP/1.1\r\nHost: HOST\r\n\r\n"},
	{"a bare CR in the first line", "GET /healthz\rX HTTP/1.1\r\nHost: HOST\r\n\r\n"},
	{"a method that is not a token", "G(T /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
	{"no slash", "GET healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
	{"a fragment", "GET /healthz#x HTTP/1.1\r\nHost: HOST\r\n\r\n"},
	{"* for a GET", "GET * HTTP/1.1\r\nHost: HOST\r\n\r\n"},
	{"a different host in the address", "GET http://evil.example/healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
	{"a user in the address", "GET http://a@HOST/healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
	{"a user that looks like the host", "GET http://HOST@evil.example/healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
}

// smuggled is sent after each misframed request. Behind a proxy, its answer could reach another client.
const smuggled = "GET /v1/products/smuggled HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"

// exchange sends text over a new connection and returns the whole response.
func (w *harness) exchange(t *testing.T, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(conn, strings.ReplaceAll(text, "HOST", w.address))
	received, err := io.ReadAll(conn)
	if err != nil && len(received) == 0 {
		t.Fatalf("the connection ended with %v, want an answer", err)
	}
	return string(received)
}

// TestMisframedRequests: each is answered with 400, and the server reads nothing after it.
func TestMisframedRequests(t *testing.T) {
	w := newHarness(t)
	for _, bad := range misframedRequests {
		t.Run(bad.name, func(t *testing.T) {
			received := w.exchange(t, bad.text+smuggled)
			in := bufio.NewReader(strings.NewReader(received))
			response, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatalf("got %q (%v), want a response", received, err)
			}
			text, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			answer{t, bad.name, response.StatusCode, response.Header, string(text)}.problem(400, "bad_parameter")
			if response.Header.Get(headerNosniff) != nosniff || !response.Close {
				t.Errorf("got the header %v; want %s: %s, and Connection: close", response.Header, headerNosniff, nosniff)
			}
			if rest, _ := io.ReadAll(in); len(rest) > 0 || strings.Contains(received, `"route"`) {
				t.Errorf("the connection continues with %q after %q, want nothing and no answer of a route", rest, received)
			}
		})
	}
	if v := w.do("GET", "/healthz", "").is(200); v["status"] != "ok" {
		t.Errorf("got %v; want status = ok", v)
	}
}

// TestWellFramedRequests: valid framing is accepted, and so is the next request on the connection.
func TestWellFramedRequests(t *testing.T) {
	w := newHarness(t)
	for name, text := range map[string]string{
		"plain":               "GET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n",
		"no space":            "GET /healthz HTTP/1.1\r\nHost:HOST\r\n\r\n",
		"spaces and tabs":     "GET /healthz HTTP/1.1\r\nHost: \t HOST \t\r\nX-A: a b\tc\r\nX-Empty:\r\n\r\n",
		"an empty line first": "\r\nGET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n",
		"names in capitals":   "GET /healthz HTTP/1.1\r\nhOSt: HOST\r\nX-REQUEST-ID: a\r\n\r\n",
		"the whole address":   "GET http://HOST/healthz?a=b HTTP/1.1\r\nHost: HOST\r\n\r\n",
		"text beyond ASCII":   "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A: \xc3\xa4\r\n\r\n",
		"a GET with a body":   "GET /healthz HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\n\r\n{}",
		"chunks": "GET /healthz HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: " +
			"CHUNKED\r\n\r\n2;a=\"b\"\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n",
		"HTTP/1.0 with keep-alive": "GET /healthz HTTP/1.0\r\nHost: HOST\r\nConnection: keep-alive\r\n\r\n",
	} {
		received := w.exchange(t, text+"GET /v1/products/second HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(received, "HTTP/1.1 200 ") || !strings.Contains(received, "HTTP/1.1 404 ") {
			t.Errorf("%s: answers = %q, want one with 200 and one with 404", name, received)
		}
	}
}

// TestNosniff: every response has the header, whichever layer creates it.
func TestNosniff(t *testing.T) {
	w := newHarness(t)
	w.product("p", 1, "")
	for _, path := range []string{"/", "/docs", "/openapi.yaml", "/asyncapi.yaml", "/metrics", "/healthz", "/readyz",
		"/ws", "/v1/products",
		"/v1/products/p", "/v1/nothing", "/tournaments", "/audit", "/favicon.ico", "/v1/products/p?at=x"} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "BREW"} {
			if a := w.do(method, path, ""); a.header.Get(headerNosniff) != nosniff {
				t.Errorf("%s %s: got %d %v; want %s: %s", method, path, a.status, a.header, headerNosniff, nosniff)
			}
		}
	}
	tag := w.do("GET", "/docs", "").header.Get("ETag")
	for name, a := range map[string]answer{
		"304": w.do("GET", "/docs", "", "If-None-Match", tag), "413": w.do("POST", "/v1/products", strings.Repeat(" ",
			200<<10)),
		"431": w.do("GET", "/healthz", "", "X-Large", strings.Repeat("a", 8<<10)), "428": w.do("PATCH",
			"/v1/products/p", `{"stock":2}`),
		"201": w.do("POST", "/v1/products", `{"name":"n","stock":1}`),
	} {
		if fmt.Sprint(a.status) != name || a.header.Get(headerNosniff) != nosniff ||
			len(a.header.Values(headerNosniff)) != 1 {
			t.Errorf("got %d %v; want status = %s, and %s: %s once", a.status, a.header, name, headerNosniff, nosniff)
		}
	}
	for name, request := range map[string]string{
		"100": "POST /v1/products HTTP/1.1\r\nHost: HOST\r\nExpect: 100-continue\r\nConnection: " +
			"close\r\nContent-Length: 2\r\n\r\n{}",
		"101": "GET /ws HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: " +
			"websocket\r\nSec-WebSocket-Version: 13\r\n" +
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x88\x80\x00\x00\x00\x00",
	} {
		if received := w.exchange(t, request); !strings.Contains(received, "\r\n"+headerNosniff+": "+nosniff+"\r\n") ||
			!strings.HasPrefix(received, "HTTP/1.1 "+name) {
			t.Errorf("got %q; want status %s with %s", received, name, headerNosniff)
		}
	}
}

// TestProtocolErrors: a frame that breaks the protocol closes its own socket with the right code, and
// leaves the others open.
func TestProtocolErrors(t *testing.T) {
	w := newHarness(t)
	const upgrade = "GET /ws HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: " +
		"websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	const mask = "\x00\x00\x00\x00"
	neighbour := w.dial("/ws")
	for _, f := range []struct {
		name, bytes string
		code        int
	}{
		{"a length of 2^63", "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00" + mask, 1009},
		{"a length of 2^64-1", "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff" + mask, 1009},
		{"a length of 2^63-1", "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff" + mask, 1009},
		{"a binary frame of 2^63", "\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00" + mask, 1009},
		{"4 KiB and a byte", "\x81\xfe\x10\x01" + mask, 1009},
		{"a continuation of 2^63", "\x01\x81" + mask + "a\x80\xff\x80\x00\x00\x00\x00\x00\x00\x00" + mask, 1009},
		{"a continuation of 2^63-1", "\x01\x81" + mask + "a\x80\xff\x7f\xff\xff\xff\xff\xff\xff\xff" + mask, 1009},
		{"fragments of 6 KiB together", "\x01\xfe\x0c\x00" + mask + strings.Repeat("a", 3<<10) + "\x80\xfe\x0c\x00" + mask,
			1009},
		{"no mask", "\x81\x01a", 1002},
		{"the first reserved bit", "\xc1\x81" + mask + "a", 1002},
		{"the second reserved bit", "\xa1\x81" + mask + "a", 1002},
		{"the third reserved bit", "\x91\x81" + mask + "a", 1002},
		{"an unknown data opcode", "\x83\x81" + mask + "a", 1002},
		{"an unknown control opcode", "\x8b\x80" + mask, 1002},
		{"a fragmented ping", "\x09\x81" + mask + "a", 1002},
		{"a ping of 126 bytes", "\x89\xfe\x00\x7e" + mask, 1002},
		{"a ping of 2^63", "\x89\xff\x80\x00\x00\x00\x00\x00\x00\x00" + mask, 1002},
		{"a close of 2^63", "\x88\xff\x80\x00\x00\x00\x00\x00\x00\x00" + mask, 1002},
		{"a continuation of nothing", "\x80\x81" + mask + "a", 1002},
		{"text within a text", "\x01\x81" + mask + "a\x81\x81" + mask + "a", 1002},
		{"a close with an invalid code", "\x88\x82" + mask + "\x00\x01", 1002},
		{"a close with bad UTF-8", "\x88\x84" + mask + "\x03\xe8\xff\xff", 1002},
	} {
		received := w.exchange(t, upgrade+f.bytes)
		_, frames, found := strings.Cut(received, "\r\n\r\n")
		if !found || len(frames) < 4 || frames[0] != '\x88' || int(frames[2])<<8|int(frames[3]) != f.code {
			t.Errorf("%s: %q, want a close frame with %d", f.name, received, f.code)
		}
	}
	neighbour.Send(`{"event":"ping"}`)
	neighbour.Expect("pong")
}
