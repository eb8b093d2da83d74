package esdb

import (
	"context"
	"net"
	"sync"
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
	// maxMessage is the largest message accepted, as in the official clients.
	maxMessage = 17 << 20
	// receiveWindow is the number of bytes that a node may send, per call and per connection, before they are
	// received. With a fixed window, gRPC does not send continuous pings to estimate the bandwidth.
	receiveWindow = 4 << 20
	// connectTimeout bounds one attempt to connect, including TLS and HTTP/2. The next attempt follows
	// after minBackoff, later ones after up to maxBackoff. So a node that is up again is found within
	// two seconds, even after an attempt that timed out.
	connectTimeout         = 1500 * time.Millisecond
	minBackoff, maxBackoff = 50 * time.Millisecond, 300 * time.Millisecond
)

// dialer connects to host:port.
type dialer func(ctx context.Context, host string) (net.Conn, error)

// connection contains everything needed to connect to any node of an address.
type connection struct {
	address
	dial dialer
	// lookupHost resolves a name to its addresses. If it is nil, names are dialled.
	lookupHost func(ctx context.Context, name string) ([]string, error)
	// confirm is called before a connection for appends is used; see Store.confirmNode.
	confirm func(ctx context.Context, host string) error
}

// open returns a connection to one node. It is established on first use and re-established whenever
// it is lost; open does not fail because a node is unreachable. name is the name in the node's
// certificate.
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
			Backoff:           backoff.Config{BaseDelay: minBackoff, Multiplier: 1.6, Jitter: 0.2, MaxDelay: maxBackoff},
			MinConnectTimeout: connectTimeout,
		}),
		grpc.WithIdleTimeout(0), // subscribers may be silent for days
		grpc.WithStaticStreamWindowSize(receiveWindow),
		grpc.WithStaticConnWindowSize(receiveWindow),
		grpc.WithDisableServiceConfig(),
	}
	if c.keepAlive > 0 {
		// On Linux the timeout also bounds how long bytes may go unacknowledged.
		options = append(options, grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: c.keepAlive, Timeout: c.keepAliveTimeout, PermitWithoutStream: true,
		}))
	}
	// The dialer resolves the name each time, because a node may get a new address.
	return grpc.NewClient("passthrough:///"+host, options...)
}

// nodeConn is the connection to one node for one role.
type nodeConn struct {
	host  string
	conn  *grpc.ClientConn
	calls atomic.Int64 // in progress
	// messages counts the messages from the node; the health check looks for changes.
	messages     atomic.Uint64
	lastMessages uint64 // messages at the last health check; used by it only
	missed       int    // intervals without a message; used by the health check only
	probing      atomic.Bool
	unresponsive atomic.Bool // it did not answer the last probe
	retired      atomic.Bool // no new calls
	ctx          context.Context
	cancel       context.CancelFunc
	socket       atomic.Pointer[net.Conn] // the last one opened

	batching sync.Mutex
	batch    *batchCall     // the newest, nil before the first; guarded by batching
	running  sync.WaitGroup // of the goroutines of batch calls
}

func (c *connection) newNodeConn(host string, r role) (*nodeConn, error) {
	l := &nodeConn{host: host}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	dial := c.recordSocket(&l.socket)
	if r == appending && c.confirm != nil {
		dial = c.confirmed(dial)
	}
	var err error
	l.conn, err = c.open(host, host, dial)
	return l, err
}

// confirmed returns a dialer that calls confirm for each connection.
func (c *connection) confirmed(dial dialer) dialer {
	return func(ctx context.Context, host string) (net.Conn, error) {
		opened, err := dial(ctx, host)
		if err != nil {
			return nil, err
		}
		if err := c.confirm(ctx, host); err != nil {
			_ = opened.Close() // nothing was sent
			return nil, err
		}
		return opened, nil
	}
}

// recordSocket returns a dialer that stores the connection in socket.
func (c *connection) recordSocket(socket *atomic.Pointer[net.Conn]) dialer {
	return func(ctx context.Context, host string) (net.Conn, error) {
		opened, err := c.dial(ctx, host)
		if err == nil {
			socket.Store(&opened)
		}
		return opened, err
	}
}

// closeNow closes a connection immediately. gRPC would wait for seconds for a frozen node to receive
// its GOAWAY.
func closeNow(conn *grpc.ClientConn, socket *atomic.Pointer[net.Conn]) {
	if opened := socket.Load(); opened != nil {
		_ = (*opened).Close() // the connection is abandoned anyway
	}
	_ = conn.Close() // fails only if the connection is already closed
}

func (l *nodeConn) streams() streams.StreamsClient { return streams.NewStreamsClient(l.conn) }

// done ends a call that nodes.acquire began.
func (l *nodeConn) done() {
	if l.calls.Add(-1) == 0 && l.retired.Load() {
		l.abort()
	}
}

// retire lets the calls in progress complete, unless the node is unresponsive, and ends
// subscriptions immediately. nodes must no longer use the connection, and nodes.mu must be held.
func (l *nodeConn) retire() {
	l.retired.Store(true)
	l.cancel()
	if l.calls.Load() == 0 || l.unresponsive.Load() {
		l.abort()
	}
}

// abort ends every call on the connection immediately. It may be called repeatedly.
func (l *nodeConn) abort() {
	l.cancel()
	closeNow(l.conn, &l.socket)
	l.running.Wait()
}
