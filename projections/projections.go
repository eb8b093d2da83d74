package projections

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

// ErrClosed means that the projections were closed before the call began.
var ErrClosed = errors.New("the views are closed")

// frameEvery is the default of Config.FrameEvery: about a screen's refresh interval, and well below the 50 ms
// within which a count must be shown.
const frameEvery = 16 * time.Millisecond

// Config of the projections.
type Config struct {
	// Store is the log.
	Store events.Store
	// Dir contains the views and nothing else. It may be deleted while the program is down; the views are then
	// rebuilt from the log.
	Dir string
	// Spawn starts the topics' actors.
	Spawn live.Spawner
	// Logger for operators. Default: slog.Default().
	Logger *slog.Logger
	// FrameEvery is the shortest time between two frames of one topic; changes within it are merged.
	// Default: 16 ms. Negative: no pause.
	FrameEvery time.Duration
	// MaxTables is the approximate number of the views' tables that are open at once. Default:
	// Pebble's, 1000.
	MaxTables int
	// Shared means that other servers on the same log also wake entities and resume processes: each server first
	// waits for a random delay, and skips the work that another has done meanwhile.
	Shared bool
	// Rank, if set, replaces the random delay by a delay per preceding node.
	Rank Rank
	// FS is the file system of Dir. Default: the disk.
	FS vfs.FS
}

// Projections are the views of one log. All methods are safe for concurrent use.
type Projections struct {
	store events.Store
	log   *slog.Logger
	files vfs.FS
	dir   string
	lock  *pebble.Lock
	epoch string
	tag   [tagSize]byte // of the log's epoch
	// db is replaced, with users and mu held, when the views are rebuilt. It may be used
	// between enter and leave, or with mu held.
	db        *pebble.DB
	damage    damage
	maxTables int
	lateness  lateness

	waiters   waiters
	readings  readings
	deadlines *deadlines
	views     []view
	keyScopes *keyScopes
	topics    *live.Hub
	keyFilter *keyFilter

	// mu guards everything in memory that is folded from events. Run holds it for a batch at a
	// time, readers for a look-up.
	mu         sync.RWMutex
	categories map[string]view
	last       category   // the last one looked up
	at         checkpoint // the last event in the views in memory
	own        checkpoint // the last event of this system up to at
	flushed    checkpoint // the last event in the views on disk
	work       int        // upper bound of the records to write at the next flush
	unsaved    int        // written records that a crash would lose
	savedAt    time.Time  // when records were last flushed to tables
	inherited  bool       // an earlier run wrote these views
	rebuilds   int        // consecutive rebuilds without catching up
	closed     bool
	running    bool

	origins   *events.Origins
	foreignMu sync.Mutex
	foreign   map[string]uint64 // events of other programs, by category; guarded by foreignMu

	// users keeps Close from closing the disk while it is read.
	users      sync.RWMutex
	diskClosed bool // guarded by users

	ready      chan struct{}                 // closed when the views have caught up for the first time
	rebuilding atomic.Bool                   // the views were discarded and have not caught up since
	caughtUp   atomic.Pointer[chan struct{}] // closed when the views have caught up; replaced by each rebuild
	failure    atomic.Pointer[error]
	events     atomic.Uint64 // the number folded since the start
	created    atomic.Int64  // the store's time of the last event, in Unix nanoseconds
}

type category struct {
	name string
	view view
}

// Rank returns the number of nodes that precede this one for a stream; ranked is false if nodes
// have no ranks.
type Rank func(stream events.StreamID) (before int, ranked bool)

// Open opens the views in c.Dir. It discards views that are damaged or belong to a different log or version. New
// views are empty until Run folds the log. Errors: the disk's; Dir is used by another process.
func Open(c Config) (*Projections, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.FrameEvery == 0 {
		c.FrameEvery = frameEvery
	}
	p := &Projections{
		store: c.Store, log: c.Logger, files: c.files(), dir: c.Dir, epoch: c.Store.Epoch(),
		maxTables: c.MaxTables, lateness: newLateness(c.Shared, c.Rank), damage: damage{reported: make(chan struct{}, 1)},
		deadlines: newDeadlines(newLateness(c.Shared, c.Rank)), categories: map[string]view{},
		ready: make(chan struct{}), keyFilter: newKeyFilter(), origins: events.NewOrigins(c.Store),
		foreign: map[string]uint64{},
	}
	p.tag = tagOf(p.epoch)
	p.topics = live.NewHub(live.HubConfig{Lock: &p.mu, Store: c.Store, Spawn: c.Spawn, Logger: c.Logger,
		FrameEvery: c.FrameEvery})
	p.caughtUp.Store(&p.ready)
	for _, r := range registrations {
		v := r.open(p)
		p.views = append(p.views, v)
		for _, category := range r.categories {
			p.categories[category] = v
		}
		for _, t := range v.topics() {
			p.topics.Add(t)
		}
	}
	p.keyScopes = viewOf[*keyScopes](p)
	if err := p.openDisk(); err != nil {
		return nil, fmt.Errorf("opening the views in %s: %w", c.Dir, err)
	}
	return p, nil
}

func (c *Config) files() vfs.FS {
	if c.FS == nil {
		return vfs.Default
	}
	return c.FS
}

