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

// Store is the log in a directory. It implements events.Store and
// events.Snapshots.
type Store struct {
	dir     string
	fs      vfs.FS
	clock   func() time.Time
	logger  *slog.Logger
	fatal   func(error)
	dieOnce sync.Once

	lock  *pebble.Lock
	db    *pebble.DB
	epoch string

	gate      *gate
	closing   chan struct{} // closed when Close begins
	closed    chan struct{} // closed when Close has ended
	closeOnce sync.Once

	queue chan *request
	// requests are reused when their answer has been received; one that was given
	// up is left to the garbage collector, because its answer may still come.
	requests  sync.Pool
	committed chan struct{} // closed when the committer has ended
	dead      chan struct{} // closed when a write or a sync has failed
	failed    atomic.Bool   // true before dead is closed
	running   atomic.Bool   // true once Open has nothing left to write
	head      atomic.Uint64 // the last durable position; the committer moves it
	writing   sync.Mutex    // held by the committer while it writes, by Backup while it copies
	tail      *tail
	counters  counters
}

var (
	_ events.Store     = (*Store)(nil)
	_ events.Snapshots = (*Store)(nil)
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

// Close implements events.Store. Followers end with events.ErrClosed; appends,
// reads and snapshots under way are waited for, and so is a follower's handler.
// After a failed write or sync it touches nothing and returns an
// events.ErrUnavailable: the process is about to end.
func (s *Store) Close() error {
	first := false
	s.closeOnce.Do(func() { first = true })
	if !first {
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
	case <-s.dead:
	}
	if s.failed.Load() {
		return notWritten(errDead)
	}
	return s.closeDB()
}

// closeDB flushes first: tables have checksums throughout, while the end of a
// write-ahead log can't be told from a torn one; and the next Open is faster.
func (s *Store) closeDB() error {
	err := errors.Join(s.db.Flush(), s.db.Close(), s.lock.Close())
	if err != nil {
		return fmt.Errorf("embedded: closing the log: %w", err)
	}
	return nil
}

func (s *Store) now() time.Time { return s.clock() }

// die ends the process. It never returns, whatever Fatal does: what called it
// must not go on as if its write had worked. Fatal has a goroutine of its own, so
// that not even its end unwinds Pebble, which would die of that first.
func (s *Store) die(err error) {
	s.dieOnce.Do(func() {
		s.failed.Store(true)
		close(s.dead)
		go s.fatal(err)
	})
	s.park()
}

// park holds a goroutine for the rest of the process's short life.
func (s *Store) park() { select {} }

// Stats says what the log has done since it was opened, and how it stands.
type Stats struct {
	// Events, Appends and Commits written; a commit is one sync. Bytes of them as
	// handed to the disk once.
	Events, Appends, Commits, Bytes uint64
	// LastCommit is how long the last commit took, its sync included.
	LastCommit time.Duration
	// Head is the position of the last durable event.
	Head events.Position
	// Followers is how many calls of Follow are running.
	Followers int
	// Waiting is how many appends wait for the committer.
	Waiting int
	// DiskBytes is what the log takes on disk, snapshots not included.
	DiskBytes uint64
}

type counters struct {
	events, appends, commits, bytes atomic.Uint64
	lastCommit                      atomic.Int64
}

func (c *counters) committed(appends int, events events.Position, bytes int, took time.Duration) {
	c.appends.Add(uint64(appends))
	c.events.Add(uint64(events))
	c.bytes.Add(uint64(bytes))
	c.commits.Add(1)
	c.lastCommit.Store(int64(took))
}

// Stats returns the present figures; the zero Stats after Close.
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
