package live

import (
	"sync"

	"admitone/events"
)

// FrameKind is the kind of a frame: a snapshot or a delta.
type FrameKind uint8

// The two kinds of frames.
const (
	// SnapshotFrame contains the whole state of a topic.
	SnapshotFrame FrameKind = iota + 1
	// DeltaFrame contains the changes since the previous frame.
	DeltaFrame
)

// State is the content of a topic's snapshot, folded from its deltas. It is not safe for concurrent use.
type State interface {
	// Members writes the state's members into a frame's data.
	Members(o *events.Object)
	// Apply applies the next delta.
	Apply(Delta)
	// Unchanged returns a delta without changes.
	Unchanged() Delta
	// Row returns the snapshot's Frame.Row: a copy, or nil if it would be too large.
	Row() any
}

// Delta is a change of a topic. It is immutable once it is in a frame.
type Delta interface {
	// Members writes the delta's members into a frame's data.
	Members(o *events.Object)
	// Clone returns a copy that may be merged into.
	Clone() Delta
	// Merge adds a later delta of the same type, which it does not modify.
	Merge(later Delta)
	// Row returns the Frame.Row of the delta's frame, or nil.
	Row() any
}

// Frame is one message to the subscribers of a topic, which share it.
type Frame struct {
	Topic string
	Kind  FrameKind
	// Position of the last event that the frame contains.
	Position events.Position
	// Previous is the position of the frame before a delta. A subscriber at a different position has
	// missed a change.
	Previous events.Position
	// Delta is the content of a delta frame, nil in a snapshot. It must not be modified.
	Delta Delta

	row       any
	encodings [maxEncodings]encoding
}

// maxEncodings bounds the encodings of a frame: its own, and the results of [Frame.As].
const maxEncodings = 4

type encoding struct {
	once  sync.Once
	value any
}

// Row returns the topic's row as of the frame (a [row.Product] for product topics), or
// nil for kinds whose state is too large to be part of every frame.
func (f *Frame) Row() any { return f.row }

// Bytes returns the frame in JSON, encoded at the first call. The result must not be modified.
func (f *Frame) Bytes() []byte {
	return f.As(0, func(f *Frame) any { return f.encodeDelta() }).([]byte)
}

// As returns the frame in another format. encode is called once for all subscribers. number, from 1 to 3, identifies
// the format.
func (f *Frame) As(number int, encode func(*Frame) any) any {
	e := &f.encodings[number]
	e.once.Do(func() { e.value = encode(f) })
	return e.value
}

// NewDelta returns a delta frame that follows the frame at previous. d must not be modified afterwards.
func NewDelta(topic string, previous, position events.Position, d Delta) *Frame {
	return &Frame{Topic: topic, Kind: DeltaFrame, Position: position, Previous: previous, Delta: d, row: d.Row()}
}

// NewSnapshot returns a snapshot frame. The state is encoded immediately, and may change afterwards.
func NewSnapshot(topic, epoch string, position events.Position, s State) *Frame {
	o := openFrame("snapshot", topic)
	o.String("epoch", epoch)
	o.Int("position", int64(position))
	s.Members(&o)
	b := closeFrame(o)
	f := &Frame{Topic: topic, Kind: SnapshotFrame, Position: position, row: s.Row()}
	f.As(0, func(*Frame) any { return b })
	return f
}

func (f *Frame) encodeDelta() []byte {
	o := openFrame("delta", f.Topic)
	o.Int("position", int64(f.Position))
	o.Int("previous", int64(f.Previous))
	f.Delta.Members(&o)
	return closeFrame(o)
}

// openFrame opens {"event":…,"data":{…}} and returns the inner object.
func openFrame(event, topic string) events.Object {
	outer := events.OpenObject(make([]byte, 0, 256))
	outer.String("event", event)
	outer.Key("data")
	data := events.OpenObject(outer.Buf)
	data.String("topic", topic)
	return data
}

func closeFrame(data events.Object) []byte { return append(data.Close(), '}') }

// Pending has the unsent frames of one topic for one subscriber: at most a snapshot, followed by
// one delta into which all later deltas are merged. This bounds the memory for a slow subscriber.
// The zero Pending is empty. It is not safe for concurrent use.
type Pending struct {
	snapshot, delta *Frame
	merged          bool // delta is not shared with other subscribers
}

// Add appends the topic's next frame.
func (p *Pending) Add(f *Frame) {
	switch {
	case f.Kind == SnapshotFrame:
		*p = Pending{snapshot: f}
	case p.delta == nil:
		p.delta, p.merged = f, false
	default:
		sum := p.delta.Delta
		if !p.merged {
			sum = sum.Clone()
		}
		sum.Merge(f.Delta)
		p.delta, p.merged = NewDelta(f.Topic, p.delta.Previous, f.Position, sum), true
	}
}

// Next removes and returns the frame to send next, nil for none.
func (p *Pending) Next() *Frame {
	if f := p.snapshot; f != nil {
		p.snapshot = nil
		return f
	}
	f := p.delta
	p.delta, p.merged = nil, false
	return f
}

// Empty reports whether Next would return nil.
func (p *Pending) Empty() bool { return p.snapshot == nil && p.delta == nil }
