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

// BenchmarkReserveRoute is a reservation as the handler sees it, without sockets;
// BenchmarkYardstickRoute the same without the desk and the log. With many callers
// at once they share appends.
func BenchmarkReserveRoute(b *testing.B) { benchmarkRoute(b, "/v1/products/p/reservations") }

// BenchmarkYardstickRoute: see BenchmarkReserveRoute.
func BenchmarkYardstickRoute(b *testing.B) { benchmarkRoute(b, "/yardstick") }

func benchmarkRoute(b *testing.B, path string) {
	w := newWorld(b, func(w *world) { w.config.Yardstick = true })
	w.product("p", 1_000_000_000, "")
	handler := w.server.app.Server().Handler
	b.ReportAllocs()
	b.SetParallelism(256)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		var c fasthttp.RequestCtx
		for pb.Next() {
			c.Request.Reset()
			c.Response.Reset()
			c.Request.Header.SetMethod("POST")
			c.Request.SetRequestURI(path)
			c.Request.Header.SetContentType("application/json")
			c.Request.Header.SetHost("127.0.0.1")
			c.Request.SetBodyRaw([]byte(`{"holder":"holder-12345"}`))
			if handler(&c); c.Response.StatusCode() != 201 {
				b.Errorf("%d %s", c.Response.StatusCode(), c.Response.Body())
				return
			}
		}
	})
}

// BenchmarkReserveOverSockets has 64 connections beside each other.
func BenchmarkReserveOverSockets(b *testing.B) {
	w := newWorld(b)
	w.product("p", 1_000_000_000, "")
	const body = `{"holder":"holder-12345"}`
	request := fmt.Appendf(nil, "POST /v1/products/p/reservations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
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
