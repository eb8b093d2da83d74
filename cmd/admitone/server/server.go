package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"admitone/actors"
	"admitone/actors/admission"
	"admitone/actors/bookings"
	"admitone/actors/refusals"
	"admitone/actors/reservations"
	"admitone/api"
	"admitone/api/connections"
	"admitone/api/contacts"
	"admitone/api/keyset"
	"admitone/api/payments"
	"admitone/api/sweeps"
	"admitone/api/webhooks"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
	"admitone/events/esdbwire"
	"admitone/projections"
	"admitone/projections/verify"
)

// ViewsFolder has the views, below the store.
const ViewsFolder = "views"

// ContactsFolder has the contacts of holders, below the store.
const ContactsFolder = "contacts"

// Settings of a server, from the flags of serve.
type Settings struct {
	Listen       string
	Store        string
	Data         string // directory of everything but the log, "" if it is the log's
	Auth         api.Auth
	OwnCharges   bool // holders charge their own wallets
	AllowOrigins []string
	MaxSockets   int64
	AccessLog    io.Writer
	Logger       *slog.Logger
	Yardstick    bool
	IdleAfter    time.Duration
	Profile      string        // address for Go's profiles, "" for none
	EsdbListen   string        // address for EventStoreDB clients, "" for none
	AcceptLoss   bool          // continue a log that has lost its end, with a new epoch
	SignEvery    time.Duration // between two signed heads, 0 for no tree
	HeadKeyFile  string        // of the key that signs the heads of a log on an EventStoreDB, "" for head.key in Data
	PassKeys     string        // file of the keys that sign passes, "" for passes.key in the directory
	Refusals     bool          // record refusals
	Prove        bool          // verify the log continuously
	At           string        // a moment of the past to show, "" for the present
	AcceptKeys   bool          // record the keys that sign passes in the log, whatever keys it has
	OtherRooms   bool          // another server on the same log runs the waiting rooms
	Joins        int           // into waiting rooms per minute and address, 0 for any number
	PerAddress   int           // connections of one address, 0 for any number
	Trusted      []string      // networks of proxies
	ProxyHeader  string        // header in which they send the caller's address
	Proxies      connections.Proxies
	Currency     string        // of the log, "" for the recorded one
	MaxBackups   int           // maximum number of backups, 0 for MaxBackups
	RateLimit    int64         // commands per second and caller, 0 for any number
	Operations   string        // address of /metrics, /healthz and /readyz, "" for Listen
	Drain        time.Duration // planned time between Server.Drain and Stop
	Webhooks     WebhookSettings
	Stripe       StripeSettings
	Secrets      string // directory of all secrets, "" for Directory
	Cluster      ClusterSettings
}

// Directory returns the directory of everything but the log: views, secrets, backups. It is the
// log's own unless the log is elsewhere.
func (s *Settings) Directory() string {
	if IsRemote(s.Store) {
		return s.Data
	}
	return s.Store
}

// Server is a running server. Its exported parts are for reading, in addition to its API; only the
// server sets and closes them.
type Server struct {
	Log      DurableLog
	Desk     *actors.Desk
	Views    *projections.Projections
	Rooms    *admission.Rooms   // nil for a server of the past
	Refusals *refusals.Recorder // nil if not wanted
	Monitor  *verify.Monitor    // nil if not wanted

	tree         tree // nil if not wanted
	webhooks     *webhooks.Dispatcher
	sweeps       *sweeps.Sweeper
	payments     *payments.Gateway // nil if no provider takes money
	node         *node             // nil for a server without a cluster
	bookings     *bookings.Bookings
	reservations *reservations.Reservations
	contacts     *contacts.Book
	end          events.Position // end of the log when this server started
	following    atomic.Uint64   // position up to which the desk has followed a shared log
	owed         atomic.Uint64   // position of the first event by which a holder could not be forgotten; 0 if none
	shared       bool            // other servers may append to the log
	runID        string          // identifies this start, to the other nodes and in the log
	keys         passKeys
	currency     events.Currency
	away         bool // another server runs the waiting rooms
	http         *api.Server
	listener     net.Listener
	profiles     net.Listener // nil if not wanted
	// operations is nil unless health checks and metrics have a separate address.
	operations net.Listener
	issuer     *keyset.Set // nil if tokens are signed with a secret
	logger     *slog.Logger
	metrics    *prometheus.Registry
	files      descriptors
	directory  string   // of everything but the log
	opened     logFiles // when the log was opened, if it is in a directory
	// removeEndpoint removes the address that other commands find in the log's directory.
	removeEndpoint func()

	esdb         *esdbwire.Server // nil if not wanted
	esdbListener net.Listener

	background sync.WaitGroup
	cancel     context.CancelFunc
	resuming   sync.WaitGroup // of bookings; ended by stopWork
	delivering sync.WaitGroup // to webhooks; also ended by stopWork
	stopWork   context.CancelFunc
	failed     chan error

	scratch string // directory to delete in the end, "" for none
	where   string // the part of the log that is shown, if not all
}

