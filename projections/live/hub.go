package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"admitone/events"
)

// The errors of [Hub.Subscribe].
var (
	// ErrNotFound: the topic's kind exists, what it is about doesn't (yet).
	ErrNotFound = errors.New("not found")
	// ErrBadTopic: no kind of topic has that name.
	ErrBadTopic = errors.New("there is no such kind of topic")
)

// Spawner starts an actor: receive is called with the messages sent, one after
// another, in order. send never blocks. After stop nothing is sent any more, and
// what was sent before is still received. All three may be called from any
// goroutine and must not call back.
type Spawner func(name string, receive func(msg any)) (send func(msg any), stop func())

// Subscriber receives the frames of a topic.
type Subscriber interface {
	// Deliver is called on the topic's actor with one frame after another, and
	// must not block. One call may still be under way when its subscription has
	// been closed. It may close subscriptions, and must not open any.
	Deliver(*Frame)
}

// Resume is what a subscriber has seen already. The zero Resume asks for a
// snapshot.
type Resume struct {
	// Since is the position of the last frame seen.
	Since events.Position
	// Epoch of the log that position belongs to.
	Epoch string
}

// Kind is a kind of topics: those named "<prefix>:<id>". Its fields are set before the
// first subscription.
type Kind struct {
	prefix string
	// load returns a topic's present state and the position of its last change.
	// It is called with the hub's lock held. Errors: ErrNotFound, the disk's.
	load func(id string) (State, events.Position, error)
	// Category of the streams that the topics are, one each; "" if they aren't.
	Category string
	// ResumeDelta, if set, returns what was missed since a position of this log, nil if
	// that is not known. It is called with the hub's lock held.
	ResumeDelta func(id string, since events.Position) *Missed
	// Backfill, if set, reads what ResumeDelta will need. It is called before it and
	// without the lock.
	Backfill func(ctx context.Context, since events.Position)
	// Slowest is a pause between two frames that is longer than that of others; 0 if
	// it isn't.
	Slowest time.Duration

	// topics are those with subscribers, by id, and touched those with changes in the
	// batch being folded. Guarded by the hub's lock.
	topics  map[string]*Topic
	touched []*Topic
	budget  *budget
	muted   bool // subscribers get nothing until the views have caught up again
}

// NewKind returns a kind of topics. load returns a topic's present state and the position
// of its last change, or ErrNotFound; it is called with the hub's lock held.
func NewKind(prefix string, load func(id string) (State, events.Position, error)) *Kind {
	return &Kind{prefix: prefix, load: load, topics: map[string]*Topic{}, budget: newBudget(runtime.GOMAXPROCS(0))}
}

// Watched returns the topic of id if it has subscribers, else nil. The hub's lock must be
// held.
func (k *Kind) Watched(id string) *Topic {
	if len(k.topics) == 0 || k.muted {
		return nil
	}
	return k.topics[id]
}

// Any reports whether a topic of the kind has subscribers. The hub's lock must be held.
func (k *Kind) Any() bool { return len(k.topics) > 0 }

// publish hands the changes of a batch to the actors of their topics.
func (k *Kind) publish() {
	for i, t := range k.touched {
		t.publish()
		k.touched[i] = nil
	}
	k.touched = k.touched[:0]
}

// mute drops the changes of the batch being folded, and all later ones until renew.
func (k *Kind) mute() {
	k.muted = true
	for i, t := range k.touched {
		t.folded = nil
		k.touched[i] = nil
	}
	k.touched = k.touched[:0]
}

// renew begins the topics of a kind that was muted again, each with a snapshot for its
// subscribers. Errors: load's.
func (k *Kind) renew() error {
	if !k.muted {
		return nil
	}
	for id, t := range k.topics {
		state, position, err := k.load(id)
		if errors.Is(err, ErrNotFound) {
			continue // the log is another one: the topic has no more frames
		}
		if err != nil {
			return err
		}
		t.renew(state, position)
	}
	k.muted = false
	return nil
}

// HubConfig is what a hub needs.
type HubConfig struct {
	// Lock guards the views that the topics are made of, and the hub with them.
	Lock *sync.RWMutex
	// Store is the log that the views are made of.
	Store events.Store
	// Spawn starts the topics' actors.
	Spawn Spawner
	// Logger takes what operators should know.
	Logger *slog.Logger
	// FrameEvery is the shortest time between two frames of one topic; what changes
	// meanwhile is merged. Negative: no pause.
	FrameEvery time.Duration
}

