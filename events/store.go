package events

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Event is a fact on its way into the log.
type Event struct {
	// ID identifies the event forever; see [EventID].
	ID ID
	// Type is the fact's wire name.
	Type string
	// Data is the fact as JSON.
	Data []byte
	// Metadata is [Metadata] as JSON, sealed into the stream's chain.
	Metadata []byte
	// Fact is the decoded form, if its writer provided it. It saves followers in the same process
	// the decoding; see [Event.Decode]. Stores may drop it. It must not be modified.
	Fact Fact
}

// Recorded is an event as the log holds it.
type Recorded struct {
	Event
	Stream   StreamID
	Revision Revision
	Position Position
	// Created is the store's clock when it accepted the event. It never runs backwards along the
	// log, except where a store has [SeveralClocks], and is used only to look up the log as of a time.
	Created time.Time
}

// Decode returns the event's fact, decoding it if Fact is nil. Errors: [ErrUnknownFact],
// [ErrBadFact].
func (e *Event) Decode() (Fact, error) {
	if e.Fact != nil {
		return e.Fact, nil
	}
	return Decode(e.Type, e.Data)
}

// Appended is the result of an append: the revision and position of its last event. Its events are
// adjacent in the stream and in the log.
type Appended struct {
	Revision Revision
	Position Position
	// Consecutive is whether the positions of its events are consecutive, so that all of them
	// follow from the last.
	Consecutive bool
}

// Direction of a read.
type Direction bool

// The two directions.
const (
	Forward  Direction = false
	Backward Direction = true
)

// The errors of a [Store]. Each store maps its own errors to these; use errors.Is.
var (
	// ErrConflict: the stream's last revision is not the expected one; nothing was written. Another
	// writer appended first: reload and decide again.
	ErrConflict = errors.New("the stream has moved on")
	// ErrUnknown means that the events may or may not be in the log, now or shortly. Reload the stream, and decide
	// again if they are not found at the same revision.
	ErrUnknown = errors.New("the outcome of the append is unknown")
	// ErrUnavailable: the store could not be reached; nothing was written.
	ErrUnavailable = errors.New("the log is unavailable")
	// ErrDamaged means that the stored bytes are not those written. They are never skipped.
	ErrDamaged = errors.New("the log is damaged")
	// ErrTooLarge: the batch is larger than the store accepts; nothing was written.
	ErrTooLarge = errors.New("the batch is too large")
	// ErrClosed: the store was closed before the call began.
	ErrClosed = errors.New("the log is closed")
	// ErrInUse: another process has the log open.
	ErrInUse = errors.New("the log is in use by another process")
)

// Store is the log. All methods may be called from many goroutines at once.
// Every method obeys its context, and returns only data on stable storage.
type Store interface {
	// Append writes batch, which is not empty, at the end of stream, all of it or nothing, provided
	// that the stream's last revision is expected (NoStream: that it has none). It returns once the
	// events are on stable storage. The store owns the batch and everything it points to from then
	// on; the caller must not change it.
	//
	// Errors: ErrConflict, ErrTooLarge, ErrUnavailable, ErrClosed, ErrDamaged (the stream's end
	// can't be read): nothing was written. ErrUnknown, also when ctx ends during the append: it may
	// have been written.
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
	// repetition, and continues with new ones as they become durable. It blocks
	// until ctx ends (and returns ctx.Err()), handle fails (its error), or the
	// log can't be read. handle must not retain or change its slice.
	//
	// Errors: ErrUnavailable, ErrDamaged, ErrClosed, ctx.Err(), handle's.
	Follow(ctx context.Context, after Position, handle func([]Recorded) error) error

	// Head returns the position of the last event, 0 for none.
	//
	// Errors: ErrUnavailable, ErrClosed, ctx.Err().
	Head(ctx context.Context) (Position, error)

	// Epoch identifies this log: positions of different epochs can't be compared.
	Epoch() string

	// Close waits for calls in progress and releases the log. Later calls return ErrClosed, a
	// second Close nil.
	Close() error
}

