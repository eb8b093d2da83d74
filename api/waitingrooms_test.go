package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"admitone/api/connections"
)

// room creates a waiting room that admits visitors immediately, unless more configures otherwise.
func (w *harness) room(id, more string) {
	w.t.Helper()
	settings := map[string]bool{}
	body := strings.TrimPrefix(more, ",")
	for _, member := range []string{`"admit_per_second":10000`, `"max_active":100000`, `"active_seconds":600`,
		`"heartbeat_seconds":30`} {
		name, _, _ := strings.Cut(member, ":")
		if settings[name] = true; !strings.Contains(more, name) {
			body = strings.TrimPrefix(body+","+member, ",")
		}
	}
	w.do("PUT", "/v1/waiting-rooms/"+id, "{"+body+"}").is(201)
}

// joinRoom lets a holder join a room, and returns the path and the state of the visitor.
func (w *harness) joinRoom(id, holder string) (path string, visit map[string]any) {
	w.t.Helper()
	a := w.do("POST", "/v1/waiting-rooms/"+id+"/visitors", fmt.Sprintf(`{"holder":%q}`, holder))
	visit = a.is(201)
	return a.header.Get("Location"), visit
}

// awaitVisit polls until the visitor has a status. Polling too early is harmless.
func (w *harness) awaitVisit(path, status string) map[string]any {
	w.t.Helper()
	for end := time.Now().Add(patience); ; {
		a := w.do("GET", path, "")
		if a.status == 200 && a.is(200)["status"] == status {
			return a.is(200)
		}
		if a.status != 200 && a.status != 429 || time.Now().After(end) {
			w.t.Fatalf("%s: got %d %s, want status = %s", a.what, a.status, a.text, status)
		}
	}
}

// passOf lets a holder join a room, and returns the pass once the holder is admitted.
func (w *harness) passOf(id, holder string) string {
	w.t.Helper()
	path, _ := w.joinRoom(id, holder)
	return w.awaitVisit(path, "admitted")["pass"].(string)
}

func TestWaitingRoomSettings(t *testing.T) {
	w := newHarness(t)
	const room, base = "/v1/waiting-rooms/r", `{"admit_per_second":50,"max_active":3,"active_seconds":60,` +
		`"heartbeat_seconds":30`
	created := w.do("PUT", room, base+"}")
	v := created.is(201)
	for name, want := range map[string]any{"id": "r", "admit_per_second": 50., "max_active": 3., "active_seconds": 60.,
		"heartbeat_seconds": 30.,
		"status":            "open", "order": "fifo", "waiting": 0., "active": 0., "admitted": 0.,
		"joined": 0., "revision": 1.} {
		if v[name] != want {
			t.Errorf("%s is %v, want %v", name, v[name], want)
		}
	}
	if created.header.Get("ETag") != `"1"` || created.header.Get("Location") != room || v["seed_hash"] != nil ||
		v["opens_at"] != nil {
		t.Errorf("got %v %s; want ETag = \"1\", Location = %v, seed_hash = nil, opens_at = nil", created.header, created.text, room)
	}
	// The ETag is the version of the settings, and complete until a visitor joins.
	w.do("GET", room, "", "If-None-Match", `"1"`).is(304)
	w.do("GET", room, "", "If-None-Match", `"2"`).is(200)
	// Joining does not make an edit stale.
	w.joinRoom("r", "ada")
	w.joinRoom("r", "bob")
	tag := w.do("GET", room, "").header.Get("ETag")
	if tag != `"1"` {
		t.Errorf("after two joins the ETag is %s, want \"1\"", tag)
	}
	w.do("PUT", room, base+`,"status":"closed"}`, "If-Match", tag).is(200)
	if v := w.do("PUT", room, base+`,"status":"open"}`, "If-Match", tag).problem(412,
		"stale_revision"); v["current_revision"] != 2. {
		t.Errorf("got %v; want current_revision = 2", v)
	}
	w.do("PUT", room, base+`,"status":"open"}`, "If-Match", "*").problem(428, "revision_required")
	if v := w.do("GET", room, "", "If-None-Match", `"2"`).is(200); v["status"] != "closed" || v["joined"] != 2. {
		t.Errorf("got %v; want status = closed, joined = 2", v)
	}
	for body, field := range map[string]string{
		`{"max_active":3,"active_seconds":60,"heartbeat_seconds":30}`:      "admit_per_second",
		base + `,"admit_per_minute":3}`:                                    "admit_per_minute",
		base + `,"status":"shut"}`:                                         "status",
		base + `,"order":"lifo"}`:                                          "order",
		base + `,"order":"shuffle"}`:                                       "opens_at",
		base + `,"opens_at":"tomorrow"}`:                                   "opens_at",
		strings.Replace(base, `"max_active":3`, `"max_active":0`, 1) + "}": "max_active",
	} {
		if v := w.do("PUT", "/v1/waiting-rooms/other", body).is(422); v["field"] != field {
			t.Errorf("%s: got %v; want field = %v", body, v, field)
		}
	}
	w.do("PUT", "/v1/waiting-rooms/a~b", base+"}").problem(422, "invalid_field")
	w.do("GET", "/v1/waiting-rooms/other", "").problem(404, "not_found")
}

