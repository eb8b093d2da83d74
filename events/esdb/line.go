package esdb

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

const (
	// maxMessage is the largest message taken; the node's own clients take as much.
	maxMessage = 17 << 20
	// connectPatience bounds one attempt to connect, TLS and HTTP/2 included. The
	// next one follows after firstRest, later ones after up to lastRest: so a node
	// that is back is found within two seconds, whatever became of the attempt before.
	connectPatience     = 1500 * time.Millisecond
	firstRest, lastRest = 50 * time.Millisecond, 300 * time.Millisecond
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
func (c *connection) open(host, name string, dial dialer) (*grpc.ClientConn, error) {
	transport := insecure.NewCredentials()
	if c.tls != nil {
		transport = credentials.NewTLS(c.tls)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithContextDialer(dial),
		grpc.WithAuthority(name),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.ForceCodecV2(newCodec())),
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
	// heard counts what has come from the node; the pulse compares it with what it
	// was.
	heard   atomic.Uint64
	known   uint64 // heard, one beat ago; the pulse's own
	silent  int    // beats without a word; the pulse's own
	asking  atomic.Bool
	mute    atomic.Bool // it gave no sign of life when last asked
	retired atomic.Bool // nobody new may use it
	life    context.Context
	end     context.CancelFunc
	socket  atomic.Pointer[net.Conn] // the last one made
}

func (c *connection) newLine(host string) (*line, error) {
	l := &line{host: host}
	l.life, l.end = context.WithCancel(context.Background())
	var err error
	l.conn, err = c.open(host, host, c.keep(&l.socket))
	return l, err
}

// keep dials and leaves in socket what it made.
func (c *connection) keep(socket *atomic.Pointer[net.Conn]) dialer {
	return func(ctx context.Context, host string) (net.Conn, error) {
		made, err := c.dial(ctx, host)
		if err == nil {
			socket.Store(&made)
		}
		return made, err
	}
}

// hangUp closes a connection at once. Left to itself, gRPC waits for seconds for a
// frozen node to take its farewell.
func hangUp(conn *grpc.ClientConn, socket *atomic.Pointer[net.Conn]) {
	if made := socket.Load(); made != nil {
		_ = (*made).Close() // it is given up anyway
	}
	_ = conn.Close() // fails only if it is closed already
}

func (l *line) streams() streams.StreamsClient { return streams.NewStreamsClient(l.conn) }

// leave ends what nodes.take began.
func (l *line) leave() {
	if l.calls.Add(-1) == 0 && l.retired.Load() {
		l.cut()
	}
}

// retire lets the calls under way come to their end, if there is hope for them;
// subscriptions are told that theirs is now. Nobody takes the line any more: nodes.mu
// is held.
func (l *line) retire() {
	l.retired.Store(true)
	l.end()
	if l.calls.Load() == 0 || l.mute.Load() {
		l.cut()
	}
}

// cut ends every call on the line at once. A second cut does nothing.
func (l *line) cut() {
	l.end()
	hangUp(l.conn, &l.socket)
}