// ConflictError is an [ErrConflict] that names the stream and its last revision.
type ConflictError struct {
	Stream         StreamID
	Last, Expected Revision
}

// Error implements error.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%v: %s is at revision %d, not %d", ErrConflict, e.Stream, e.Last, e.Expected)
}

// TooLargeError is an [ErrTooLarge] of a store that takes at most Limit bytes in one append: data,
// metadata and types of its events.
type TooLargeError struct {
	Limit int64
	Cause error // may be nil
}

// Error implements error.
func (e *TooLargeError) Error() string {
	text := fmt.Sprintf("%v: the store takes %d bytes at most", ErrTooLarge, e.Limit)
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns [ErrTooLarge].
func (e *TooLargeError) Unwrap() error { return ErrTooLarge }

// Unwrap returns [ErrConflict].
func (e *ConflictError) Unwrap() error { return ErrConflict }

// StreamAppend is an append to one of several streams.
type StreamAppend struct {
	Stream   StreamID
	Expected Revision
	Batch    []Event
}

// MultiAppender is a [Store] that can append to several streams at once. Not every store can, so
// callers need an alternative.
type MultiAppender interface {
	// AppendAll appends to each of several different streams as Append does, to all of them or to
	// none, even after a crash. The events are adjacent in the log, in the order of appends, and
	// become visible together. It returns a result for each. The store owns appends and all it
	// points to from then on.
	//
	// Errors: as Append. If several streams have moved on, the error is a [*ConflictError] of the
	// first of them.
	AppendAll(ctx context.Context, appends []StreamAppend) ([]Appended, error)
}

// AsyncAppender is a [Store] with an append that does not wait for the disk.
type AsyncAppender interface {
	// AppendThen passes on an append and returns. If it returns an error, nothing was written, and
	// then is never called. Otherwise then is called once with the result, when the events are on
	// stable storage or the append has failed, possibly before AppendThen returns. It is called on
	// a goroutine that all appends wait for, so it must not block, and must not call the store.
	//
	// ctx bounds only the wait for a place in the store's queue. Once accepted, an append cannot be
	// withdrawn and has no deadline: a caller that waits for then bounds the wait itself, and must
	// treat an append without an answer by then as ErrUnknown. Close waits until all calls of then
	// have returned.
	//
	// Errors: ErrTooLarge, ErrUnavailable (also when ctx ends), ErrClosed. Errors given to then:
	// ErrConflict, ErrUnavailable, ErrDamaged, ErrUnknown, as of Append.
	AppendThen(ctx context.Context, stream StreamID, expected Revision, batch []Event,
		then func(Appended, error)) error
}

// Snapshot is the header of a saved state of one stream. It is a hint: a reader that loads one that
// does not match the log reads the stream from its beginning instead.
type Snapshot struct {
	// Version of the encoding, chosen by the caller.
	Version uint32
	// Revision is the last event that the state contains.
	Revision Revision
	// Hash is that event's hash: a snapshot of a different history does not match.
	Hash Hash
}

// ErrNoSnapshot is returned when a stream has no usable snapshot.
var ErrNoSnapshot = errors.New("there is no snapshot")

// Snapshots keeps at most one snapshot per stream, the newest saved. All methods
// may be called from many goroutines, for one stream from one at a time.
type Snapshots interface {
	// SaveSnapshot replaces the stream's snapshot with the output of write. A crash or an error
	// leaves the previous one or none, never part of one. Errors: write's, or the disk's.
	SaveSnapshot(stream StreamID, head Snapshot, write func(io.Writer) error) error
	// LoadSnapshot calls read with the stream's snapshot. Errors: ErrNoSnapshot,
	// also for one whose bytes are damaged; read's.
	LoadSnapshot(stream StreamID, read func(Snapshot, io.Reader) error) error
}
