package actors

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Config of a desk. Zero values select the defaults in parentheses.
type Config struct {
	Store events.Store
	// Snapshots may be nil; every load then reads the whole stream.
	Snapshots events.Snapshots
	Kinds     []core.Kind
	// Now is the clock (time.Now).
	Now func() time.Time
	// MaxInFlight bounds the commands in flight over all entities (65,536), MaxPerEntity those at
	// one entity (8,192).
	MaxInFlight, MaxPerEntity int64
	// IdleAfter is the time for which an unused entity stays in memory (60 s). It is evicted after
	// one to two times that.
	IdleAfter time.Duration
	// SnapshotEvery is the minimum number of events between two snapshots of one entity (1,024).
	// Large entities are saved less often; see entity.freezeIfDue.
	SnapshotEvery int64
	// AppendBytes is the approximate limit of one append (8 MiB). The facts of one command always
	// stay together.
	AppendBytes int64
	// AppendTimeout bounds one append (5 s), plus up to 2 %. LoadTimeout bounds the time for
	// which a load makes no progress (30 s).
	AppendTimeout, LoadTimeout time.Duration
	// AnswerTimeout bounds how long Ask and View wait for an answer if their context has no deadline
	// (0: no bound). After a timeout the outcome is unknown.
	AnswerTimeout time.Duration
	Logger        *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	orInt := func(v *int64, otherwise int64) {
		if *v == 0 {
			*v = otherwise
		}
	}
	orTime := func(v *time.Duration, otherwise time.Duration) {
		if *v == 0 {
			*v = otherwise
		}
	}
	orInt(&c.MaxInFlight, 65_536)
	orInt(&c.MaxPerEntity, 8_192)
	orInt(&c.SnapshotEvery, 1_024)
	orInt(&c.AppendBytes, 8<<20)
	orTime(&c.IdleAfter, time.Minute)
	orTime(&c.AppendTimeout, 5*time.Second)
	orTime(&c.LoadTimeout, 30*time.Second)
	return c
}

// minUnsaved is the minimum number of new events for which an evicted entity leaves a snapshot. A
// stream with fewer events has none.
func (c *Config) minUnsaved() int64 { return max(1, c.SnapshotEvery/4) }

// deskShards is the number of locks over the entries, so that cold entities don't wait for each
// other.
const deskShards = 64

// Desk accepts commands. It finds or starts the entity, bounds the commands in flight, and evicts
// unused entities.
type Desk struct {
	config Config
	engine *Engine
	kinds  map[string]*core.Kind
	seed   maphash.Seed
	// run distinguishes the events of this desk from those of any other; see batch.encode.
	run    events.ID
	shards [deskShards]shard

	// storeLimit is the largest append that the store accepts, learnt from its refusals; 0 if
	// unknown.
	storeLimit  atomic.Int64
	envelopes   envelopePool
	waiters     waiters
	deadlines   sharedDeadlines
	inFlight    atomic.Int64
	incarnation atomic.Uint64
	stopping    atomic.Bool
	stats       counters
	// unsnapshotted is true after a snapshot could not be written, until one is.
	unsnapshotted atomic.Bool
	stopSweeper   chan struct{} // closed by Close
	swept         sync.WaitGroup
}

type shard struct {
	mu      sync.Mutex
	entries map[events.StreamID]*entry // guarded by mu
}

// entry is an entity in memory, as the desk sees it.
type entry struct {
	stream events.StreamID
	mailbox
	// inFlight counts the envelopes that the entity has not answered. It rises from zero only under
	// the shard's lock, so a zero read under that lock means that nothing is on its way.
	inFlight atomic.Int64
	// unsaved counts the durable events since the last snapshot.
	unsaved atomic.Int64
	// empty: the stream has no events, so the entity is not worth keeping.
	empty atomic.Bool
	// used: it received an envelope since the last sweep; guarded by the shard's mu.
	used bool
	staleness
	rivals
}

// Dispatcher passes commands to entities and reads their states: a [Desk], or a wrapper around one.
// Its methods behave like Desk's.
type Dispatcher interface {
	Ask(ctx context.Context, request Request) (Answer, error)
	View(ctx context.Context, stream events.StreamID, read func(core.Core)) (Answer, error)
}

