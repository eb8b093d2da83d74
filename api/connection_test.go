package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"admitone/api/connections"
)

// persistentConn is a connection over which several requests are sent.
type persistentConn struct {
	net.Conn
	in *bufio.Reader
}

// connect opens a connection to the server.
func (w *harness) connect() *persistentConn {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.address)
	w.must(err)
	w.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return &persistentConn{conn, bufio.NewReader(conn)}
}

// send sends a request over the connection.
func (k *persistentConn) send(w *harness, path string, headers ...string) answer {
	w.t.Helper()
	fmt.Fprintf(k, "GET %s HTTP/1.1\r\nHost: %s\r\n", path, w.address)
	for i := 0; i+1 < len(headers); i += 2 {
		fmt.Fprintf(k, "%s: %s\r\n", headers[i], headers[i+1])
	}
	fmt.Fprint(k, "\r\n")
	response, err := http.ReadResponse(k.in, nil)
	w.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	w.must(err)
	return answer{w.t, "GET " + path, response.StatusCode, response.Header, string(text)}
}

// awaitOpen waits until n connections are open.
func (w *harness) awaitOpen(n int) {
	w.t.Helper()
	open := func() int { stats := w.server.pool.Stats(); return stats.Open + stats.SpareOpen }
	for end := time.Now().Add(patience); open() != n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("got connections %+v, want %d open", w.server.pool.Stats(), n)
		}
	}
}

// awaitSockets waits until n sockets are open.
func (w *harness) awaitSockets(n float64) {
	w.t.Helper()
	for end := time.Now().Add(patience); metric(w, "admitone_sockets") != n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("%v sockets are open, want %v", metric(w, "admitone_sockets"), n)
		}
	}
}

