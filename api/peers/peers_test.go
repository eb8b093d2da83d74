package peers

import (
	"errors"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"admitone/actors/placement"
)

// patience bounds the wait for the answer to a forwarded request.
const patience = 5 * time.Second

var quiet = slog.New(slog.DiscardHandler)

// TestHopIsSigned: a node's statements about a request arrive unchanged, in the receiver's time,
// and neither they nor the request can be altered.
func TestHopIsSigned(t *testing.T) {
	secret, body := NewSecret([]byte("of all nodes")), []byte(`{"holder":"ann"}`)
	at := time.Date(2031, 5, 1, 20, 0, 0, 7, time.UTC)
	sent := Hop{From: "run", View: 7, Command: "c", After: 12, Client: netip.MustParseAddr("192.0.2.1"), At: at,
		Until: at.Add(patience).Truncate(time.Millisecond)}
	const method, uri = "POST", "/v1/products/p/reservations?x=1"
	header := secret.Seal(&sent, time.Hour, method, uri, body)
	if want := "1; from=run; view=0000000000000007; command=c; after=12; " +
		"client=192.0.2.1; at=1935435600000000007; until=1935435605000; clock=1935432000000000007; " +
		"mac=1448c11e3dcc055783f9dff851e07c9e9ab922cb1907b99b6b1f21d98464c39c"; header != want { // as other builds read it
		t.Errorf("the header is %s, want %s", header, want)
	}
	got, err := secret.Open(header, method, uri, body)
	want := sent
	want.Clock = sent.At
	want.At, want.Until = sent.At.Add(time.Hour), sent.Until.Add(time.Hour)
	if err != nil || *got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	forged := func(what string, header, method, uri string, body []byte, secret *Secret) {
		if got, err := secret.Open(header, method, uri, body); !errors.Is(err, ErrForged) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	forged("another secret", header, method, uri, body, NewSecret([]byte("of others")))
	forged("another method", header, "DELETE", uri, body, secret)
	forged("another path", header, method, uri+"2", body, secret)
	forged("another body", header, method, uri, []byte(`{"holder":"bob"}`), secret)
	for i := range header {
		changed := []byte(header)
		changed[i] ^= 1
		forged("another header", string(changed), method, uri, body, secret)
		forged("a part of it", header[:i], method, uri, body, secret)
	}
	if got, err := secret.Open(secret.Seal(&Hop{}, 0, method, uri, nil), method, uri, nil); err != nil ||
		got.Client.IsValid() {
		t.Errorf("a hop without a client: %+v, %v", got, err)
	}
}

// TestDeclined: a request is decided here if its owner is about to stop, has no log, or can't
// accept its headers.
func TestDeclined(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   bool
	}{
		{503, `{"code":"shutting_down"}`, true}, {503, `{"code":"log_unavailable"}`, true}, {431, "", true},
		{503, `{"code":"projection_behind"}`, false}, {413, "", false}, {409, `{"code":"sold_out"}`, false}, {200, "{}", false},
	} {
		var response fasthttp.Response
		response.SetStatusCode(c.status)
		response.SetBodyString(c.body)
		if got := declined(&response); got != c.want {
			t.Errorf("%d %s: %t", c.status, c.body, got)
		}
	}
}

// TestStarvedNodeSuspectsNobody: a node that was stopped or starved does not suspect a peer whose heartbeats
// it could not request; a peer that misses them while the node runs is suspected.
func TestStarvedNodeSuspectsNobody(t *testing.T) {
	q := newPeer(&Member{})
	q.alive()
	q.heard.set(-time.Hour)
	if q.watch() {
		t.Error("a peer is suspected by a node that was stopped for an hour")
	}
	if !q.silent() {
		t.Error("a peer that was not heard for an hour counts as heard")
	}
	silent := func() (watches int) {
		for watches = 1; !q.watch(); watches++ {
		}
		return watches
	}
	silent()
	if q.alive(); silent() != int(Silence/watchEvery)+1 {
		t.Error("a peer is not suspected after Silence")
	}
}

// TestOwners: a serving node owns entities, one that is silent or speaks another protocol is passed
// over, and a node that can't serve owns nothing.
func TestOwners(t *testing.T) {
	member := func(name placement.Member, state State, hop int) Member {
		return Member{Name: name, Run: "run of " + string(name), HTTP: "127.0.0.1:1", Hop: hop, State: state}
	}
	p := New(Config{Self: member("a", Serving, Protocol), Secret: NewSecret([]byte("s")), Logger: quiet,
		Metrics: prometheus.NewRegistry()})
	var key placement.Key // which b owns, then c, then a
	for n := 0; ; n++ {
		key = placement.Key("product/" + string(rune('a'+n%26)) + string(rune('a'+n/26)))
		if rank := placement.NewView("a", "b", "c").Rank(key); rank[0] == "b" && rank[1] == "c" {
			break
		}
	}
	owner := func(want placement.Member) {
		t.Helper()
		got := placement.Member("a")
		if o := p.Owner(key); o != nil {
			got = o.member.Name
		}
		if got != want {
			t.Errorf("%s owns it, want %s", got, want)
		}
	}
	owner("a")
	p.SetMembers([]Member{member("b", Joining, Protocol), member("c", Cut, Protocol)})
	owner("a")
	p.SetMembers([]Member{member("b", Serving, Protocol), member("c", Serving, Protocol)})
	owner("b")
	if p.Rank(key) != 2 {
		t.Errorf("%d come before this node", p.Rank(key))
	}
	p.peer("run of b").suspect.set(time.Hour)
	owner("c")
	p.SetMembers([]Member{member("b", Serving, Protocol+1), member("c", Serving, Protocol)})
	owner("a") // b would not understand, and c would not own it either
	p.SetMembers([]Member{member("b", Draining, Protocol), member("c", Serving, Protocol)})
	owner("c")
	p.SetState(Cut)
	owner("c")
	p.SetMembers([]Member{member("b", Joining, Protocol), member("c", Cut, Protocol)})
	owner("c") // the log is slow for all, which is no reason for two owners
	p.SetMembers(nil)
	owner("a")
	for _, state := range []State{Draining, Serving, Cut} {
		if changed := p.SetState(state); changed != (state == Draining) || p.State() != Draining {
			t.Errorf("a node that is about to stop is shown as %s, and is %s", state, p.State())
		}
	}
	if p.Owner("") != nil {
		t.Error("an entity without an owner has one")
	}
}