var _ Dispatcher = &Desk{}

// NewDesk returns a desk that hosts its entities in engine.
func NewDesk(engine *Engine, config Config) *Desk {
	d := &Desk{config: config.withDefaults(), engine: engine, kinds: map[string]*core.Kind{},
		seed: maphash.MakeSeed(), run: NewID(), stopSweeper: make(chan struct{})}
	d.waiters.limit, d.deadlines.limit = d.config.AnswerTimeout, d.config.AppendTimeout
	for _, kind := range config.Kinds {
		d.kinds[kind.Category] = &kind
	}
	for i := range d.shards {
		d.shards[i].entries = map[events.StreamID]*entry{}
	}
	d.swept.Go(d.runSweeper)
	return d
}

// Ask sends a command to its entity and waits for the answer, which is given once the facts (or,
// for a refusal, the state on which it was decided) are on stable storage. With a refusal, Answer
// has the revision and position at which it was decided.
//
// Errors: [*core.Refusal]; [*KeysSpent]; ErrOverloaded, ErrUnavailable, ErrStopping, ErrBroken;
// ctx.Err(): the outcome is unknown, and a retry under the same keyed id is safe.
func (d *Desk) Ask(ctx context.Context, request Request) (Answer, error) {
	p := d.envelopes.get()
	p.request = request
	if _, _, keyed := request.ID.keyed(); keyed {
		p.caller = callerOf(request.Actor)
	}
	return d.wait(ctx, p, request.Submitted)
}

// View runs read with the entity's state, on the entity's actor, and returns once that state is on
// stable storage. read must not keep or change the core. It may run more than once, but never after
// View has returned. Errors: as Ask, without refusals.
func (d *Desk) View(ctx context.Context, stream events.StreamID, read func(core.Core)) (Answer, error) {
	p := d.envelopes.get()
	p.request = Request{Stream: stream}
	var v view
	p.view = v.during(read)
	answer, err := d.wait(ctx, p, nil)
	if err != nil {
		v.end()
	}
	return answer, err
}

// Wake expires the due holds of an entity and returns the next deadline, zero for none. Errors: as
// View.
func (d *Desk) Wake(ctx context.Context, stream events.StreamID) (time.Time, error) {
	var next time.Time
	if _, err := d.View(ctx, stream, func(c core.Core) { next = c.NextDeadline() }); err != nil {
		return time.Time{}, err // next may still be written, if ctx ended first
	}
	return next, nil
}

// wait submits p, calls submitted, if set, and waits for the answer.
func (d *Desk) wait(ctx context.Context, p *envelope, submitted func()) (Answer, error) {
	if err := d.submit(p); err != nil {
		d.envelopes.put(p)
		return Answer{}, err
	}
	if submitted != nil {
		submitted()
	}
	r, err := d.receive(ctx, p)
	if err != nil {
		return Answer{}, err // p stays with the entity
	}
	d.envelopes.put(p)
	return r.answer, r.err
}

// submit sends p to its entity, or returns why it can't. An idle entity handles p immediately, on the
// caller's goroutine.
func (d *Desk) submit(p *envelope) error {
	e, idle, err := d.enqueue(p)
	if idle {
		e.runSome()
	}
	return err
}

// enqueue puts p into the mailbox of its entity, and starts the entity if necessary.
func (d *Desk) enqueue(p *envelope) (e *entry, idle bool, err error) {
	stream := p.request.Stream
	if d.inFlight.Add(1) > d.config.MaxInFlight {
		d.inFlight.Add(-1)
		return nil, false, ErrOverloaded
	}
	s := d.shard(stream)
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.stopping.Load() {
		d.inFlight.Add(-1)
		return nil, false, ErrStopping
	}
	e = s.entries[stream]
	if e == nil {
		kind, ok := d.kinds[stream.Category()]
		if !ok {
			d.inFlight.Add(-1)
			return nil, false, fmt.Errorf("no kind of entity has streams like %s", stream)
		}
		e = d.start(stream, kind)
		s.entries[e.stream] = e
	}
	if e.inFlight.Load() >= d.config.MaxPerEntity {
		d.inFlight.Add(-1)
		return nil, false, ErrOverloaded
	}
	e.inFlight.Add(1)
	e.used = true
	return e, e.put(p), nil
}

