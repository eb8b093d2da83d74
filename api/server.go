package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"admitone/actors"
	"admitone/actors/admission"
	"admitone/actors/bookings"
	"admitone/actors/refusals"
	sales "admitone/actors/reservations"
	"admitone/api/codes"
	"admitone/api/connections"
	"admitone/api/contacts"
	"admitone/api/payments"
	"admitone/api/peers"
	"admitone/api/sockets"
	"admitone/api/sweeps"
	"admitone/api/webhooks"
	"admitone/events"
	"admitone/projections"
	"admitone/projections/row"
	"admitone/projections/verify"
)

// Limits of HTTP.
const (
	// maxBody is the size of the largest body that is decoded. A larger one is refused as body_too_large.
	maxBody = 64 << 10
	// maxRead is the size of the largest body that is read. It exceeds maxBody, so that a body slightly
	// above the limit is read to its end and the client sees the refusal.
	maxRead = 96 << 10
	// maxRequesting bounds the connections that are not sockets. Each may buffer a body of maxRead.
	maxRequesting = 20_000
	// maxHeader bounds the request line and headers. Each open connection that is not a socket has a
	// buffer of this size.
	maxHeader = 4 << 10
)

// Config of a server.
type Config struct {
	Desk  *actors.Desk
	Views *projections.Projections
	Store events.Store
	// Bookings runs the multi-step commands of bookings, Reservations those of payments for reservations,
	// both on Desk.
	Bookings     *bookings.Bookings
	Reservations *sales.Reservations
	// Rooms runs the waiting rooms, on Desk.
	Rooms *admission.Rooms
	// JoinsPerMinute limits how often one address may join waiting rooms; 0 means unlimited.
	JoinsPerMinute int
	// CommandsPerSecond limits the commands of one caller, who is identified by the sub of a token or,
	// without a token, by the address. It is at most a million; 0 means unlimited.
	CommandsPerSecond int64
	// Auth identifies callers; see [OpenAuth] and [JWTAuth].
	Auth Auth
	// AllowOrigins are the origins (scheme://host[:port]), besides the server's own, whose pages may open
	// sockets, send requests and read the responses; "*" allows any.
	AllowOrigins []string
	// MaxSockets bounds the open sockets, to at most seven eighths of MaxConnections; 0 means 100,000.
	MaxSockets int64
	// MaxConnections bounds the open connections, including sockets; 0 means MaxSockets plus 20,000. The
	// process needs a few more file descriptors.
	MaxConnections int
	// ConnectionsPerAddress bounds the connections of one address, unless it is exempt (see
	// connections.Exempt), and the sockets of one address behind Proxies; 0 means unlimited.
	ConnectionsPerAddress int
	// Proxies are trusted to name the address of the caller.
	Proxies connections.Proxies
	// MaxLag is the number of positions by which the views of a ready server may lag behind the log;
	// 0 means 100,000.
	MaxLag uint64
	// MaxWatches bounds the topics watched by all sockets together; 0 means 1,000,000.
	MaxWatches int
	// AccessLog gets a line per request; nil disables it.
	AccessLog io.Writer
	// Backup makes a backup; without it there is no route for backups.
	Backup Backup
	// Proofs makes signed heads and receipts; without it there are no routes for them.
	Proofs Proofs
	// AsOf makes this a server of the past: Store and Views end at this moment, reads without ?at= show
	// it, and every command is refused; Bookings and Rooms may be nil. nil means the present.
	AsOf *row.Moment
	// Contacts stores the contact details of holders; nil refuses contacts.
	Contacts *contacts.Book
	// Currency is that of all amounts; the zero value means [events.AssumedCurrency].
	Currency events.Currency
	// HoldersCharge lets holders and auditors charge their own wallets; otherwise only a service
	// or an admin may.
	HoldersCharge bool
	// Refusals records the commands that are refused; nil records none.
	Refusals *refusals.Recorder
	// Monitor verifies the log while it grows, and /readyz reports the result; nil disables it.
	Monitor *verify.Monitor
	// Sweeps cancels resources and ends their sales; nil disables that.
	Sweeps *sweeps.Sweeper
	// Webhooks delivers events to webhooks; nil disables their routes.
	Webhooks *webhooks.Dispatcher
	// Payments connects a payment provider; nil disables its routes.
	Payments *payments.Gateway
	// Metrics is the registry of the server's metrics; nil means a new one.
	Metrics *prometheus.Registry
	Logger  *slog.Logger
	// Yardstick adds POST /yardstick, which decodes a reservation and answers: the baseline of
	// the benchmarks.
	Yardstick bool
	// PingEvery is the interval of pings on sockets; 0 means 25 s. A client that sends nothing, not even
	// pongs, for 2.4 intervals is disconnected.
	PingEvery time.Duration
	// Linger is how long Shutdown serves the open connections, so that load balancers can switch to other
	// servers; 0 means not at all.
	Linger time.Duration
	// OperationsApart moves /metrics, /healthz and /readyz to the listener of ListenOperations.
	OperationsApart bool
	// Peers are the other nodes of the cluster; nil without a cluster.
	Peers *peers.Peers
	// Shared is true if other servers append to the log. Each has its own contacts.
	Shared bool
	// Followed returns the log position up to which the desk knows the appends of other nodes; nil if
	// there are no other nodes.
	Followed func() events.Position
	// StallAfter is the time after which the client of a socket or an export is disconnected if it does
	// not read; 0 means 10 s.
	StallAfter time.Duration
}

