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
	// ErrNotFound means that the topic's entity does not exist, or not yet in the views.
	ErrNotFound = errors.New("not found")
	// ErrBadTopic means that no topics have the prefix.
	ErrBadTopic = errors.New("there is no such kind of topic")
)

// Spawner starts an actor. receive is called with the messages sent, in order and not concurrently. send never blocks.
// After stop no message may be sent; messages sent earlier are still received. send and stop may be called from any
// goroutine, and must not call receive.
type Spawner func(name string, receive func(msg any)) (send func(msg any), stop func())

// Subscriber receives the frames of a topic.
type Subscriber interface {
	// Deliver is called by the topic's actor with one frame after another, and must not block. A
	// call may still be in progress after the subscription has been closed. Deliver may close
	// subscriptions, but must not open any.
	Deliver(*Frame)
}

// Resume is the state of a returning subscriber. The zero Resume requests a snapshot.
type Resume struct {
	// Since is the position of the last frame received.
	Since events.Position
	// Epoch is the epoch of the log to which the position belongs.
	Epoch string
}

// Topics are the topics named "<prefix>:<id>". Exported fields are set before the first subscription.
type Topics struct {
	prefix string
	// load returns a topic's current state and the position of its last change.
	// It is called with the hub's lock held. Errors: ErrNotFound, the disk's.
	load func(id string) (State, events.Position, error)
	// Category of the topics' streams, one per topic; "" if a topic's changes are not those of one stream.
	Category string
	// ResumeDelta, if set, returns the changes since a position of this log, nil if unknown. It is
	// called with the hub's lock held.
	ResumeDelta func(id string, since events.Position) *Missed
	// Backfill, if set, reads the data that ResumeDelta needs. It is called first, without the lock.
	Backfill func(ctx context.Context, since events.Position)
	// FrameEvery is the shortest time between two frames if that is longer than the hub's, else 0.
	FrameEvery time.Duration

	// topics has the topics with subscribers, by id; changed has those with changes in the batch
	// being folded. Guarded by the hub's lock.
	topics  map[string]*Topic
	changed []*Topic
	budget  *budget
	muted   bool // no frames until the views have caught up again
}

// NewTopics returns the topics of a prefix. load returns a topic's current state and the position
// of its last change, or ErrNotFound; it is called with the hub's lock held.
func NewTopics(prefix string, load func(id string) (State, events.Position, error)) *Topics {
	return &Topics{prefix: prefix, load: load, topics: map[string]*Topic{}, budget: newBudget(runtime.GOMAXPROCS(0))}
}

// Watched returns the topic of id if it has subscribers, else nil. The hub's lock must be
// held.
func (ts *Topics) Watched(id string) *Topic {
	if len(ts.topics) == 0 || ts.muted {
		return nil
	}
	return ts.topics[id]
}

// Any reports whether any of the topics has subscribers. The hub's lock must be held.
func (ts *Topics) Any() bool { return len(ts.topics) > 0 }

// publish passes the changes of a batch to the actors of their topics.
func (ts *Topics) publish() {
	for i, t := range ts.changed {
		t.publish()
		ts.changed[i] = nil
	}
	ts.changed = ts.changed[:0]
}

// mute drops the changes of the batch being folded, and all later ones until renew.
func (ts *Topics) mute() {
	ts.muted = true
	for i, t := range ts.changed {
		t.folded = nil
		ts.changed[i] = nil
	}
	ts.changed = ts.changed[:0]
}

// renew restarts muted topics, each with a snapshot for its subscribers. Errors: load's.
func (ts *Topics) renew() error {
	if !ts.muted {
		return nil
	}
	for id, t := range ts.topics {
		state, position, err := ts.load(id)
		if errors.Is(err, ErrNotFound) {
			continue // the log was replaced and lacks the entity: the topic sends no more frames
		}
		if err != nil {
			return err
		}
		t.renew(state, position)
	}
	ts.muted = false
	return nil
}

// HubConfig configures a hub.
type HubConfig struct {
	// Lock guards the hub, and the views that feed its topics.
	Lock *sync.RWMutex
	// Store is the log of the views.
	Store events.Store
	// Spawn starts the topics' actors.
	Spawn Spawner
	// Logger for operators.
	Logger *slog.Logger
	// FrameEvery is the shortest time between two frames of one topic; changes within it are merged. Negative: no
	// pause.
	FrameEvery time.Duration
}

