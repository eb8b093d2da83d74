package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"admitone/actors"
	"admitone/actors/admission"
	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/bookings"
	"admitone/actors/performance"
	"admitone/actors/product"
	"admitone/actors/refusals"
	"admitone/actors/seat"
	"admitone/actors/team"
	"admitone/actors/tournament"
	"admitone/actors/wallet"
	"admitone/api"
	"admitone/api/contacts"
	"admitone/events"
	"admitone/events/esdbwire"
	"admitone/events/merkle"
	"admitone/projections"
)

// viewsFolder holds the views, below the store.
const viewsFolder = "views"

// contactsFolder holds how to reach people, below the store.
const contactsFolder = "contacts"

// settings of a program: what serve's flags say.
type settings struct {
	listen       string
	store        string
	data         string // directory of what is not the log, if that is elsewhere
	auth         api.Auth
	allowOrigins []string
	maxSockets   int64
	accessLog    io.Writer
	logger       *slog.Logger
	yardstick    bool
	idleAfter    time.Duration
	profile      string        // address for Go's profiles, "" for none
	esdbListen   string        // address for EventStoreDB clients, "" for none
	signEvery    time.Duration // between two signed heads, 0 for no tree
	passKeys     string        // file of the keys that sign passes, "" for passes.key in the directory
	refusals     bool          // keep what is refused
	prove        bool          // hold the log to its rules while it grows
	at           string        // a moment of the past to show, "" for the present
	otherRooms   bool          // another server on the same log runs the waiting rooms
	joins        int           // into waiting rooms per minute and address, 0 for any number
}

// directory holds what a server keeps beside the log: views, secrets, backups. It is
// the log's own unless that is elsewhere.
func (s *settings) directory() string {
	if elsewhere(s.store) {
		return s.data
	}
	return s.store
}

// kinds are all entities there are.
func kinds() []actors.Kind {
	return []actors.Kind{
		{Category: product.Category, New: product.New, SnapshotVersion: product.SnapshotVersion},
		{Category: team.Category, New: team.New, SnapshotVersion: team.SnapshotVersion},
		{Category: tournament.Category, New: tournament.New, SnapshotVersion: tournament.SnapshotVersion},
		{Category: performance.Category, New: performance.New, SnapshotVersion: performance.SnapshotVersion},
		{Category: seat.Category, New: seat.New, SnapshotVersion: seat.SnapshotVersion},
		{Category: booking.Category, New: booking.New, SnapshotVersion: booking.SnapshotVersion},
		{Category: wallet.Category, New: wallet.New, SnapshotVersion: wallet.SnapshotVersion},
		{Category: allowance.Category, New: allowance.New, SnapshotVersion: allowance.SnapshotVersion},
		admission.Kind,
	}
}

// program is a running server with all its parts.
type program struct {
	log      durableLog
	desk     *actors.Desk
	views    *projections.Projections
	tree     *merkle.Tree // nil if not wanted
	bookings *bookings.Bookings
	contacts *contacts.Book
	rooms    *admission.Rooms
	refusals *refusals.Recorder  // nil if not wanted
	prover   *projections.Prover // nil if not wanted
	heard    events.Position     // of the log, by the desk
	shared   bool                // other servers may append to the log
	keys     passKeys
	away     bool // another server runs the waiting rooms
	server   *api.Server
	listener net.Listener
	profiles net.Listener // nil if not wanted
	logger   *slog.Logger

	esdb         *esdbwire.Server // nil if not wanted
	esdbListener net.Listener

	background sync.WaitGroup
	cancel     context.CancelFunc
	resuming   sync.WaitGroup // of bookings; it ends before the rest, with rest
	rest       context.CancelFunc
	failed     chan error

	scratch string // directory to delete in the end, "" for none
	where   string // what is shown of the log, if not all
}

// start opens everything and begins to serve. What it opened before an error is
// closed again.
func start(s settings) (*program, error) {
	p := &program{logger: s.logger, failed: make(chan error, 7), cancel: func() {}, rest: func() {}}
	open, run := p.open, p.run
	if s.at != "" {
		open, run = p.openPast, p.runPast
	}
	if err := open(s); err != nil {
		return nil, errors.Join(err, p.stop(context.Background()))
	}
	run()
	return p, nil
}

