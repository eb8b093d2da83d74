package api

import (
	"context"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"admitone/actors"
	"admitone/actors/admission"
	"admitone/actors/bookings"
	"admitone/actors/refusals"
	"admitone/api/contacts"
	"admitone/events"
	"admitone/projections"
)

// Limits of the HTTP side.
const (
	// maxBody is the largest body that is looked at; see API.md.
	maxBody = 64 << 10
	// maxRead is the largest body that is read at all: a body a little too large is
	// read to its end, so that the client gets to see the refusal.
	maxRead = 96 << 10
	// maxConnections bounds the connections that are no sockets. Each may be reading a
	// body of maxRead.
	maxConnections = 20_000
	// maxHeader bounds address and headers. Each open socket keeps a buffer of it.
	maxHeader = 4 << 10
)

// Config of a server.
type Config struct {
	Desk  *actors.Desk
	Views *projections.Projections
	Store events.Store
	// Bookings takes bookings through their steps, on the same Desk.
	Bookings *bookings.Bookings
	// Rooms runs the waiting rooms, on the same Desk.
	Rooms *admission.Rooms
	// JoinsPerMinute bounds how often one address may join waiting rooms; 0 is no
	// bound.
	JoinsPerMinute int
	// Auth says who is asking; see [OpenAuth] and [JWTAuth].
	Auth Auth
	// AllowOrigins are the origins (scheme://host[:port]) that may open sockets
	// beside the server's own; "*" is any.
	AllowOrigins []string
	// MaxSockets bounds the open sockets (100,000).
	MaxSockets int64
	// MaxLag is how many positions the read side may be behind the log for the server
	// to call itself ready (100,000).
	MaxLag uint64
	// MaxWatches bounds the topics watched by all sockets together (1,000,000).
	MaxWatches int
	// AccessLog gets a line per request; nil is none.
	AccessLog io.Writer
	// Backup makes a backup; nil is no route for it.
	Backup Backup
	// Proofs makes signed heads and receipts; nil is no routes for them.
	Proofs Proofs
	// AsOf makes the server one of the past: Store and Views end at this moment, what
	// is read without ?at= is read as of then, and every command is refused. Bookings
	// and Rooms may be nil then. nil is the present.
	AsOf *projections.Moment
	// Contacts keeps how to reach holders; nil refuses contacts.
	Contacts *contacts.Book
	// Refusals keeps the commands that are refused; nil keeps none.
	Refusals *refusals.Recorder
	// Prover holds the log to its rules while it grows, and its word is heard by
	// /readyz; nil is nobody.
	Prover *projections.Prover
	// Metrics is where the server registers its own; a new registry if nil.
	Metrics *prometheus.Registry
	Logger  *slog.Logger
	// Yardstick adds POST /yardstick, which decodes a reservation and answers: what
	// the benchmarks measure the others against.
	Yardstick bool
	// PingEvery is the time between two pings of a socket (25 s). One that says
	// nothing for twelve fifths of it, pongs included, is gone.
	PingEvery time.Duration
	// StallAfter is how long a socket may take nothing before it is closed (10 s).
	StallAfter time.Duration
}

// Server serves the API over one listener.
type Server struct {
	config  Config
	app     *fiber.App
	sockets *sockets
	access  *accessLog
	reading chan struct{} // see costly
	metrics *metrics
	joins   *joinLimit // nil if there is none
	// highest is the last position this server has answered a command with: what it
	// is asked afterwards must not be older.
	highest atomic.Uint64

	// patience is how long a question waits for the read side.
	patience time.Duration

	mu       sync.Mutex
	listener net.Listener // of Listen; guarded by mu
	stopping bool         // guarded by mu
}

