package waitingroom

import (
	"crypto/sha256"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers waiting rooms with the shell.
var Kind = core.Kind{Category: events.WaitingRoomCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream returns the stream of the waiting room with this id.
func Stream(id events.RoomID) events.StreamID {
	return events.NewStreamID(events.WaitingRoomCategory, string(id))
}

// The limits of a room and of its settings.
const (
	// MaxAdmitPerSecond bounds admit_per_second.
	MaxAdmitPerSecond = 1_000_000
	// MaxActive bounds max_active.
	MaxActive = 10_000_000
	// MaxActiveSeconds bounds active_seconds: a day.
	MaxActiveSeconds = 86_400
	// MaxHeartbeatSeconds bounds heartbeat_seconds: a day.
	MaxHeartbeatSeconds = 86_400
	// MaxWaiting is the maximum number of visitors waiting in one room.
	MaxWaiting = 5_000_000
	// MaxTickets is the maximum number of tickets that one room ever gives out.
	MaxTickets = 1<<32 - 2
	// MaxHolder is the maximum length of a holder, in bytes: 255 characters of up to four bytes.
	MaxHolder = 1020
	// AdmitAtOnce is the maximum number of visitors that one Admit admits, since the fact lists them.
	AdmitAtOnce = 4_096
	// DropAtOnce is the maximum number of tickets of one Drop.
	DropAtOnce = 4_096
	// SeedSize is the length of a shuffle's seed, in bytes.
	SeedSize = 32
)

// expiryBatch bounds the passes that one fact ends.
const expiryBatch = 1_024

// MaxRanges bounds the ranges of tickets in one fact, so that every store accepts the fact (about
// 18 KB). In a shuffled line almost every ticket is a separate range. After a fact with this many
// ranges the runner sends the command again.
const MaxRanges = 512

// Set creates a room or changes its settings. Status, Order, OpensAt and SeedHash of Settings may be
// empty, which means no change; Version is ignored. No-op if the settings are the same.
//
// Refusals, in this order: invalid_field, revision_required (the room exists and
// IfVersion is nil), stale_revision (IfVersion is not the version of its settings).
type Set struct {
	ID       events.RoomID
	Settings events.WaitingRoomSettings
	// IfVersion is the version of the settings that the caller has read. The stream's revision is
	// unsuitable, since it changes with every join.
	IfVersion *int64
}

// Join gives a holder a place at the end of the line. No-op for a holder who waits or is admitted.
// Refusals, in this order: not_found, invalid_field (holder), room_closed, limit_exceeded (the room
// is full).
type Join struct {
	Holder events.Holder
}

// Leave ends a place or a pass. No-op if it has ended. Refusals: not_found (of the room; of the
// visitor).
type Leave struct {
	Ticket int64
}

// Finish ends the pass of a visitor who has completed the purchase that the room guards. Refusals:
// not_found (of the room; of the visitor).
type Finish struct {
	Ticket int64
}

// Drop expires the places of visitors whose heartbeats have timed out at the server that runs the
// room. It applies to those of Tickets that still wait; they must be in ascending order, and only the
// first DropAtOnce are considered. Refusals, in this order: not_found, [ErrNotRunner] (another server
// has taken the room over).
type Drop struct {
	Tickets []events.TicketRange
	// Term is the term of the room during the whole timeout.
	Term int64
}

// TakeOver makes a server the runner of the room, after which no other server can drop visitors.
// No-op if another server has taken the room over since Term, or if the server already runs it.
// Refusals: not_found.
type TakeOver struct {
	// Node is the name of the server, and Run identifies its start.
	Node, Run string
	// Term is the term of the room as last seen by the server.
	Term int64
}

// Admit admits as many of the first visitors as the settings allow now, up to AdmitAtOnce.
// Refusals: not_found.
type Admit struct{}

// Shuffle publishes the seed of an opening whose time has passed. Refusals: not_found,
// invalid_field (seed: its hash is not the published one).
type Shuffle struct {
	Seed []byte
}

// key identifies a holder by the first half of a SHA-256. Two holders with the same key would share
// one place; to find two takes 2^64 attempts.
type key [16]byte

func keyOf(holder events.Holder) key {
	sum := sha256.Sum256([]byte(holder))
	return key(sum[:])
}

// Room is the state and the rules of one waiting room. It implements [core.Core].
type Room struct {
	id       events.RoomID // "" before the room is created
	settings events.WaitingRoomSettings

	last     int64 // number of tickets given out
	waiting  int64
	active   int64
	admitted int64 // number of admissions

	begun bool   // the time of a shuffled opening has passed
	early int64  // the last ticket before that
	seed  string // in hexadecimal, once published

	term int64  // number of takeovers
	run  string // server start that made the last takeover, "" if there was none

	line    line
	passes  passes
	recent  []admission // admissions that count towards the rate
	holders *core.Table[key, uint32]
	keys    keys
}

// New returns a room that has not been created yet.
func New() core.Core { return &Room{holders: core.NewTable[key, uint32]()} }

// Exists reports whether the room was created.
func (r *Room) Exists() bool { return r.id != "" }

// ID returns the id of the room.
func (r *Room) ID() events.RoomID { return r.id }

// Ticket returns the ticket of a holder who waits or is admitted.
func (r *Room) Ticket(holder events.Holder) (int64, bool) {
	ticket, ok := r.holders.Get(keyOf(holder))
	return int64(ticket), ok
}

// counts returns the figures that facts record.
func (r *Room) counts() events.WaitingRoomCounts {
	return events.WaitingRoomCounts{Waiting: r.waiting, Active: r.active}
}

// drawn reports whether the order of early tickets is known.
func (r *Room) drawn() bool { return r.settings.Order != events.RoomShuffle || r.seed != "" }

// NextDeadline implements [core.Core]: the expiry of the next pass, or a shuffled opening.
func (r *Room) NextDeadline() time.Time {
	next := r.passes.next()
	if r.beginPending() && (next.IsZero() || r.settings.OpensAt.Before(next)) {
		return r.settings.OpensAt
	}
	return next
}

// beginPending reports whether a shuffled opening has not begun yet.
func (r *Room) beginPending() bool {
	return r.settings.Order == events.RoomShuffle && !r.begun
}
