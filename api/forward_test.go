package api

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/cursors"
	"admitone/actors/placement"
	"admitone/api/peers"
	"admitone/events"
)

var nodesSecret = peers.NewSecret([]byte("of all nodes"))

// newNode starts a server as a node of a cluster without other nodes.
func newNode(t *testing.T, auth Auth) *harness {
	w := newHarness(t, func(w *harness) {
		w.config.Auth = auth
		w.config.Metrics = prometheus.NewRegistry()
		w.config.Peers = peers.New(peers.Config{Self: peers.Member{Name: "n1", Run: "r1", State: peers.Serving,
			Hop: peers.Protocol}, Secret: nodesSecret, Logger: slog.New(slog.DiscardHandler), Metrics: w.config.Metrics})
		w.config.Followed = func() events.Position { return w.views.Position() }
	})
	return w
}

// forwarded sends a command as forwarded by another node, which received it at the given time.
func (w *harness) forwarded(hop *peers.Hop, path, body string, headers ...string) answer {
	w.t.Helper()
	header := nodesSecret.Seal(hop, 0, "POST", path, []byte(body))
	return w.do("POST", path, body, append(headers, peers.Header, header)...)
}

// TestForwardedCommands: a command forwarded by another node is decided once however often it arrives,
// not after its deadline, and not at all if no node has sent it.
func TestForwardedCommands(t *testing.T) {
	w := newNode(t, OpenAuth{})
	w.product("p", 9, "")
	const path, body = "/v1/products/p/reservations", `{"holder":"ann"}`
	now := time.Now()
	hop := &peers.Hop{From: "r2", Command: string(actors.NewCommandID()), After: 1, At: now, Until: now.Add(patience)}
	first := w.forwarded(hop, path, body)
	repeated := w.forwarded(hop, path, body)
	if id := first.is(201)["id"]; repeated.is(201)["id"] != id {
		t.Errorf("the repeated command got %s, want id = %v", repeated.text, id)
	}
	late := *hop
	late.Command, late.Until = string(actors.NewCommandID()), now.Add(-time.Millisecond)
	w.forwarded(&late, path, body).problem(503, "log_unavailable")
	w.do("POST", path, body, peers.Header, nodesSecret.Seal(hop, 0, "POST", path, []byte(`{"holder":"bob"}`))).
		problem(400, "bad_parameter")
	if sold := w.do("GET", "/v1/products/p", "").is(200)["sold"]; fmt.Sprint(sold) != "1" {
		t.Errorf("sold = %v, want 1", sold)
	}
}

// TestForwardedWithoutKey: the id that a node assigns to a command without a key, under which another
// node decides it, uses up none of the caller's keys.
func TestForwardedWithoutKey(t *testing.T) {
	app := fiber.New()
	for key, bounded := range map[string]bool{"": false, "k": true} {
		sent := &fasthttp.RequestCtx{}
		sent.Request.Header.SetMethod(fiber.MethodPost)
		c := app.AcquireCtx(sent)
		if key != "" {
			c.Request().Header.Set(headerIdempotencyKey, key)
		}
		for _, r := range []*request{{ctx: c}, {ctx: c, hop: &hop{}}} {
			request := actors.Request{Bounded: true}
			r.setForwarded(&request)
			if want := bounded || r.hop == nil; request.Bounded != want {
				t.Errorf("key %q, forwarded: %t: got Bounded = %t, want %t", key, r.hop != nil, request.Bounded, want)
			}
		}
		app.ReleaseCtx(c)
	}
}

