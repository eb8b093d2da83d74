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

// Config of the rooms of a node. Zero values get the defaults that are named.
type Config struct {
	// Desk hosts the rooms' entities; its kinds have [waitingroom.Kind].
	Desk actors.Dispatcher
	// Keys sign visitors' ids and passes.
	Keys *pass.Keyring
	// Now is the clock, the desk's; time.Now.
	Now func() time.Time
	// Every is how often a room admits and publishes its line (50 ms).
	Every time.Duration
	// MaxJoins bounds the commands of visitors in flight at one room (8,000); below
	// the desk's MaxPerEntity, so that the room's own get through.
	MaxJoins int64
	// Elsewhere says that another node runs the rooms: this one holds passes against
	// them and ends them, and refuses all else.
	Elsewhere bool
	// Shared says that other servers may append to the log: then nobody is dropped but by
	// the server that hears the visitors. Node is its name, for people.
	Shared bool
	Node   string
	// Store is where the fingerprints of keys are, see [Rooms.UseKeys]; nil is nowhere.
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
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Rooms runs the waiting rooms of a node. All methods may be called from many
// goroutines at once.
type Rooms struct {
	config Config
	run    string // names this start of the program
	keys   atomic.Pointer[pass.Keyring]

	keyMu    sync.Mutex   // held while the ring is held against the log
	keyLog   *keyLog      // nil if there is none; guarded by keyMu
	keyState atomic.Int32 // a KeyState; written under keyMu

	rooms   sync.Map // of string → *room
	mu      sync.Mutex
	stopped bool // guarded by mu
	running sync.WaitGroup
	// turns of passes: one command at a time comes with each.
	turns actors.KeyedMutex[passKey]
	// finishing counts what Done has begun and not ended.
	finishing atomic.Int64
	// stop ends the rounds.
	stop   context.Context
	cancel context.CancelFunc
	// paused keeps rooms from making rounds by themselves; for tests, which make them.
	paused bool
}

// New returns the rooms of a node. None is running: those in which somebody waits or
// has a pass are resumed, others begin with the first who asks for them.
func New(config Config) *Rooms {
	r := &Rooms{config: config.withDefaults(), run: string(actors.NewCommandID())}
	r.keys.Store(config.Keys)
	r.keyState.Store(int32(KeysAgree))
	if config.Store != nil {
		r.keyLog = newKeyLog(config.Store)
		r.keyState.Store(int32(KeysUnnamed))
	}
	r.stop, r.cancel = context.WithCancel(context.Background())
	return r
}

// Resume begins the rounds of rooms, after a start of the program: those in which
// somebody waits or has a pass. It goes on after an error, and returns them all; see
// [Rooms.Line] for which there are.
func (r *Rooms) Resume(ctx context.Context, rooms ...events.RoomID) error {
	var all []error
	for _, id := range rooms {
		if _, err := r.find(ctx, id); err != nil {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// Close ends the rounds and waits for those that are under way. What is asked
// afterwards is answered as long as the desk answers it.
func (r *Rooms) Close() {
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	r.cancel()
	r.running.Wait()
}

// errNoRoom refuses what is asked of a room that was never set up.
var errNoRoom = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such waiting room",
	Fields: map[string]any{"resource": "waiting_room"}}

// errElsewhere refuses what only the node that runs the rooms can answer.
var errElsewhere = &core.Refusal{Code: core.CodeNotFound,
	Detail: "this server runs no waiting rooms; ask the one that does",
	Fields: map[string]any{"resource": "waiting_room"}}

// find returns a room, and begins its rounds if nobody has asked for it yet. Errors:
// a refusal (not_found), those of [actors.Desk.View], ctx.Err().
func (r *Rooms) find(ctx context.Context, id events.RoomID) (*room, error) {
	if r.config.Elsewhere {
		return nil, errElsewhere
	}
	if known, ok := r.rooms.Load(id); ok {
		return known.(*room).wait(ctx)
	}
	fresh := newRoom(r, id)
	if known, loaded := r.rooms.LoadOrStore(id, fresh); loaded {
		return known.(*room).wait(ctx)
	}
	if !r.spawn(fresh.open) {
		fresh.refuse(actors.ErrStopping)
	}
	return fresh.wait(ctx)
}

// spawn runs what Close waits for, and says whether there still is time for it.
func (r *Rooms) spawn(run func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return false
	}
	r.running.Go(run)
	return true
}

// Line returns the line of a room as it was published last. Errors: a refusal
// (not_found), those of [actors.Desk.View].
func (r *Rooms) Line(ctx context.Context, id events.RoomID) (*Published, error) {
	rm, err := r.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return rm.line.Load(), nil
}

// Set sets a room up or changes it, and returns the answer of its actor. A room that
// becomes a shuffled one gets its seed here; SeedHash is ignored. Errors: as
// [actors.Desk.Ask], with the refusals of [waitingroom.Set]; ErrKeysDiffer.
func (r *Rooms) Set(
	ctx context.Context,
	id events.RoomID,
	settings events.WaitingRoomSettings,
	ifVersion *int64,
	request actors.Request,
) (actors.Answer, error) {
	if r.config.Elsewhere {
		return actors.Answer{}, errElsewhere
	}
	if r.KeyState() == KeysUnnamed {
		if err := r.UseKeys(ctx, nil, KeysFirst); err != nil {
			return actors.Answer{}, err
		}
	}
	if err := r.usable(); err != nil {
		return actors.Answer{}, err
	}
	settings.SeedHash = ""
	if settings.Order == events.RoomShuffle {
		before, err := r.Line(ctx, id)
		if refusal := (*core.Refusal)(nil); err != nil && !errors.As(err, &refusal) {
			return actors.Answer{}, err
		}
		if before == nil || before.Settings.SeedHash == "" { // else the promised one stays
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
		return answer, nil // it is set; whoever asks for it next begins its rounds
	}
	rm.shows(answer.Revision)
	return answer, nil
}
