package peers

import (
	"bytes"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"admitone/events"
)

// Owner is the peer to which a request has to be forwarded.
type Owner struct {
	peers  *Peers
	peer   *peer
	member Member
}

// Headers that are added to a forwarded answer.
const (
	HeaderNode     = "Admitone-Node"     // the node that answered
	HeaderPosition = "Admitone-Position" // the log position that a later read has to include
)

// watchEvery is the interval at which a waiting request checks that its owner is still alive.
const watchEvery = 50 * time.Millisecond

// exchange is a forwarded request in flight. It belongs to the goroutine that sends it, and shares
// no memory with the client's request.
type exchange struct {
	request  *fasthttp.Request
	response *fasthttp.Response
	err      error
}

// Pass forwards the request of c to the owner and copies its answer to c. It returns the log
// position that a later read has to include, 0 if the answer names none. passed is false if the
// request has to be decided here, and c has no answer then: the owner can't be reached, misses its
// heartbeats, no longer serves, or declined the request.
func (o *Owner) Pass(c *fasthttp.RequestCtx, requestID string, hop *Hop) (position events.Position, passed bool) {
	p := o.peers
	hop.From, hop.View = p.config.Self.Run, p.View()
	x := &exchange{request: fasthttp.AcquireRequest(), response: fasthttp.AcquireResponse()}
	c.Request.CopyTo(x.request)
	x.request.UseHostHeader = true
	x.request.Header.Set("X-Request-Id", requestID)
	x.request.URI().DisablePathNormalizing = true
	uri := string(x.request.URI().RequestURI()) // as it is sent: the path may have been rewritten
	x.request.Header.Set(Header, p.config.Secret.Seal(hop, time.Duration(o.peer.skew.Load()),
		string(c.Method()), uri, c.Request.Body()))
	begun := time.Now()
	done := make(chan *exchange, 1)
	go func() {
		x.err = o.peer.client.DoDeadline(x.request, x.response, hop.Until)
		done <- x
	}()
	answered := o.wait(done, hop.Until)
	p.metrics.seconds.Observe(time.Since(begun).Seconds())
	if answered == nil { // x still belongs to the goroutine that sends it
		p.decidesHere(o, requestID, "its owner misses its heartbeats, no longer serves, or took too long")
		return 0, false
	}
	defer fasthttp.ReleaseRequest(x.request)
	defer fasthttp.ReleaseResponse(x.response)
	if x.err != nil || declined(x.response) {
		p.decidesHere(o, requestID, "its owner can't be reached or declined it", "status", x.response.StatusCode(),
			"error", x.err)
		return 0, false
	}
	o.peer.alive()
	p.metrics.passed.inc()
	x.response.CopyTo(&c.Response)
	c.Response.Header.ResetConnectionClose()
	c.Response.Header.Set(HeaderNode, string(o.member.Name))
	n, _ := strconv.ParseUint(string(c.Response.Header.Peek(HeaderPosition)), 10, 64)
	return events.Position(n), true
}

// decidesHere counts and logs a request that is decided here although another node owns its entity.
func (p *Peers) decidesHere(o *Owner, requestID, why string, more ...any) {
	p.metrics.here.inc()
	p.config.Logger.Debug("a request is decided here: "+why,
		append([]any{"node", o.member.Name, "request_id", requestID}, more...)...)
}

// wait returns the exchange once it is done; nil if the deadline has passed, or the owner misses its
// heartbeats or no longer serves.
func (o *Owner) wait(done <-chan *exchange, until time.Time) *exchange {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case x := <-done:
			return x
		case now := <-tick.C:
			if now.After(until) || o.peer.silent() || !o.peers.stands(o.member.Run) {
				return nil
			}
		}
	}
}

// here are the refusal codes by which an owner declines a request, as they occur in response bodies.
var here = [][]byte{[]byte(`"code":"shutting_down"`), []byte(`"code":"log_unavailable"`)}

// declined reports whether the owner declined the request without executing it.
//
// Headers that were short enough here may be too long there, with those of the hop.
func declined(response *fasthttp.Response) bool {
	if response.StatusCode() == fasthttp.StatusRequestHeaderFieldsTooLarge {
		return true
	}
	if response.StatusCode() != fasthttp.StatusServiceUnavailable {
		return false
	}
	for _, code := range here {
		if bytes.Contains(response.Body(), code) {
			return true
		}
	}
	return false
}