// TestForwardingKeepsAnswerLimit: if the owner does not decide a command, this node does, until AnswerLimit after it
// received the request.
func TestForwardingKeepsAnswerLimit(t *testing.T) {
	w := newNode(t, OpenAuth{})
	w.config.Peers.SetMembers([]peers.Member{{Name: "n2", Run: "r2", State: peers.Serving, Hop: peers.Protocol,
		HTTP: "127.0.0.1:1"}}) // where nobody listens
	app := fiber.New()
	for i := range 20 {
		sent := &fasthttp.RequestCtx{}
		sent.Request.Header.SetMethod(fiber.MethodPost)
		sent.Request.SetRequestURI(fmt.Sprintf("/v1/products/p%d/reservations", i))
		r := &request{ctx: app.AcquireCtx(sent), server: w.server, start: time.Now()}
		decided := false
		w.must(w.server.withForwarding(func(r *request) error {
			decided = true
			if r.hop == nil {
				return nil // an entity of this node
			}
			if until, limited := r.commandContext().Deadline(); !limited || !until.Equal(r.start.Add(AnswerLimit)) {
				t.Errorf("the deadline is %v, want %v", until, r.start.Add(AnswerLimit))
			}
			return nil
		})(r))
		if !decided {
			t.Errorf("%s was not decided here, want it decided", r.ctx.Path())
		}
		app.ReleaseCtx(r.ctx)
	}
	if hops := w.config.Peers.Hops(); hops.DecidedHere == 0 {
		t.Error("got 0 hops decided here, want some: the other node owns none of the entities")
	}
}

// TestTokensOfForwardedCommands: a token is checked at the time at which the first node received
// the command, by that node's clock: a token that expires on the way remains valid.
func TestTokensOfForwardedCommands(t *testing.T) {
	auth := JWTAuth{Secret: []byte("a secret of thirty-two bytes, or so")}
	w := newNode(t, auth)
	now := time.Now().Truncate(time.Second)
	token := func(role Role, expires time.Time) string {
		text, err := auth.Token("ann", role, expires.Add(-time.Minute), time.Minute)
		w.must(err)
		return "Bearer " + text
	}
	w.do("POST", "/v1/products", `{"id":"p","name":"n","stock":9}`, "Authorization",
		token(RoleAdmin, now.Add(patience))).is(201)
	const path, body = "/v1/products/p/reservations", `{}`
	ends := now.Add(-2 * time.Second)
	for _, c := range []struct {
		received time.Time
		status   int
		code     string
	}{{ends.Add(-time.Second), 201, ""}, {ends.Add(time.Second), 401, "unauthenticated"}} {
		hop := &peers.Hop{From: "r2", Command: string(actors.NewCommandID()), At: c.received, Until: now.Add(patience)}
		a := w.forwarded(hop, path, body, "Authorization", token(RoleHolder, ends))
		if c.code == "" {
			a.is(c.status)
		} else {
			a.problem(c.status, c.code)
		}
	}
	forged := fmt.Sprintf("1; from=r2; view=0; command=c; after=0; client=-; at=%d; until=%d; clock=%[1]d; mac=00",
		ends.Add(-time.Second).UnixNano(), now.Add(patience).UnixMilli())
	w.do("POST", path, body, "Authorization", token(RoleHolder, ends), peers.Header, forged).problem(400, "bad_parameter")
	w.do("POST", path, body, "Authorization", "Bearer none", peers.Header, forged).problem(400, "bad_parameter")
	w.do("POST", "/v1/plans", strings.Repeat(" ", maxRead+1), "Authorization", token(RoleAdmin, ends), peers.Header,
		forged).problem(401, "unauthenticated") // before its body is read
	if sold := w.do("GET", "/v1/products/p", "").is(200)["sold"]; fmt.Sprint(sold) != "1" {
		t.Errorf("sold = %v, want 1", sold)
	}
}

