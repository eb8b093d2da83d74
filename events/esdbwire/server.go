package esdbwire

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	features "github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"admitone/events"
)

// Config is the configuration of a [Server]. With the zero value, the server has no TLS, anyone may read,
// and no one may write.
type Config struct {
	// Writable lets clients append, delete and set metadata.
	Writable bool
	// TLS is nil for HTTP/2 without TLS, for which clients need tls=false.
	TLS *tls.Config
	// Users has the users by name. Without users, callers are not authenticated.
	Users map[string]User
	// MaxAppend bounds the size of appends in bytes; 0 stands for EventStoreDB's 1 MiB.
	MaxAppend int
	// MaxSubscriptions bounds the open subscriptions of all clients together. The limit of all streaming
	// calls is twice this number. 0 stands for 500. A stalled subscription retains a third of a
	// megabyte.
	MaxSubscriptions int
	// Address (host:port) is the server's address in gossip; "" is the address that the client has
	// dialled.
	Address string
	// Now is the clock for $maxAge; nil is time.Now.
	Now func() time.Time
	// Logger receives failures of the store; nil is slog.Default().
	Logger *slog.Logger
	// Options are added to those of the gRPC server, for interceptors in tests. Interceptors see
	// sent events as encoded bytes, everything else as messages.
	Options []grpc.ServerOption
}

// User is a user of a server.
type User struct {
	Password string
	// Reader may not write, even if the server is writable.
	Reader bool
}

const (
	defaultMaxAppend        = 1 << 20
	defaultMaxSubscriptions = 500
	// maxMessage is the size of the largest accepted message. Clients send up to 3 MiB plus one event.
	maxMessage = 17 << 20
	// streamWindow and connWindow are the numbers of bytes of a call, and of a connection, that a client may send
	// before they are received. They are fixed, so that gRPC does not send pings to estimate the bandwidth. A small
	// window keeps an append that the server does not read at the client, which then knows that it is not in the log.
	streamWindow, connWindow = 64 << 10, 1 << 20
	// maxCalls bounds the calls and subscriptions of one connection.
	maxCalls = 1000
	// closeTimeout bounds the wait of Close for calls in progress.
	closeTimeout = 5 * time.Second
	// handshakeTimeout bounds the time of a connection's handshake.
	handshakeTimeout = 10 * time.Second
)

// Server serves a Store. It does not close the Store.
type Server struct {
	store     events.Store
	async     events.AsyncAppender // the store, nil if it does not implement this
	config    Config
	id        events.ID // of this instance
	grpc      *grpc.Server
	queues    queues
	serving   context.Context // ends when Close begins
	stop      context.CancelFunc
	closeOnce sync.Once

	conditions conditions
	recent     recent

	subscriptions, calls limiter
}

// New returns a server of store, which must stay open until Close has returned.
func New(store events.Store, config Config) *Server {
	if config.MaxAppend == 0 {
		config.MaxAppend = defaultMaxAppend
	}
	if config.MaxSubscriptions == 0 {
		config.MaxSubscriptions = defaultMaxSubscriptions
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	s := &Server{store: store, config: config, id: newID()}
	s.async, _ = store.(events.AsyncAppender)
	s.subscriptions = limiter{name: "subscriptions", limit: config.MaxSubscriptions, logger: config.Logger}
	s.calls = limiter{name: "calls", limit: 2 * config.MaxSubscriptions, logger: config.Logger}
	s.serving, s.stop = context.WithCancel(context.Background())
	options := []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxConcurrentStreams(maxCalls),
		grpc.StaticStreamWindowSize(streamWindow),
		grpc.StaticConnWindowSize(connWindow),
		grpc.ConnectionTimeout(handshakeTimeout),
		// The clients ping every 10 s, Go's also without calls; gRPC's default policy would treat
		// that as abuse.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 10 * time.Second, Timeout: 10 * time.Second}),
		grpc.ChainUnaryInterceptor(s.guardUnary),
		grpc.ChainStreamInterceptor(s.guardStream),
	}
	if config.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(config.TLS)))
	}
	s.grpc = grpc.NewServer(append(options, config.Options...)...)
	features.RegisterServerFeaturesServer(s.grpc, featuresWire{Server: s})
	gossip.RegisterGossipServer(s.grpc, gossipWire{Server: s})
	streams.RegisterStreamsServer(s.grpc, streamsWire{Server: s})
	return s
}

// Serve accepts connections from listener until Close, closes listener, and returns nil. It may be called
// for several listeners.
func (s *Server) Serve(listener net.Listener) error {
	err := s.grpc.Serve(listener)
	if errors.Is(err, grpc.ErrServerStopped) {
		return nil
	}
	return err
}

// Close ends subscriptions immediately, waits up to closeTimeout for other calls, and aborts those that
// remain. Clients then get Unavailable. It may be called more than once.
func (s *Server) Close() error {
	s.closeOnce.Do(func() {
		s.stop()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.grpc.GracefulStop()
		}()
		limit := time.NewTimer(closeTimeout)
		defer limit.Stop()
		select {
		case <-ended:
		case <-limit.C:
			s.grpc.Stop()
			<-ended
		}
	})
	return nil
}

// readContext returns a context for a read, which ends with the call or when Close begins. Writes need no
// such context, because Close waits for them.
func (s *Server) readContext(call context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(call)
	stop := context.AfterFunc(s.serving, cancel)
	return ctx, func() { stop(); cancel() }
}

// newID returns a random UUID (RFC 9562, version 4).
func newID() events.ID {
	var id events.ID
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}
