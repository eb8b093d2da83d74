package stores

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"

	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/esdb"
	"admitone/events/esdbwire"
)

const (
	// Variable names a real EventStoreDB for tests, as a connection string.
	Variable = "ADMITONE_TEST_ESDB"
	// allVariable, if set, makes the long tests run on every store, and permits them to spoil it.
	allVariable = "ADMITONE_ALL_STORES"
)

// Kind is a kind of log.
type Kind struct {
	Name string
	// Open returns an empty log, or skips the test if no real one is named. The caller closes it.
	Open func(t testing.TB) events.Store
}

// Kinds returns all kinds. Only the last, a real EventStoreDB, may have earlier events.
func Kinds() []Kind {
	return []Kind{
		{"embedded", func(t testing.TB) events.Store { return Embedded(t) }},
		{"esdb", func(t testing.TB) events.Store { return Serve(t, Embedded(t)) }},
		{"EventStoreDB", func(t testing.TB) events.Store {
			t.Helper()
			if !Long() {
				t.Skipf("%s is not set: nothing may be left in a store that verify refuses", allVariable)
			}
			return Connect(t, Real(t))
		}},
	}
}

// Long reports whether ADMITONE_ALL_STORES is set: the long tests run on every store.
func Long() bool { return os.Getenv(allVariable) != "" }

// Real returns the connection string of the real EventStoreDB, or skips the test.
func Real(t testing.TB) string {
	t.Helper()
	address := os.Getenv(Variable)
	if address == "" {
		t.Skipf("%s names no server; start one and run task test:esdb", Variable)
	}
	return address
}

// Served is a log that is accessed over EventStoreDB's protocol.
type Served struct {
	*esdb.Store
	Address string
	close   func() error
}

// Serve serves a log on loopback and connects to it. Both end with the test at the latest.
func Serve(t testing.TB, log events.Store) *Served {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, ended := esdbwire.New(log, esdbwire.Config{Writable: true, Logger: quiet}), make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	address := "esdb://" + listener.Addr().String() + "?tls=false"
	s := &Served{Store: Connect(t, address), Address: address}
	s.close = sync.OnceValue(func() error {
		return errors.Join(s.Store.Close(), server.Close(), <-ended, log.Close())
	})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Close closes the connection, the server and the log. Later calls return the same.
func (s *Served) Close() error { return s.close() }

// Connect connects to an EventStoreDB. The caller closes the connection.
func Connect(t testing.TB, address string) *esdb.Store {
	t.Helper()
	store, err := esdb.Open(t.Context(), address, esdb.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

var quiet = slog.New(slog.DiscardHandler)

// Embedded opens an empty log in a directory of the test. The caller closes it.
func Embedded(t testing.TB) *embedded.Store {
	t.Helper()
	log, err := embedded.Open(t.TempDir(), embedded.Options{Logger: quiet, Fatal: func(err error) { panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	return log
}
