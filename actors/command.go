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
	// ErrOverloaded: too much is in flight; nothing was done. Come back later.
	ErrOverloaded = errors.New("too many commands in flight")
	// ErrUnavailable: the log can't be reached or its outcome is unknown. A retry
	// under the same keyed command id is safe.
	ErrUnavailable = errors.New("the log is unavailable")
	// ErrStopping: the desk is closing; nothing was done.
	ErrStopping = errors.New("shutting down")
	// ErrBroken: the entity's rules failed on this command; nothing was done. A
	// bug, and logged as one.
	ErrBroken = errors.New("the entity failed on this command")
)

// KeysSpent is returned by [Desk.Ask] when a caller has used as many keys on one entity
// as it remembers of one caller in a day. Nothing was done. Without a key the command is
// taken.
type KeysSpent struct {
	// Wait is how long it takes until there are keys again.
	Wait time.Duration
}

// Error implements error.
func (k *KeysSpent) Error() string {
	return fmt.Sprintf("this caller has used %d keys on the entity; there are new ones in %v", maxKeysPerCaller, k.Wait)
}

// CommandID identifies a command forever; it stands in the metadata of every
// event the command causes.
type CommandID string

// NewCommandID returns a fresh one: a UUIDv7 (RFC 9562).
func NewCommandID() CommandID { return CommandID(NewID().String()) }

// NewID returns a fresh UUIDv7 (RFC 9562 section 5.7) for whatever a command makes:
// milliseconds, and 74 bits of the runtime's ChaCha8, which the system seeds. Ids
// have to differ, not to be secret. A library's would keep them in order within a
// millisecond, under a lock that all callers share: a fourteenth of a command.
func NewID() events.ID {
	var id events.ID
	binary.BigEndian.PutUint64(id[:8], uint64(time.Now().UnixMilli())<<16|0x7000|rand.Uint64()&0x0fff)
	binary.BigEndian.PutUint64(id[8:], 1<<63|rand.Uint64()>>2)
	return id
}

// keySize and bodySize are the bytes of a caller's key and of a request's body
// that a keyed command id carries, hashed.
const (
	keySize  = 16
	bodySize = 8
)

// keyEnd is where the key ends in a keyed command id.
const keyEnd = 1 + 22

// KeyedCommandID makes the id of a command that came with an Idempotency-Key:
// the same caller and key give the same command on one entity, and another body
// shows. Its form is k<key>.<body>, both base64url of truncated SHA-256.
func KeyedCommandID(caller, key string, body ...[]byte) CommandID {
	k := sha256.Sum256([]byte(caller + "\x00" + key))
	h := sha256.New()
	for _, part := range body {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		h.Write(part)
	}
	id := base64.RawURLEncoding.AppendEncode([]byte{'k'}, k[:keySize])
	id = append(id, '.')
	return CommandID(base64.RawURLEncoding.AppendEncode(id, h.Sum(nil)[:bodySize]))
}

// Key returns what all commands of one caller under one key have in common,
// whatever their bodies; ok is false for an id without a key. Ids that have to be the
// same for a retry are made of it.
func (c CommandID) Key() (key string, ok bool) {
	if _, _, ok := c.keyed(); !ok {
		return "", false
	}
	return string(c[1:keyEnd]), true
}

// commandKey is the hashed key in a keyed command id.
type commandKey [keySize]byte

// keyed takes a command id apart; ok is false for one without a key.
func (c CommandID) keyed() (key commandKey, body uint64, ok bool) {
	const total = keyEnd + 1 + 11
	if len(c) != total || c[0] != 'k' || c[keyEnd] != '.' {
		return key, 0, false
	}
	var sum [bodySize]byte
	if _, err := base64.RawURLEncoding.Decode(key[:], []byte(c[1:keyEnd])); err != nil {
		return key, 0, false
	}
	if _, err := base64.RawURLEncoding.Decode(sum[:], []byte(c[keyEnd+1:])); err != nil {
		return key, 0, false
	}
	return key, binary.BigEndian.Uint64(sum[:]), true
}

// Request is a command on its way to an entity.
type Request struct {
	Stream  events.StreamID
	Command core.Command
	// ID identifies the command, see [NewCommandID] and [KeyedCommandID].
	ID CommandID
	// CorrelationID is the id of the HTTP request it began with, CausationID what
	// caused the command, Actor the caller.
	CorrelationID, CausationID, Actor string
	// Bounded says that the bounds per caller are for this one: a keyed request may be
	// answered by [KeysSpent].
	Bounded bool
	// IfRevision, if set, refuses the command (stale_revision) unless the entity is
	// at this revision.
	IfRevision *events.Revision
	// IfEdited, if set, refuses it likewise unless the newest edit has this revision; see
	// [core.Edited].
	IfEdited *events.Revision
	// Submitted, if set, is called once the entity has the command and before Ask waits for the
	// answer: what is handed in to the entity from then on is decided after it.
	Submitted func()
}

// conditional reports whether the request depends on a revision.
func (r *Request) conditional() bool { return r.IfRevision != nil || r.IfEdited != nil }

// Answer to an accepted command, and the place a refused one was decided at.
type Answer struct {
	// Facts the command led to; none if there was nothing left to do.
	Facts []events.Fact
	// Revision and Position of the command's last fact, or of the entity's last
	// event if there are no facts (NoStream and 0 for an entity without events).
	Revision events.Revision
	Position events.Position
	// At is the time the command was decided at, or the state was read.
	At time.Time
	// Replayed says that this is the answer of an earlier command with the same key.
	Replayed bool
}

// errKeyReused refuses a key that came with another request before.
var errKeyReused = &core.Refusal{Code: core.CodeIdempotencyKeyReused,
	Detail: "this Idempotency-Key was used with another request; choose a new key"}