// now is the time of a decision, in the precision of an event's metadata.
func (d *Desk) now() time.Time { return d.config.Now().Round(0).UTC() }

func (d *Desk) shard(stream events.StreamID) *shard {
	return &d.shards[maphash.String(d.seed, string(stream))%deskShards]
}

// start spawns an entity. Its actor's name is never reused, so an old incarnation that is still
// stopping and a new one never meet. The entry's stream is the beginning of that name, so that an
// entity keeps one copy of it.
func (d *Desk) start(stream events.StreamID, kind *core.Kind) *entry {
	name := string(stream) + "#" + strconv.FormatUint(d.incarnation.Add(1), 36)
	e := &entry{stream: events.StreamID(name[:len(stream)])}
	e.to = newEntity(d, e, kind)
	d.engine.spawn(&e.mailbox, name)
	d.stats.active.Add(1)
	return e
}

// release removes an envelope from those in flight, and the entity if it is then idle and has no
// events. The entity calls it once for each envelope.
func (d *Desk) release(e *entry) {
	d.inFlight.Add(-1)
	if e.inFlight.Add(-1) == 0 && e.empty.Load() {
		d.drop(e)
	}
}

// drop evicts an entity if nothing is in flight there.
func (d *Desk) drop(e *entry) {
	s := d.shard(e.stream)
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.inFlight.Load() == 0 && s.entries[e.stream] == e {
		d.forget(s, e)
	}
}

// forget removes the entry. The caller has the shard's lock.
func (d *Desk) forget(s *shard, e *entry) {
	delete(s.entries, e.stream)
	d.engine.stop(&e.mailbox)
	d.stats.active.Add(-1)
	d.stats.dropped.Add(1)
}

func (d *Desk) runSweeper() {
	tick := time.NewTicker(d.config.IdleAfter)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			d.Sweep()
		case <-d.stopSweeper:
			return
		}
	}
}

// Sweep evicts every entity that has been unused since the last sweep and has nothing in flight.
// An entity with many unsaved events first writes a snapshot, and is evicted by a later sweep.
func (d *Desk) Sweep() {
	for i := range d.shards {
		s := &d.shards[i]
		s.mu.Lock()
		for _, e := range s.entries {
			switch {
			case e.used || e.inFlight.Load() > 0:
				e.used = false
			case d.worthSaving(e):
				d.requestSave(e)
			default:
				d.forget(s, e)
			}
		}
		s.mu.Unlock()
	}
}

// worthSaving reports whether an entity should write a snapshot before it is evicted.
func (d *Desk) worthSaving(e *entry) bool {
	return d.config.Snapshots != nil && e.unsaved.Load() >= d.config.minUnsaved()
}

// requestSave requests a snapshot. The caller has the shard's lock.
func (d *Desk) requestSave(e *entry) {
	e.unsaved.Store(0) // so that it is requested once; if it fails, the next load only takes longer
	p := d.envelopes.get()
	p.request = Request{Stream: e.stream}
	p.save = true
	d.inFlight.Add(1)
	e.inFlight.Add(1)
	e.post(p)
}

// Close refuses new commands, waits for commands in flight and evicts the entities. Error:
// ctx.Err(), if ctx ends first.
func (d *Desk) Close(ctx context.Context) error {
	if !d.stopping.Swap(true) {
		close(d.stopSweeper)
	}
	d.swept.Wait()
	for _, pass := range []func(*shard, *entry){
		func(_ *shard, e *entry) {
			if d.worthSaving(e) {
				d.requestSave(e)
			}
		},
		d.forget,
	} {
		if err := d.waitIdle(ctx); err != nil {
			return err
		}
		for i := range d.shards {
			s := &d.shards[i]
			s.mu.Lock()
			for _, e := range s.entries {
				pass(s, e)
			}
			s.mu.Unlock()
		}
		if err := d.waitIdle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// waitIdle waits until no command is in flight. Error: ctx.Err(), with their number.
func (d *Desk) waitIdle(ctx context.Context) error {
	for d.inFlight.Load() > 0 {
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), fmt.Errorf("%d commands still in flight", d.inFlight.Load()))
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}