// TestWaitingLine: a holder has one place, places are in order of joining, at most max_active visitors are
// admitted, and a released place goes to the next visitor.
func TestWaitingLine(t *testing.T) {
	w := newHarness(t)
	w.room("r", `"max_active":1,"heartbeat_seconds":3600`)
	ada, first := w.joinRoom("r", "ada")
	if first["status"] != "waiting" || first["position"] != 1. || first["ticket"] != 1. ||
		first["poll_after_seconds"] == nil ||
		first["eta_seconds"] == nil {
		t.Errorf("got %v; want status = waiting, position = 1, ticket = 1, and poll_after_seconds, eta_seconds",
			first)
	}
	admitted := w.awaitVisit(ada, "admitted")
	if admitted["pass"] == nil || admitted["expires_at"] == nil || admitted["position"] != nil {
		t.Errorf("got %v; want pass and expires_at, but no position", admitted)
	}
	bob, _ := w.joinRoom("r", "bob")
	_, cleo := w.joinRoom("r", "cleo")
	if cleo["position"] != 2. {
		t.Errorf("behind bob: got %v, want position = 2", cleo)
	}
	repeated := w.do("POST", "/v1/waiting-rooms/r/visitors", `{"holder":"cleo"}`)
	if v := repeated.is(200); v["visitor"] != cleo["visitor"] || v["position"] != 2. || v["ticket"] != 3. {
		t.Errorf("joined again: got %v; want visitor = %v, position = 2, ticket = 3", v, cleo["visitor"])
	}
	if v := w.do("GET", bob, "").is(200); v["status"] != "waiting" || v["position"] != 1. {
		t.Errorf("polled right after joining: %v; want status = waiting, position = 1", v)
	}
	soon := w.do("GET", bob, "")
	soon.problem(429, "rate_limited")
	if wait, err := strconv.Atoi(soon.header.Get("Retry-After")); err != nil || wait < 1 {
		t.Errorf("Retry-After is %q, want at least 1", soon.header.Get("Retry-After"))
	}
	if v := w.do("DELETE", bob, "").is(200); v["status"] != "left" {
		t.Errorf("got %v; want status = left", v)
	}
	if v := w.awaitVisit(bob, "left"); v["pass"] != nil || v["position"] != nil {
		t.Errorf("got %v; want pass = nil, position = nil", v)
	}
	if v := w.do("GET", "/v1/waiting-rooms/r", "").is(200); v["waiting"] != 1. || v["active"] != 1. ||
		v["admitted"] != 1. ||
		v["joined"] != 3. {
		t.Errorf("got %v; want waiting = 1, active = 1, admitted = 1, joined = 3", v)
	}
	w.do("DELETE", ada, "").is(200)
	w.awaitVisit("/v1/waiting-rooms/r/visitors/"+cleo["visitor"].(string), "admitted")
	w.wait(func() bool { // the views may lag slightly behind a poll
		v := w.do("GET", "/v1/waiting-rooms/r", "").is(200)
		return v["waiting"] == 0. && v["active"] == 1. && v["admitted"] == 2.
	})
	// The holder's history leads to that of the ticket.
	joined := w.do("GET", "/v1/history/holder/bob", "").is(200)["items"].([]any)[0].(map[string]any)
	if got := fmt.Sprint(joined["leads_to"]); got != "[holder/bob ticket/r~2]" {
		t.Errorf("bob's join leads to %s; want [holder/bob ticket/r~2]", got)
	}
	if v := w.do("GET", "/v1/history/ticket/r~2?limit=9", "").is(200)["items"].([]any); len(v) != 2 ||
		v[1].(map[string]any)["text"] != "ticket 2 gave up its place; 1 waiting, 1 active" {
		t.Errorf("the history of ticket 2: got %v; want 2 lines, the second: ticket 2 gave up its place; 1 waiting, 1 active",
			v)
	}
	w.do("GET", "/v1/history/ticket/r~9", "").problem(404, "not_found")
	w.do("GET", "/v1/history/ticket/r", "").problem(404, "not_found")
	// The state when three had joined.
	if v := w.do("GET", "/v1/waiting-rooms/r?at=5", "").is(200); v["joined"] != 3. || v["waiting"] != 2. ||
		v["as_of"] == nil {
		t.Errorf("got %v; want joined = 3, waiting = 2, and as_of", v)
	}
}

