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

// Limits of the HTTP side.
const (
	// maxBody is the largest body that is decoded; a larger one is body_too_large.
	maxBody = 64 << 10
	// maxRead is the largest body that is read. It exceeds maxBody, so that a body slightly above the
	// limit is read to its end and the client sees the refusal.
	maxRead = 96 << 10
	// maxRequesting bounds the connections that are not sockets, each of which may buffer a body of
	// maxRead.
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
	// Bookings runs the multi-step commands of bookings, Reservations the steps of payments for
	// reservations, on the same Desk.
	Bookings     *bookings.Bookings
	Reservations *sales.Reservations
	// Rooms runs the waiting rooms, on the same Desk.
	Rooms *admission.Rooms
	// JoinsPerMinute limits how often one address may join waiting rooms; 0 means unlimited.
	JoinsPerMinute int
	// CommandsPerSecond limits the commands of one caller: a token's sub or, without a token, an
	// address. It is at most a million; 0 means unlimited.
	CommandsPerSecond int64
	// Auth identifies callers; see [OpenAuth] and [JWTAuth].
	Auth Auth
	// AllowOrigins are the origins (scheme://host[:port]), besides the server's own, whose pages may open
	// sockets, send requests and read the responses; "*" allows any.
	AllowOrigins []string
	// MaxSockets bounds the open sockets (100,000), and is at most seven eighths of MaxConnections.
	MaxSockets int64
	// MaxConnections bounds the open connections, including sockets (MaxSockets plus 20,000). The
	// process needs some descriptors beyond that.
	MaxConnections int
	// ConnectionsPerAddress bounds the connections of one address, unless it is exempt (see
	// connections.Exempt), and the sockets of one address behind Proxies; 0 means unlimited.
	ConnectionsPerAddress int
	// Proxies are trusted to name the address of a caller.
	Proxies connections.Proxies
	// MaxLag bounds the positions by which the views of a ready server may lag behind the log
	// (100,000).
	MaxLag uint64
	// MaxWatches bounds the topics watched by all sockets together (1,000,000).
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
	// Currency of all amounts; the zero value means [events.AssumedCurrency].
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
	// PingEvery is the interval of pings on sockets (25 s). A client that sends nothing, not even pongs,
	// for 2.4 intervals is disconnected.
	PingEvery time.Duration
	// Linger is the time for which Shutdown keeps serving open connections, until load balancers
	// use other servers; 0 disables it.
	Linger time.Duration
	// OperationsApart moves /metrics, /healthz and /readyz to the listener of ListenOperations.
	OperationsApart bool
	// Peers are the other nodes of the cluster; nil without one.
	Peers *peers.Peers
	// Shared means that other servers append to the log, each with its own contacts.
	Shared bool
	// Followed returns the log position up to which the desk knows the appends of other nodes; nil
	// without others.
	Followed func() events.Position
	// StallAfter is the time without reading after which the client of a socket or an export is
	// disconnected (10 s).
	StallAfter time.Duration
}

// Server serves the API.
type Server struct {
	config Config
	app    *fiber.App
	// operations has the operational routes; it is app unless they have a listener of their own.
	operations *fiber.App
	pool       *connections.Pool
	sockets    *sockets.Hub
	access     *accessLog
	reading    chan struct{} // bounds costly
	exports    chan struct{} // bounds CSV exports
	planning   chan struct{} // held while a seating plan is being stored
	pretix     chan struct{} // held while a plan's pretix form is in memory
	hallMaps   hallMaps
	metrics    *metrics
	joins      *joinLimit // nil for none
	rate       *rateLimit // nil for none
	keyViews   keyViews
	keys       actors.KeyedMutex[string] // serializes keyedAfter, by Idempotency-Key and caller
	batches    *batches
	frames     peers.FrameServer // of other nodes' requests
	// damage is the first error of a request that reports damage of the log, nil if there was none.
	damage atomic.Pointer[error]
	// highest is the highest position that was answered: later reads have to include it.
	highest atomic.Uint64
	// reported is a log position at or after all payment reports to this server; see awaitReports.
	reported atomic.Uint64

	// viewsTimeout bounds the wait of a request for the views.
	viewsTimeout time.Duration

	mu       sync.Mutex
	listener *connections.Listener // of Listen; guarded by mu
	stopping bool                  // guarded by mu
	draining atomic.Bool           // responses close their connections
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
		viewsTimeout: waitLimit,
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

// Listen serves on ln until Shutdown. All reads include the log as of the call of Listen, because a
// previous server may have answered with it.
func (s *Server) Listen(ln net.Listener) error {
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	head, err := s.config.Store.Head(ctx)
	if err != nil {
		return err
	}
	s.note(head)
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

// Shutdown finishes the requests in progress, closes the sockets (close code 1012) and returns when all have
// ended. When ctx ends first it aborts them and returns ctx.Err().
func (s *Server) Shutdown(ctx context.Context) error {
	s.sockets.Stop()
	s.drain(ctx)
	err := errors.Join(s.frames.Shutdown(ctx), s.app.ShutdownWithContext(ctx))
	s.stopAccepting()
	if waited := s.sockets.Wait(ctx); err == nil {
		err = waited
	}
	if s.operations != s.app {
		err = errors.Join(err, s.operations.ShutdownWithContext(ctx))
	}
	s.access.close(ctx)
	s.batches.close()
	return err
}

// problem converts the error of a request to a problem, and records it.
func (s *Server) problem(r *request, err error) *problem {
	s.noteDamage(err)
	p := problemOf(err, r.log)
	s.metrics.countProblem(p)
	if s.config.Refusals != nil && r.method() != fiber.MethodGet && r.method() != fiber.MethodHead {
		s.refused(r, p)
	}
	return p
}

// recovering calls h and converts a panic to an error.
func (s *Server) recovering(r *request, h handler) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			r.log().Error("a handler panicked", "panic", cause, "stack", string(debug.Stack()))
			err = refuse(codes.Internal, "this is a bug; the server's log has the details under this request's id")
		}
	}()
	return h(r)
}

// authenticated authenticates the caller before h.
func (s *Server) authenticated(h handler) handler {
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

// withKey refuses an invalid Idempotency-Key before h, also on routes that do not use it.
func withKey(h handler) handler {
	return func(r *request) error {
		if _, err := r.key(); err != nil {
			return err
		}
		return h(r)
	}
}

// note raises the highest answered position to at least position.
func (s *Server) note(position events.Position) { raise(&s.highest, position) }

// raise sets a position to the maximum of itself and another one.
func raise(to *atomic.Uint64, position events.Position) {
	for {
		highest := to.Load()
		if uint64(position) <= highest || to.CompareAndSwap(highest, uint64(position)) {
			return
		}
	}
}

// answered returns the highest answered position.
func (s *Server) answered() events.Position { return events.Position(s.highest.Load()) }