// Server serves the API.
type Server struct {
	config Config
	app    *fiber.App
	// operations has the operational routes. It is app, unless they have a listener of their own.
	operations *fiber.App
	pool       *connections.Pool
	sockets    *sockets.Hub
	access     *accessLog
	reading    chan struct{} // holds an element per request that limitReads counts
	exports    chan struct{} // holds an element per CSV export
	planning   chan struct{} // holds an element while a seating plan is being stored
	pretix     chan struct{} // holds an element while a plan in the format of pretix is in memory
	hallMaps   hallMaps
	metrics    *metrics
	joins      *joinLimit // nil for none
	rate       *rateLimit // nil for none
	keyViews   keyViews
	keys       actors.KeyedMutex[string] // serializes keyedAfter by the key in the command id
	batches    *batches
	frames     peers.FrameServer // of other nodes' requests
	// damage is the first error of a request that reported damage of the log, nil if there was none.
	damage atomic.Pointer[error]
	// answered is the highest log position in an answer. Later reads have to include it.
	answered atomic.Uint64
	// reported is a log position at or after all payment reports to this server; see awaitReports.
	reported atomic.Uint64

	// viewsTimeout bounds how long a request waits for the views.
	viewsTimeout time.Duration

	mu       sync.Mutex
	listener *connections.Listener // of Listen; guarded by mu
	stopping bool                  // guarded by mu
	draining atomic.Bool           // every response closes its connection
}

// New returns a server. Call Listen to start it.
func New(config Config) *Server {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Metrics == nil {
		config.Metrics = prometheus.NewRegistry()
	}
	if config.Currency == (events.Currency{}) {
		config.Currency = events.AssumedCurrency
	}
	if config.MaxSockets == 0 {
		config.MaxSockets = 100_000
	}
	if config.MaxLag == 0 {
		config.MaxLag = 100_000
	}
	if config.MaxWatches == 0 {
		config.MaxWatches = 1_000_000
	}
	if config.PingEvery == 0 {
		config.PingEvery = 25 * time.Second
	}
	if config.StallAfter == 0 {
		config.StallAfter = 10 * time.Second
	}
	if tokens, ok := config.Auth.(JWTAuth); ok {
		tokens.checked = &checkedTokens{}
		config.Auth = tokens
	}
	s := &Server{
		config:   config,
		reading:  make(chan struct{}, maxCostly),
		exports:  make(chan struct{}, maxExports),
		planning: make(chan struct{}, 1), pretix: make(chan struct{}, 1),
		access:       newAccessLog(config.AccessLog),
		metrics:      newMetrics(config),
		joins:        newJoinLimit(config.JoinsPerMinute),
		rate:         newRateLimit(config.CommandsPerSecond),
		viewsTimeout: defaultViewsTimeout,
	}
	s.batches = newBatches(s)
	s.pool = s.newPool()
	s.metrics.registerConnections(s)
	s.sockets = s.newSockets()
	s.app = s.newApp()
	s.operations = s.app
	if config.OperationsApart {
		s.operations = s.newApp()
	}
	s.enableCORS(s.app.Server())
	s.acceptLargeBodies(s.app.Server())
	s.frames.Handler = s.app.Server().Handler
	s.routes()
	if config.Bookings != nil {
		config.Bookings.OnPaid(s.endPassOf)
	}
	return s
}

