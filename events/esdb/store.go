package esdb

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/metadata"

	"admitone/events"
)

// DefaultMaxAppend is the default limit of a node for the size of an append in bytes. The size
// consists of the data and metadata of the events, and of their types in UTF-16.
const DefaultMaxAppend = 1 << 20

// Options of [Open]. The zero value is the production configuration.
type Options struct {
	// ReadOnly refuses appends and snapshots, and needs no right to write.
	ReadOnly bool
	// MaxAppend bounds the size of appends in bytes; 0 stands for DefaultMaxAppend. A lower limit of
	// the node is detected; see Store.MaxAppend.
	MaxAppend int
	// Logger receives warnings and errors; nil is slog.Default().
	Logger *slog.Logger
	// Dial connects to host:port; nil stands for TCP. If it is set, it has to resolve names itself.
	Dial func(ctx context.Context, host string) (net.Conn, error)
}

// Store is the log on an EventStoreDB. It implements events.Store and
// events.Snapshots.
type Store struct {
	nodes     *nodes
	gate      *gate
	log       *slog.Logger
	epoch     string
	readOnly  bool
	maxAppend atomic.Int64  // the known limit in bytes; see learnLimit
	deadline  time.Duration // of calls whose context has none

	headers, leaderHeaders metadata.MD

	continuity      *continuity
	known           knownPositions
	heads           headReads
	tails           tails
	recent          *recent
	unbatched       atomic.Bool  // the node has no BatchAppend
	sharing         sync.Pool    // of *sharedAppend
	failureLogged   atomic.Int64 // time of the last logged failure, Unix nanoseconds
	followers       atomic.Int64
	resubscriptions atomic.Uint64

	closing    context.Context // ends when Close begins
	beginClose context.CancelFunc
	closeOnce  sync.Once
	closed     chan struct{} // closed when Close has ended
}

var (
	_ events.Store     = (*Store)(nil)
	_ events.Snapshots = (*Store)(nil)
)

// Open connects to the EventStoreDB of the connection string and reads, or writes, the log's epoch;
// see Epoch. It makes at most maxDiscoverAttempts attempts, and none after ctx has ended.
//
// Errors: [ErrAddress]; [ErrRefused] if the user lacks a permission, [ErrMayNotReadAll] if that is
// the right to read $all; [ErrSmallAppends]; events.ErrUnavailable, with the reason; ctx.Err().
func Open(ctx context.Context, connectionString string, o Options) (*Store, error) {
	a, err := parse(connectionString)
	if err != nil {
		return nil, err
	}
	c := connection{address: a, dial: o.Dial}
	if c.dial == nil {
		plain := &net.Dialer{}
		c.dial = func(ctx context.Context, host string) (net.Conn, error) { return plain.DialContext(ctx, "tcp", host) }
		c.lookupHost = net.DefaultResolver.LookupHost
	}
	return open(ctx, c, o)
}

func open(ctx context.Context, c connection, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.MaxAppend == 0 {
		o.MaxAppend = DefaultMaxAppend
	}
	s := &Store{
		gate: newGate(), log: o.Logger, closed: make(chan struct{}), recent: newRecent(),
		readOnly: o.ReadOnly, deadline: c.deadline,
	}
	s.maxAppend.Store(int64(o.MaxAppend))
	s.continuity = newContinuity(s)
	c.confirm = s.confirmNode
	s.nodes = newNodes(c, o.Logger)
	s.headers = headersOf(&c.address)
	s.leaderHeaders = metadata.Join(s.headers, metadata.Pairs("requires-leader", "true"))
	s.closing, s.beginClose = context.WithCancel(context.Background())
	if err := s.begin(ctx, c.address); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func headersOf(a *address) metadata.MD {
	headers := metadata.MD{}
	if a.user != "" {
		headers.Set("authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(a.user+":"+a.password)))
	}
	if a.name != "" {
		headers.Set("connection-name", a.name)
	}
	return headers
}

// begin connects and finds the epoch.
func (s *Store) begin(ctx context.Context, a address) error {
	delay, started := a.discoverEvery, false
	for attempt := 1; ; attempt++ {
		var err error
		if !started {
			err = s.nodes.start(ctx)
			started = err == nil
		}
		if err == nil {
			s.epoch, err = s.findEpoch(ctx)
		}
		if err == nil {
			err = s.mayReadAll(ctx)
		}
		if err == nil {
			err = s.learnLimit(ctx)
		}
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("connecting to the log: %w: %w", ctx.Err(), err)
		case errors.Is(err, ErrRefused), errors.Is(err, events.ErrDamaged), errors.Is(err, ErrSmallAppends):
			return fmt.Errorf("connecting to the log: %w", err)
		case attempt >= a.attempts:
			return fmt.Errorf("connecting to the log: %w: after %d attempts: %w", events.ErrUnavailable, attempt, err)
		case !pause(ctx, delay):
			return fmt.Errorf("connecting to the log: %w: %w", ctx.Err(), err)
		}
		delay = min(2*delay, max(maxBackoff, a.discoverEvery))
	}
}

// Epoch implements events.Store. It is the id of the only event in the stream ~epoch, which is
// appended when the log is first opened for writing.
func (s *Store) Epoch() string { return s.epoch }

// SeveralClocks implements events.SeveralClocks: the time of an event is that of the leader's clock.
func (s *Store) SeveralClocks() bool { return true }

// Close implements events.Store. Followers end with events.ErrClosed; Close waits for appends,
// reads and snapshots in progress, at most until their deadlines, and for the handlers of
// followers.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.beginClose()
		s.gate.close()
		<-s.gate.idle
		s.nodes.close()
		close(s.closed)
	})
	<-s.closed
	return nil
}

// failureLogInterval is the minimum interval between two log entries about failures. Without it, a
// misconfiguration would log every call.
const failureLogInterval = 10 * time.Second

// noteFailure logs errors that no retry can fix.
func (s *Store) noteFailure(err error) {
	if !errors.Is(err, ErrRefused) && !errors.Is(err, events.ErrDamaged) {
		return
	}
	now, last := time.Now().UnixNano(), s.failureLogged.Load()
	if now-last > int64(failureLogInterval) && s.failureLogged.CompareAndSwap(last, now) {
		s.log.Error("the node refuses requests permanently", "error", err)
	}
}

// Stats is the state of the connection.
type Stats struct {
	// Followers is the number of calls of Follow that are running.
	Followers int
	// Returns counts the resubscriptions of followers.
	Returns uint64
}

// Stats returns the current figures.
func (s *Store) Stats() Stats {
	return Stats{Followers: int(s.followers.Load()), Returns: s.resubscriptions.Load()}
}
