package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"admitone/actors"
	"admitone/api"
	"admitone/cmd/admitone/kinds"
	"admitone/cmd/admitone/usage"
	"admitone/events"
	"admitone/events/esdb"
	"admitone/projections"
	"admitone/projections/row"
)

// openPast opens a server that shows the log as of a moment: without commands, deadlines and tree,
// and with separate views in a temporary directory. It changes nothing in the store.
func (p *Server) openPast(s Settings) (err error) {
	if p.listener, err = listenOn("listen", s.Listen); err != nil {
		return err
	}
	if err := p.offerOperations(s.Operations); err != nil {
		return err
	}
	bounds := logBounds{}
	if IsRemote(s.Store) {
		bounds.lag = esdbLag
		p.Log, err = Connect(context.Background(), s.Store, esdb.Options{ReadOnly: true, Logger: s.Logger})
	} else if _, missing := os.Stat(filepath.Join(s.Store, "log")); errors.Is(missing, fs.ErrNotExist) {
		return fmt.Errorf("there is no log in %s", s.Store)
	} else {
		p.Log, err = readDirectory(s.Store, s.Logger, p.files.tables)
	}
	if err != nil {
		return err
	}
	moment, err := row.MomentOf(context.Background(), p.Log, s.At)
	if errors.Is(err, row.ErrBadMoment) {
		return usage.Errorf("--at: %w", err)
	}
	if err != nil {
		return err
	}
	if moment.Position == 0 {
		return usage.Errorf("--at: the log had no events yet at %s", s.At)
	}
	if err := NoteEnd(context.Background(), os.Stderr, p.Log, "--at", s.At); err != nil {
		return err
	}
	past := events.Prefix(p.Log, moment.Position)
	p.end = moment.Position
	engine, err := actors.NewEngine()
	if err != nil {
		return err
	}
	if p.scratch, err = os.MkdirTemp("", "admitone-past-"); err != nil {
		return err
	}
	p.Views, err = projections.Open(projections.Config{Store: past, Dir: p.scratch, Spawn: engine.Spawn, Logger: s.Logger,
		MaxTables: p.files.tables})
	if err != nil {
		return err
	}
	if p.currency, err = events.CurrencyIn(context.Background(), past, moment.Position); err != nil {
		return err
	}
	// For reads of entities that have newer snapshots.
	p.Desk = actors.NewDesk(engine, actors.Config{Store: past, Kinds: kinds.Rules(), Logger: s.Logger,
		IdleAfter: s.IdleAfter})
	p.http = api.New(api.Config{
		AsOf: &moment, Desk: p.Desk, Views: p.Views, Store: past, Auth: s.Auth, AllowOrigins: s.AllowOrigins,
		MaxSockets: s.MaxSockets, AccessLog: s.AccessLog, Logger: s.Logger, MaxLag: bounds.lag,
		MaxConnections: p.files.connections, ConnectionsPerAddress: limitPerAddress(s.PerAddress, p.files.connections),
		Proxies: s.Proxies, Metrics: p.metrics, Currency: p.currency, OperationsApart: p.operations != nil,
		Linger: p.linger(s.Drain),
	})
	p.where = fmt.Sprintf(" as it was at position %d, %s, for reading only", moment.Position,
		moment.Time.UTC().Format(time.RFC3339Nano))
	return nil
}

// NoteEnd prints a note if a position that a flag names is after the end of the log; the last
// position is used then.
func NoteEnd(ctx context.Context, out io.Writer, store events.Store, flag, moment string) error {
	position, err := strconv.ParseUint(moment, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return nil // a time, or not a moment
	}
	head, err := store.Head(ctx)
	if err == nil && events.Position(position) > head {
		_, err = fmt.Fprintf(out, "note: %s %s is after the end of the log; its last position is %d\n", flag, moment, head)
	}
	return err
}

// runPast is run for a server of the past.
func (p *Server) runPast() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.background.Go(func() {
		if err := p.Views.Run(ctx); err != nil && ctx.Err() == nil {
			p.failed <- fmt.Errorf("the views: %w", err)
		}
	})
	if p.issuer != nil {
		p.background.Go(func() { _ = p.issuer.Run(ctx) }) // it ends with ctx
	}
	if p.operations != nil {
		p.background.Go(func() {
			if err := p.http.ListenOperations(p.operations); err != nil && ctx.Err() == nil {
				p.failed <- fmt.Errorf("the operations: %w", err)
			}
		})
	}
	p.background.Go(func() {
		if err := p.http.Listen(p.listener, p.end); err != nil && ctx.Err() == nil {
			p.failed <- fmt.Errorf("the server: %w", err)
		}
	})
}
