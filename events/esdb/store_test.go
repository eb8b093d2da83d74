package esdb

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/esdbwire"
	"admitone/events/storetest"
)

// discardLogger keeps expected errors out of the test's output.
var discardLogger = slog.New(slog.DiscardHandler)

// testServer is a log behind an esdbwire server.
type testServer struct {
	log     events.Store
	server  *esdbwire.Server
	address string // host:port
	ended   chan error
	once    sync.Once
}

// serve serves a log at an address.
func serve(t testing.TB, log events.Store, address string, config esdbwire.Config) *testServer {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = discardLogger
	s := &testServer{log: log, server: esdbwire.New(log, config), address: listener.Addr().String(),
		ended: make(chan error, 1)}
	go func() { s.ended <- s.server.Serve(listener) }()
	return s
}

// stop ends the server and closes its log.
func (s *testServer) stop(t testing.TB) {
	t.Helper()
	s.once.Do(func() {
		for _, err := range []error{s.server.Close(), <-s.ended, s.log.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// openLog opens the embedded log in dir.
func openLog(t testing.TB, dir string) *embedded.Store {
	t.Helper()
	log, err := embedded.Open(dir, embedded.Options{Logger: discardLogger})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// connect opens the store at an esdbwire server.
func connect(t testing.TB, address string) *Store {
	t.Helper()
	s, err := Open(context.Background(), fmt.Sprintf("esdb://%s?tls=false", address), Options{Logger: discardLogger})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestConformance runs the suite of all stores on the embedded log behind esdbwire.
func TestConformance(t *testing.T) {
	type place struct {
		*testServer
		dir string
	}
	var places sync.Map
	open := func(t *testing.T, dir string) events.Store {
		log := openLog(t, dir)
		at := serve(t, log, "127.0.0.1:0", esdbwire.Config{Writable: true})
		s := connect(t, at.address)
		places.Store(events.Store(s), place{at, dir})
		t.Cleanup(func() { at.stop(t) })
		return s
	}
	checkSkipped(t, "esdbwire", storetest.Run(t, storetest.Target{
		Open: func(t *testing.T) events.Store { return open(t, t.TempDir()) },
		Reopen: func(t *testing.T, store events.Store) events.Store {
			found, _ := places.Load(store)
			p := found.(place)
			p.stop(t)
			return open(t, p.dir)
		},
	}))
}

// eventStoreDB is the variable that names a real server, as a connection string.
const eventStoreDB = "ADMITONE_TEST_ESDB"

// TestConformanceEventStoreDB runs the same suite on a real EventStoreDB, which need not be empty.
// Events of the suite stay there.
func TestConformanceEventStoreDB(t *testing.T) {
	connectionString := os.Getenv(eventStoreDB)
	if connectionString == "" {
		t.Skipf("%s names no server; start one and run task test:esdb", eventStoreDB)
	}
	open := func(t *testing.T) events.Store {
		s, err := Open(t.Context(), connectionString, Options{Logger: discardLogger})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	checkSkipped(t, "eventstoredb", storetest.Run(t, storetest.Target{
		Open:   open,
		Reopen: func(t *testing.T, _ events.Store) events.Store { return open(t) },
	}))
}

// checkSkipped compares the skipped tests of a target with its lines in testdata/skipped.txt.
func checkSkipped(t *testing.T, target string, skipped []string) {
	t.Helper()
	if strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return // only some tests are run
	}
	text, err := os.ReadFile("testdata/skipped.txt")
	if err != nil {
		t.Fatal(err)
	}
	var expected []string
	for line := range strings.Lines(string(text)) {
		if of, test, ok := strings.Cut(strings.TrimSpace(line), " "); ok && of == target {
			expected = append(expected, test)
		}
	}
	if !slices.Equal(skipped, expected) {
		t.Errorf("%s skipped %q, testdata/skipped.txt has %q", target, skipped, expected)
	}
}