// TestClusterAnswer: a node's answer matches openapi.yaml, with its hops and its rooms, and its
// metrics agree.
func TestClusterAnswer(t *testing.T) {
	w := newNode(t, OpenAuth{})
	d := describe(t)
	w.do("PUT", "/v1/waiting-rooms/r", `{"admit_per_second":1,"max_active":9,"active_seconds":60,"heartbeat_seconds":60}`).
		is(201)
	now := time.Now()
	w.forwarded(&peers.Hop{From: "r2", Command: string(actors.NewCommandID()), At: now, Until: now.Add(patience)},
		"/v1/waiting-rooms/r/visitors", `{"holder":"ann"}`).is(201)
	taken, err := w.server.config.Desk.Ask(t.Context(), actors.Request{Stream: cursors.Stream("stripe~refunds"),
		Command: &core.TakeCursor{CursorTaken: events.CursorTaken{Term: 1, Node: "n2"}}, ID: actors.NewCommandID()})
	if err == nil {
		err = w.views.WaitFor(t.Context(), taken.Position)
	}
	if err != nil {
		t.Fatal(err)
	}
	a := w.do("GET", "/v1/cluster", "")
	a.is(200)
	d.check("the nodes", "#/components/schemas/Cluster", []byte(a.text))
	for _, want := range []string{`"clustered":true`, `"hops":{"passed":0,"decided_here":0,"misplaced":0}`,
		`"rooms":[{"id":"r","owner":"n1","node":"n1","runs_here":true,"term":0}]`,
		`"cursors":[{"stream":"cursor-stripe~refunds","node":"n2","term":1,"reached":0}]`, `"departed":[]`, `"state":"serving"`} {
		if !strings.Contains(a.text, want) {
			t.Errorf("got %s, want %s in it", a.text, want)
		}
	}
	metrics := w.do("GET", "/metrics", "").text
	for _, want := range []string{"admitone_cluster_rooms_running 1\n", "admitone_cluster_log_reachable 1\n",
		"admitone_cluster_drain_seconds 0\n", `admitone_cluster_members{state="serving"} 1`, "admitone_cluster_view ",
		`admitone_cluster_hops_total{result="decided_here"} 0`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("got the metrics\n%s\nwant %s in them", metrics, want)
		}
	}
}

// TestDepartedNodes: the answer has the nodes that went away, and those with other keys.
func TestDepartedNodes(t *testing.T) {
	w := newNode(t, OpenAuth{})
	d := describe(t)
	member := func(name placement.Member, state peers.State) peers.Member {
		return peers.Member{Name: name, Run: "run of " + string(name), HTTP: "127.0.0.1:1", Version: "v1", State: state}
	}
	other := member("n2", peers.Serving)
	other.KeysDiffer = true
	nodes := w.config.Peers
	nodes.SetMembers([]peers.Member{other, member("n3", peers.Serving), member("n4", peers.Serving)})
	nodes.SetMembers([]peers.Member{other, member("n4", peers.Draining)})
	nodes.SetMembers([]peers.Member{other})
	a := w.do("GET", "/v1/cluster", "")
	a.is(200)
	d.check("the nodes", "#/components/schemas/Cluster", []byte(a.text))
	var got struct {
		Nodes []struct {
			Name       string
			KeysDiffer bool `json:"keys_differ"`
		}
		Departed []struct {
			Name, Run, State, HTTP, Version string
			At                              time.Time
		}
	}
	if err := json.Unmarshal([]byte(a.text), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Nodes) != 2 || got.Nodes[0].KeysDiffer || !got.Nodes[1].KeysDiffer {
		t.Errorf("nodes are %+v, want n1, and n2 with other keys", got.Nodes)
	}
	if len(got.Departed) != 2 || got.Departed[0].Name != "n4" || got.Departed[0].State != "left" ||
		got.Departed[1].Name != "n3" || got.Departed[1].State != "lost" || time.Since(got.Departed[1].At) > patience {
		t.Errorf("departed are %+v, want n4, which left, and n3, which was lost", got.Departed)
	}
}

