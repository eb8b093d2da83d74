package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"admitone/actors"
	"admitone/api"
	"admitone/events"
	"admitone/events/esdb"
	"admitone/projections"
)

// openPast opens a server that shows the log as it was at a moment: no commands, no
// deadlines, no tree, and views of their own in a temporary directory. Of what is in
// the store nothing is changed.
func (p *program) openPast(s settings) (err error) {
	if p.listener, err = net.Listen("tcp", s.listen); err != nil {
		return fmt.Errorf("can't listen on %s: %w", s.listen, err)
	}
	bounds := logBounds{}
	if elsewhere(s.store) {
		bounds.lag = esdbLag
		p.log, err = connect(context.Background(), s.store, esdb.Options{ReadOnly: true, Logger: s.logger})
	} else if _, missing := os.Stat(filepath.Join(s.store, "log")); errors.Is(missing, fs.ErrNotExist) {
		return fmt.Errorf("there is no log in %s", s.store)
	} else {
		p.log, err = openDirectory(s.store, s.logger)
	}
	if err != nil {
		return err
	}
	moment, err := projections.MomentOf(context.Background(), p.log, s.at)
	if errors.Is(err, projections.ErrBadMoment) {
		return usagef("--at: %w", err)
	}
	if err != nil {
		return err
	}
	if moment.Position == 0 {
		return usagef("--at: the log had no events yet at %s", s.at)
	}
	past := events.Prefix(p.log, moment.Position)
	engine, err := actors.NewEngine()
	if err != nil {
		return err
	}
	if p.scratch, err = os.MkdirTemp("", "admitone-past-"); err != nil {
		return err
	}
	p.views, err = projections.Open(projections.Config{Store: past, Dir: p.scratch, Spawn: engine.Spawn, Logger: s.logger})
	if err != nil {
		return err
	}
	// For what is read through entities; their snapshots are of later.
	p.desk = actors.NewDesk(engine, actors.Config{Store: past, Kinds: kinds(), Logger: s.logger, IdleAfter: s.idleAfter})
	p.server = api.New(api.Config{
		AsOf: &moment, Desk: p.desk, Views: p.views, Store: past, Auth: s.auth, AllowOrigins: s.allowOrigins,
		MaxSockets: s.maxSockets, AccessLog: s.accessLog, Logger: s.logger, MaxLag: bounds.lag,
	})
	p.where = fmt.Sprintf(" as it was at position %d, %s, for reading only", moment.Position, moment.Time.UTC().Format(time.RFC3339Nano))
	return nil
}

// runPast is run for the past.
func (p *program) runPast() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.background.Go(func() {
		if err := p.views.Run(ctx); err != nil && ctx.Err() == nil {
			p.failed <- fmt.Errorf("the views: %w", err)
		}
	})
	p.background.Go(func() {
		if err := p.server.Listen(p.listener); err != nil && ctx.Err() == nil {
			p.failed <- fmt.Errorf("the server: %w", err)
		}
	})
}
