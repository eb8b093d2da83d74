package api

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/valyala/fasthttp"
)

// roomVisitors is the number of waiting visitors during BenchmarkPollRoute.
const roomVisitors = 50_000

// BenchmarkPollRoute measures a visitor's poll through the handler, without a network, while roomVisitors
// wait. BenchmarkYardstickRoute is its baseline. After the first round all polls come too soon, and are
// refused, which costs as much as an answer.
func BenchmarkPollRoute(b *testing.B) {
	w := newHarness(b)
	w.room("r", `"admit_per_second":0,"heartbeat_seconds":1`)
	handler := w.server.app.Server().Handler
	paths := make([]string, roomVisitors)
	var next atomic.Int64
	b.SetParallelism(256)
	joinAll := func(n int64) bool {
		var c fasthttp.RequestCtx
		c.Request.Header.SetMethod("POST")
		c.Request.SetRequestURI("/v1/waiting-rooms/r/visitors")
		c.Request.Header.SetContentType("application/json")
		c.Request.Header.SetHost("127.0.0.1")
		c.Request.SetBodyRaw(fmt.Appendf(nil, `{"holder":"h-%d"}`, n))
		handler(&c)
		paths[n] = string(c.Response.Header.Peek("Location"))
		return c.Response.StatusCode() == 201
	}
	done := make(chan bool)
	for range 256 {
		go func() {
			ok := true
			for n := next.Add(1) - 1; n < roomVisitors && ok; n = next.Add(1) - 1 {
				ok = joinAll(n)
			}
			done <- ok
		}()
	}
	for range 256 {
		if !<-done {
			b.Fatal("a visitor did not join, want all to join")
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		var c fasthttp.RequestCtx
		for pb.Next() {
			c.Request.Reset()
			c.Response.Reset()
			c.Request.SetRequestURI(paths[next.Add(1)%roomVisitors])
			c.Request.Header.SetHost("127.0.0.1")
			if handler(&c); c.Response.StatusCode() != 200 && c.Response.StatusCode() != 429 {
				b.Errorf("got %d %s; want status 200 or 429",
					c.Response.StatusCode(), c.Response.Body())
				return
			}
		}
	})
}
