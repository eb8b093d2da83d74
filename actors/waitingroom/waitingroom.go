package waitingroom

import (
	"crypto/sha256"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind of waiting rooms.
var Kind = core.Kind{Category: events.WaitingRoomCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream of the waiting room with this id.
func Stream(id events.RoomID) events.StreamID {
	return events.NewStreamID(events.WaitingRoomCategory, string(id))
}

// The bounds of a room's settings, and of a room.
const (
	// MaxAdmitPerSecond bounds admit_per_second.
	MaxAdmitPerSecond = 1_000_000
	// MaxActive bounds max_active.
	MaxActive = 10_000_000
	// MaxActiveSeconds bounds active_seconds: a day.
	MaxActiveSeconds = 86_400
	// MaxHeartbeatSeconds bounds heartbeat_seconds: a day.
	MaxHeartbeatSeconds = 86_400
	// MaxWaiting is how many can wait in one room.
	MaxWaiting = 5_000_000
	// MaxTickets is how many places one room gives out in all its life.
	MaxTickets = 1<<32 - 2
	// MaxHolder is the longest holder, in bytes: 255 characters of up to four.
	MaxHolder = 1020
	// AdmitAtOnce is how many one Admit lets in, whatever the rate: the fact names
	// them, one by one if their order was drawn.
	AdmitAtOnce = 4_096
	// DropAtOnce is how many places one Drop takes.
	DropAtOnce = 4_096
	// SeedSize is the length of a shuffle's seed, in bytes.
	SeedSize = 32
)

// expireAtOnce bounds the passes that one fact ends.
const expireAtOnce = 1_024

// MaxRanges bounds the ranges of tickets in one fact, so that every store takes it: some 18 KB. The
// tickets of a line that was drawn by lot are ranges of one. Who admits asks again behind a fact
// that has so many.
const MaxRanges = 512

// Set sets a room up, or changes it: the answer to a PUT. Members of Settings that
// are empty (Status, Order, OpensAt, SeedHash) stay as they are; Version is ignored.
// The same settings again do nothing.
//
// Refusals, in this order: invalid_field, revision_required (the room exists and
// IfVersion is nil), stale_revision (IfVersion is not the version of its settings).
type Set struct {
	ID       events.RoomID
	Settings events.WaitingRoomSettings
	// IfVersion is the version of the settings that the caller has seen. The
	// stream's revision would not do: it moves with everybody who joins.
	IfVersion *int64
}

// Join gives a holder a place at the end of the line. Who has one, or has been
// admitted, keeps it: no facts. Refusals, in this order: not_found, invalid_field
// (holder), room_closed, limit_exceeded (the room is full).
type Join struct {
	Holder events.Holder
}

// Leave gives a place or a pass up. A place that is gone already is no refusal.
// Refusals: not_found (of the room; of the visitor).
type Leave struct {
	Ticket int64
}

// Finish ends the pass of a visitor who has got what the room is the way to.
// Refusals: not_found (of the room; of the visitor).
type Finish struct {
	Ticket int64
}

// Drop takes the places of visitors who have been silent for too long, which
// whoever hears their signs of life has found out: of up to DropAtOnce tickets, which
// ascend, those that still wait. Refusals, in this order: not_found, [ErrNotRunner]
// (another server has taken the room over meanwhile).
type Drop struct {
	Tickets []events.TicketRange
	// Term of the room while they were silent.
	Term int64
}

// TakeOver says that a server hears the visitors of the room, which another has run so
// far, or none: from now on only it can drop the silent. If another caller was faster, or
// it runs the room already, it does nothing. Refusals: not_found.
type TakeOver struct {
	Node, Run string
	// Term of the room as the server has seen it.
	Term int64
}

// Admit lets in as many of the first as the settings allow at this moment, up to
// AdmitAtOnce.
// Refusals: not_found.
type Admit struct{}

// Shuffle publishes the seed of an opening whose moment has passed. Refusals:
// not_found, invalid_field (seed: not the one whose hash was published).
type Shuffle struct {
	Seed []byte
}

// key stands for a holder: half of a SHA-256. Whoever finds two holders with one
// key, after 2^64 attempts, has two names and one place.
type key [16]byte

func keyOf(holder events.Holder) key {
	sum := sha256.Sum256([]byte(holder))
	return key(sum[:])
}

// Room is the state and the rules of one waiting room. It implements [core.Core].
type Room struct {
	id       events.RoomID // "" before it was set up
	settings events.WaitingRoomSettings

	last     int64 // tickets given out
	waiting  int64
	active   int64
	admitted int64 // in all

	begun bool   // the moment of a shuffled opening has passed
	early int64  // who had come by then: the last ticket
	seed  string // in hexadecimal, once published

	term int64  // how often the room was taken over
	run  string // by which start of a server the last time, "" if never

	line    line
	passes  passes
	recent  []admission // what the rate counts
	holders *core.Table[key, uint32]
	keys    keys
}

// New returns a room that has not been set up yet.
func New() core.Core { return &Room{holders: core.NewTable[key, uint32]()} }

// Exists reports whether the room was set up.
func (r *Room) Exists() bool { return r.id != "" }

// ID of the room.
func (r *Room) ID() events.RoomID { return r.id }

// Ticket returns the ticket of a holder who waits or has been admitted.
func (r *Room) Ticket(holder events.Holder) (int64, bool) {
	ticket, ok := r.holders.Get(keyOf(holder))
	return int64(ticket), ok
}

// counts are the figures that facts record.
func (r *Room) counts() events.WaitingRoomCounts {
	return events.WaitingRoomCounts{Waiting: r.waiting, Active: r.active}
}

// drawn reports whether the order of those who came early is known.
func (r *Room) drawn() bool { return r.settings.Order != events.RoomShuffle || r.seed != "" }

// NextDeadline implements [core.Core]: when the next pass ends, or a shuffled
// opening begins.
func (r *Room) NextDeadline() time.Time {
	next := r.passes.next()
	if r.toBegin() && (next.IsZero() || r.settings.OpensAt.Before(next)) {
		return r.settings.OpensAt
	}
	return next
}

// toBegin reports whether a shuffled opening still lies ahead.
func (r *Room) toBegin() bool {
	return r.settings.Order == events.RoomShuffle && !r.begun
}
