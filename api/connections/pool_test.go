package connections

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// scriptedListener is a listener whose Accept returns given results, and then net.ErrClosed.
type scriptedListener struct {
	results []any // a net.Conn or an error each
	closed  chan struct{}
	once    sync.Once
}

func (l *scriptedListener) Accept() (net.Conn, error) {
	if len(l.results) == 0 {
		return nil, net.ErrClosed
	}
	next := l.results[0]
	l.results = l.results[1:]
	if err, ok := next.(error); ok {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: err}
	}
	return next.(net.Conn), nil
}

func (l *scriptedListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *scriptedListener) Addr() net.Addr { return &net.TCPAddr{} }

// peer is one end of a pipe with a remote address.
type peer struct {
	net.Conn
	from net.Addr
}

func (p *peer) RemoteAddr() net.Addr { return p.from }

// connect returns both ends of a connection from an address.
func connect(t *testing.T, from string) (ours, theirs net.Conn) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return &peer{a, &net.TCPAddr{IP: net.ParseIP(from), Port: 4711}}, b
}

// TestAcceptRetries: temporary failures are retried, and each series of them is logged once.
func TestAcceptRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		one, _ := connect(t, "127.0.0.1")
		two, _ := connect(t, "127.0.0.1")
		pool := NewPool(Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		l := pool.Listen(&scriptedListener{results: []any{
			syscall.EMFILE, syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED, syscall.ENOMEM, syscall.ENOBUFS,
			syscall.EPROTO, syscall.ENETDOWN, one,
			syscall.EPERM, two,
		}})
		for i := range 2 {
			if c, err := l.Accept(); err != nil || c == nil {
				t.Fatalf("connection %d: Accept = %v, %v; want a connection", i, c, err)
			}
		}
		started, ended := strings.Count(log.String(), "can't be accepted"), strings.Count(log.String(), "accepted again")
		if started != 2 || ended != 2 {
			t.Errorf("%d failures and %d recoveries are logged, want 2 and 2:\n%s", started, ended, log.String())
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept of a closed listener = %v, want %v", err, net.ErrClosed)
		}
	})
}

// TestAcceptEnds: Accept returns a permanent error.
func TestAcceptEnds(t *testing.T) {
	for _, why := range []error{net.ErrClosed, syscall.EBADF, syscall.EINVAL, syscall.ENOTSOCK} {
		l := NewPool(Config{Logger: slog.New(slog.DiscardHandler)}).Listen(&scriptedListener{results: []any{why}})
		if _, err := l.Accept(); !errors.Is(err, why) {
			t.Errorf("Accept returns %v, want %v", err, why)
		}
	}
}

// TestCloseEndsAPause: Close does not wait for a pause.
func TestCloseEndsAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedListener{closed: make(chan struct{})}
		for range 20 {
			s.results = append(s.results, syscall.EMFILE)
		}
		l := NewPool(Config{Logger: slog.New(slog.DiscardHandler)}).Listen(s)
		started := time.Now()
		l.Close()
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) || time.Since(started) > 0 {
			t.Errorf("Accept returns %v after %s, want net.ErrClosed immediately", err, time.Since(started))
		}
	})
}

// TestBounds reaches each bound of a pool in turn.
func TestBounds(t *testing.T) {
	pool := NewPool(Config{
		Bounds: Bounds{Total: 4, Requests: 3, PerAddress: 2, Spare: 1}, Logger: slog.New(slog.DiscardHandler),
		Refusal: func(r Reason) []byte { return []byte(r) },
	})
	received := map[string]chan string{} // by client, all bytes until the close
	open := map[string]*Conn{}
	step := func(name, from string, admitted, spare bool) {
		t.Helper()
		ours, theirs := connect(t, from)
		text := make(chan string, 1)
		received[name] = text
		go func() { all, _ := io.ReadAll(theirs); text <- string(all) }()
		c := pool.admit(ours)
		if (c != nil) != admitted || c != nil && c.Spare() != spare {
			t.Fatalf("admit(%s from %s) = %v, want admitted = %t, spare = %t", name, from, c, admitted, spare)
		}
		open[name] = c
	}
	step("a", "203.0.113.1", true, false)
	step("b", "203.0.113.1", true, false)
	step("c", "203.0.113.1", false, false)
	if text := <-received["c"]; text != string(TooManyOfAddress) {
		t.Errorf("c received %q, want %q", text, TooManyOfAddress)
	}
	step("d", "127.0.0.1", true, false)
	step("e", "127.0.0.1", true, true) // three are requesting
	open["d"].MarkUpgraded()
	step("f", "127.0.0.1", true, false)
	step("g", "127.0.0.1", true, true) // four are open; the silent e is closed
	if text := <-received["e"]; text != "" {
		t.Errorf("e received %q, want nothing", text)
	}
	open["g"].sent.Store(true)
	step("h", "127.0.0.1", false, false)
	if text := <-received["h"]; text != string(TooMany) {
		t.Errorf("h received %q, want %q", text, TooMany)
	}
	if n := pool.Stats(); n.Open != 4 || n.Upgraded != 1 || n.SpareOpen != 1 || n.Refused[TooMany] != 2 ||
		n.Refused[TooManyOfAddress] != 1 {
		t.Errorf("stats = %+v, want 4 open, 1 upgraded, 1 spare, refused 2 in total and 1 by address", n)
	}
	for range 2 { // closing again changes nothing
		for _, c := range open {
			if c != nil {
				c.Close()
			}
		}
	}
	if n := pool.Stats(); n.Open != 0 || n.Upgraded != 0 || n.SpareOpen != 0 || len(pool.networks) != 0 {
		t.Errorf("after closing: stats = %+v, networks = %v, want none", n, pool.networks)
	}
	step("i", "203.0.113.1", true, false)
}

