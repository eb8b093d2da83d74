//go:build unix

package peers

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// BenchmarkHop measures the CPU of forwarding and answering a request, at both ends, by HTTP and in frames, with 1 to
// 256 callers; plain is the same request from a client.
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
		for _, callers := range []int{1, 4, 16, 256} {
			b.Run(fmt.Sprint(name, "/", callers), func(b *testing.B) {
				before := used()
				var left atomic.Int64
				left.Store(int64(b.N))
				var sending sync.WaitGroup
				for range callers {
					sending.Go(func() {
						for left.Add(-1) >= 0 {
							if !once() {
								b.Error("not answered")
								return
							}
						}
					})
				}
				sending.Wait()
				b.ReportMetric(float64(used()-before)/float64(b.N)/1e3, "cpu-µs/op")
			})
		}
	}
	measure("http", func() bool { return forward(p, key) })
	linkTo(b, p, q)
	measure("frames", func() bool { return forward(p, key) })
	client := &fasthttp.HostClient{Addr: q.member.HTTP, MaxConns: 256}
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

// linkTo opens the connection for frames to a peer.
func linkTo(b *testing.B, p *Peers, q *owningPeer) {
	b.Helper()
	l, err := dialLink(q.member.HTTP, "signed")
	if err != nil {
		b.Fatal(err)
	}
	p.peer(q.member.Run).hops.setLink(l)
}
