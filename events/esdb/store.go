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

// DefaultMaxAppend is how many bytes an append may have at a node that was not
// configured otherwise: data and metadata of its events, and their types in UTF-16.
const DefaultMaxAppend = 1 << 20

// Options of [Open]. The zero value is what production uses.
type Options struct {
	// ReadOnly refuses appends and snapshots, and needs no right to write.
	ReadOnly bool
	// MaxAppend is the node's MaxAppendSize in bytes; DefaultMaxAppend.
	MaxAppend int
	// Logger hears of what went wrong; nil is slog.Default().
	Logger *slog.Logger
	// Dial connects to host:port; nil is TCP. With another one, names are not looked
	// up.
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
	maxAppend int
	deadline  time.Duration // of calls whose context has none

	headers, leaderHeaders metadata.MD

	seen      landmarks
	recent    *recent
	alarmed   atomic.Int64 // when the last alarm was raised, Unix nanoseconds
	followers atomic.Int64
	returns   atomic.Uint64

	closing   context.Context // ends when Close begins
	shut      context.CancelFunc
	closeOnce sync.Once
	closed    chan struct{} // closed when Close has ended
}

var (
	_ events.Store     = (*Store)(nil)
	_ events.Snapshots = (*Store)(nil)
)

// Open connects to the EventStoreDB that the connection string names, and finds
// out, or decides, which log it is; see Epoch. It tries as often as the string's
// maxDiscoverAttempts says, and no longer than until ctx ends.
//
// Errors: [ErrAddress]; [ErrRefused] if the user may not do what it takes;
// events.ErrUnavailable, with the reason; ctx.Err().
func Open(ctx context.Context, connectionString string, o Options) (*Store, error) {
	a, err := parse(connectionString)
	if err != nil {
		return nil, err
	}
	c := connection{address: a, dial: o.Dial}
	if c.dial == nil {
		plain := &net.Dialer{}
		c.dial = func(ctx context.Context, host string) (net.Conn, error) { return plain.DialContext(ctx, "tcp", host) }
		c.lookUp = net.DefaultResolver.LookupHost
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
		nodes: newNodes(c, o.Logger), gate: newGate(), log: o.Logger, closed: make(chan struct{}), recent: newRecent(),
		readOnly: o.ReadOnly, maxAppend: o.MaxAppend, deadline: c.deadline,
	}
	s.headers = headersOf(&c.address)
	s.leaderHeaders = metadata.Join(s.headers, metadata.Pairs("requires-leader", "true"))
	s.closing, s.shut = context.WithCancel(context.Background())
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
	rest, started := a.discoverEvery, false
	for attempt := 1; ; attempt++ {
		var err error
		if !started {
			err = s.nodes.start(ctx)
			started = err == nil
		}
		if err == nil {
			s.epoch, err = s.findEpoch(ctx)
		}
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("esdb: connecting: %w: %w", ctx.Err(), err)
		case errors.Is(err, ErrRefused), errors.Is(err, events.ErrDamaged):
			return fmt.Errorf("esdb: connecting: %w", err)
		case attempt >= a.attempts:
			return fmt.Errorf("esdb: connecting: %w: after %d attempts: %w", events.ErrUnavailable, attempt, err)
		case !pause(ctx, rest):
			return fmt.Errorf("esdb: connecting: %w: %w", ctx.Err(), err)
		}
		rest = min(2*rest, max(lastRest, a.discoverEvery))
	}
}

// Epoch implements events.Store. It is the id of the one event in the stream
// ~epoch, which the first to open a log for writing appends.
func (s *Store) Epoch() string { return s.epoch }

// Close implements events.Store. Followers end with events.ErrClosed; appends,
// reads and snapshots under way are waited for, until their deadlines at most, and
// so is a follower's handler.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.shut()
		s.gate.close()
		<-s.gate.idle
		s.nodes.close()
		close(s.closed)
	})
	<-s.closed
	return nil
}

// alarmEvery is the least time between two alarms: one mistake of an operator
// fails every call.
const alarmEvery = 10 * time.Second

// alarm tells the operators of errors that no retry mends.
func (s *Store) alarm(err error) {
	if !errors.Is(err, ErrRefused) && !errors.Is(err, events.ErrDamaged) {
		return
	}
	now, last := time.Now().UnixNano(), s.alarmed.Load()
	if now-last > int64(alarmEvery) && s.alarmed.CompareAndSwap(last, now) {
		s.log.Error("the node refuses what it is asked, and will go on doing so", "error", err)
	}
}

// Stats says how the connection stands.
type Stats struct {
	// Followers is how many calls of Follow are running.
	Followers int
	// Returns counts how often a follower had to subscribe again.
	Returns uint64
}

// Stats returns the present figures.
func (s *Store) Stats() Stats {
	return Stats{Followers: int(s.followers.Load()), Returns: s.returns.Load()}
}
