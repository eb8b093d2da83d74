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

// Kind is what the desk has to know about waiting rooms.
var Kind = actors.Kind{Category: waitingroom.Category, New: waitingroom.New, SnapshotVersion: waitingroom.SnapshotVersion}

// Desk is where commands are handed in: an [actors.Desk], whose kinds have Kind.
type Desk interface {
	Ask(ctx context.Context, request actors.Request) (actors.Answer, error)
	View(ctx context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error)
}

// Config of the rooms of a node. Zero values get the defaults that are named.
type Config struct {
	// Desk hosts the rooms' entities.
	Desk Desk
	// Keys sign visitors' ids and passes.
	Keys *pass.Ring
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
	Logger    *slog.Logger
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
	keys   atomic.Pointer[pass.Ring]

	rooms   sync.Map // of string → *room
	mu      sync.Mutex
	stopped bool // guarded by mu
	running sync.WaitGroup
	// turns of passes: one command at a time comes with each.
	turns actors.Turns[passKey]
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
	r := &Rooms{config: config.withDefaults()}
	r.keys.Store(config.Keys)
	r.stop, r.cancel = context.WithCancel(context.Background())
	return r
}

// SetKeys makes another ring the one that signs and checks.
func (r *Rooms) SetKeys(keys *pass.Ring) { r.keys.Store(keys) }

// Resume begins the rounds of rooms, after a start of the program: those in which
// somebody waits or has a pass. It goes on after an error, and returns them all; see
// [Rooms.Line] for which there are.
func (r *Rooms) Resume(ctx context.Context, rooms ...string) error {
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
var errNoRoom = &core.Refusal{Code: "not_found", Detail: "there is no such waiting room",
	Fields: map[string]any{"resource": "waiting_room"}}

// errElsewhere refuses what only the node that runs the rooms can answer.
var errElsewhere = &core.Refusal{Code: "not_found", Detail: "this server runs no waiting rooms; ask the one that does",
	Fields: map[string]any{"resource": "waiting_room"}}

// find returns a room, and begins its rounds if nobody has asked for it yet. Errors:
// a refusal (not_found), those of [actors.Desk.View], ctx.Err().
func (r *Rooms) find(ctx context.Context, id string) (*room, error) {
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
func (r *Rooms) Line(ctx context.Context, id string) (*Published, error) {
	rm, err := r.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return rm.line.Load(), nil
}

// Set sets a room up or changes it, and returns the answer of its actor. A room that
// becomes a shuffled one gets its seed here; SeedHash is ignored. Errors: as
// [actors.Desk.Ask], with the refusals of [waitingroom.Set].
func (r *Rooms) Set(ctx context.Context, id string, settings events.WaitingRoomSettings, ifVersion *int64, request actors.Request) (actors.Answer, error) {
	if r.config.Elsewhere {
		return actors.Answer{}, errElsewhere
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
