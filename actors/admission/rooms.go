package admission

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/waitingroom"
	"admitone/actors/waitingroom/pass"
	"admitone/events"
)

// Config of the rooms of a node. Zero values select the defaults in parentheses.
type Config struct {
	// Desk hosts the rooms' entities. Its kinds must include [waitingroom.Kind].
	Desk actors.Dispatcher
	// Keys sign visitors' ids and passes.
	Keys *pass.Keyring
	// Now is the clock, which must be the desk's (time.Now).
	Now func() time.Time
	// Every is how often a room admits and publishes its line (50 ms).
	Every time.Duration
	// MaxJoins bounds the visitors' commands in flight at one room (8,000). It is below the desk's
	// MaxPerEntity, so that the room's own commands get through.
	MaxJoins int64
	// ChecksOnly means that other nodes run all rooms. This node only checks and ends passes, and
	// refuses everything else.
	ChecksOnly bool
	// Shared means that other servers may append to the log, so that only the server that runs a room
	// may drop its visitors. Node is this server's name, for display, and Run identifies this start of it
	// (a new id).
	Shared    bool
	Node, Run string
	// Owns, if set, reports whether this server is the one, of those now serving, that should run a
	// room. It then takes the room over without waiting for a visitor. Several servers may consider
	// themselves the owner, or none.
	Owns func(room events.RoomID) bool
	// Excluded, if set, reports whether another system of servers on the log runs the rooms. This server
	// then behaves as if its keys were not those of the log.
	Excluded func() bool
	// ForwardHeartbeats, if set, sends heartbeats to the server that owns a room, where
	// [Rooms.ReceiveHeartbeats] records them. If it is nil, a server that is polled takes the room
	// over. Each room calls it from a single goroutine.
	ForwardHeartbeats func(room events.RoomID, heartbeats []byte) error
	// Reachable, if set, identifies the set of servers that visitors may poll, and reports whether all
	// of them are reachable. No visitor times out within two heartbeat intervals after the set has
	// changed or a server was unreachable.
	Reachable func() (members uint64, all bool)
	// Store has the fingerprints of keys, see [Rooms.UseKeys]; nil for none.
	Store  events.Store
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Every == 0 {
		c.Every = 50 * time.Millisecond
	}
	if c.MaxJoins == 0 {
		c.MaxJoins = 8_000
	}
	if c.Run == "" {
		c.Run = actors.NewID().String()
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Rooms runs the waiting rooms of a node. It is safe for concurrent use.
type Rooms struct {
	config Config
	keys   atomic.Pointer[pass.Keyring]

	keyMu    sync.Mutex   // held while the ring is compared with the log
	keyLog   *keyLog      // nil for none; guarded by keyMu
	keyState atomic.Int32 // a KeyState; written under keyMu

	rooms      sync.Map // of string → *room
	mu         sync.Mutex
	stopped    bool // guarded by mu
	goroutines sync.WaitGroup
	// passLocks allows one purchase at a time with each pass.
	passLocks actors.KeyedMutex[passKey]
	// finishing counts the unfinished calls of FinishPass.
	finishing atomic.Int64
	// ctx ends the rounds and sweeps.
	ctx    context.Context
	cancel context.CancelFunc
	// manualRounds keeps rooms from running rounds and sweeps, so that tests can run them.
	manualRounds bool
}

// New returns the rooms of a node. None runs yet: call Resume for rooms with waiting visitors or
// passes; others start on first use.
func New(config Config) *Rooms {
	r := &Rooms{config: config.withDefaults()}
	r.keys.Store(config.Keys)
	r.keyState.Store(int32(KeysAgree))
	if config.Store != nil {
		r.keyLog = newKeyLog(config.Store)
		r.keyState.Store(int32(KeysNotLogged))
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// Resume starts the rooms in which somebody waits or has a pass, after a start of the program or
// when their runner may have changed. It continues after an error and returns all errors, which are
// those of [Rooms.Line].
func (r *Rooms) Resume(ctx context.Context, rooms ...events.RoomID) error {
	var all []error
	for _, id := range rooms {
		rm, err := r.find(ctx, id)
		if err != nil {
			all = append(all, err)
			continue
		}
		rm.wakeUp()
	}
	return errors.Join(all...)
}

// Close ends the rounds and waits for those in progress. Later requests are answered as long as the
// desk answers.
func (r *Rooms) Close() {
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	r.cancel()
	r.goroutines.Wait()
}

// errNoRoom is the refusal of requests to a room that was never created.
var errNoRoom = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such waiting room",
	Fields: map[string]any{"resource": "waiting_room"}}

// errChecksOnly refuses what only the node that runs the rooms can answer.
var errChecksOnly = &core.Refusal{Code: core.CodeNotFound,
	Detail: "this server runs no waiting rooms; ask the one that does",
	Fields: map[string]any{"resource": "waiting_room"}}

// find returns a room, and starts it on first use. Errors: a refusal (not_found), errors of
// [actors.Desk.View], ctx.Err().
func (r *Rooms) find(ctx context.Context, id events.RoomID) (*room, error) {
	if r.config.ChecksOnly {
		return nil, errChecksOnly
	}
	return r.getOrStart(id).wait(ctx)
}

// getOrStart returns a room, which may not be open yet, and starts it on first use.
func (r *Rooms) getOrStart(id events.RoomID) *room {
	if known, ok := r.rooms.Load(id); ok {
		return known.(*room)
	}
	fresh := newRoom(r, id)
	if known, loaded := r.rooms.LoadOrStore(id, fresh); loaded {
		return known.(*room)
	}
	if !r.spawn(fresh.open) {
		fresh.fail(actors.ErrStopping)
	}
	return fresh
}

// spawn starts a goroutine for which Close waits. It returns false after Close.
func (r *Rooms) spawn(run func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return false
	}
	r.goroutines.Go(run)
	return true
}

// Line returns the last published line of a room. Errors: a refusal (not_found), errors of
// [actors.Desk.View].
func (r *Rooms) Line(ctx context.Context, id events.RoomID) (*Published, error) {
	rm, err := r.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return rm.line.Load(), nil
}

// Set creates a room or changes its settings, and returns the answer of its actor. A room that
// becomes a shuffled one gets its seed here; SeedHash is ignored. Errors: those of [actors.Desk.Ask],
// with the refusals of [waitingroom.Set]; ErrKeysDiffer.
func (r *Rooms) Set(
	ctx context.Context,
	id events.RoomID,
	settings events.WaitingRoomSettings,
	ifVersion *int64,
	request actors.Request,
) (actors.Answer, error) {
	if r.config.ChecksOnly {
		return actors.Answer{}, errChecksOnly
	}
	if r.KeyState() == KeysNotLogged {
		if err := r.UseKeys(ctx, nil, KeysFirst); err != nil {
			return actors.Answer{}, err
		}
	}
	if err := r.checkKeys(); err != nil {
		return actors.Answer{}, err
	}
	settings.SeedHash = ""
	if settings.Order == events.RoomShuffle {
		before, err := r.Line(ctx, id)
		if refusal := (*core.Refusal)(nil); err != nil && !errors.As(err, &refusal) {
			return actors.Answer{}, err
		}
		if before == nil || before.Settings.SeedHash == "" { // otherwise the promised one stays
			_, settings.SeedHash = r.keys.Load().Seed(id)
		}
	}
	request.Stream = waitingroom.Stream(id)
	request.Command = &waitingroom.Set{ID: id, Settings: settings, IfVersion: ifVersion}
	answer, err := r.config.Desk.Ask(ctx, request)
	if err != nil {
		return answer, err
	}
	rm, err := r.find(ctx, id)
	if err != nil {
		return answer, nil // created; the next use starts it
	}
	rm.waitForRevision(answer.Revision)
	return answer, nil
}
