package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// Store is the log in a directory.
type Store struct {
	dir           string
	fs            vfs.FS
	clock         func() time.Time
	logger        *slog.Logger
	fatal         func(error)
	terminateOnce sync.Once
	reader        bool // opened by OpenReader
	damage        atomic.Pointer[error]

	lock  *pebble.Lock
	db    *pebble.DB
	epoch string

	gate         *gate
	closing      chan struct{} // closed when Close begins
	closed       chan struct{} // closed when Close has ended
	closeStarted atomic.Bool

	queue     chan *request
	requests  sync.Pool // has *request
	pending   pendingGroup
	committed chan struct{} // closed when the committer has ended
	stopped   chan struct{} // closed when a write or a sync has failed
	failed    atomic.Bool   // set before stopped is closed
	running   atomic.Bool   // set once Open has finished writing
	head      atomic.Uint64 // the last durable position, set by the committer
	writing   sync.Mutex    // held by the committer while it writes, and by Backup while it copies
	tail      *tail
	streams   *streams  // nil if the log was opened by OpenReader
	end       endWriter // used only by the committer
	counters  counters
}

var (
	_ events.Store         = (*Store)(nil)
	_ events.Snapshots     = (*Store)(nil)
	_ events.MultiAppender = (*Store)(nil)
	_ events.AsyncAppender = (*Store)(nil)
)

// Head implements events.Store.
func (s *Store) Head(ctx context.Context) (events.Position, error) {
	if !s.gate.enter() {
		return 0, events.ErrClosed
	}
	defer s.gate.leave()
	return events.Position(s.head.Load()), ctx.Err()
}

// Epoch implements events.Store.
func (s *Store) Epoch() string { return s.epoch }

// Close implements events.Store. Followers end with events.ErrClosed, and Close waits for appends, reads, snapshots
// and handlers in progress. After a failed write or sync it closes no files and returns events.ErrUnavailable,
// because the process is about to end. A later Close waits for the first and returns nil, even if the first failed.
func (s *Store) Close() error {
	if !s.closeStarted.CompareAndSwap(false, true) {
		<-s.closed
		return nil
	}
	defer close(s.closed)
	s.gate.shut()
	close(s.closing)
	<-s.gate.idle
	close(s.queue)
	select {
	case <-s.committed:
	case <-s.stopped:
	}
	if s.failed.Load() {
		return notWritten(errWriteFailed)
	}
	s.closeStreams()
	return s.closeDB()
}

// closeDB flushes before it closes the database: tables have checksums throughout, whereas damage at the end of a
// write-ahead log looks like a torn write. The flush also makes the next Open faster.
func (s *Store) closeDB() error {
	var err error
	if !s.reader {
		err = s.db.Flush()
	}
	err = errors.Join(err, s.db.Close(), s.end.close(), s.lock.Close())
	if err != nil {
		return fmt.Errorf("closing the log: %w", err)
	}
	return nil
}

// Damage returns the first damage that a read or background work has found since the log was opened, nil for none.
// Error: events.ErrDamaged.
func (s *Store) Damage() error {
	if err := s.damage.Load(); err != nil {
		return *err
	}
	return nil
}

// noteDamage records err for Damage if it is an events.ErrDamaged, and returns err.
func (s *Store) noteDamage(err error) error {
	if errors.Is(err, events.ErrDamaged) {
		s.damage.CompareAndSwap(nil, &err)
	}
	return err
}

func (s *Store) now() time.Time { return s.clock() }

// terminate calls Fatal, which ends the process. It never returns, so that the caller does not continue as if its
// write had succeeded. Fatal runs on a separate goroutine, so that a Goexit in it does not unwind Pebble, which would
// panic.
func (s *Store) terminate(err error) {
	s.terminateOnce.Do(func() {
		s.failed.Store(true)
		close(s.stopped)
		go s.fatal(err)
		go s.abandon()
	})
	s.park()
}

// park blocks forever.
func (s *Store) park() { select {} }

// Stats has counters since the log was opened, and its current state.
type Stats struct {
	// Events, Appends and Commits are the numbers of events, appends and commits written; a commit is one sync. Bytes
	// is the number of bytes written by commits, without rewrites.
	Events, Appends, Commits, Bytes uint64
	// LastCommit is the duration of the last commit, including its sync.
	LastCommit time.Duration
	// Head is the position of the last durable event.
	Head events.Position
	// Followers is the number of calls of Follow in progress.
	Followers int
	// Waiting is the number of appends that wait for the committer.
	Waiting int
	// DiskBytes is the size of the log on disk, without snapshots.
	DiskBytes uint64
}

type counters struct {
	events, appends, commits, bytes atomic.Uint64
	lastCommit                      atomic.Int64
}

func (c *counters) committed(appends int, n events.Position, bytes int, took time.Duration) {
	c.appends.Add(uint64(appends))
	c.events.Add(uint64(n))
	c.bytes.Add(uint64(bytes))
	c.commits.Add(1)
	c.lastCommit.Store(int64(took))
}

// Stats returns the current statistics, the zero value after Close.
func (s *Store) Stats() Stats {
	if !s.gate.enter() {
		return Stats{}
	}
	defer s.gate.leave()
	return Stats{
		Events:     s.counters.events.Load(),
		Appends:    s.counters.appends.Load(),
		Commits:    s.counters.commits.Load(),
		Bytes:      s.counters.bytes.Load(),
		LastCommit: time.Duration(s.counters.lastCommit.Load()),
		Head:       events.Position(s.head.Load()),
		Followers:  s.tail.followers(),
		Waiting:    len(s.queue),
		DiskBytes:  s.db.Metrics().DiskSpaceUsage(),
	}
}