// New returns a server that has not begun to listen.
func New(config Config) *Server {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Metrics == nil {
		config.Metrics = prometheus.NewRegistry()
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
	s := &Server{config: config, reading: make(chan struct{}, costlyAtOnce), access: newAccessLog(config.AccessLog), metrics: newMetrics(config), joins: newJoinLimit(config.JoinsPerMinute),
		patience: waitLimit}
	s.sockets = newSockets(s)
	s.app = fiber.New(fiber.Config{
		DisableStartupMessage: true,
		Immutable:             true,
		BodyLimit:             maxRead,
		ReadBufferSize:        maxHeader,
		Concurrency:           maxConnections,
		ReadTimeout:           5 * time.Second,
		WriteTimeout:          10 * time.Second,
		IdleTimeout:           60 * time.Second,
		StrictRouting:         true,
		CaseSensitive:         true,
		ErrorHandler:          s.strayError,
	})
	// A hijacked connection's Close is a no-op otherwise; see socket.go.
	s.app.Server().KeepHijackedConns = true
	s.app.Server().Handler = knownMethods(s.app.Server().Handler)
	s.app.Server().ErrorHandler = silentAtSilence(s.app.Server().ErrorHandler)
	s.routes()
	if config.Bookings != nil {
		config.Bookings.OnPaid(s.purchased)
	}
	return s
}

func (s *Server) routes() {
	s.productRoutes()
	s.reservationRoutes()
	s.teamRoutes()
	s.tournamentRoutes()
	s.performanceRoutes()
	s.waitingRoomRoutes()
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

// Listen serves on ln until Shutdown. What is in the log when it begins is seen by
// every read: the server before may have answered with it.
func (s *Server) Listen(ln net.Listener) error {
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	head, err := s.config.Store.Head(ctx)
	if err != nil {
		return err
	}
	s.note(head)
	if !s.listens(ln) {
		return ln.Close()
	}
	return s.app.Listener(listener{ln})
}

// listens remembers ln for Shutdown; it returns false if that has been called.
func (s *Server) listens(ln net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener = ln
	return !s.stopping
}

// deafen closes the listener, or keeps Listen from beginning. Fiber's own shutdown
// overlooks a server that is just about to begin, which would then never end.
func (s *Server) deafen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	if s.listener != nil {
		_ = s.listener.Close() // all it can say is that Fiber has closed it
	}
}

// Shutdown lets requests under way finish, says goodbye to the sockets (close code
// 1012) and returns when all are gone, or with ctx.Err().
func (s *Server) Shutdown(ctx context.Context) error {
	s.sockets.stop()
	err := s.app.ShutdownWithContext(ctx)
	s.deafen()
	if waited := s.sockets.wait(ctx); err == nil {
		err = waited
	}
	s.access.close(ctx)
	return err
}

// handler answers one request, or returns why not.
type handler func(*request) error

// handle adds a route. What every request needs happens here and nowhere else: an
// id, who is asking, a guard against panics, the one translation of errors, the
// access log and the metrics. A GET may be asked for as a HEAD, without the body.
func (s *Server) handle(method, path string, h handler) {
	if s.config.AsOf != nil && method != fiber.MethodGet {
		h = s.pastTakesNothing
	}
	route := s.metrics.route(method, path)
	serve := func(c *fiber.Ctx) error {
		r := &request{ctx: c, server: s, begun: time.Now()}
		r.id = requestID(c)
		c.Response().Header.Set(headerRequestID, r.id)
		if err := s.guarded(r, h); err != nil {
			p := problemOf(err, r.log)
			s.metrics.told(p)
			if s.config.Refusals != nil && method != fiber.MethodGet {
				s.refused(r, p)
			}
			if err := p.write(c, r.id); err != nil {
				return err
			}
		}
		took := time.Since(r.begun)
		status := c.Response().StatusCode()
		route.observe(status, took)
		s.access.line(r, status, took)
		return nil
	}
	s.app.Add(method, path, serve)
	if method == fiber.MethodGet {
		s.app.Add(fiber.MethodHead, path, serve)
	}
}

func (s *Server) guarded(r *request, h handler) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			r.log().Error("a handler panicked", "panic", cause, "stack", string(debug.Stack()))
			err = refuse("internal", "this is a bug; the server's log has the details under this request's id")
		}
	}()
	if r.caller, err = s.config.Auth.caller(r.ctx); err != nil {
		return err
	}
	return h(r)
}

// strayError answers what never reached a route.
func (s *Server) strayError(c *fiber.Ctx, err error) error {
	r := &request{ctx: c, server: s, id: requestID(c), begun: time.Now()}
	c.Response().Header.Set(headerRequestID, r.id)
	p := problemOf(err, r.log)
	s.metrics.told(p)
	if p.code == "body_too_large" {
		swallow(c.Context().Conn())
	}
	if p.code == "method_not_allowed" && c.Method() == fiber.MethodOptions {
		c.Status(fiber.StatusNoContent) // Allow says what there is
	} else if err := p.write(c, r.id); err != nil {
		return err
	}
	s.access.line(r, c.Response().StatusCode(), time.Since(r.begun))
	return nil
}

// swallow reads the rest of a body that nobody wants, so much and so long as is
// polite: a connection that is closed with bytes unread is reset, and then the client
// may never see the answer. Whatever ends it, the answer is next.
func swallow(conn net.Conn) {
	buffer := make([]byte, 32<<10)
	end := time.Now().Add(2 * time.Second)
	for left := 8 << 20; left > 0 && time.Now().Before(end); {
		if conn.SetReadDeadline(time.Now().Add(200*time.Millisecond)) != nil {
			return
		}
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		left -= n
	}
}

// knownMethods makes a method that Fiber does not know, and would answer in its own
// way, one that it knows and no route has.
func knownMethods(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		if !slices.Contains(fiber.DefaultMethods, string(c.Method())) {
			c.Request.Header.SetMethod(fiber.MethodTrace)
		}
		next(c)
	}
}

// listener and connection know of each connection whether it has ever said anything.
type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c}, nil
}

type connection struct {
	net.Conn
	spoke bool
}

func (c *connection) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.spoke = c.spoke || n > 0
	return n, err
}

// silentAtSilence closes a connection that never said anything without a word. Clients
// open some ahead of need, and one that begins to ask just when the refusal of nothing
// comes would take that for its answer.
func silentAtSilence(next func(*fasthttp.RequestCtx, error)) func(*fasthttp.RequestCtx, error) {
	return func(c *fasthttp.RequestCtx, err error) {
		if conn, ok := c.Conn().(*connection); ok && !conn.spoke {
			_ = conn.Close() // what fasthttp writes next goes nowhere
			return
		}
		next(c, err)
	}
}

// note remembers a position that has been answered.
func (s *Server) note(position events.Position) {
	for {
		highest := s.highest.Load()
		if uint64(position) <= highest || s.highest.CompareAndSwap(highest, uint64(position)) {
			return
		}
	}
}

// answered is the highest position that has been answered.
func (s *Server) answered() events.Position { return events.Position(s.highest.Load()) }