// Hub has the topics of some views. Its lock is that of the views, which the fold holds
// for a batch at a time: so joining, leaving and the batches of the fold exclude each
// other, and a subscriber misses nothing between its snapshot and the first delta.
type Hub struct {
	mu     *sync.RWMutex
	store  events.Store
	spawn  Spawner
	log    *slog.Logger
	epoch  string
	every  time.Duration
	kinds  map[string]*Kind // by prefix
	budget *budget

	subscribers atomic.Int64
	// incarnations counts the topics' actors, for their names. Guarded by mu, as is
	// closed.
	incarnations uint64
	closed       bool
}

// NewHub returns a hub without kinds.
func NewHub(c HubConfig) *Hub {
	return &Hub{mu: c.Lock, store: c.Store, spawn: c.Spawn, log: c.Logger, epoch: c.Store.Epoch(), every: c.FrameEvery,
		kinds: map[string]*Kind{}, budget: newBudget(runtime.GOMAXPROCS(0))}
}

// Add makes a kind known. It must not be called once the hub is used.
func (h *Hub) Add(k *Kind) {
	k.budget = h.budget
	h.kinds[k.prefix] = k
}

// Publish hands the changes of the batch that was folded to the actors of their topics.
// The lock must be held.
func (h *Hub) Publish() {
	for _, k := range h.kinds {
		k.publish()
	}
}

// Mute lets subscribers have nothing until Renew: the views are rebuilt. The lock must
// be held.
func (h *Hub) Mute() {
	for _, k := range h.kinds {
		k.mute()
	}
}

// Renew begins topics that were muted again, each with a snapshot. The lock must be held.
// Errors: those of the views.
func (h *Hub) Renew() error {
	for _, k := range h.kinds {
		if err := k.renew(); err != nil {
			return err
		}
	}
	return nil
}

// Close ends all actors. The lock must be held.
func (h *Hub) Close() {
	h.closed = true
	for _, k := range h.kinds {
		for _, t := range k.topics {
			t.end()
		}
		clear(k.topics)
	}
}

// Count returns how many topics have subscribers, and how many those are. The lock must
// be held.
func (h *Hub) Count() (topics, subscribers int) {
	for _, k := range h.kinds {
		topics += len(k.topics)
	}
	return topics, int(h.subscribers.Load())
}

// Subscription is a subscriber's place in a topic.
type Subscription struct {
	hub   *Hub
	topic *Topic
	to    Subscriber
	// Owned by the actor.
	index int             // in topic.members
	at    events.Position // that was delivered last; 0 if it has to begin anew

	closed bool // guarded by the hub's lock
}

// Subscribe lets s have the topic's frames: first a snapshot, or, if resume fits,
// one delta with all that was missed (whose change is 0 if nothing was); then
// every change behind it, exactly once, possibly merged with others. The lock must be
// held. earlier is what [Hub.ReadEarlier] returned.
//
// Errors: [ErrBadTopic]; [ErrNotFound], also for something so new that the views don't
// have it yet; those of the views.
func (h *Hub) Subscribe(name string, resume Resume, earlier []EarlierFact, s Subscriber) (*Subscription, error) {
	prefix, id, _ := strings.Cut(name, ":")
	kind, ok := h.kinds[prefix]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrBadTopic, name)
	}
	t := kind.topics[id]
	if t == nil {
		state, position, err := kind.load(id)
		if err != nil {
			return nil, err
		}
		t = &Topic{kind: kind, id: strings.Clone(id), name: strings.Clone(name), epoch: h.epoch, every: h.pause(kind),
			state: state, position: position}
		h.incarnations++
		t.send, t.stop = h.spawn(fmt.Sprintf("topic/%s#%d", name, h.incarnations), t.receive)
		kind.topics[t.id] = t
	}
	t.subscribers++
	h.subscribers.Add(1)
	sub := &Subscription{hub: h, topic: t, to: s}
	t.send(join{sub, resume, earlier, h.resumeDelta(kind, id, resume)})
	return sub, nil
}

// pause is the shortest time between two frames of a topic; none if there is none for
// any.
func (h *Hub) pause(kind *Kind) time.Duration {
	if h.every < 0 {
		return h.every
	}
	return max(h.every, kind.Slowest)
}

// Close ends the subscription. A second Close does nothing.
func (s *Subscription) Close() {
	h, t := s.hub, s.topic
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.closed || h.closed {
		return
	}
	s.closed = true
	h.subscribers.Add(-1)
	t.send(leave{s})
	// A later subscription finds no topic and makes a new one, with an actor of its
	// own: nothing joins one that is about to end.
	if t.subscribers--; t.subscribers == 0 {
		delete(t.kind.topics, t.id)
		t.end()
	}
}