// TestPlaceAfterLeave: once leaving is answered, the others have moved up.
func TestPlaceAfterLeave(t *testing.T) {
	w := newHarness(t)
	w.room("r", `"admit_per_second":0`)
	var paths []string
	for i := range 20 {
		path, _ := w.joinRoom("r", fmt.Sprint("h", i))
		paths = append(paths, path)
	}
	for i, path := range paths[:19] {
		w.do("DELETE", path, "").is(200)
		if v := w.do("GET", paths[i+1], "").is(200); v["position"] != 1. {
			t.Errorf("after %d have left the next is at position %v, want 1", i+1, v["position"])
		}
	}
}

// TestShuffledOpening: the hash of the seed is published before the draw, the seed after it, and they match.
func TestShuffledOpening(t *testing.T) {
	w := newHarness(t)
	w.room("r", `"order":"shuffle","opens_at":"2999-01-01T00:00:00Z"`)
	before := w.do("GET", "/v1/waiting-rooms/r", "").is(200)
	opens := time.Now().Add(2 * time.Second).UTC().Format(time.RFC3339Nano)
	w.do(
		"PUT",
		"/v1/waiting-rooms/r",
		fmt.Sprintf(
			`{"admit_per_second":10000,"max_active":100000,"active_seconds":600,"heartbeat_seconds":30,"opens_at":%q}`,
			opens,
		),
		"If-Match",
		`"1"`,
	).is(200)
	ada, visit := w.joinRoom("r", "ada")
	bob, _ := w.joinRoom("r", "bob")
	if position, sent := visit["position"]; !sent || position != nil && !time.Now().After(mustTime(t, opens)) {
		t.Errorf("before the draw: got %v, want position = null", visit)
	}
	w.awaitVisit(ada, "admitted")
	w.awaitVisit(bob, "admitted")
	after := w.do("GET", "/v1/waiting-rooms/r", "").is(200)
	if before["seed"] != nil || after["seed"] == nil {
		t.Fatalf("the seed is %v before the draw and %v after it, want none before and one after", before["seed"], after["seed"])
	}
	seed, err := hex.DecodeString(after["seed"].(string))
	w.must(err)
	hash := sha256.Sum256(seed)
	if promised := before["seed_hash"]; promised != hex.EncodeToString(hash[:]) || after["seed_hash"] != promised {
		t.Errorf("the seed is %x, and its published hash %v before and %v after the draw; want %x",
			seed, promised, after["seed_hash"], hash)
	}
}

func mustTime(t *testing.T, text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestWaitingRoomRoles checks the status of each request for each role.
func TestWaitingRoomRoles(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, ada, auditor := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder), bearer(t, "audit", RoleAuditor)
	const room, visitors = "/v1/waiting-rooms/r", "/v1/waiting-rooms/r/visitors"
	const settings = `{"admit_per_second":0,"max_active":1,"active_seconds":60,"heartbeat_seconds":30}`
	w.do("PUT", room, settings, "Authorization", admin).is(201)
	for _, r := range []struct {
		method, path, body         string
		nobody, ada, auditor, root int
	}{
		{"GET", "/v1/waiting-rooms", "", 200, 200, 200, 200},
		{"GET", room, "", 200, 200, 200, 200},
		{"GET", room + "?at=1", "", 200, 200, 200, 200},
		{"PUT", room, settings, 401, 403, 403, 428},
		{"PUT", room, `broken`, 401, 403, 403, 400},
		{"POST", visitors, `{"holder":"ada"}`, 401, 201, 403, 200},
		{"POST", visitors, `{}`, 401, 200, 201, 201},
		{"POST", visitors, `{"holder":"bob"}`, 401, 403, 403, 201},
		{"GET", visitors + "/none", "", 404, 404, 404, 404},
		{"DELETE", visitors + "/none", "", 404, 404, 404, 404},
	} {
		for _, actor := range []struct {
			token string
			want  int
		}{{"", r.nobody}, {ada, r.ada}, {auditor, r.auditor}, {admin, r.root}} {
			if a := w.do(r.method, r.path, r.body, "Authorization", actor.token); a.status != actor.want {
				t.Errorf("%s as %.20s: status %d, want %d: %s", a.what, actor.token, a.status, actor.want, a.text)
			}
		}
		for what, token := range badTokens(t) {
			if a := w.do(r.method, r.path, r.body, "Authorization", token); a.status != 401 {
				t.Errorf("%s with a token that is %s: status %d; want status = 401", a.what, what, a.status)
			}
		}
	}
	// The visitor's id is the authorisation: every caller that has it has the place.
	path := visitors + "/" + w.do("POST", visitors, `{}`, "Authorization", ada).is(200)["visitor"].(string)
	if v := w.do("DELETE", path, "").is(200); v["status"] != "left" {
		t.Errorf("got %v; want status = left", v)
	}
}