// metric returns the value of a counter or gauge.
func metric(w *harness, name string) float64 {
	w.t.Helper()
	families, err := w.server.config.Metrics.Gather()
	w.must(err)
	for _, f := range families {
		if f.GetName() == name {
			m := f.GetMetric()[0]
			return m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	w.t.Fatalf("there is no metric %s, want one", name)
	return 0
}

// handshake has the headers of an upgrade to a WebSocket, names and values in turn.
var handshake = []string{
	"Connection",
	"Upgrade",
	"Upgrade",
	"websocket",
	"Sec-WebSocket-Version",
	"13",
	"Sec-WebSocket-Key",
	"dGhlIHNhbXBsZSBub25jZQ==",
}

// TestConnectionsAreBounded: beyond the limit, new connections serve only operational requests and those of admins, and
// open connections are not affected. Once connections are closed, new ones serve all requests again.
func TestConnectionsAreBounded(t *testing.T) {
	const limit = 8
	w := newHarness(t, func(w *harness) { w.config.MaxConnections = limit; w.config.Auth = secret })
	var all []*persistentConn
	for range limit {
		k := w.connect()
		k.send(w, "/v1/products").is(200)
		all = append(all, k)
	}
	for _, path := range []string{"/v1/products", "/", "/v1/nothing/at/all"} {
		k := w.connect()
		a := k.send(w, path)
		if path != "/v1/nothing/at/all" {
			a.problem(429, "overloaded")
		}
		if unread, err := io.ReadAll(k.in); len(unread) > 0 || err != nil {
			t.Errorf("%s: got %q, %v after the answer; want the end of the connection", path, unread, err)
		}
	}
	w.connect().send(w, "/ws", handshake...).problem(429, "overloaded")
	w.connect().send(w, "/v1/products", "Authorization", bearer(t, "ada", RoleHolder)).problem(429, "overloaded")
	w.connect().send(w, "/v1/products", "Authorization", bearer(t, "root", RoleAdmin)).is(200)
	w.connect().send(
		w,
		"/ws",
		append(handshake, "Authorization", bearer(t, "root", RoleAdmin))...).problem(429, "overloaded")
	w.connect().send(w, "/healthz").is(200)
	w.connect().send(w, "/readyz").is(200)
	w.awaitOpen(limit)
	w.connect().send(w, "/metrics").has(
		t,
		200,
		"admitone_connections_limit 8",
		"admitone_connections_spare 1",
		"admitone_connections_spare_limit 16",
		"admitone_sockets_limit 7",
		"admitone_connections_requests_limit 20000",
		"admitone_connections_address_limit 0",
		`admitone_connections_refused_total{bound="total"} 0`,
		`admitone_connections_refused_total{bound="address"} 0`,
	)
	for _, k := range all {
		k.send(w, "/v1/products").is(200)
		k.Close()
	}
	w.awaitOpen(0)
	w.connect().send(w, "/v1/products").is(200)
}

// TestSilentConnections: connections that send nothing do not prevent operators from querying the
// server.
func TestSilentConnections(t *testing.T) {
	const limit = 4
	w := newHarness(t, func(w *harness) { w.config.MaxConnections = limit })
	for range limit + 3*spareConnections {
		w.connect()
	}
	w.awaitOpen(limit + spareConnections)
	w.connect().send(w, "/healthz").is(200)
	if n := w.server.pool.Stats(); n.Refused[connections.TooMany] < 2*spareConnections {
		t.Errorf("got %+v; want at least %d refused connections", n, 2*spareConnections)
	}
}

// TestConnectionsOfOneAddress: the connections of one address are limited, and a further one gets an answer.
func TestConnectionsOfOneAddress(t *testing.T) {
	w := newHarness(t, func(w *harness) {
		w.config.ConnectionsPerAddress = 2
		w.listen = func(l net.Listener) net.Listener {
			return &remoteListener{l, &net.TCPAddr{IP: net.ParseIP("203.0.113.7"), Port: 4711}}
		}
	})
	first, second := w.connect(), w.connect()
	first.send(w, "/v1/products").is(200)
	second.send(w, "/v1/products").is(200)
	third := w.connect()
	response, err := http.ReadResponse(third.in, nil)
	w.must(err)
	text, err := io.ReadAll(response.Body)
	w.must(err)
	answer{t, "a third connection", response.StatusCode, response.Header, string(text)}.problem(429, "rate_limited")
	if response.Header.Get(headerNosniff) != nosniff || !response.Close {
		t.Errorf("got headers %v, Close = %v; want %s and a connection that closes", response.Header, response.Close, nosniff)
	}
	first.Close()
	w.awaitOpen(1)
	w.connect().send(w, "/v1/products").is(200)
}

// TestAddressesBehindAProxy: limits apply to the address that a trusted proxy names. If it names none, or a private
// one, no limit applies.
func TestAddressesBehindAProxy(t *testing.T) {
	w := newHarness(t, func(w *harness) {
		w.config.ConnectionsPerAddress, w.config.JoinsPerMinute = 2, 2
		var err error
		w.config.Proxies, err = connections.NewProxies([]string{"127.0.0.0/8"}, connections.ForwardedFor)
		w.must(err)
	})
	const header, ada, bob = connections.ForwardedFor, "6.6.6.6, 203.0.113.7", "203.0.113.8"
	for range 2 {
		p := w.dial("/ws", header, ada)
		p.Send(`{"event":"ping"}`)
		p.Expect("pong") // so the server has accepted it
	}
	w.do("GET", "/ws", "", append([]string{header, ada}, handshake...)...).problem(429, "rate_limited")
	for _, from := range []string{bob, "unknown", "10.1.2.3", ""} {
		for range 3 {
			before := metric(w, "admitone_sockets")
			p := w.dial("/ws", header, from)
			p.Send(`{"event":"ping"}`)
			p.Expect("pong")
			if from == bob {
				p.Conn.Close()
				w.awaitSockets(before)
			}
		}
	}
	w.room("r", "")
	for i, status := range []int{201, 201, 429} {
		w.do("POST", "/v1/waiting-rooms/r/visitors", fmt.Sprintf(`{"holder":"a%d"}`, i), header, ada).is(status)
		w.do("POST", "/v1/waiting-rooms/r/visitors", fmt.Sprintf(`{"holder":"n%d"}`, i)).is(201)
	}
	w.do("POST", "/v1/waiting-rooms/r/visitors", `{"holder":"b"}`, header, bob).is(201)
}

// TestListenerSurvivesErrors: a failure to accept does not end the server.
func TestListenerSurvivesErrors(t *testing.T) {
	w := newHarness(t, func(w *harness) {
		w.listen = func(l net.Listener) net.Listener {
			return &faultyListener{l, []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ECONNABORTED}}
		}
	})
	w.do("GET", "/healthz", "").is(200)
}

// faultyListener returns its faults, one by one, before it accepts connections.
type faultyListener struct {
	net.Listener
	faults []error
}

func (l *faultyListener) Accept() (net.Conn, error) {
	if len(l.faults) > 0 {
		err := l.faults[0]
		l.faults = l.faults[1:]
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: err}
	}
	return l.Listener.Accept()
}
