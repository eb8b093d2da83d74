package actors

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// The failures of [Desk.Ask]. None of them is an answer to the command.
var (
	// ErrOverloaded: too many commands are in flight; nothing was done. Retry later.
	ErrOverloaded = errors.New("too many commands in flight")
	// ErrUnavailable: the log can't be reached, or the outcome is unknown. A retry under the same
	// keyed command id is safe.
	ErrUnavailable = errors.New("the log is unavailable")
	// ErrStopping: the desk is closing; nothing was done.
	ErrStopping = errors.New("shutting down")
	// ErrBroken: the entity's core failed on this command; nothing was done. This is a bug, and
	// logged as one.
	ErrBroken = errors.New("the entity failed on this command")
)

// KeysSpent is returned by [Desk.Ask] when a caller has used all the idempotency keys that one
// entity remembers per caller and day. Nothing was done. A command without a key is still accepted.
type KeysSpent struct {
	// Wait is the time until keys are available again.
	Wait time.Duration
}

// Error implements error.
func (k *KeysSpent) Error() string {
	return fmt.Sprintf("this caller has used %d keys on the entity; try again in %v", maxKeysPerCaller, k.Wait)
}

// CommandID identifies a command forever. It is in the metadata of every event that the command
// causes.
type CommandID string

// NewCommandID returns a new UUIDv7 (RFC 9562).
func NewCommandID() CommandID { return CommandID(NewID().String()) }

// NewID returns a new UUIDv7 (RFC 9562 section 5.7): milliseconds, and 74 bits of the runtime's
// ChaCha8, which the operating system seeds. Ids are unique, not secret. Those of one millisecond are
// in no order: ordering them would need a lock that all callers share.
func NewID() events.ID {
	var id events.ID
	binary.BigEndian.PutUint64(id[:8], uint64(time.Now().UnixMilli())<<16|0x7000|rand.Uint64()&0x0fff)
	binary.BigEndian.PutUint64(id[8:], 1<<63|rand.Uint64()>>2)
	return id
}

// keySize and bodySize are the lengths, in bytes, to which a keyed command id truncates the hashes of
// the caller's key and of the request's body.
const (
	keySize  = 16
	bodySize = 8
)

// KeyedCommandID returns the id of a command that came with an Idempotency-Key. The same caller and
// key always yield the same key part; another body is detected by the body part. The form is
// k<key>.<body>, both base64url of truncated SHA-256.
func KeyedCommandID(caller, key string, body ...[]byte) CommandID {
	var buffer [128]byte
	k := sha256.Sum256(append(append(append(buffer[:0], caller...), 0), key...))
	b := sumOf(body)
	var id [1 + 22 + 1 + 11]byte
	id[0], id[23] = 'k', '.'
	base64.RawURLEncoding.Encode(id[1:23], k[:keySize])
	base64.RawURLEncoding.Encode(id[24:], b[:bodySize])
	return CommandID(id[:])
}

// sumOf returns the hash of the parts and their lengths.
func sumOf(parts [][]byte) (sum [sha256.Size]byte) {
	if len(parts) == 0 {
		return sumOfNothing
	}
	h := sha256.New()
	for _, part := range parts {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		h.Write(part)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

var sumOfNothing = sha256.Sum256(nil)

// NewKeyedCommandID returns a new id in the form of a keyed one, for a request of several steps
// that came without a key and may have to be resumed: every attempt then sends the same commands.
func NewKeyedCommandID() CommandID { return KeyedCommandID("", "fresh/"+string(NewCommandID())) }

// Key returns the part that all commands of one caller under one key share, whatever their bodies;
// ok is false for an id without a key. Ids that must be the same for a retry are derived from it.
func (c CommandID) Key() (key string, ok bool) {
	if _, _, ok := c.keyed(); !ok {
		return "", false
	}
	return events.KeyOfCommand(string(c))
}

// commandKey is the hashed key in a keyed command id.
type commandKey [keySize]byte

// keyed returns the parts of a keyed command id; ok is false for an id without a key.
func (c CommandID) keyed() (key commandKey, body uint64, ok bool) {
	hashed, ok := events.KeyOfCommand(string(c))
	if !ok {
		return key, 0, false
	}
	var sum [bodySize]byte
	if _, err := base64.RawURLEncoding.Decode(key[:], []byte(hashed)); err != nil {
		return key, 0, false
	}
	if _, err := base64.RawURLEncoding.Decode(sum[:], []byte(c[1+len(hashed)+1:])); err != nil {
		return key, 0, false
	}
	return key, binary.BigEndian.Uint64(sum[:]), true
}

// Request is a command addressed to an entity.
type Request struct {
	Stream  events.StreamID
	Command core.Command
	// ID identifies the command, see [NewCommandID] and [KeyedCommandID].
	ID CommandID
	// CorrelationID is the id of the HTTP request that the command began with, CausationID names
	// its cause, and Actor is the caller.
	CorrelationID, CausationID, Actor string
	// Bounded applies the limits per caller: a keyed request may be refused with [KeysSpent].
	Bounded bool
	// IfRevision, if set, refuses the command (stale_revision) unless the entity is
	// at this revision.
	IfRevision *events.Revision
	// IfEdited, if set, refuses it in the same way unless the newest edit has this revision; see
	// [core.Edited].
	IfEdited *events.Revision
	// After, if set, means that another process may have received the same command, and that its
	// events are after this position. The entity searches there for ID before it decides, and
	// repeats the answer if it finds the command.
	After *events.Position
	// At, unless zero, is when the command was first received by any process. It is decided as of
	// that time.
	At time.Time
	// Until, unless zero, is when the sender stops waiting: nothing is decided after it. Earlier
	// decisions are still answered.
	Until time.Time
	// Submitted, if set, is called once the entity has the command and before Ask waits for the
	// answer. Commands submitted to the entity after the call are decided after this one.
	Submitted func()
}

// conditional reports whether the request depends on a revision.
func (r *Request) conditional() bool { return r.IfRevision != nil || r.IfEdited != nil }

// Answer is the answer to an accepted command. For a refused one, Revision and Position are those of
// the state on which it was decided.
type Answer struct {
	// Facts the command led to; none if there was nothing left to do.
	Facts []events.Fact
	// Revision and Position of the command's last fact, or of the entity's last
	// event if there are no facts (NoStream and 0 for an entity without events).
	Revision events.Revision
	Position events.Position
	// At is the time at which the command was decided or the state was read.
	At time.Time
	// Replayed means that this is the answer to an earlier command with the same key, or to the same
	// command as decided by another process.
	Replayed bool
}

// ErrKeyReused refuses a key that was used for a different request before.
var ErrKeyReused = &core.Refusal{Code: core.CodeIdempotencyKeyReused,
	Detail: "this Idempotency-Key was used with another request; choose a new key"}