// TestNetworkOf: one customer's network counts as one address, and shared addresses are exempt.
func TestNetworkOf(t *testing.T) {
	proxies, err := NewProxies([]string{"198.51.100.0/24"}, ForwardedFor)
	if err != nil {
		t.Fatal(err)
	}
	pool := NewPool(Config{Bounds: Bounds{PerAddress: 1}, Proxies: proxies, Logger: slog.New(slog.DiscardHandler)})
	for _, test := range []struct {
		first, second string
		both          bool
	}{
		{"203.0.113.1", "203.0.113.1", false}, {"203.0.113.1", "203.0.113.2", true}, {"203.0.113.1",
			"::ffff:203.0.113.1", false},
		{"2001:db8:1:2::1", "2001:db8:1:2::2", false}, {"2001:db8:1:2::1", "2001:db8:1:3::1", true},
		{"127.0.0.1", "127.0.0.1", true}, {"::1", "::1", true}, {"10.0.0.1", "10.0.0.1", true}, {"192.168.1.1",
			"192.168.1.1", true},
		{"172.16.0.1", "172.16.0.1", true}, {"fd00::1", "fd00::1", true}, {"fe80::1", "fe80::1", true}, {"100.64.0.1",
			"100.64.0.1", false},
		{"198.51.100.7", "198.51.100.7", true},
	} {
		one, _ := connect(t, test.first)
		two, _ := connect(t, test.second)
		first, second := pool.admit(one), pool.admit(two)
		if first == nil || (second != nil) != test.both {
			t.Errorf("%s and %s: admitted %t and %t, want true and %t", test.first, test.second, first != nil, second != nil,
				test.both)
		}
		for _, c := range []*Conn{first, second} {
			if c != nil {
				c.Close()
			}
		}
	}
}