// open opens the parts, each on those before it.
func (p *program) open(s settings) (err error) {
	if p.listener, err = net.Listen("tcp", s.listen); err != nil {
		return fmt.Errorf("can't listen on %s: %w", s.listen, err)
	}
	if s.profile != "" {
		if p.profiles, err = net.Listen("tcp", s.profile); err != nil {
			return fmt.Errorf("can't listen on %s: %w", s.profile, err)
		}
	}
	log, bounds, err := openLog(s)
	if err != nil {
		return err
	}
	p.log, p.shared = log, elsewhere(s.store)
	if err := p.beginHearing(); err != nil {
		return err
	}
	if err := p.offerLog(s.esdbListen); err != nil {
		return err
	}
	engine, err := actors.NewEngine()
	if err != nil {
		return err
	}
	p.views, err = projections.Open(projections.Config{
		Store: p.log, Dir: filepath.Join(s.directory(), viewsFolder), Spawn: engine.Spawn, Logger: s.logger,
	})
	if err != nil {
		return err
	}
	if err := p.openTree(s); err != nil {
		return err
	}
	p.desk = actors.NewDesk(engine, actors.Config{
		Store: p.log, Snapshots: p.log, Kinds: kinds(), Logger: s.logger, IdleAfter: s.idleAfter,
		AppendBytes: bounds.appendBytes,
	})
	p.bookings = bookings.New(p.desk, p.views.TakenSeats)
	if err := p.openRooms(s); err != nil {
		return err
	}
	if p.contacts, err = contacts.Open(filepath.Join(s.directory(), contactsFolder)); err != nil {
		return err
	}
	if s.refusals {
		p.refusals = refusals.New(refusals.Config{Store: p.log, Logger: s.logger})
	}
	if s.prove {
		p.prover = projections.NewProver(p.log, !elsewhere(s.store), s.logger)
	}
	p.server = api.New(api.Config{
		Desk: p.desk, Bookings: p.bookings, Rooms: p.rooms, JoinsPerMinute: s.joins, Views: p.views, Store: p.log, Auth: s.auth, AllowOrigins: s.allowOrigins,
		MaxSockets: s.maxSockets, AccessLog: s.accessLog, Logger: s.logger, Yardstick: s.yardstick,
		MaxLag: bounds.lag, Backup: backups(p.log, s.directory()), Proofs: p.proofs(), Contacts: p.contacts, Refusals: p.refusals, Prover: p.prover,
	})
	return nil
}

// run starts what works in the background.
func (p *program) run() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	spawn := func(name string, f func() error) {
		p.background.Go(func() {
			if err := f(); err != nil && ctx.Err() == nil {
				p.failed <- fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	spawn("the views", func() error { return p.views.Run(ctx) })
	spawn("the deadlines", func() error { return p.views.RunDeadlines(ctx, p.desk.Wake) })
	if p.tree != nil {
		spawn("the tree of the log", func() error { return p.tree.Run(ctx) })
	}
	if p.refusals != nil {
		spawn("the refusals", func() error { return p.refusals.Run(ctx) })
	}
	if p.prover != nil {
		spawn("the proof of the log", func() error { return p.prover.Run(ctx) })
	}
	if p.shared {
		spawn("what other servers append", func() error { return p.hear(ctx) })
	}
	p.resume()
	if !p.away {
		spawn("the waiting rooms", func() error { return p.resumeRooms(ctx) })
	}
	spawn("the keys of passes", func() error { return p.watchKeys(ctx) })
	if p.profiles != nil {
		spawn("the profiles", func() error { return http.Serve(p.profiles, profiles()) })
	}
	if p.esdb != nil {
		spawn("the log's EventStoreDB side", func() error { return p.esdb.Serve(p.esdbListener) })
	}
	spawn("the server", func() error { return p.server.Listen(p.listener) })
}

// resume finishes what was begun about bookings, by a server before too.
func (p *program) resume() {
	ctx, rest := context.WithCancel(context.Background())
	p.rest = rest
	p.resuming.Go(func() {
		err := p.views.RunUnfinished(ctx, func(ctx context.Context, bookingID string) error {
			id := actors.NewCommandID()
			return p.bookings.Resume(ctx, bookings.Origin{ID: id, CorrelationID: string(id), CausationID: "resumed", Actor: "system"}, bookingID)
		})
		if err != nil && ctx.Err() == nil {
			p.failed <- fmt.Errorf("the unfinished bookings: %w", err)
		}
	})
}

// profiles serves what net/http/pprof has, and nothing else.
func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// address is where the server listens, as a client on this machine would write it.
func (p *program) address() string {
	address := p.listener.Addr().(*net.TCPAddr)
	if address.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(address.Port))
	}
	return address.String()
}

// stop ends everything in the order in which it depends on each other: first no
// new requests, then no commands, then no reading, then the log.
func (p *program) stop(ctx context.Context) error {
	var errs []error
	if p.server != nil {
		errs = append(errs, p.server.Shutdown(ctx))
	} else if p.listener != nil {
		errs = append(errs, p.listener.Close())
	}
	p.rest()
	p.resuming.Wait()
	if p.bookings != nil {
		p.bookings.Wait()
	}
	if p.rooms != nil {
		p.rooms.Close()
	}
	if p.desk != nil {
		errs = append(errs, p.desk.Close(ctx))
	}
	errs = append(errs, p.withdrawLog())
	p.cancel()
	if p.profiles != nil {
		errs = append(errs, p.profiles.Close())
	}
	p.background.Wait()
	if p.contacts != nil {
		errs = append(errs, p.contacts.Close())
	}
	if p.views != nil {
		errs = append(errs, p.views.Close())
	}
	if p.tree != nil {
		errs = append(errs, p.tree.Close(ctx))
	}
	if p.log != nil {
		errs = append(errs, p.log.Close())
	}
	if p.scratch != "" {
		errs = append(errs, os.RemoveAll(p.scratch))
	}
	return errors.Join(errs...)
}
