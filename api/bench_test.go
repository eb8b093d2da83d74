package api

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	"github.com/valyala/fasthttp"
)

// BenchmarkReserveRoute measures a reservation through the handler, without a network. Concurrent callers
// share appends.
func BenchmarkReserveRoute(b *testing.B) {
	benchmarkRoute(b, 201, "/v1/products/p/reservations", `{"holder":"holder-%d"}`)
}

// BenchmarkYardstickRoute is the baseline of BenchmarkReserveRoute: it uses neither the desk nor the log.
func BenchmarkYardstickRoute(b *testing.B) {
	benchmarkRoute(b, 201, "/yardstick", `{"holder":"holder-%d"}`)
}

// BenchmarkEnterRoute measures an entry into one tournament, each by a different team.
func BenchmarkEnterRoute(b *testing.B) {
	benchmarkRoute(b, 201, "/v1/tournaments/cup/entries", `{"team_id":"t-%d"}`)
}

// BenchmarkFullRoute measures the refusal of an entry into a full tournament.
func BenchmarkFullRoute(b *testing.B) {
	benchmarkRoute(b, 409, "/v1/tournaments/full/entries", `{"team_id":"t-%d"}`)
}

// benchmarkRoute posts bodies that differ in a number. For each number there is a team.
func benchmarkRoute(b *testing.B, status int, path, body string) {
	w := newHarness(b, func(w *harness) { w.config.Yardstick = true })
	w.product("p", 1_000_000_000, "")
	w.tournament("cup", 1_000_000, "")
	w.tournament("full", 1, "")
	w.teams("first")
	w.enter("full", "first").is(201)
	handler := w.server.app.Server().Handler
	post := func(status int, path, body string) {
		var next atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			var c fasthttp.RequestCtx
			for pb.Next() {
				c.Request.Reset()
				c.Response.Reset()
				c.Request.Header.SetMethod("POST")
				c.Request.SetRequestURI(path)
				c.Request.Header.SetContentType("application/json")
				c.Request.Header.SetHost("127.0.0.1")
				c.Request.SetBodyRaw(fmt.Appendf(nil, body, next.Add(1)))
				if handler(&c); c.Response.StatusCode() != status {
					b.Errorf("got %d %s; want status %d", c.Response.StatusCode(), c.Response.Body(), status)
					return
				}
			}
		})
	}
	b.ReportAllocs()
	b.SetParallelism(256)
	post(201, "/v1/teams", `{"id":"t-%d","name":"n"}`)
	w.do("GET", "/v1/teams/first", "").is(200) // the views have all of them
	b.ResetTimer()
	post(status, path, body)
}

// BenchmarkReserveOverSockets measures a reservation over TCP, with 32 connections per processor.
func BenchmarkReserveOverSockets(b *testing.B) {
	w := newHarness(b)
	w.product("p", 1_000_000_000, "")
	const body = `{"holder":"holder-12345"}`
	request := fmt.Appendf(
		nil,
		"POST /v1/products/p/reservations HTTP/1.1\r\nHost: localhost\r\nContent-Type: "+
			"application/json\r\nContent-Length: %d\r\n\r\n%s",
		len(body),
		body,
	)
	var failed atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", w.address)
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		var response fasthttp.Response
		for pb.Next() {
			_, err := conn.Write(request)
			if err == nil {
				err = response.Read(in)
			}
			if err != nil || response.StatusCode() != 201 || !bytes.Contains(response.Body(), []byte("confirmed")) {
				failed.Add(1)
			}
		}
	})
	if failed.Load() > 0 {
		b.Errorf("%d requests failed", failed.Load())
	}
}
