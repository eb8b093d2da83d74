package esdb

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	features "github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

const (
	// maxMessage is the largest message taken; the node's own clients take as much.
	maxMessage = 17 << 20
	// connectPatience bounds one attempt to connect, TLS and HTTP/2 included. The
	// next one follows after firstRest, later ones after up to lastRest: so a node
	// that is back is found within a second.
	connectPatience     = 1500 * time.Millisecond
	firstRest, lastRest = 50 * time.Millisecond, 500 * time.Millisecond
)

// dialer makes the bytes flow to host:port.
type dialer func(ctx context.Context, host string) (net.Conn, error)

// connection is what it takes to connect to any node of an address.
type connection struct {
	address
	dial dialer
	// lookUp finds the places of a name in the network; nil: names are dialled.
	lookUp func(ctx context.Context, name string) ([]string, error)
}

// open makes a connection to one node. It is made when it is first used, and again
// whenever it is lost; nothing here fails because a node can't be reached. name is
// what the node's certificate has to say.
func (c *connection) open(host, name string) (*grpc.ClientConn, error) {
	transport := insecure.NewCredentials()
	if c.tls != nil {
		transport = credentials.NewTLS(c.tls)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithContextDialer(c.dial),
		grpc.WithAuthority(name),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: firstRest, Multiplier: 1.6, Jitter: 0.2, MaxDelay: lastRest},
			MinConnectTimeout: connectPatience,
		}),
		grpc.WithIdleTimeout(0), // subscribers may be silent for days
		grpc.WithDisableServiceConfig(),
	}
	if c.keepAlive > 0 {
		// On Linux the timeout also bounds how long bytes may go unacknowledged.
		options = append(options, grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: c.keepAlive, Timeout: c.keepAliveTimeout, PermitWithoutStream: true,
		}))
	}
	// The name is looked up by the dialler, each time anew: a node may come back
	// somewhere else.
	return grpc.NewClient("passthrough:///"+host, options...)
}

// line is the connection to one node for one kind of calls.
type line struct {
	host  string
	conn  *grpc.ClientConn
	calls atomic.Int64 // under way
	// heard counts what has come from the node; pulse compares it with what it was.
	heard   atomic.Uint64
	known   uint64 // heard, one beat ago; pulse's own
	silent  int    // beats without a word; pulse's own
	asking  atomic.Bool
	retired atomic.Bool // nobody new may use it
	life    context.Context
	end     context.CancelFunc
}

func (c *connection) newLine(host string) (*line, error) {
	conn, err := c.open(host, host)
	if err != nil {
		return nil, err
	}
	l := &line{host: host, conn: conn}
	l.life, l.end = context.WithCancel(context.Background())
	return l, nil
}

func (l *line) streams() streams.StreamsClient { return streams.NewStreamsClient(l.conn) }

// leave ends what nodes.take began.
func (l *line) leave() {
	if l.calls.Add(-1) == 0 && l.retired.Load() {
		l.cut()
	}
}

// retire lets the calls under way come to their end; subscriptions are told that
// theirs is now. Nobody takes the line any more: nodes.mu is held.
func (l *line) retire() {
	l.retired.Store(true)
	l.end()
	if l.calls.Load() == 0 {
		l.cut()
	}
}

// cut ends every call on the line at once. A second cut does nothing.
func (l *line) cut() {
	l.end()
	_ = l.conn.Close() // fails only if it is closed already
}

// The pulse: a node that is silent for so many beats although somebody waits for
// it is asked for a sign of life, and given up if it gives none.
const (
	beat         = 500 * time.Millisecond
	silentBeats  = 2
	signPatience = 2 * time.Second
)

// tooSilent is called at every beat, and says whether it is time to ask.
func (l *line) tooSilent() bool {
	heard := l.heard.Load()
	if heard != l.known || l.calls.Load() == 0 || l.conn.GetState() != connectivity.Ready {
		l.known, l.silent = heard, 0
		return false
	}
	l.silent++
	return l.silent >= silentBeats && l.asking.CompareAndSwap(false, true)
}

// alive asks for a sign of life. gRPC's own keepalive is slower than ten seconds,
// and is answered by nodes of which nothing else moves any more.
func (l *line) alive(ctx context.Context) bool {
	defer l.asking.Store(false)
	ctx, cancel := context.WithTimeout(ctx, signPatience)
	defer cancel()
	_, err := features.NewServerFeaturesClient(l.conn).GetSupportedMethods(ctx, &shared.Empty{})
	if err != nil && ctx.Err() != nil {
		return false
	}
	l.heard.Add(1) // an error is a sign of life as well
	return true
}