// Hub has the topics of some views. It shares the lock of the views, which the fold holds for a
// batch at a time. Therefore joining, leaving and the batches of the fold exclude each other, and a
// subscriber misses nothing between its snapshot and the first delta.
type Hub struct {
	mu     *sync.RWMutex
	store  events.Store
	spawn  Spawner
	log    *slog.Logger
	epoch  string
	every  time.Duration
	topics map[string]*Topics // by prefix
	budget *budget

	subscribers atomic.Int64
	// incarnations is the number of actors started, for their names. Guarded by mu, as is closed.
	incarnations uint64
	closed       bool
}

// NewHub returns a hub without topics.
func NewHub(c HubConfig) *Hub {
	return &Hub{mu: c.Lock, store: c.Store, spawn: c.Spawn, log: c.Logger, epoch: c.Store.Epoch(), every: c.FrameEvery,
		topics: map[string]*Topics{}, budget: newBudget(runtime.GOMAXPROCS(0))}
}

// Add registers topics. It must not be called after the first subscription.
func (h *Hub) Add(ts *Topics) {
	ts.budget = h.budget
	h.topics[ts.prefix] = ts
}

// Publish passes the changes of the folded batch to the actors of their topics. The lock must be held.
func (h *Hub) Publish() {
	for _, ts := range h.topics {
		ts.publish()
	}
}

// Mute suspends all frames until Renew, while the views are rebuilt. The lock must be held.
func (h *Hub) Mute() {
	for _, ts := range h.topics {
		ts.mute()
	}
}

// Renew restarts muted topics, each with a snapshot. The lock must be held. Errors: the views'.
func (h *Hub) Renew() error {
	for _, ts := range h.topics {
		if err := ts.renew(); err != nil {
			return err
		}
	}
	return nil
}

// Close ends all actors. The lock must be held.
func (h *Hub) Close() {
	h.closed = true
	for _, ts := range h.topics {
		for _, t := range ts.topics {
			t.end()
		}
		clear(ts.topics)
	}
}

// Count returns the number of topics with subscribers, and the number of subscribers. The lock must be held.
func (h *Hub) Count() (topics, subscribers int) {
	for _, ts := range h.topics {
		topics += len(ts.topics)
	}
	return topics, int(h.subscribers.Load())
}

// Subscription is one subscriber's subscription to a topic.
type Subscription struct {
	hub   *Hub
	topic *Topic
	to    Subscriber
	// Owned by the actor.
	index int             // in topic.members
	at    events.Position // of the last frame delivered; 0 if the next must be a snapshot

	closed bool // guarded by the hub's lock
}

// Subscribe starts sending the topic's frames to s. The first frame is a snapshot or, if resume is usable, one delta
// with everything that was missed (with change 0 if nothing was missed). Then s gets every later change exactly once,
// possibly merged with others. The lock must be held. earlier is the result of [Hub.ReadEarlier].
//
// Errors: [ErrBadTopic]; [ErrNotFound], also for an entity that the views don't have yet; the views'.
func (h *Hub) Subscribe(name string, resume Resume, earlier []EarlierFact, s Subscriber) (*Subscription, error) {
	prefix, id, _ := strings.Cut(name, ":")
	group, ok := h.topics[prefix]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrBadTopic, name)
	}
	t := group.topics[id]
	if t == nil {
		state, position, err := group.load(id)
		if err != nil {
			return nil, err
		}
		t = &Topic{group: group, id: strings.Clone(id), name: strings.Clone(name), epoch: h.epoch, every: h.pause(group),
			state: state, position: position}
		h.incarnations++
		t.send, t.stop = h.spawn(fmt.Sprintf("topic/%s#%d", name, h.incarnations), t.receive)
		group.topics[t.id] = t
	}
	t.subscribers++
	h.subscribers.Add(1)
	sub := &Subscription{hub: h, topic: t, to: s}
	t.send(join{sub, resume, earlier, h.resumeDelta(group, id, resume)})
	return sub, nil
}

// pause returns the shortest time between two frames of a topic; 0 or less means no pause.
func (h *Hub) pause(group *Topics) time.Duration {
	if h.every < 0 {
		return h.every
	}
	return max(h.every, group.FrameEvery)
}

// Close ends the subscription. A second Close is a no-op.
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
	// A later subscription creates a new topic with its own actor, rather than joining one that is about to end.
	if t.subscribers--; t.subscribers == 0 {
		delete(t.group.topics, t.id)
		t.end()
	}
}
