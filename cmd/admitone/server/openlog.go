package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"admitone/cmd/admitone/usage"
	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/esdb"
	"admitone/events/pebbledb"
	"admitone/projections"
	"admitone/projections/live"
)

// DurableLog is the interface of a server's log.
type DurableLog interface {
	events.Store
	events.Snapshots
}

// IsRemote reports whether a --store names an EventStoreDB, and not a directory.
func IsRemote(store string) bool { return strings.Contains(store, "://") }

// EventStoreAppend bounds the bytes of facts in one append to an EventStoreDB: half of a node's
// default limit, because it does not include ids, types and the last command.
const EventStoreAppend = esdb.DefaultMaxAppend / 2

// AppendBytes returns EventStoreAppend, or half of the store's limit if that is less.
func AppendBytes(store *esdb.Store) int64 { return min(EventStoreAppend, store.MaxAppend()/2) }

// esdbLag is how many positions the views may lag behind an EventStoreDB, where each is a byte:
// about 100,000 events.
const esdbLag = 100 << 20

// connectLimit bounds how long connecting to an EventStoreDB may take.
const connectLimit = 20 * time.Second

// openLog opens the log of a server, with at most tables open tables.
func openLog(s Settings, tables int) (log DurableLog, bounds logBounds, err error) {
	if IsRemote(s.Store) {
		store, err := Connect(context.Background(), s.Store, esdb.Options{Logger: s.Logger})
		if err != nil {
			return nil, bounds, err
		}
		return store, logBounds{appendBytes: AppendBytes(store), lag: esdbLag}, nil
	}
	log, err = OpenGrowing(context.Background(), s.Store, s.AcceptLoss, s.Logger, tables)
	return log, logBounds{}, err
}

// logBounds are limits specific to a log, 0 for the default: the bytes of an append, and the
// maximum lag of the views in positions.
type logBounds struct {
	appendBytes int64
	lag         uint64
}

// OpenGrowing opens a log in a directory for appending, and creates the directory if needed. tables
// bounds its open tables (0 for the default). Errors: an ErrLost, unless acceptLoss converts the
// log to one with a new epoch; another server uses it; the disk's.
func OpenGrowing(ctx context.Context, dir string, acceptLoss bool, logger *slog.Logger,
	tables int) (DurableLog, error) {
	command := "admitone serve --store " + dir
	log, err := openDirectory(dir, logger, tables)
	if errors.Is(err, events.ErrDamaged) {
		log, err = openDamaged(dir, embedded.Options{Logger: logger, MaxTables: tables}, acceptLoss, command, err)
	}
	if err != nil {
		return nil, err
	}
	if err := checkEnd(ctx, log.(*embedded.Store), dir, acceptLoss, command, logger); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return log, nil
}

func openDirectory(dir string, logger *slog.Logger, tables int) (DurableLog, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	return directoryLog(dir, embedded.Options{Logger: logger, MaxTables: tables}, embedded.Open)
}

// readDirectory opens the log in a directory for reading only.
func readDirectory(dir string, logger *slog.Logger, tables int) (DurableLog, error) {
	return directoryLog(dir, embedded.Options{Logger: logger, MaxTables: tables}, embedded.OpenReader)
}

func directoryLog(dir string, options embedded.Options,
	open func(string, embedded.Options) (*embedded.Store, error)) (DurableLog, error) {
	log, err := open(dir, options)
	if errors.Is(err, events.ErrInUse) {
		return nil, InUse(dir, "give another directory with --store")
	}
	if err != nil {
		return nil, OpenError(dir, err)
	}
	return log, nil
}

// OpenError explains why the log in a directory can't be opened, and how to fix that.
func OpenError(dir string, err error) error {
	if errors.Is(err, embedded.ErrUnfinished) {
		return fmt.Errorf("can't use the log in %s: %w; finish it with: admitone import FILE --store %[1]s", dir, err)
	}
	if errors.Is(err, events.ErrDamaged) {
		return fmt.Errorf("can't open the log in %s: %w; continue with a backup, and keep these files", dir, err)
	}
	return fmt.Errorf("can't open the log in %s: %w", dir, err)
}

// Connect opens the log on an EventStoreDB. Errors: a [usage.Error] for an invalid address; the
// server refuses, or is not reachable within connectLimit.
func Connect(ctx context.Context, address string, options esdb.Options) (*esdb.Store, error) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	store, err := esdb.Open(ctx, address, options)
	if errors.Is(err, esdb.ErrAddress) {
		return nil, usage.Errorf("%s: %w", WithoutPassword(address), err)
	}
	if errors.Is(err, esdb.ErrSmallAppends) {
		return nil, usage.Errorf("%s: %w; start it with --max-append-size=%d or more", WithoutPassword(address), err,
			esdb.MinMaxAppend)
	}
	if errors.Is(err, esdb.ErrMayNotReadAll) {
		return nil, fmt.Errorf("%s: %w; see events/esdb/README.md for the least rights of a user", WithoutPassword(address),
			err)
	}
	if errors.Is(err, esdb.ErrRefused) && options.ReadOnly {
		return nil, fmt.Errorf("the server at %s does not let this program read; give a user with that right: "+
			"esdb://NAME:PASSWORD@…; %w", WithoutPassword(address), err)
	}
	if errors.Is(err, esdb.ErrRefused) {
		return nil, fmt.Errorf("the server at %s does not let this program write: start it with --writable (admitone "+
			"eventstore), or give a user with that right; %w",
			WithoutPassword(address), err)
	}
	if err != nil {
		return nil, fmt.Errorf("no log answers at %s; start it there (an EventStoreDB, or admitone eventstore), or "+
			"correct the address: %w", WithoutPassword(address), err)
	}
	return store, nil
}

// WithoutPassword returns a connection string without its password.
func WithoutPassword(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	if _, host, ok := strings.Cut(rest, "@"); ok {
		rest = "…@" + host
	}
	return scheme + "://" + rest
}

// openViews opens the views of the log, whose topics an engine runs. Errors: another server uses the directory, and
// those of [projections.Open].
func (p *Server) openViews(s Settings, spawn live.Spawner) (*projections.Projections, error) {
	views, err := projections.Open(projections.Config{
		Store: p.Log, Dir: filepath.Join(s.Directory(), ViewsFolder), Spawn: spawn, Logger: s.Logger,
		MaxTables: p.files.tables, Shared: p.shared, Rank: p.rank,
	})
	if errors.Is(err, pebbledb.ErrLocked) {
		return nil, fmt.Errorf("another server is using %s; stop it, or give this one another --data", s.Directory())
	}
	return views, err
}
