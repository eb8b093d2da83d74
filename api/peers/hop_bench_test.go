//go:build unix

package peers

import (
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// BenchmarkHop measures the cost of forwarding and answering a request, at both ends; plain is the same
// request without the hop.
func BenchmarkHop(b *testing.B) {
	p, key := newPeers(), ownedBy("b")
	secret := p.Secret()
	open := func(c *fasthttp.RequestCtx) {
		if header := string(c.Request.Header.Peek(Header)); header != "" {
			if _, err := secret.Open(header, string(c.Method()), string(c.RequestURI()), c.PostBody()); err != nil {
				b.Error(err)
			}
		}
		c.SetBodyString(`{"id":"p","remaining":1}`)
	}
	q := startPeer(b, "run", open)
	defer q.stop(b)
	p.SetMembers([]Member{q.member})
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	measure := func(name string, once func() bool) {
		b.Run(name, func(b *testing.B) {
			before := used()
			for b.Loop() {
				if !once() {
					b.Fatal("not answered")
				}
			}
			b.ReportMetric(float64(used()-before)/float64(b.N)/1e3, "cpu-µs/op")
		})
	}
	measure("hop", func() bool { return forward(p, key) })
	client := &fasthttp.HostClient{Addr: q.member.HTTP}
	measure("plain", func() bool {
		request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(request)
		defer fasthttp.ReleaseResponse(response)
		request.SetRequestURI("http://a/v1/products/p/reservations")
		request.Header.SetMethod(fasthttp.MethodPost)
		request.SetBodyString(`{"holder":"ann"}`)
		return client.DoDeadline(request, response, time.Now().Add(patience)) == nil
	})
	p.SetMembers(nil)
	client.CloseIdleConnections()
}
