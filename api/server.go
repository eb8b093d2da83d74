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
	"admitone/actors/core"
	"admitone/actors/refusals"
	"admitone/api/codes"
	"admitone/api/connections"
	"admitone/api/contacts"
	"admitone/api/sockets"
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
	// maxRead is the largest body that is read at all: a slightly larger body is read to its end,
	// so that the client sees the refusal.
	maxRead = 96 << 10
	// maxRequesting bounds the connections that are not sockets. Each may be reading a body of
	// maxRead.
	maxRequesting = 20_000
	// maxHeader bounds the request line and headers. Each open connection that is no socket
	// keeps a buffer of it.
	maxHeader = 4 << 10
)

// Config of a server.
type Config struct {
	Desk  *actors.Desk
	Views *projections.Projections
	Store events.Store
	// Bookings runs bookings through their steps, on the same Desk.
	Bookings *bookings.Bookings
	// Rooms runs the waiting rooms, on the same Desk.
	Rooms *admission.Rooms
	// JoinsPerMinute bounds how often one address may join waiting rooms; 0 is no bound.
	JoinsPerMinute int
	// CommandsPerSecond bounds the commands of one caller, up to a million: of a token's sub, or
	// of an address without one; 0 is no bound.
	CommandsPerSecond int64
	// Auth identifies callers; see [OpenAuth] and [JWTAuth].
	Auth Auth
	// AllowOrigins are the origins (scheme://host[:port]) whose pages may open sockets, send requests
	// and read the responses, beside the server's own; "*" is any.
	AllowOrigins []string
	// MaxSockets bounds the open sockets (100,000); they are seven eighths of MaxConnections at
	// most.
	MaxSockets int64
	// MaxConnections bounds the open connections, sockets included; the process needs some more
	// descriptors (MaxSockets and 20,000 more).
	MaxConnections int
	// ConnectionsPerAddress bounds the connections of one address, unless it is spared (see
	// connections.Spared), and the sockets of one address behind Proxies; 0 is no bound.
	ConnectionsPerAddress int
	// Proxies are trusted to name the address that a request comes from.
	Proxies connections.Proxies
	// MaxLag is how many positions the views may be behind the log for the server to be ready
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
	// AsOf makes the server one of the past: Store and Views end at this moment, reads without
	// ?at= are answered as of then, and every command is refused. Bookings and Rooms may be nil
	// then. nil is the present.
	AsOf *row.Moment
	// Contacts keeps how to reach holders; nil refuses contacts.
	Contacts *contacts.Book
	// Currency is that of all amounts; the zero one is [events.AssumedCurrency].
	Currency events.Currency
	// HoldersCharge lets holders and auditors charge their own wallets; otherwise only a service
	// or an admin may.
	HoldersCharge bool
	// Refusals records the commands that are refused; nil records none.
	Refusals *refusals.Recorder
	// Monitor checks the log while it grows, and /readyz reports its result; nil disables it.
	Monitor *verify.Monitor
	// Webhooks delivers events to the outside; nil makes and changes no webhooks.
	Webhooks *webhooks.Dispatcher
	// Metrics is where the server registers its own; a new registry if nil.
	Metrics *prometheus.Registry
	Logger  *slog.Logger
	// Yardstick adds POST /yardstick, which decodes a reservation and answers: the baseline of
	// the benchmarks.
	Yardstick bool
	// PingEvery is the time between two pings of a socket (25 s). One that sends nothing for
	// twelve fifths of it, pongs included, is closed.
	PingEvery time.Duration
	// Linger is how long Shutdown answers on open connections, for load balancers that send the
	// next request to another server; 0 disables it.
	Linger time.Duration
	// OperationsApart moves /metrics, /healthz and /readyz to the listener of ListenOperations.
	OperationsApart bool
	// StallAfter is how long the client of a socket may take nothing before it is closed (10 s).
	StallAfter time.Duration
}

// Server serves the API over one listener.
type Server struct {
	config Config
	app    *fiber.App
	// operations has the routes of operations; it is app unless they have a listener of their own.
	operations *fiber.App
	pool       *connections.Pool
	sockets    *sockets.Hub
	access     *accessLog
	reading    chan struct{} // bounds costly
	exports    chan struct{} // bounds the lists that are streamed
	metrics    *metrics
	joins      *joinLimit // nil if there is none
	rate       *rateLimit // nil if there is none
	keyViews   keyViews
	batches    *batches
	// damage is the first damage of the log that a request met, nil if none did.
	damage atomic.Pointer[error]
	// highest is the last position that a command was answered with: later reads must not be
	// older.
	highest atomic.Uint64

	// patience bounds how long a query waits for the views.
	patience time.Duration

	mu       sync.Mutex
	listener *connections.Listener // of Listen; guarded by mu
	stopping bool                  // guarded by mu
	leaving  atomic.Bool           // responses close their connections
}