// checkpoint is a position in the log, with the id and hash of its event to detect a different log.
type checkpoint struct {
	position events.Position
	id       events.ID
	hash     events.Hash
}

func checkpointAt(e *events.Recorded) checkpoint {
	hash, _ := events.RecordedHash(e.Metadata) // without a hash, only the id is compared
	return checkpoint{e.Position, e.ID, hash}
}

// checkpointKey sorts before the keys of all views.
const checkpointKey = "\x00checkpoint"

// appendCheckpoint appends the record of the checkpoint: the encodings of the views, the log's epoch, the last event,
// and, if it is a different event, the last of this system.
func (p *Projections) appendCheckpoint(dst []byte, at, own checkpoint) []byte {
	dst = row.AppendString(dst, encodings())
	dst = row.AppendString(dst, p.epoch)
	dst = at.append(dst)
	if own != at && own.position > 0 {
		dst = own.append(dst)
	}
	return dst
}

func (c *checkpoint) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(c.position))
	dst = append(dst, c.id[:]...)
	return append(dst, c.hash[:]...)
}

func (c *checkpoint) read(r *row.Reader) bool {
	c.position = events.Position(r.Uint())
	if !r.OK() {
		return false
	}
	copy(c.id[:], r.Bytes(len(c.id)))
	copy(c.hash[:], r.Bytes(len(c.hash)))
	return true
}

// encodings names the encodings of all views. The result changes if a view is added or its version changes.
func encodings() string {
	names := []string{recordEncoding, deadlineEncoding}
	for _, r := range registrations {
		names = append(names, r.version)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// load reads the checkpoint and the deadlines. Errors: errStale for files of other views or of a different log;
// row.ErrRecord and others for damage; the disk's.
func (p *Projections) load() error {
	at, own, usable, err := p.loadCheckpoint()
	if err == nil && !usable {
		err = errStale
	}
	if err == nil && at.position == 0 {
		err = p.checkEmpty()
	}
	if err != nil {
		return err
	}
	p.at, p.own, p.flushed, p.work = at, own, at, 0
	p.unsaved, p.savedAt = 0, time.Now()
	p.waiters.applied.Store(uint64(at.position))
	return p.deadlines.load(p)
}

var errStale = errors.New("they belong to a different version of the program, or to a different log")

// checkEmpty returns an error if there are records, for views without a checkpoint.
func (p *Projections) checkEmpty() error {
	all, err := p.db.NewIter(nil)
	if err != nil {
		return err
	}
	defer all.Close()
	if all.First() {
		return errors.New("their checkpoint is missing")
	}
	return all.Error()
}

// loadCheckpoint returns the zero checkpoint for new files. usable reports whether the files belong to this log and
// these views.
func (p *Projections) loadCheckpoint() (at, own checkpoint, usable bool, err error) {
	record, closer, err := p.db.Get([]byte(checkpointKey))
	if errors.Is(err, pebble.ErrNotFound) {
		return at, own, true, nil
	}
	if err != nil {
		return at, own, false, err
	}
	defer closer.Close()
	r := row.NewReader(record)
	if r.Text() != encodings() || r.Text() != p.epoch {
		return at, own, false, nil
	}
	if !at.read(&r) {
		return checkpoint{}, own, false, row.ErrRecord
	}
	if own = at; r.Done() != nil && !own.read(&r) {
		return checkpoint{}, checkpoint{}, false, row.ErrRecord
	}
	return at, own, true, r.Done()
}

// enter keeps the disk open until leave is called. Errors: ErrClosed; ErrNotReady while views that were discarded
// have not caught up. After an error leave must not be called.
func (p *Projections) enter() (err error) {
	p.users.RLock()
	switch {
	case p.diskClosed:
		err = ErrClosed
	case p.damage.found() != nil || p.rebuilding.Load():
		err = ErrNotReady
	default:
		return nil
	}
	p.users.RUnlock()
	return err
}

func (p *Projections) leave() { p.users.RUnlock() }

// Close writes pending changes, stops the topics' actors and closes the files. Pending calls of WaitFor and Run
// return [ErrClosed]. A second Close is a no-op. Errors: the disk's.
func (p *Projections) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	err := p.flush()
	p.closed = true
	p.topics.Close()
	p.mu.Unlock()
	p.waiters.fail(ErrClosed)

	p.users.Lock()
	defer p.users.Unlock()
	p.diskClosed = true
	return errors.Join(err, p.closeDisk())
}

// ErrNotReady means that the views have not caught up with the log since the program's start or a rebuild.
var ErrNotReady = errors.New("the views are still catching up")

// Subscribe starts sending the topic's frames to s. The first frame is a snapshot or, if resume is usable, one delta
// with everything that was missed (with change 0 if nothing was missed). Then s gets every later change exactly once,
// possibly merged with others.
//
// Errors: [live.ErrBadTopic]; [ErrNotReady]; [live.ErrNotFound], also for an entity that the views don't have yet;
// [ErrClosed]; the disk's.
func (p *Projections) Subscribe(name string, resume live.Resume, s live.Subscriber) (*live.Subscription, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	earlier := p.topics.ReadEarlier(name, resume) // may read the log, without the lock
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	if !p.Ready() {
		return nil, ErrNotReady
	}
	return p.topics.Subscribe(name, resume, earlier, s)
}
