package events

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Event is an encoded fact, to be appended to the log.
type Event struct {
	// ID identifies the event; see [EventID].
	ID ID
	// Type is the fact's wire name.
	Type string
	// Data is the fact as JSON.
	Data []byte
	// Metadata is [Metadata] as JSON; see [Seal].
	Metadata []byte
	// Fact is the decoded form, if the writer provided it, which saves followers in the same process from
	// decoding; see [Event.Decode]. Stores may drop it. It must not be modified.
	Fact Fact
}

// Recorded is an event in the log.
type Recorded struct {
	Event
	Stream   StreamID
	Revision Revision
	Position Position
	// Created is the time at which the store accepted the event, by the store's clock. It never decreases along
	// the log, except in stores with [SeveralClocks]. It is only used to look up the log as of a time.
	Created time.Time
}

// Decode returns the event's fact. It decodes Data if Fact is nil. Errors: [ErrUnknownFact], [ErrBadFact].
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
	// Consecutive reports whether the positions of the events are consecutive, so that the last position
	// determines all of them.
	Consecutive bool
}

// Direction is the direction of a read.
type Direction bool

// The two directions.
const (
	Forward  Direction = false
	Backward Direction = true
)

// The errors of a [Store]. Each store maps its own errors to these; use errors.Is.
var (
	// ErrConflict: the stream's last revision is not the expected one, because another writer appended first;
	// nothing was written. Reload the stream and decide again.
	ErrConflict = errors.New("the stream has moved on")
	// ErrUnknown: the events may be in the log, now or shortly, or not at all. Reload the stream, and decide again
	// if they are not at the expected revisions.
	ErrUnknown = errors.New("the outcome of the append is unknown")
	// ErrUnavailable: the store could not be reached; nothing was written.
	ErrUnavailable = errors.New("the log is unavailable")
	// ErrDamaged: stored bytes are not the bytes written. A reader never skips them.
	ErrDamaged = errors.New("the log is damaged")
	// ErrTooLarge: the batch is larger than the store accepts; nothing was written.
	ErrTooLarge = errors.New("the batch is too large")
	// ErrClosed: the store was closed before the call began.
	ErrClosed = errors.New("the log is closed")
	// ErrInUse: another process has the log open.
	ErrInUse = errors.New("the log is in use by another process")
)

// Store is the log. It is safe for concurrent use. Every method obeys its context and returns only data on
// stable storage.
type Store interface {
	// Append writes a non-empty batch at the end of stream, all of it or nothing, if the last revision of the
	// stream is expected (NoStream: if it has no events). It returns once the events are on stable storage. The
	// store owns the batch and everything it points to from the call on; the caller must not change it.
	//
	// Errors: ErrConflict, ErrTooLarge, ErrUnavailable, ErrClosed, ErrDamaged (the stream's end can't be
	// read): nothing was written. ErrUnknown, also if ctx ends during the append: the batch may have been
	// written.
	Append(ctx context.Context, stream StreamID, expected Revision, batch []Event) (Appended, error)

	// Read returns up to limit events of stream, starting with the one at from
	// (inclusive) and going in direction dir. Backward from EndRevision starts at
	// the last. The result is empty if the stream has no events or from is beyond its end.
	//
	// Errors: ErrUnavailable, ErrDamaged, ErrClosed, ctx.Err().
	Read(ctx context.Context, stream StreamID, from Revision, dir Direction, limit int) ([]Recorded, error)

	// ReadAll returns up to limit events of the whole log, nearest first: forward those with positions above
	// from, backward those below. Positions increase along the log; in some stores they are not consecutive.
	//
	// Errors: as Read.
	ReadAll(ctx context.Context, from Position, dir Direction, limit int) ([]Recorded, error)

	// Follow calls handle with the events at positions above after, in order, without gap or repetition, and
	// continues with new events as they become durable. It blocks until ctx ends, handle returns an error, or
	// the log can't be read. handle must not retain or change its slice.
	//
	// Errors: ErrUnavailable, ErrDamaged, ErrClosed, ctx.Err(), those of handle.
	Follow(ctx context.Context, after Position, handle func([]Recorded) error) error

	// Head returns the position of the last event, 0 for none.
	//
	// Errors: ErrUnavailable, ErrClosed, ctx.Err().
	Head(ctx context.Context) (Position, error)

	// Epoch identifies the log. Positions of logs with different epochs can't be compared.
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

// TooLargeError is an [ErrTooLarge] that names the limit of the store: an append may have at most Limit bytes
// of data, metadata and types.
type TooLargeError struct {
	Limit int64
	Cause error // may be nil
}

// Error implements error.
func (e *TooLargeError) Error() string {
	text := fmt.Sprintf("%v: the store takes at most %d bytes", ErrTooLarge, e.Limit)
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

// MultiAppender is a [Store] that can append to several streams atomically. Not every store can, so callers
// need an alternative.
type MultiAppender interface {
	// AppendAll appends to several different streams as Append does, to all of them or to none, even if the
	// process crashes. The events are adjacent in the log, in the order of appends, and become visible together.
	// It returns one result per append. The store owns appends and everything it points to from the call on.
	//
	// Errors: as Append. If several streams conflict, the error is the [*ConflictError] of the first of them.
	AppendAll(ctx context.Context, appends []StreamAppend) ([]Appended, error)
}

// AsyncAppender is a [Store] with an append that does not wait for stable storage.
type AsyncAppender interface {
	// AppendThen queues an append and returns. If it returns an error, nothing was written, and then is never
	// called. Otherwise then is called once with the result, when the events are on stable storage or the append
	// has failed, possibly before AppendThen returns. It is called on a goroutine that all appends wait for, so
	// it must neither block nor call the store.
	//
	// ctx bounds only the wait for a place in the queue. A queued append cannot be withdrawn and has no
	// deadline: a caller that waits for the result must bound the wait itself and, after that, treat the outcome
	// as ErrUnknown. Close waits until all calls of then have returned.
	//
	// Errors: ErrTooLarge, ErrUnavailable (also if ctx ends), ErrClosed. Errors passed to then: ErrConflict,
	// ErrUnavailable, ErrDamaged, ErrUnknown, as for Append.
	AppendThen(ctx context.Context, stream StreamID, expected Revision, batch []Event,
		then func(Appended, error)) error
}

// Snapshot is the header of a saved state of one stream. A reader ignores a snapshot that does not match the
// log, and reads the stream from its beginning.
type Snapshot struct {
	// Version is the version of the encoding, chosen by the caller.
	Version uint32
	// Revision is the revision of the last event that the state includes.
	Revision Revision
	// Hash is the hash of that event, which differs if the stream has a different history.
	Hash Hash
}

// ErrNoSnapshot is returned when a stream has no usable snapshot.
var ErrNoSnapshot = errors.New("there is no snapshot")

// Snapshots keeps at most one snapshot per stream, the last one saved. Calls for different streams may be
// concurrent, calls for the same stream may not.
type Snapshots interface {
	// SaveSnapshot replaces the stream's snapshot with the output of write. A crash or an error leaves the
	// previous snapshot or none, never a partial one. Errors: those of write and of the file system.
	SaveSnapshot(stream StreamID, head Snapshot, write func(io.Writer) error) error
	// LoadSnapshot calls read with the stream's snapshot. Errors: ErrNoSnapshot, also if the snapshot is
	// damaged; those of read.
	LoadSnapshot(stream StreamID, read func(Snapshot, io.Reader) error) error
}
