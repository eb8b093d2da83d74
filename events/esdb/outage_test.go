package esdb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"admitone/events"
	"admitone/events/esdbwire"
)

// outages are the kinds of temporary failure of a node.
var outages = []struct {
	name string
	// maxRecovery bounds the time until the store works again after the end of the outage.
	maxRecovery time.Duration
	begin       func(t testing.TB, n *network, host string)
	end         func(n *network, host string, log events.Store)
}{
	{"down", 2 * time.Second,
		func(t testing.TB, n *network, host string) { n.kill(t, host) },
		func(n *network, host string, log events.Store) { n.start(host, log, esdbwire.Config{}) }},
	{"frozen", 2 * time.Second,
		func(_ testing.TB, n *network, host string) { n.freeze(host, false) },
		func(n *network, host string, _ events.Store) { n.thaw(host, false) }},
	// Existing connections stay silent, which is detected within two seconds; then the store
	// reconnects.
	{"lost", 3 * time.Second,
		func(_ testing.TB, n *network, host string) { n.freeze(host, false) },
		func(n *network, host string, _ events.Store) { n.thaw(host, true) }},
	{"mute", 2 * time.Second,
		func(_ testing.TB, n *network, host string) { n.freeze(host, true) },
		func(n *network, host string, _ events.Store) { n.thaw(host, false) }},
	{"reset", 2 * time.Second,
		func(_ testing.TB, n *network, host string) { n.cut(host) },
		func(*network, string, events.Store) {}},
}

// raceDetector is set in builds with the race detector.
var raceDetector bool

// TestOutages makes a node fail a hundred times, for 0.1 to 60 seconds, under load. Time is
// virtual: it passes when all goroutines are blocked, so durations do not depend on the machine.
func TestOutages(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	if raceDetector {
		// The timers of a synctest bubble share one context of the race detector, which fails with a
		// SIGSEGV if two processors run timers of the bubble at the same time.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	synctest.Test(t, func(t *testing.T) { hundredOutages(t, rand.New(rand.NewPCG(seed, 1))) })
}

// roundTripGoroutines is the maximum number of goroutines of the appends and reads in progress.
const roundTripGoroutines = 12

func hundredOutages(t *testing.T, random *rand.Rand) {
	const host, count = "a:2113", 100
	n, log := newNetwork(), newMemory()
	n.start(host, log, esdbwire.Config{})
	s := n.connect(t, "esdb://a?tls=false")
	c := startWorkload(s, 5, 300*time.Millisecond)
	time.Sleep(5 * time.Second)
	goroutines := runtime.NumGoroutine()
	var total time.Duration
	slowest := map[string]time.Duration{}
	for range count {
		outage := outages[random.IntN(len(outages))]
		duration := time.Duration(0.1 * math.Pow(600, random.Float64()) * float64(time.Second))
		outage.begin(t, n, host)
		time.Sleep(duration)
		outage.end(n, host, log)
		total += duration
		elapsed := waitUntilWorking(t, s)
		slowest[outage.name] = max(slowest[outage.name], elapsed)
		if elapsed > outage.maxRecovery {
			t.Errorf("%s for %v: recovery took %v, want at most %v", outage.name, duration, elapsed, outage.maxRecovery)
		}
		time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
	}
	eventually(t, func() error { // a probe or an abandoned connection takes a moment to end
		if open := n.open(); open != int(roles) {
			return fmt.Errorf("%d connections are open, want %d", open, roles)
		}
		if now := runtime.NumGoroutine(); now > goroutines+roundTripGoroutines {
			return fmt.Errorf("%d goroutines, %d before the first outage", now, goroutines)
		}
		return nil
	})
	t.Logf("%d outages, %v together; the longest times until it worked again: %v", count, total.Round(time.Second),
		slowest)
	c.check(t, log)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	n.kill(t, host)
}

// TestRestarts restarts a real server with a log on disk under load.
func TestRestarts(t *testing.T) {
	dir := t.TempDir()
	at := serve(t, openLog(t, dir), "127.0.0.1:0", esdbwire.Config{Writable: true})
	sockets := &countingDialer{}
	s, err := Open(t.Context(), "esdb://"+at.address+"?tls=false", Options{Logger: discardLogger, Dial: sockets.dial})
	if err != nil {
		t.Fatal(err)
	}
	c := startWorkload(s, 8, time.Millisecond)
	random := rand.New(rand.NewPCG(1, 1))
	const busy = 30 * time.Second
	var goroutines int
	for i := range 15 {
		waitUntilWorkingWithin(t, s, busy)
		if i == 0 {
			goroutines = runtime.NumGoroutine()
		}
		at.stop(t)
		time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond) // how long it is down
		at = serve(t, openLog(t, dir), at.address, esdbwire.Config{Writable: true})
	}
	waitUntilWorkingWithin(t, s, busy)
	c.check(t, at.log)
	eventually(t, func() error { // the last server may take a moment to end
		if open := sockets.open.Load(); open > int64(roles) {
			return fmt.Errorf("%d connections are open, want %d", open, roles)
		}
		if now := runtime.NumGoroutine(); now > goroutines+goroutines/4 {
			return fmt.Errorf("%d goroutines, %d before the first restart", now, goroutines)
		}
		return nil
	})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if open := sockets.open.Load(); open != 0 {
		t.Errorf("%d connections are left, want 0", open)
	}
	at.stop(t)
}

