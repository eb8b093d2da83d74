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

// Pass forwards the request of c to the owner and copies its answer to c. It returns the log
// position that a later read has to include, 0 if the answer names none. passed is false, and c has no
// answer, if the request has to be decided here: the owner can't be reached, misses its heartbeats, no
// longer serves, or declined the request.
func (o *Owner) Pass(c *fasthttp.RequestCtx, requestID string, hop *Hop) (position events.Position, passed bool) {
	p := o.peers
	hop.From, hop.View = p.config.Self.Run, p.View()
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	c.Request.CopyTo(request)
	request.UseHostHeader = true
	if len(request.Header.Host()) == 0 { // allowed in HTTP/1.0
		request.Header.SetHost(o.member.HTTP)
	}
	request.Header.ResetConnectionClose() // it is about the client's connection
	request.Header.Set("X-Request-Id", requestID)
	request.URI().DisablePathNormalizing = true
	uri := string(request.URI().RequestURI()) // as it is sent: the path may have been rewritten
	request.Header.Set(Header, p.config.Secret.Seal(hop, time.Duration(o.peer.skew.Load()),
		string(c.Method()), uri, c.Request.Body()))
	started := time.Now()
	err := o.peer.hops.do(request, response, hop.Until)
	p.metrics.seconds.Observe(time.Since(started).Seconds())
	if err != nil || declined(response) {
		p.noteDecidedHere(o, requestID, response.StatusCode(), err)
		return 0, false
	}
	o.peer.noteHeartbeat()
	p.metrics.passed.inc()
	response.CopyTo(&c.Response)
	c.Response.Header.ResetConnectionClose()
	c.Response.Header.Set(HeaderNode, string(o.member.Name))
	n, _ := strconv.ParseUint(string(c.Response.Header.Peek(HeaderPosition)), 10, 64)
	return events.Position(n), true
}

// noteDecidedHere counts and logs a request that is decided here although another node owns its entity.
func (p *Peers) noteDecidedHere(o *Owner, requestID string, status int, err error) {
	p.metrics.decidedHere.inc()
	p.config.Logger.Debug("a request is decided here: its owner can't be reached, misses its heartbeats, "+
		"no longer serves, took too long or declined it", "node", o.member.Name, "request_id", requestID, "status", status,
		"error", err)
}

// declineCodes are the refusal codes by which an owner declines a request, as they occur in response bodies.
var declineCodes = [][]byte{[]byte(`"code":"shutting_down"`), []byte(`"code":"log_unavailable"`),
	[]byte(`"code":"keys_differ"`)}

// declined reports whether the owner declined the request without executing it: with one of declineCodes, or
// with 431, because this node's header makes the headers longer.
func declined(response *fasthttp.Response) bool {
	if response.StatusCode() == fasthttp.StatusRequestHeaderFieldsTooLarge {
		return true
	}
	if response.StatusCode() != fasthttp.StatusServiceUnavailable {
		return false
	}
	for _, code := range declineCodes {
		if bytes.Contains(response.Body(), code) {
			return true
		}
	}
	return false
}
