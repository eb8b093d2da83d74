package bookings

import (
	"net"
	"testing"

	"admitone/events/embedded"
	"admitone/events/esdb"
	"admitone/events/esdbwire"
)

// logs has a way to begin on each kind of log.
var logs = map[string]func(t testing.TB, rows, perRow, limit int64) *harness{"embedded": begin, "esdb": beginOverWire}

// beginOverWire is begin on a log that is accessed over EventStoreDB's protocol.
func beginOverWire(t testing.TB, rows, perRow, limit int64) *harness {
	t.Helper()
	log, err := embedded.Open(t.TempDir(), embedded.Options{Logger: quiet, Fatal: func(err error) { panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, ended := esdbwire.New(log, esdbwire.Config{Writable: true, Logger: quiet}), make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		for _, err := range []error{server.Close(), <-ended, log.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	store, err := esdb.Open(t.Context(), "esdb://"+listener.Addr().String()+"?tls=false", esdb.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return beginOn(t, store, rows, perRow, limit)
}
