package esdb

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"

	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/esdbwire"
	"admitone/events/storetest"
)

// quiet keeps expected complaints out of the test's output.
var quiet = slog.New(slog.DiscardHandler)

// served is a log behind a server of ours.
type served struct {
	log     events.Store
	server  *esdbwire.Server
	address string // host:port
	ended   chan error
	once    sync.Once
}

// serve serves a log on a port of its own.
func serve(t testing.TB, log events.Store, address string, config esdbwire.Config) *served {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = quiet
	s := &served{log: log, server: esdbwire.New(log, config), address: listener.Addr().String(), ended: make(chan error, 1)}
	go func() { s.ended <- s.server.Serve(listener) }()
	return s
}

// stop ends the server and closes its log.
func (s *served) stop(t testing.TB) {
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
	log, err := embedded.Open(dir, embedded.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// connect opens the store at a server of ours.
func connect(t testing.TB, address string) *Store {
	t.Helper()
	s, err := Open(context.Background(), fmt.Sprintf("esdb://%s?tls=false", address), Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestConformance runs the suite of all stores on the embedded log behind esdbwire.
func TestConformance(t *testing.T) {
	type place struct {
		*served
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
	storetest.Run(t, storetest.Target{
		Open: func(t *testing.T) events.Store { return open(t, t.TempDir()) },
		Reopen: func(t *testing.T, store events.Store) events.Store {
			found, _ := places.Load(store)
			p := found.(place)
			p.stop(t)
			return open(t, p.dir)
		},
	})
}
