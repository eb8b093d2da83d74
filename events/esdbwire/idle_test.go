package esdbwire

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/test/bufconn"

	"admitone/events"
)

// TestIdleConnectionsLive: connections of clients that ping every 10 s stay open, with and without calls
// in progress. gRPC's default policy would close them after half a minute. Time is virtual.
func TestIdleConnectionsLive(t *testing.T) {
	for _, subscribed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			listener := bufconn.Listen(1 << 16)
			server := New(newMemlog(), Config{Writable: true, Logger: discardLogger})
			ended := make(chan error, 1)
			go func() { ended <- server.Serve(listener) }()
			dials := 0
			connection, err := grpc.NewClient("passthrough:idle",
				grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
					dials++
					return listener.DialContext(ctx)
				}),
				grpc.WithIdleTimeout(0),
				grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 10 * time.Second,
					PermitWithoutStream: true}),
			)
			if err != nil {
				t.Fatal(err)
			}
			s := &transcript{TB: t, ctx: context.Background(), client: streams.NewStreamsClient(connection),
				ids: map[events.ID]string{}}
			s.append("a", "none", "a1")
			var following *subscription
			if subscribed {
				following = s.subscribe(allName, "start")
				following.until("caught up")
			}
			time.Sleep(3 * time.Hour)
			s.append("a", "any", "a2")
			if subscribed {
				following.until("a2")
				following.cancel()
			}
			want := "append a expecting none [a1] → 0 @1\nappend a expecting any [a2] → 1 @2\n"
			if subscribed {
				want = "append a expecting none [a1] → 0 @1\nsubscribe $all start\n    confirmed\n" +
					"    @1 a#0 a1 made json {\"event\":\"a1\"}\n    caught up\n" +
					"append a expecting any [a2] → 1 @2\n    @2 a#1 a2 made json {\"event\":\"a2\"}\n"
			}
			if got := s.transcript(); got != want || dials != 1 {
				t.Errorf("after %d connections\n%s\nwant\n%s", dials, got, want)
			}
			connection.Close()
			if err := server.Close(); err != nil {
				t.Error(err)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}
