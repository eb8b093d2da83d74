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

var discard = slog.New(slog.DiscardHandler)

// TestHopIsSigned: the header of a forwarded request arrives unchanged, in the receiver's time, and
// neither the header nor the request can be altered.
func TestHopIsSigned(t *testing.T) {
	secret, body := NewSecret([]byte("of all nodes")), []byte(`{"holder":"ann"}`)
	at := time.Date(2031, 5, 1, 20, 0, 0, 7, time.UTC)
	sent := Hop{From: "run", View: 7, Command: "c", After: 12, Client: netip.MustParseAddr("192.0.2.1"), At: at,
		Until: at.Add(patience).Truncate(time.Millisecond)}
	const method, uri = "POST", "/v1/products/p/reservations?x=1"
	header := secret.Seal(&sent, time.Hour, method, uri, body)
	if want := "1; from=run; view=0000000000000007; command=c; after=12; " +
		"client=192.0.2.1; at=1935435600000000007; until=1935435605000; clock=1935432000000000007; " +
		"mac=1448c11e3dcc055783f9dff851e07c9e9ab922cb1907b99b6b1f21d98464c39c"; header != want { // other builds read it
		t.Errorf("the header is %s, want %s", header, want)
	}
	got, err := secret.Open(header, method, uri, body)
	want := sent
	want.Clock = sent.At
	want.At, want.Until = sent.At.Add(time.Hour), sent.Until.Add(time.Hour)
	if err != nil || *got != want {
		t.Errorf("Open = %+v, %v; want %+v", got, err, want)
	}
	wantForged := func(what string, header, method, uri string, body []byte, secret *Secret) {
		if got, err := secret.Open(header, method, uri, body); !errors.Is(err, ErrForged) {
			t.Errorf("%s: Open = %+v, %v; want %v", what, got, err, ErrForged)
		}
	}
	wantForged("another secret", header, method, uri, body, NewSecret([]byte("of others")))
	wantForged("another method", header, "DELETE", uri, body, secret)
	wantForged("another path", header, method, uri+"2", body, secret)
	wantForged("another body", header, method, uri, []byte(`{"holder":"bob"}`), secret)
	for i := range header {
		changed := []byte(header)
		changed[i] ^= 1
		wantForged("another header", string(changed), method, uri, body, secret)
		wantForged("a truncated header", header[:i], method, uri, body, secret)
	}
	if got, err := secret.Open(secret.Seal(&Hop{}, 0, method, uri, nil), method, uri, nil); err != nil ||
		got.Client.IsValid() {
		t.Errorf("a hop without a client: Open = %+v, %v; want no client", got, err)
	}
}

// TestDeclined: a request is decided here if its owner is about to stop, has no log, has other keys, or can't
// accept its headers.
func TestDeclined(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   bool
	}{
		{503, `{"code":"shutting_down"}`, true}, {503, `{"code":"log_unavailable"}`, true}, {431, "", true},
		{503, `{"code":"keys_differ"}`, true},
		{503, `{"code":"projection_behind"}`, false}, {413, "", false}, {409, `{"code":"sold_out"}`, false}, {200, "{}", false},
	} {
		var response fasthttp.Response
		response.SetStatusCode(c.status)
		response.SetBodyString(c.body)
		if got := declined(&response); got != c.want {
			t.Errorf("declined(%d %s) = %t, want %t", c.status, c.body, got, c.want)
		}
	}
}

