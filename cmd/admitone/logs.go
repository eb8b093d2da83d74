package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/esdb"
)

// durableLog is what a server needs of its log.
type durableLog interface {
	events.Store
	events.Snapshots
}

// elsewhere says whether a --store names an EventStoreDB, and not a directory.
func elsewhere(store string) bool { return strings.Contains(store, "://") }

// esdbAppend is how many bytes of facts one append to an EventStoreDB has, about: half
// of what a node takes by default, because ids, types and the last command come on top.
const esdbAppend = esdb.DefaultMaxAppend / 2

// esdbLag is how many positions the views may be behind an EventStoreDB, where each
// is a byte: some 100,000 events.
const esdbLag = 100 << 20

// connectLimit is how long an EventStoreDB may take to be found.
const connectLimit = 20 * time.Second

// openLog opens the log of a server.
func openLog(s settings) (log durableLog, bounds logBounds, err error) {
	if elsewhere(s.store) {
		log, err = connect(context.Background(), s.store, esdb.Options{Logger: s.logger})
		return log, logBounds{appendBytes: esdbAppend, lag: esdbLag}, err
	}
	log, err = openDirectory(s.store, s.logger)
	return log, logBounds{}, err
}

// logBounds are a log's own bounds, 0 for what is usual: bytes of an append, and the
// positions that the views may be behind.
type logBounds struct {
	appendBytes int64
	lag         uint64
}

func openDirectory(dir string, logger *slog.Logger) (durableLog, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	log, err := embedded.Open(dir, embedded.Options{Logger: logger})
	if errors.Is(err, events.ErrInUse) {
		return nil, fmt.Errorf("another server is using the log in %s; stop it, or name another directory with --store", dir)
	}
	if err != nil {
		return nil, cantOpen(dir, err)
	}
	return log, nil
}

// cantOpen says why the log in a directory can't be opened, and what to do about it.
func cantOpen(dir string, err error) error {
	if errors.Is(err, embedded.ErrUnfinished) {
		return fmt.Errorf("can't use the log in %s: %w; finish it with: admitone import FILE --store %[1]s", dir, err)
	}
	if errors.Is(err, events.ErrDamaged) {
		return fmt.Errorf("can't open the log in %s: %w; go on with a backup, and keep these files", dir, err)
	}
	return fmt.Errorf("can't open the log in %s: %w", dir, err)
}

// connect opens the log on an EventStoreDB.
func connect(ctx context.Context, address string, options esdb.Options) (*esdb.Store, error) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	store, err := esdb.Open(ctx, address, options)
	if errors.Is(err, esdb.ErrAddress) {
		return nil, usagef("%s: %w", withoutPassword(address), err)
	}
	if errors.Is(err, esdb.ErrRefused) && options.ReadOnly {
		return nil, fmt.Errorf("the server at %s does not let this program read; name a user that may: esdb://NAME:PASSWORD@…; %w", withoutPassword(address), err)
	}
	if errors.Is(err, esdb.ErrRefused) {
		return nil, fmt.Errorf("the server at %s does not let this program write: start it with --writable (admitone eventstore), or name a user that may; %w",
			withoutPassword(address), err)
	}
	if err != nil {
		return nil, fmt.Errorf("can't reach the log at %s; is an EventStoreDB running there? %w", withoutPassword(address), err)
	}
	return store, nil
}

// withoutPassword is a connection string as it may be shown.
func withoutPassword(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	if _, host, ok := strings.Cut(rest, "@"); ok {
		rest = "…@" + host
	}
	return scheme + "://" + rest
}