// TestCaller: the address of a request's sender, according to the proxy's header.
func TestCaller(t *testing.T) {
	networks := []string{"198.51.100.0/24", "10.0.0.0/8", "2001:db8:f::/48", "192.0.2.9"}
	const proxy = "198.51.100.1"
	for _, test := range []struct {
		header, peer string
		lines        []string
		want         string // "" for none
	}{
		{ForwardedFor, "203.0.113.1", []string{"192.0.2.1"}, "203.0.113.1"}, // an untrusted sender is not believed
		{ForwardedFor, proxy, nil, ""},
		{ForwardedFor, proxy, []string{"192.0.2.1"}, "192.0.2.1"},
		{ForwardedFor, "192.0.2.9", []string{"192.0.2.1"}, "192.0.2.1"},
		{ForwardedFor, proxy, []string{"6.6.6.6, 192.0.2.1"}, "192.0.2.1"}, // the first was added by the caller
		{ForwardedFor, proxy, []string{"192.0.2.1, 10.1.2.3, 198.51.100.2"}, "192.0.2.1"},
		{ForwardedFor, proxy, []string{"6.6.6.6", "192.0.2.1, 10.1.2.3", "10.9.9.9"}, "192.0.2.1"},
		{ForwardedFor, proxy, []string{"10.1.2.3"}, ""},
		{ForwardedFor, proxy, []string{"192.0.2.1, unknown"}, ""},
		{ForwardedFor, proxy, []string{"192.0.2.1,"}, ""},
		{ForwardedFor, proxy, []string{""}, ""},
		{ForwardedFor, proxy, []string{"192.0.2.1:4711"}, "192.0.2.1"},
		{ForwardedFor, proxy, []string{"2001:db8::1"}, "2001:db8::1"},
		{ForwardedFor, proxy, []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{ForwardedFor, proxy, []string{"[2001:db8::1]"}, "2001:db8::1"},
		{ForwardedFor, proxy, []string{"192.0.2.1, 2001:db8:f::7"}, "192.0.2.1"},
		{ForwardedFor, proxy, []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{ForwardedFor, proxy, []string{"for=192.0.2.1"}, ""},
		// No header of the caller prevents the proxy's addition from being read.
		{ForwardedFor, proxy, []string{`", 192.0.2.1`}, "192.0.2.1"},
		{ForwardedFor, proxy, []string{`6.6.6.6", "\, 192.0.2.1, 10.1.2.3`}, "192.0.2.1"},
		{ForwardedFor, proxy, []string{`"`, "192.0.2.1"}, "192.0.2.1"},
		{Forwarded, proxy, []string{`for=", for=192.0.2.1`}, "192.0.2.1"},
		{Forwarded, proxy, []string{`for="\, for=192.0.2.1`}, "192.0.2.1"},
		{Forwarded, proxy, []string{`"for=6.6.6.6, for="[2001:db8::1]:4711";proto=https, for=10.1.2.3`}, "2001:db8::1"},
		{Forwarded, proxy, []string{`for=6.6.6.6", for="192.0.2.1";by="_a\",b"`}, "192.0.2.1"},
		{Forwarded, proxy, []string{"192.0.2.1"}, ""},
		{Forwarded, proxy, []string{"for=192.0.2.1"}, "192.0.2.1"},
		{Forwarded, proxy, []string{`proto=https; FOR="192.0.2.1:47";by=10.0.0.1`}, "192.0.2.1"},
		{Forwarded, proxy, []string{`For="[2001:db8::1]:4711"`}, "2001:db8::1"},
		{Forwarded, proxy, []string{"for=6.6.6.6, for=192.0.2.1;proto=http", "for=10.1.2.3"}, "192.0.2.1"},
		{Forwarded, proxy, []string{`for=192.0.2.1, for="_a,for=6.6.6.6"`}, ""},
		{Forwarded, proxy, []string{`for="192.0.2\.1"`}, "192.0.2.1"},
		{Forwarded, proxy, []string{"for=192.0.2.1, for=unknown"}, ""},
		{Forwarded, proxy, []string{"for=192.0.2.1, for=_hidden"}, ""},
		{Forwarded, proxy, []string{"for=192.0.2.1, by=10.0.0.1"}, ""},
		{Forwarded, proxy, []string{"for=192.0.2.1;for=6.6.6.6"}, ""},
	} {
		proxies, err := NewProxies(networks, test.header)
		if err != nil {
			t.Fatal(err)
		}
		caller, named := proxies.Caller(netip.MustParseAddr(test.peer), test.lines)
		if !named && test.want != "" || named && caller.String() != test.want ||
			!named && caller.String() != test.peer {
			t.Errorf("%s from %s, %q: caller = %s (%t), want %q", test.header, test.peer, test.lines, caller, named, test.want)
		}
	}
}

// TestBadProxies: invalid settings are refused, and by default no peer is trusted.
func TestBadProxies(t *testing.T) {
	for _, bad := range []struct{ network, header string }{
		{"10.0.0.0/33", ForwardedFor}, {"10.0.0", ForwardedFor}, {"proxy.example", ForwardedFor}, {"",
			ForwardedFor}, {"10.0.0.0/8", "X-Real-IP"}, {"10.0.0.0/8", ""},
	} {
		if _, err := NewProxies([]string{bad.network}, bad.header); !errors.Is(err, ErrBadProxy) {
			t.Errorf("NewProxies(%q, %q): error %v, want %v", bad.network, bad.header, err, ErrBadProxy)
		}
	}
	// Networks of IPv4 in the form of IPv6 match addresses of IPv4.
	for network, want := range map[string]bool{"::ffff:10.0.0.0/104": true, "::ffff:10.1.2.3": true,
		"::ffff:0:0/96": true, "::ffff:10.2.0.0/112": false, "::ffff:0:0/95": false} {
		p, err := NewProxies([]string{network}, ForwardedFor)
		if err != nil || p.Trusts(netip.MustParseAddr("10.1.2.3")) != want {
			t.Errorf("%s: %v, %v, want trust: %t", network, p, err, want)
		}
	}
	if p, err := NewProxies(nil, "forwarded"); err != nil || p.Header() != "" ||
		p.Trusts(netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("without networks: header = %q, error %v; want no header, no trusted peer", p.Header(), err)
	}
}
