package events

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Event is a fact on its way into the log.
type Event struct {
	// ID identifies the event for ever; see [EventID].
	ID ID
	// Type is the fact's wire name.
	Type string
	// Data is the fact as JSON.
	Data []byte
	// Metadata is [Metadata] as JSON, sealed into the stream's chain.
	Metadata []byte
	// Fact is the decoded form, if whoever made the event had it. It saves
	// followers in the same process the decoding; see [Event.Decode]. Stores
	// may drop it, and nobody may change what it points to.
	Fact Fact
}

// Recorded is an event as the log holds it.
type Recorded struct {
	Event
	Stream   StreamID
	Revision Revision
	Position Position
	// Created is the store's own clock when it took the event. It never runs
	// backwards along the log, and decides nothing but "as it was at this time".
	Created time.Time
}

// Decode returns the event's fact, decoding it if it did not come along.
// Errors: [ErrUnknownFact], [ErrBadFact].
func (e *Event) Decode() (Fact, error) {
	if e.Fact != nil {
		return e.Fact, nil
	}
	return Decode(e.Type, e.Data)
}

// Appended says where an append landed: the revision and position of its last
// event. Its events are next to each other in the stream and in the log.
type Appended struct {
	Revision Revision
	Position Position
	// Consecutive says that the positions of its events are, so that those of the
	// others follow from the last.
	Consecutive bool
}

// Direction of a read.
type Direction bool

// The two directions.
const (
	Forward  Direction = false
	Backward Direction = true
)

// The errors of a [Store]. Each store maps its own onto these; use errors.Is.
var (
	// ErrConflict: the stream's last revision is not the expected one; nothing
	// was written. Somebody appended first: reload and decide again.
	ErrConflict = errors.New("events: the stream has moved on")
	// ErrUnknown: the events may or may not be in the log, now or a little
	// later. Reload, and decide what is not found again at the same revision.
	ErrUnknown = errors.New("events: outcome of the append is unknown")
	// ErrUnavailable: the store could not be reached; nothing was written.
	ErrUnavailable = errors.New("events: the log is unavailable")
	// ErrDamaged: the stored bytes are not what was written. Never skipped.
	ErrDamaged = errors.New("events: the log is damaged")
	// ErrTooLarge: the batch is larger than the store takes; nothing was written.
	ErrTooLarge = errors.New("events: the batch is too large")
	// ErrClosed: the store was closed before the call began.
	ErrClosed = errors.New("events: the log is closed")
	// ErrInUse: another process has the log open.
	ErrInUse = errors.New("events: the log is in use by another process")
)

// Store is the log. All methods may be called from many goroutines at once.
// Every method obeys its context, and what it returns is on stable storage.
type Store interface {
	// Append writes batch, which is not empty, at the end of stream, all of it or
	// nothing, provided that the stream's last revision is expected (NoStream:
	// that it has none). It returns once the events are on stable storage. The
	// batch and what it points to belong to the store from then on and are not
	// changed again by anybody.
	//
	// Errors: ErrConflict, ErrTooLarge, ErrUnavailable, ErrClosed, ErrDamaged (the
	// stream's end can't be read): nothing was written. ErrUnknown, also when ctx
	// ends in the middle: it may have been.
	Append(ctx context.Context, stream StreamID, expected Revision, batch []Event) (Appended, error)

	// Read returns up to limit events of stream, starting with the one at from
	// (inclusive) and going in direction dir. Backward from EndRevision starts at
	// the last. A stream without events, or a from beyond the end, is empty.
	//
	// Errors: ErrUnavailable, ErrDamaged, ErrClosed, ctx.Err().
	Read(ctx context.Context, stream StreamID, from Revision, dir Direction, limit int) ([]Recorded, error)

	// ReadAll returns up to limit events of the whole log: forward those with
	// positions above from, backward those below it, nearest first. Positions
	// increase along the log; they need not be consecutive in every store.
	//
	// Errors: as Read.
	ReadAll(ctx context.Context, from Position, dir Direction, limit int) ([]Recorded, error)

	// Follow calls handle with the events above after, in order, without gap or
	// repetition, and goes on with new ones as they become durable. It blocks
	// until ctx ends (and returns ctx.Err()), handle fails (its error), or the
	// log can't be read. handle must not keep or change the slice it is given.
	//
	// Errors: ErrUnavailable, ErrDamaged, ErrClosed, ctx.Err(), handle's.
	Follow(ctx context.Context, after Position, handle func([]Recorded) error) error

	// Head returns the position of the last event, 0 if there is none.
	//
	// Errors: ErrUnavailable, ErrClosed, ctx.Err().
	Head(ctx context.Context) (Position, error)

	// Epoch identifies this log: positions of different epochs can't be compared.
	Epoch() string

	// Close waits for what is under way and releases the log. Later calls return
	// ErrClosed, a second Close nil.
	Close() error
}

// Snapshot heads a saved state of one stream. It is a hint: whoever loads one
// that does not fit the log reads the stream from its beginning instead.
type Snapshot struct {
	// Version of the encoding, chosen by whoever saves it.
	Version uint32
	// Revision is the last event that the state contains.
	Revision Revision
	// Hash is that event's hash: a snapshot of another history does not fit.
	Hash Hash
}

// ErrNoSnapshot is returned when a stream has no usable snapshot.
var ErrNoSnapshot = errors.New("events: no snapshot")

// Snapshots keeps at most one snapshot per stream, the newest saved. All methods
// may be called from many goroutines, for one stream from one at a time.
type Snapshots interface {
	// SaveSnapshot replaces the stream's snapshot by what write writes. A crash or
	// an error leaves the one before or none, never a part. Errors: write's, or
	// the disk's.
	SaveSnapshot(stream StreamID, head Snapshot, write func(io.Writer) error) error
	// LoadSnapshot calls read with the stream's snapshot. Errors: ErrNoSnapshot,
	// also for one whose bytes are damaged; read's.
	LoadSnapshot(stream StreamID, read func(Snapshot, io.Reader) error) error
}

// pageSize is how many events the iterators below fetch at once.
const pageSize = 1024

// Stream iterates over a stream forward from a revision, page by page. An error
// ends it.
func Stream(ctx context.Context, store Store, stream StreamID, from Revision) iter.Seq2[Recorded, error] {
	return pages(func() ([]Recorded, error) {
		return store.Read(ctx, stream, from, Forward, pageSize)
	}, func(last Recorded) { from = last.Revision + 1 })
}

// All iterates over the log forward from behind a position up to its present
// end, page by page. An error ends it.
func All(ctx context.Context, store Store, after Position) iter.Seq2[Recorded, error] {
	return pages(func() ([]Recorded, error) {
		return store.ReadAll(ctx, after, Forward, pageSize)
	}, func(last Recorded) { after = last.Position })
}

func pages(fetch func() ([]Recorded, error), advance func(last Recorded)) iter.Seq2[Recorded, error] {
	return func(yield func(Recorded, error) bool) {
		for {
			page, err := fetch()
			if err != nil {
				yield(Recorded{}, err)
				return
			}
			for i := range page {
				if !yield(page[i], nil) {
					return
				}
			}
			if len(page) < pageSize {
				return
			}
			advance(page[len(page)-1])
		}
	}
}