// TestStarvedNodeSuspectsNobody: a node that was stopped or starved does not suspect a peer whose heartbeats
// it could not request; a peer that misses them while the node runs is suspected.
func TestStarvedNodeSuspectsNobody(t *testing.T) {
	q := newPeer(&Member{})
	q.noteHeartbeat()
	q.lastHeartbeat.set(-time.Hour)
	if q.countMissed() {
		t.Error("countMissed = true at a node that was stopped for an hour, want false")
	}
	if !q.timedOut() {
		t.Error("timedOut = false for a peer that sent no heartbeat for an hour, want true")
	}
	callsUntilTimeout := func() (calls int) {
		for calls = 1; !q.countMissed(); calls++ {
		}
		return calls
	}
	callsUntilTimeout()
	q.noteHeartbeat()
	if got, want := callsUntilTimeout(), int(HeartbeatTimeout/watchEvery)+1; got != want {
		t.Errorf("a peer times out after %d calls of countMissed, want %d", got, want)
	}
}

// TestOwners: only serving nodes with the right keys own entities; a suspected node or one of another protocol is
// skipped.
func TestOwners(t *testing.T) {
	member := func(name placement.Member, state State, hop int) Member {
		return Member{Name: name, Run: "run of " + string(name), HTTP: "127.0.0.1:1", Hop: hop, State: state}
	}
	p := New(Config{Self: member("a", Serving, Protocol), Secret: NewSecret([]byte("s")), Logger: discard,
		Metrics: prometheus.NewRegistry()})
	var key placement.Key // ranks b, c, a
	for n := 0; ; n++ {
		key = placement.Key("product/" + string(rune('a'+n%26)) + string(rune('a'+n/26)))
		if rank := placement.NewView("a", "b", "c").Rank(key); rank[0] == "b" && rank[1] == "c" {
			break
		}
	}
	wantOwner := func(want placement.Member) {
		t.Helper()
		got := placement.Member("a")
		if o := p.Owner(key); o != nil {
			got = o.member.Name
		}
		if got != want {
			t.Errorf("the owner is %s, want %s", got, want)
		}
	}
	wantOwner("a")
	p.SetMembers([]Member{member("b", Joining, Protocol), member("c", Cut, Protocol)})
	wantOwner("a")
	p.SetMembers([]Member{member("b", Serving, Protocol), member("c", Serving, Protocol)})
	wantOwner("b")
	if p.Rank(key) != 2 {
		t.Errorf("Rank = %d, want 2", p.Rank(key))
	}
	p.peer("run of b").suspectUntil.set(time.Hour)
	wantOwner("c")
	p.SetMembers([]Member{member("b", Serving, Protocol+1), member("c", Serving, Protocol)})
	wantOwner("a") // b would not understand the header, and c is not the owner
	p.SetMembers([]Member{member("b", Draining, Protocol), member("c", Serving, Protocol)})
	wantOwner("c")
	other := member("b", Serving, Protocol)
	other.Run, other.KeysDiffer = "a new run of b", true
	p.SetMembers([]Member{other, member("c", Serving, Protocol)})
	wantOwner("c")
	if p.ownsEntities(other.Run) || p.Rank(key) != 1 {
		t.Errorf("ownsEntities of a node with other keys = %t, Rank = %d; want false and 1", p.ownsEntities(other.Run), p.Rank(key))
	}
	p.SetState(Cut)
	p.SetMembers([]Member{other})
	wantOwner("a") // which is cut from the log, but has the right keys
	p.SetKeyFault("another file")
	wantOwner("b") // no node has the right keys, and each entity still has one owner
	p.SetKeyFault("")
	p.SetMembers([]Member{member("b", Draining, Protocol), member("c", Serving, Protocol)})
	wantOwner("c")
	p.SetMembers([]Member{member("b", Joining, Protocol), member("c", Cut, Protocol)})
	wantOwner("c") // no node reaches the log, and each entity still has one owner
	p.SetMembers(nil)
	wantOwner("a")
	for _, state := range []State{Draining, Serving, Cut} {
		if changed := p.SetState(state); changed != (state == Draining) || p.State() != Draining {
			t.Errorf("after SetState(%s) the state is %s, want draining", state, p.State())
		}
	}
	if p.Owner("") != nil {
		t.Errorf("Owner of an empty key = %v, want nil", p.Owner(""))
	}
}