// TestReadinessWithoutLog: a node that can't reach the log says that others have taken over once they have had the
// time to, and only while another node serves.
func TestReadinessWithoutLog(t *testing.T) {
	w := newNode(t, OpenAuth{})
	setOther := func(state peers.State) {
		w.config.Peers.SetMembers([]peers.Member{{Name: "n2", Run: "r2", HTTP: "127.0.0.1:1", State: state}})
	}
	const takenOver = "others have taken over"
	setOther(peers.Serving)
	w.config.Peers.SetState(peers.Cut)
	w.wait(func() bool { return strings.Contains(w.do("GET", "/readyz", "").text, takenOver) })
	setOther(peers.Cut)
	a := w.do("GET", "/readyz", "")
	a.problem(503, "log_unavailable")
	if !strings.Contains(a.text, `"reason":"cut"`) || strings.Contains(a.text, takenOver) {
		t.Errorf("readyz is %s, want the reason cut, and not that %s", a.text, takenOver)
	}
}

// upgrade requests a connection for frames, and returns it and the status of the answer.
func (w *harness) upgrade(header string) (net.Conn, int) {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.address)
	w.must(err)
	w.t.Cleanup(func() { conn.Close() })
	w.must(conn.SetDeadline(time.Now().Add(patience)))
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: n\r\nConnection: Upgrade\r\nUpgrade: admitone-hops\r\n%s: %s\r\n\r\n",
		peers.HopsPath, peers.Header, header)
	var answer fasthttp.ResponseHeader
	w.must(answer.Read(bufio.NewReader(conn)))
	return conn, answer.StatusCode()
}

// TestConnectionsForFrames: only nodes may open them. They don't count as connections of clients, carry the same
// answers as HTTP, and end with the server.
func TestConnectionsForFrames(t *testing.T) {
	w := newNode(t, OpenAuth{})
	w.product("p", 9, "")
	now := time.Now()
	hop := &peers.Hop{From: "r2", Command: "-", At: now, Until: now.Add(patience)}
	late := *hop
	late.Until = now.Add(-time.Millisecond)
	for name, header := range map[string]string{"unsigned": "", "forged": "1; from=r2; mac=00",
		"another request's": nodesSecret.Seal(hop, 0, "GET", peers.HeartbeatPath, nil),
		"late":              nodesSecret.Seal(&late, 0, "GET", peers.HopsPath, nil)} {
		if _, status := w.upgrade(header); status != 400 {
			t.Errorf("%s: status %d, want 400", name, status)
		}
	}
	conn, status := w.upgrade(nodesSecret.Seal(hop, 0, "GET", peers.HopsPath, nil))
	if status != 101 {
		t.Fatalf("status %d, want 101", status)
	}
	if n := w.server.pool.Stats().Upgraded; n != 1 {
		t.Errorf("%d connections are upgraded, want 1", n)
	}
	const path, body = "/v1/products/p/reservations", `{"holder":"ann"}`
	hop.Command = string(actors.NewCommandID())
	byHTTP := w.forwarded(hop, path, body)
	request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
		path, w.address, peers.Header, nodesSecret.Seal(hop, 0, "POST", path, []byte(body)), len(body), body)
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(request)))
	_, err := conn.Write(append(binary.BigEndian.AppendUint64(frame, 7), request...))
	w.must(err)
	in := bufio.NewReader(conn)
	head := make([]byte, 12)
	_, err = io.ReadFull(in, head)
	w.must(err)
	if id := binary.BigEndian.Uint64(head[4:]); id != 7 {
		t.Errorf("the answer has the id %d, want 7", id)
	}
	var answer fasthttp.Response
	w.must(answer.Read(in))
	if answer.StatusCode() != byHTTP.status || string(answer.Body()) != byHTTP.text {
		t.Errorf("in a frame: %d %s; want %d %s", answer.StatusCode(), answer.Body(), byHTTP.status, byHTTP.text)
	}
	for name := range byHTTP.header {
		if len(answer.Header.Peek(name)) == 0 {
			t.Errorf("the answer in a frame: got no header %s, want one", name)
		}
	}
	w.stop()
	if _, err := in.ReadByte(); err != io.EOF {
		t.Errorf("after the server's end: got %v, want %v", err, io.EOF)
	}
}