// Start opens all parts and begins to serve. After an error it closes the opened parts. Errors: a
// [usage.Error] for invalid settings; an ErrLost for a log that has lost acknowledged events;
// otherwise the error of the part that can't be opened, with the remedy.
func Start(s Settings) (*Server, error) {
	p := &Server{
		logger:   s.Logger,
		issuer:   issuerOf(s.Auth),
		metrics:  prometheus.NewRegistry(),
		runID:    actors.NewID().String(),
		failed:   make(chan error, 12),
		cancel:   func() {},
		stopWork: func() {},

		removeEndpoint: func() {},
	}
	if err := p.shareDescriptors(); err != nil {
		return nil, err
	}
	open, run := p.open, p.run
	if s.At != "" {
		open, run = p.openPast, p.runPast
	}
	if err := open(s); err != nil {
		return nil, errors.Join(err, p.Stop(context.Background()))
	}
	run()
	return p, nil
}

// open opens the parts in the order of their dependencies.
func (p *Server) open(s Settings) (err error) {
	provider, err := stripeProvider(&s)
	if err != nil {
		return err
	}
	if p.listener, err = listenOn("listen", s.Listen); err != nil {
		return err
	}
	if err := p.offerProfiles(s.Profile); err != nil {
		return err
	}
	if err := p.offerOperations(s.Operations); err != nil {
		return err
	}
	keepPrivate(s.Directory(), s.Logger)
	log, bounds, err := openLog(s, p.files.tables)
	if err != nil {
		return err
	}
	p.Log, p.shared, p.directory, p.opened = log, IsRemote(s.Store), s.Directory(), filesOf(s.Directory())
	if err := p.beginFollowing(); err != nil {
		return err
	}
	if p.currency, err = nameCurrency(p.Log, s.Currency); err != nil {
		return err
	}
	if err := p.offerLog(s.EsdbListen); err != nil {
		return err
	}
	engine, err := actors.NewEngine()
	if err != nil {
		return err
	}
	if p.Views, err = p.openViews(s, engine.Spawn); err != nil {
		return err
	}
	if err := p.openTree(s); err != nil {
		return err
	}
	p.Desk = actors.NewDesk(engine, actors.Config{
		Store: p.Log, Snapshots: p.Log, Kinds: kinds.Rules(), Logger: s.Logger, IdleAfter: s.IdleAfter,
		AppendBytes: bounds.appendBytes, AnswerTimeout: api.AnswerLimit,
	})
	p.openProcesses()
	if err := p.openRooms(s); err != nil {
		return err
	}
	if err := p.openContacts(s); err != nil {
		return err
	}
	if err := p.openWebhooks(s); err != nil {
		return err
	}
	p.sweeps = sweeps.New(sweeps.Config{Desk: p.Desk, Store: p.Log, Views: p.Views, Bookings: p.bookings,
		Reservations: p.reservations, Node: p.nodeName(s), Alone: !p.shared, Logger: s.Logger, Faster: s.Webhooks.Faster})
	p.openPayments(s, provider)
	if err := p.openCluster(s); err != nil {
		return err
	}
	if s.Refusals {
		p.Refusals = refusals.New(refusals.Config{Store: p.Log, Logger: s.Logger})
	}
	if s.Prove {
		p.Monitor = verify.NewMonitor(p.Log, !IsRemote(s.Store), s.Logger)
	}
	p.openAPI(s, bounds)
	if !p.shared {
		p.removeEndpoint = noteEndpoint(s.Store, "http://"+p.Address(), s.Logger)
	}
	return nil
}

// openProcesses opens the processes that span several entities.
func (p *Server) openProcesses() {
	p.bookings = bookings.New(p.Desk, p.Views)
	p.reservations = reservations.New(p.Desk, api.EndedReservations{Views: p.Views})
	if !p.shared {
		p.bookings.AssumeSoleWriter()
	}
}

