package esdbwire

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"admitone/events"
	"admitone/events/embedded"
)

// testTimeout bounds every test.
const testTimeout = time.Minute

// discardLogger keeps expected errors out of the test's output.
var discardLogger = slog.New(slog.DiscardHandler)

// openLog opens a log, which is closed at the end of the test.
func openLog(t testing.TB) *embedded.Store {
	t.Helper()
	store, err := embedded.Open(t.TempDir(), embedded.Options{Logger: discardLogger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// serve serves store on a free port until the test ends.
func serve(t testing.TB, store events.Store, config Config) (address string, server *Server) {
	t.Helper()
	if config.Logger == nil {
		config.Logger = discardLogger
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server = New(store, config)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String(), server
}

// dial connects raw stubs to a server without TLS.
func dial(t testing.TB, address string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient(address,
		append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection
}

// official connects EventStoreDB's official client.
func official(t testing.TB, format string, args ...any) *esdb.Client {
	t.Helper()
	config, err := esdb.ParseConnectionString(fmt.Sprintf(format, args...))
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// testContext returns the context of a test.
func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	t.Cleanup(cancel)
	return ctx
}