// eventually waits, for at most a minute, until check returns nil.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Error(err)
			return
		}
	}
}

// countingDialer counts open connections.
type countingDialer struct{ open atomic.Int64 }

func (c *countingDialer) dial(ctx context.Context, host string) (net.Conn, error) {
	socket, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return &countedConn{Conn: socket, of: c}, nil
}

type countedConn struct {
	net.Conn
	of   *countingDialer
	once sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.of.open.Add(-1) })
	return c.Conn.Close()
}

// probeStream is the stream of waitUntilWorking.
const probeStream events.StreamID = "probe-1"

// waitUntilWorking appends, reads and gets the head until all three succeed, and returns the time that
// this took. It checks that no call takes longer than its context permits.
func waitUntilWorking(t *testing.T, s *Store) time.Duration {
	t.Helper()
	return waitUntilWorkingWithin(t, s, 0)
}

// waitUntilWorkingWithin is waitUntilWorking with a tolerance for late wake-ups, which do not occur
// in virtual time.
func waitUntilWorkingWithin(t *testing.T, s *Store, late time.Duration) time.Duration {
	t.Helper()
	const timeout = time.Second
	began := time.Now()
	for n := 0; ; n++ {
		call := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		last, err := s.Read(ctx, probeStream, events.EndRevision, events.Backward, 1)
		if err == nil {
			revision := events.NoStream
			if len(last) > 0 {
				revision = last[0].Revision
			}
			e := sealed(probeStream, revision+1, "probe.v1") // sealed, so that the store expects it after an outage
			_, err = s.Append(ctx, probeStream, revision, []events.Event{e})
		}
		if err == nil {
			_, err = s.Head(ctx)
		}
		cancel()
		if elapsed := time.Since(call); elapsed > timeout+late {
			t.Errorf("calls with a timeout of %v took %v", timeout, elapsed)
		}
		switch {
		case err == nil:
			return time.Since(began)
		case errors.Is(err, events.ErrDamaged), errors.Is(err, ErrRefused):
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestDefaultDeadline: a call without a deadline gets one.
func TestDefaultDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, f := newNetwork(), &faults{}
		n.start("a:2113", newMemory(), esdbwire.Config{Options: []grpc.ServerOption{grpc.StreamInterceptor(f.intercept)}})
		s := n.connect(t, "esdb://a?tls=false&defaultDeadline=700")
		f.then("BatchAppend", hang(func() {}))
		f.then("Read", hang(func() {}), hang(func() {}))
		began := time.Now()
		if _, err := s.Append(context.Background(), "a-1", events.NoStream,
			sampleBatch("a-1", 1)); !errors.Is(err, events.ErrUnknown) {
			t.Errorf("append: %v, want ErrUnknown", err)
		}
		if _, err := s.Read(context.Background(), "a-1", 0, events.Forward, 1); !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("read: %v, want %v", err, events.ErrUnavailable)
		}
		if _, _, err := load(s, "a-1"); !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("snapshot: %v, want %v", err, events.ErrUnavailable)
		}
		if elapsed := time.Since(began); elapsed != 2100*time.Millisecond {
			t.Errorf("three calls took %v, want %v", elapsed, 2100*time.Millisecond)
		}
		s.Close()
		n.kill(t, "a:2113")
	})
}

// TestCloseWaits: Close waits for an append and for a follower's handler. The follower ends with ErrClosed.
func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, f := newNetwork(), &faults{}
		n.start("a:2113", newMemory(), esdbwire.Config{Options: []grpc.ServerOption{grpc.StreamInterceptor(f.intercept)}})
		s := n.connect(t, "esdb://a?tls=false")
		appendEach(t, s, "product", 1)
		release := make(chan struct{})
		time.Sleep(2 * batchCallLife) // the next append opens a new call
		f.then("BatchAppend", func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error {
			<-release
			return serve(call)
		})
		appended, followed, closed := make(chan error, 1), make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := s.Append(context.Background(), "product-0", 0, sampleBatch("again", 1))
			appended <- err
		}()
		handling := make(chan struct{})
		go func() {
			followed <- s.Follow(context.Background(), 0, func([]events.Recorded) error {
				<-handling
				return nil
			})
		}()
		synctest.Wait()
		go func() { closed <- s.Close() }()
		synctest.Wait()
		if _, err := s.Head(context.Background()); !errors.Is(err, events.ErrClosed) {
			t.Errorf("a call after Close began: %v, want %v", err, events.ErrClosed)
		}
		for _, unblock := range []chan struct{}{release, handling} {
			synctest.Wait()
			select {
			case <-closed:
				t.Error("Close did not wait for calls in progress")
			default:
			}
			close(unblock)
		}
		for _, err := range []error{<-closed, <-appended, s.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
		if err := <-followed; !errors.Is(err, events.ErrClosed) {
			t.Errorf("the follower ended with %v, want %v", err, events.ErrClosed)
		}
		n.kill(t, "a:2113")
		if open := n.open(); open != 0 {
			t.Errorf("%d connections are left, want 0", open)
		}
	})
}