func (s *Server) routes() {
	for _, collection := range slices.Sorted(maps.Keys(kinds)) {
		kinds[collection].routes(s)
	}
	s.orderListRoutes()
	s.reportRoutes()
	s.refundRoutes()
	s.intentRoutes()
	s.checkoutRoutes()
	s.batchRoutes()
	s.clusterRoutes()
	s.logRoutes()
	s.historyRoutes()
	s.contactRoutes()
	s.proofRoutes()
	s.backupRoutes()
	s.operationRoutes()
	s.pageRoutes()
	s.socketRoutes()
	if s.config.Yardstick {
		s.handle(fiber.MethodPost, "/yardstick", s.yardstick)
	}
}

// Listen serves on ln until Shutdown. All reads include the log up to end, its end when this server
// started: the previous server may have answered with it. The log need not be available.
func (s *Server) Listen(ln net.Listener, end events.Position) error {
	s.notePosition(end)
	pooled := s.pool.Listen(ln)
	if !s.setListener(pooled) {
		return pooled.Close()
	}
	return s.app.Listener(pooled)
}

// setListener sets the listener for Shutdown. It returns false if Shutdown was called already.
func (s *Server) setListener(ln *connections.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener = ln
	return !s.stopping
}

// Shutdown closes the sockets (close code 1012), and returns when the requests in progress have been answered. If
// ctx ends first, they are aborted, and Shutdown returns ctx.Err().
func (s *Server) Shutdown(ctx context.Context) error {
	s.sockets.Stop()
	s.drain(ctx)
	err := errors.Join(s.frames.Shutdown(ctx), s.app.ShutdownWithContext(ctx))
	s.stopAccepting()
	if waitErr := s.sockets.Wait(ctx); err == nil {
		err = waitErr
	}
	if s.operations != s.app {
		err = errors.Join(err, s.operations.ShutdownWithContext(ctx))
	}
	s.access.close(ctx)
	s.batches.close()
	return err
}

// problem converts the error of a request to a problem, counts it, and records it if it is a refusal.
func (s *Server) problem(r *request, err error) *problem {
	s.noteDamage(err)
	p := problemOf(err, r.log)
	s.metrics.countProblem(p)
	if s.config.Refusals != nil && r.method() != fiber.MethodGet && r.method() != fiber.MethodHead {
		s.recordRefusal(r, p)
	}
	return p
}

// callHandler calls h. If h panics, the result is a problem.
func (s *Server) callHandler(r *request, h handler) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			r.log().Error("a handler panicked", "panic", cause, "stack", string(debug.Stack()))
			err = refuse(codes.Internal, "this is a bug; the server's log has the details under this request's id")
		}
	}()
	return h(r)
}

// withAuth returns a handler that authenticates the caller and then calls h.
func (s *Server) withAuth(h handler) handler {
	return func(r *request) (err error) {
		if err := r.readHop(); err != nil {
			return err
		}
		if r.caller, err = s.callerOf(r.ctx, r.clock()); err != nil {
			return err
		}
		if err := s.refuseSpare(r); err != nil {
			return err
		}
		return h(r)
	}
}

// withKey returns a handler that refuses an invalid Idempotency-Key, even if h does not use it, and then calls h.
func withKey(h handler) handler {
	return func(r *request) error {
		if _, err := r.key(); err != nil {
			return err
		}
		return h(r)
	}
}

// notePosition makes later reads include a log position.
func (s *Server) notePosition(position events.Position) { storeMax(&s.answered, position) }

// storeMax raises to to at least position.
func storeMax(to *atomic.Uint64, position events.Position) {
	for {
		highest := to.Load()
		if uint64(position) <= highest || to.CompareAndSwap(highest, uint64(position)) {
			return
		}
	}
}

// answeredPosition returns the highest log position in an answer.
func (s *Server) answeredPosition() events.Position { return events.Position(s.answered.Load()) }