// New returns a server that does not listen yet.
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
		reading:  make(chan struct{}, costlyAtOnce),
		exports:  make(chan struct{}, exportsAtOnce),
		access:   newAccessLog(config.AccessLog),
		metrics:  newMetrics(config),
		joins:    newJoinLimit(config.JoinsPerMinute),
		rate:     newRateLimit(config.CommandsPerSecond),
		patience: waitLimit,
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
	s.shareWithPages(s.app.Server())
	s.takeLargeBodies(s.app.Server())
	s.routes()
	if config.Bookings != nil {
		config.Bookings.OnPaid(s.purchased)
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
	s.batchRoutes()
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

// Listen serves on ln until Shutdown. Every read sees what the log has when Listen begins: the
// server before may have answered with it.
func (s *Server) Listen(ln net.Listener) error {
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	head, err := s.config.Store.Head(ctx)
	if err != nil {
		return err
	}
	s.note(head)
	pooled := s.pool.Listen(ln)
	if !s.listens(pooled) {
		return pooled.Close()
	}
	return s.app.Listener(pooled)
}

// listens sets the listener for Shutdown; it returns false if that has been called.
func (s *Server) listens(ln *connections.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener = ln
	return !s.stopping
}

// Shutdown lets requests under way finish, closes the sockets (close code 1012) and returns when
// all have ended, or with ctx.Err().
func (s *Server) Shutdown(ctx context.Context) error {
	s.sockets.Stop()
	s.drain(ctx)
	err := s.app.ShutdownWithContext(ctx)
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

// handler answers one request, or returns the error to answer with.
type handler func(*request) error

// handle adds a route. Everything that all requests need happens here and nowhere else: the
// request id, the caller, recovery from panics, the translation of errors, the access log and the
// metrics. A GET route answers HEAD as well, without the body.
func (s *Server) handle(method, path string, h handler) { s.handleOn(s.app, method, path, h) }

// handleOn is handle for one of the server's listeners.
func (s *Server) handleOn(app *fiber.App, method, path string, h handler) {
	if s.config.AsOf != nil && method != fiber.MethodGet {
		h = s.pastTakesNothing
	}
	h = s.rated(method, path, withKey(h))
	s.batches.add(method, path, h)
	route := s.metrics.route(method, path)
	h = s.identified(h)
	serve := func(c *fiber.Ctx) error {
		r := &request{ctx: c, server: s, begun: time.Now()}
		r.id = requestID(c)
		c.Response().Header.Set(headerRequestID, r.id)
		if err := s.guarded(r, h); err != nil {
			if err := r.answerProblem(s.problem(r, err)); err != nil {
				return err
			}
		}
		took := time.Since(r.begun)
		status := c.Response().StatusCode()
		route.observe(status, took)
		s.access.line(r, status, took)
		return nil
	}
	app.Add(method, path, serve)
	if method == fiber.MethodGet {
		app.Add(fiber.MethodHead, path, serve)
	}
}

// problem returns the answer to a request that has failed, and notes it.
func (s *Server) problem(r *request, err error) *problem {
	s.noteDamage(err)
	p := problemOf(err, r.log)
	s.metrics.countProblem(p)
	if s.config.Refusals != nil && r.method() != fiber.MethodGet && r.method() != fiber.MethodHead {
		s.refused(r, p)
	}
	return p
}

// guarded turns a panic of h into an error.
func (s *Server) guarded(r *request, h handler) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			r.log().Error("a handler panicked", "panic", cause, "stack", string(debug.Stack()))
			err = refuse(codes.Internal, "this is a bug; the server's log has the details under this request's id")
		}
	}()
	return h(r)
}

// identified finds out the caller before h.
func (s *Server) identified(h handler) handler {
	return func(r *request) (err error) {
		if r.caller, err = s.callerOf(r.ctx); err != nil {
			return err
		}
		if err := s.spared(r); err != nil {
			return err
		}
		return h(r)
	}
}

// withKey refuses an invalid Idempotency-Key before h: on every route, with or without keys.
func withKey(h handler) handler {
	return func(r *request) error {
		if _, err := r.key(); err != nil {
			return err
		}
		return h(r)
	}
}

// unroutedError answers requests that no route has.
func (s *Server) unroutedError(c *fiber.Ctx, err error) error {
	r := &request{ctx: c, server: s, id: requestID(c), begun: time.Now()}
	c.Response().Header.Set(headerRequestID, r.id)
	p := problemOf(err, r.log)
	if to := pageMeant(c); to != "" && p.code == core.CodeNotFound {
		err := c.Redirect(to, fiber.StatusPermanentRedirect)
		s.access.line(r, c.Response().StatusCode(), time.Since(r.begun))
		return err
	}
	s.metrics.countProblem(p)
	if p.code == codes.BodyTooLarge {
		p = s.largeRefusal(c, p)
		drainBody(c.Context().Conn())
	}
	if p.code == codes.MethodNotAllowed && c.Method() == fiber.MethodOptions {
		c.Status(fiber.StatusNoContent) // Allow lists the methods
	} else if err := r.answerProblem(p); err != nil {
		return err
	}
	s.access.line(r, c.Response().StatusCode(), time.Since(r.begun))
	return nil
}

// note notes a position that has been answered.
func (s *Server) note(position events.Position) {
	for {
		highest := s.highest.Load()
		if uint64(position) <= highest || s.highest.CompareAndSwap(highest, uint64(position)) {
			return
		}
	}
}

// answered returns the highest position that has been answered.
func (s *Server) answered() events.Position { return events.Position(s.highest.Load()) }
