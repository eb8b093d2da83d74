package projections

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// ErrClosed: the projections were closed before the call began.
var ErrClosed = errors.New("projections: closed")

// frameEvery is the shortest time between two frames of one topic. It is well
// below the 50 ms in which a count has to be there.
const frameEvery = 20 * time.Millisecond

// Config says what projections read, and where they keep what they make of it.
type Config struct {
	// Store is the log.
	Store events.Store
	// Dir holds the views and belongs to them alone. It may be deleted while the
	// program is down: everything in it comes from the log.
	Dir string
	// Spawn starts the topics' actors.
	Spawn Spawner
	// Logger takes what operators should know. Default: slog.Default().
	Logger *slog.Logger
	// FrameEvery is the shortest time between two frames of one topic; what
	// changes meanwhile is merged. Default: 20 ms. Negative: no pause.
	FrameEvery time.Duration
	// FS to keep Dir on. Default: the disk.
	FS vfs.FS
}

// Projections are the views of one log. All methods may be called from many
// goroutines at once.
type Projections struct {
	store      events.Store
	spawn      Spawner
	log        *slog.Logger
	db         *pebble.DB
	epoch      string
	frameEvery time.Duration

	waiters   waiters
	deadlines *deadlines
	kinds     []kind
	topics    map[string]*topicKind // by prefix

	// mu guards the fold: everything in memory that comes from events. The runner
	// holds it for a batch at a time, readers for a look-up.
	mu         sync.RWMutex
	categories map[string]kind
	last       category        // the one looked up last
	strangers  map[string]bool // unknown categories that have been told of
	at         checkpoint      // what the views contain, in memory
	flushed    checkpoint      // and on disk
	work       int             // records to write, at most, since the last flush
	closed     bool
	running    bool
	// incarnations counts the topics' actors, for their names.
	incarnations uint64

	// users keeps Close from taking the disk away from those who read it.
	users sync.RWMutex
	gone  bool // guarded by users

	ready       chan struct{} // closed when the views have caught up once
	failure     atomic.Pointer[error]
	subscribers atomic.Int64
	events      atomic.Uint64 // folded since the start
	created     atomic.Int64  // the store's time of the last event, Unix nanoseconds
}

type category struct {
	name string
	kind kind
}

// Open opens the views, creating them if there are none, or none of this log
// and this version. Run has to be called for them to move.
// Errors: the disk's; another process using Dir.
func Open(c Config) (*Projections, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.FrameEvery == 0 {
		c.FrameEvery = frameEvery
	}
	db, err := openViews(c)
	if err != nil && spoiled(err) {
		c.Logger.Warn("the views can't be read; they are made anew", "dir", c.Dir, "error", err)
		if db, err = nil, c.files().RemoveAll(c.Dir); err == nil {
			db, err = openViews(c)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("projections: open %s: %w", c.Dir, err)
	}
	p := &Projections{
		store: c.Store, spawn: c.Spawn, log: c.Logger, db: db, epoch: c.Store.Epoch(), frameEvery: c.FrameEvery,
		deadlines: newDeadlines(), topics: map[string]*topicKind{}, categories: map[string]kind{},
		ready: make(chan struct{}),
	}
	for _, r := range registrations {
		k := r.open(p)
		p.kinds = append(p.kinds, k)
		for _, category := range r.categories {
			p.categories[category] = k
		}
		for _, t := range k.topics() {
			p.topics[t.prefix] = t
		}
	}
	if err := p.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("projections: open %s: %w", c.Dir, err), db.Close())
	}
	return p, nil
}

func (c *Config) files() vfs.FS {
	if c.FS == nil {
		return vfs.Default
	}
	return c.FS
}

// spoiled says whether an error of opening views is about their bytes, so that
// making them anew helps. Pebble has no name for all of those; what the system says
// of other things does.
func spoiled(err error) bool {
	if errors.Is(err, fs.ErrNotExist) || pebble.IsCorruptionError(err) {
		return true
	}
	var system syscall.Errno
	return !errors.As(err, &system) && !strings.Contains(err.Error(), "lock held")
}

// openViews sizes Pebble for what it is here: a small, rebuildable store that is
// written ten times a second and never waited for.
func openViews(c Config) (*pebble.DB, error) {
	cache := pebble.NewCache(32 << 20)
	defer cache.Unref()
	options := &pebble.Options{
		Cache:                      cache,
		FS:                         c.FS,
		MemTableSize:               8 << 20,
		CompactionConcurrencyRange: func() (int, int) { return 1, 1 },
		Logger:                     quiet{c.Logger},
	}
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return pebble.Open(c.Dir, options)
}