// remoteListener makes every connection come from an address.
type remoteListener struct {
	net.Listener
	from net.Addr
}

type remoteConn struct {
	net.Conn
	from net.Addr
}

func (l *remoteListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &remoteConn{c, l.from}, err
}

func (c *remoteConn) RemoteAddr() net.Addr { return c.from }

// TestJoinsPerAddress: joins above the rate of an address are refused, and existing places remain.
func TestJoinsPerAddress(t *testing.T) {
	w := newHarness(t, func(w *harness) {
		w.config.JoinsPerMinute = 3
		w.listen = func(l net.Listener) net.Listener {
			return &remoteListener{l, &net.TCPAddr{IP: net.ParseIP("203.0.113.7"), Port: 4711}}
		}
	})
	w.room("r", `"admit_per_second":0`)
	for i := range 3 {
		if _, v := w.joinRoom("r", fmt.Sprint("h", i)); v["eta_seconds"] != nil || len(v) != 6 { // null: unknown
			t.Errorf("visit = %v, want eta_seconds = null", v)
		}
	}
	refused := w.do("POST", "/v1/waiting-rooms/r/visitors", `{"holder":"h9"}`)
	refused.problem(429, "rate_limited")
	if wait, err := strconv.Atoi(refused.header.Get("Retry-After")); err != nil || wait < 1 || wait > 20 {
		t.Errorf("Retry-After is %q, want 1 to 20", refused.header.Get("Retry-After"))
	}
	if v := w.do("GET", "/v1/waiting-rooms/r", "").is(200); v["waiting"] != 3. {
		t.Errorf("got %v; want waiting = 3", v)
	}
}

func TestJoinLimit(t *testing.T) {
	l := newJoinLimit(6)
	now := l.start
	join := func(ip string) time.Duration { return l.allow(connections.NetworkOf(netip.MustParseAddr(ip)), now) }
	for i := range 6 {
		if wait := join("192.0.2.1"); wait > 0 {
			t.Fatalf("join %d has to wait %s, want 0", i, wait)
		}
	}
	if wait := join("192.0.2.1"); wait != 10*time.Second {
		t.Errorf("the seventh has to wait %s, want 10s", wait)
	}
	if wait := join("192.0.2.2"); wait != 0 {
		t.Errorf("a different address has to wait %s; want 0", wait)
	}
	now = now.Add(10 * time.Second)
	if wait := join("192.0.2.1"); wait != 0 {
		t.Errorf("ten seconds later: got a wait of %s, want 0", wait)
	}
	if wait := join("192.0.2.1"); wait == 0 {
		t.Error("a second join within ten seconds: got no wait, want one")
	}
	now = now.Add(time.Hour)
	for i := range 7 {
		if wait := join("192.0.2.1"); (wait > 0) != (i == 6) {
			t.Errorf("join %d after an hour has to wait %s; want a wait: %t", i, wait, i == 6)
		}
	}
	// One customer's network counts as one address.
	for i := range 7 {
		if wait := join(fmt.Sprintf("2001:db8:1:2::%d", i)); (wait > 0) != (i == 6) {
			t.Errorf("join %d of a network has to wait %s; want a wait: %t", i, wait, i == 6)
		}
	}
	if wait := join("2001:db8:1:3::1"); wait != 0 {
		t.Errorf("the neighbouring network has to wait %s; want 0", wait)
	}
	if newJoinLimit(0) != nil {
		t.Error("got a limit for the rate 0, want nil")
	}
}
