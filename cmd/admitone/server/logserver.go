package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/esdbwire"
)

// SharedLog is the log in a directory, served as an EventStoreDB.
type SharedLog struct {
	Dir, Listen string
	AcceptLoss  bool // start even if the end of the log is missing
	Logger      *slog.Logger
	Wire        esdbwire.Config
}

// Serve prints the log's address to out, and serves it until ctx ends. Errors: a [usage.Error];
// [ErrLost]; those of opening the log; the network's.
func (e *SharedLog) Serve(ctx context.Context, out io.Writer) (err error) {
	limit, err := maxDescriptors()
	if err != nil {
		return err
	}
	files, err := shareDescriptors(limit, 1)
	if err != nil {
		return err
	}
	listener, err := listenOn("listen", e.Listen)
	if err != nil {
		return err
	}
	listener = newClients(min(logClients, files.connections), e.Logger).Listen(listener)
	keepPrivate(e.Dir, e.Logger)
	command := "admitone eventstore --dir " + e.Dir
	options := embedded.Options{Logger: e.Logger, MaxTables: files.tables}
	store, err := embedded.Open(e.Dir, options)
	if errors.Is(err, events.ErrDamaged) {
		store, err = openDamaged(e.Dir, options, e.AcceptLoss, command, OpenError(e.Dir, err))
	}
	if err != nil {
		listener.Close()
		if errors.Is(err, ErrLost) {
			return err
		}
		if errors.Is(err, events.ErrInUse) {
			return InUse(e.Dir, "start it with --esdb-listen, with which admitone serve offers its log too")
		}
		return OpenError(e.Dir, err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := checkEnd(ctx, store, e.Dir, e.AcceptLoss, command, e.Logger); err != nil {
		return errors.Join(err, listener.Close())
	}
	opened := filesOf(e.Dir)
	defer noteEndpoint(e.Dir, esdbAddress(clientAddress(listener), e.Wire), e.Logger)()
	server := esdbwire.New(store, e.Wire)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	fmt.Fprintf(out, "the log in %s is on %s (%s)\n", e.Dir, esdbAddress(listener.Addr().String(), e.Wire),
		map[bool]string{true: "writable", false: "read-only"}[e.Wire.Writable])
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	replaced := make(chan error, 1)
	go func() {
		if err := watchDirectory(within, store, e.Dir, opened); within.Err() == nil {
			replaced <- err
		}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "stopping")
		return errors.Join(server.Close(), <-ended)
	case err := <-replaced:
		return errors.Join(err, server.Close(), <-ended)
	case err := <-ended:
		return errors.Join(err, server.Close())
	}
}

// offerLog starts a listener for EventStoreDB clients, unless address is empty.
func (p *Server) offerLog(address string) (err error) {
	if address == "" {
		return nil
	}
	listener, err := listenOn("esdb-listen", address)
	if err != nil {
		return err
	}
	pool := newClients(p.files.reserve(logClients), p.logger)
	p.esdbListener = pool.Listen(listener)
	p.esdb = esdbwire.New(p.Log, esdbwire.Config{Logger: p.logger})
	showLogClients(p.metrics, pool, p.esdb)
	return nil
}

// withdrawLog stops the listener that offerLog started.
func (p *Server) withdrawLog() error {
	if p.esdb == nil {
		return nil
	}
	err := p.esdb.Close()
	_ = p.esdbListener.Close() // already closed if it was served
	return err
}

// esdbAddress returns the connection string of a server that listens on an address.
func esdbAddress(address string, config esdbwire.Config) string {
	if address = "esdb://" + address; config.TLS == nil {
		address += "?tls=false"
	}
	return address
}