// quiet keeps Pebble's chatter out of the log.
type quiet struct{ log *slog.Logger }

func (q quiet) Infof(string, ...any) {}
func (q quiet) Errorf(format string, args ...any) {
	q.log.Warn("views: " + fmt.Sprintf(format, args...))
}

// Fatalf must not return: Pebble has lost the disk.
func (q quiet) Fatalf(format string, args ...any) { pebble.DefaultLogger.Fatalf(format, args...) }

// checkpoint says how far the views have come. ID and hash are those of the
// event at position: a log that has another event there is another log.
type checkpoint struct {
	position events.Position
	id       events.ID
	hash     events.Hash
}

func checkpointAt(e *events.Recorded) checkpoint {
	// Without a hash the id has to do.
	hash, _ := events.RecordedHash(e.Metadata)
	return checkpoint{e.Position, e.ID, hash}
}

// checkpointKey sorts before every view.
const checkpointKey = "\x00checkpoint"

// appendRecord says which views of which log have come how far.
func (p *Projections) appendRecord(dst []byte, at checkpoint) []byte {
	dst = appendString(dst, views())
	dst = appendString(dst, p.epoch)
	dst = binary.AppendUvarint(dst, uint64(at.position))
	dst = append(dst, at.id[:]...)
	return append(dst, at.hash[:]...)
}

// views names the encodings of all views. A kind more, or another version of
// one, makes it another name.
func views() string {
	names := []string{deadlineViews}
	for _, r := range registrations {
		names = append(names, r.views)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// load finds the checkpoint and the deadlines, or starts over if the files are
// not of these views or not of this log.
func (p *Projections) load() error {
	at, fits, err := p.loadCheckpoint()
	if errors.Is(err, errRecord) {
		return p.reset("their checkpoint is damaged")
	}
	if err != nil {
		return err
	}
	if !fits {
		return p.reset("they are of another version of the program, or of another log")
	}
	p.at, p.flushed = at, at
	p.waiters.applied.Store(uint64(at.position))
	return p.deadlines.load(p.db)
}

// loadCheckpoint returns the zero checkpoint, which fits, for new files.
func (p *Projections) loadCheckpoint() (at checkpoint, fits bool, err error) {
	record, closer, err := p.db.Get([]byte(checkpointKey))
	if errors.Is(err, pebble.ErrNotFound) {
		return checkpoint{}, true, nil
	}
	if err != nil {
		return checkpoint{}, false, err
	}
	defer closer.Close()
	r := reader{rest: record}
	if r.str() != views() || r.str() != p.epoch {
		return checkpoint{}, false, nil
	}
	position, size := binary.Uvarint(r.rest)
	if size <= 0 {
		return checkpoint{}, false, errRecord
	}
	r.rest = r.rest[size:]
	at.position = events.Position(position)
	copy(at.id[:], r.take(len(at.id)))
	copy(at.hash[:], r.take(len(at.hash)))
	return at, true, r.done()
}

// reset deletes all views. Nobody subscribes before they have caught up again.
func (p *Projections) reset(why string) error {
	p.log.Warn("views are folded anew from the start of the log", "why", why)
	if err := p.db.DeleteRange([]byte{0}, []byte{0xff}, pebble.NoSync); err != nil {
		return err
	}
	for _, k := range p.kinds {
		k.reset()
	}
	p.at, p.flushed, p.work = checkpoint{}, checkpoint{}, 0
	p.waiters.applied.Store(0)
	return p.deadlines.load(p.db)
}

// enter keeps the disk open until leave. Error: ErrClosed.
func (p *Projections) enter() error {
	p.users.RLock()
	if p.gone {
		p.users.RUnlock()
		return ErrClosed
	}
	return nil
}

func (p *Projections) leave() { p.users.RUnlock() }

// Close writes what has changed, ends the topics' actors and closes the files.
// Whoever waits is let go with [ErrClosed]; Run returns it. A second Close does
// nothing. Errors: the disk's.
func (p *Projections) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	err := p.flush()
	p.closed = true
	for _, kind := range p.topics {
		for _, t := range kind.live {
			t.end()
		}
		clear(kind.live)
	}
	p.mu.Unlock()
	p.waiters.fail(ErrClosed)

	p.users.Lock()
	defer p.users.Unlock()
	p.gone = true
	return errors.Join(err, p.db.Close())
}