// run starts the background work.
func (p *Server) run() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	spawn := func(name string, f func() error) {
		p.background.Go(func() {
			if err := f(); err != nil && ctx.Err() == nil {
				p.failed <- fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	spawn("the log", func() error { return p.watchLog(ctx) })
	spawn("the views", func() error { return p.runViews(ctx) })
	spawn("the deadlines", func() error { return p.Views.RunDeadlines(ctx, p.Desk.Wake) })
	if p.tree != nil {
		spawn("the tree of the log", func() error { return p.tree.Run(ctx) })
	}
	if p.Refusals != nil {
		spawn("the refusals", func() error { return p.Refusals.Run(ctx) })
	}
	if p.Monitor != nil {
		spawn("the proof of the log", func() error { return p.Monitor.Run(ctx) })
	}
	if p.shared {
		spawn("what other servers append", func() error { return p.followOthers(ctx) })
	}
	p.runCluster(ctx, spawn)
	if p.shared && p.node == nil && !p.away {
		spawn("the nodes on the log", func() error { return p.warnOutside(ctx) })
	}
	p.resume()
	p.deliver()
	p.settlePayments()
	if !p.away {
		spawn("the waiting rooms", func() error { return p.resumeRooms(ctx) })
	}
	spawn("the keys of passes", func() error { return p.watchKeys(ctx) })
	if p.issuer != nil {
		spawn("the keys of the issuer", func() error { return p.issuer.Run(ctx) })
	}
	if p.profiles != nil {
		spawn("the profiles", func() error { return serveProfiles(p.profiles) })
	}
	if p.esdb != nil {
		spawn("the log's EventStoreDB side", func() error { return p.esdb.Serve(p.esdbListener) })
	}
	if p.operations != nil {
		spawn("the operations", func() error { return p.http.ListenOperations(p.operations) })
	}
	spawn("the server", func() error { return p.http.Listen(p.listener, p.end) })
}

// runViews keeps the views up to date. If the log is damaged they end, and /healthz and /readyz
// fail; the intact part of the log is still served. If the log was replaced, the server ends.
func (p *Server) runViews(ctx context.Context) error {
	err := p.Views.Run(ctx)
	if errors.Is(err, events.ErrDamaged) {
		return nil
	}
	return err
}

// lingerLimit is how long a stopping server answers its connections, if other servers can accept
// new ones. docker/nginx.conf keeps an idle connection for half of it.
const lingerLimit = 2 * time.Second

func (p *Server) linger(drain time.Duration) time.Duration {
	if p.shared || drain > 0 {
		return lingerLimit
	}
	return 0
}

// Drain makes load balancers switch to other servers, while this one still serves; Stop follows it.
func (p *Server) Drain() { p.http.Drain() }

// Stop ends all parts in the order of their dependencies: first no new requests, then no commands,
// then no reading, then the log.
func (p *Server) Stop(ctx context.Context) error {
	var errs []error
	p.handOver(ctx)
	if p.http != nil {
		errs = append(errs, p.http.Shutdown(ctx))
	} else if p.listener != nil {
		errs = append(errs, p.listener.Close())
	}
	if p.operations != nil {
		errs = append(errs, p.operations.Close()) // again, in case it was only about to serve
	}
	p.stopWork()
	p.resuming.Wait()
	if p.bookings != nil {
		p.bookings.Wait()
	}
	p.delivering.Wait()
	if p.Rooms != nil {
		p.Rooms.Close()
	}
	if p.Desk != nil {
		errs = append(errs, p.Desk.Close(ctx))
	}
	errs = append(errs, p.leaveCluster(), p.withdrawLog())
	p.cancel()
	if p.profiles != nil {
		errs = append(errs, p.profiles.Close())
	}
	p.background.Wait()
	if p.contacts != nil {
		errs = append(errs, p.contacts.Close())
	}
	if p.Views != nil {
		errs = append(errs, p.Views.Close())
	}
	if p.tree != nil {
		errs = append(errs, p.tree.Close(ctx))
	}
	p.removeEndpoint()
	if p.Log != nil {
		errs = append(errs, p.Log.Close())
	}
	if p.scratch != "" {
		errs = append(errs, os.RemoveAll(p.scratch))
	}
	return errors.Join(errs...)
}
