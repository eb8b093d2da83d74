package events

import (
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"time"
)

func init() {
	register[WaitingRoomOpened]()
	register[WaitingRoomChanged]()
	register[WaitingRoomJoined]()
	register[WaitingRoomBegun]()
	register[WaitingRoomShuffled]()
	register[WaitingRoomAdmitted]()
	register[WaitingRoomLeft]()
	register[WaitingRoomDropped]()
	register[WaitingRoomExpired]()
	register[WaitingRoomFinished]()
}

// RoomStatus is whether the organiser has opened a waiting room.
type RoomStatus string

// The statuses of a waiting room. A closed room accepts and admits no visitors; waiting visitors
// keep their places.
const (
	RoomOpen   RoomStatus = "open"
	RoomClosed RoomStatus = "closed"
)

// RoomOrder is the order of the visitors who joined before the opening.
type RoomOrder string

// By arrival, or shuffled at the opening.
const (
	RoomFIFO    RoomOrder = "fifo"
	RoomShuffle RoomOrder = "shuffle"
)

// VisitorStatus is the status of a visitor of a waiting room.
type VisitorStatus string

// The statuses of a visitor. A visitor has left by request, or after the guarded purchase; expired
// means a missed heartbeat timeout or an expired pass. Either may join again.
const (
	VisitorWaiting  VisitorStatus = "waiting"
	VisitorAdmitted VisitorStatus = "admitted"
	VisitorLeft     VisitorStatus = "left"
	VisitorExpired  VisitorStatus = "expired"
)

// TicketRange is a range of consecutive tickets, both ends included. A ticket is a visitor's number
// by arrival, from 1.
type TicketRange struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// AddTicket appends a ticket, extending the last range if the ticket follows it.
func AddTicket(ranges []TicketRange, ticket int64) []TicketRange {
	if last := len(ranges) - 1; last >= 0 && ranges[last].To+1 == ticket {
		ranges[last].To = ticket
		return ranges
	}
	return append(ranges, TicketRange{From: ticket, To: ticket})
}

// Tickets iterates over the tickets of ranges, one by one.
func Tickets(ranges []TicketRange) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for _, r := range ranges {
			for ticket := r.From; ticket <= r.To; ticket++ {
				if !yield(ticket) {
					return
				}
			}
		}
	}
}

// WaitingRoomCounts are a room's counts after a fact, embedded in the fact.
type WaitingRoomCounts struct {
	// Waiting visitors.
	Waiting int64 `json:"waiting"`
	// Active visitors have a valid pass.
	Active int64 `json:"active"`
}

// WaitingRoomSettings are all settings of an organiser, embedded in the fact.
type WaitingRoomSettings struct {
	// AdmitPerSecond is the most visitors admitted per second; 0 is a pause.
	AdmitPerSecond int64 `json:"admit_per_second"`
	// MaxActive is the most passes valid at once.
	MaxActive int64 `json:"max_active"`
	// ActiveSeconds is the duration of a pass.
	ActiveSeconds int64 `json:"active_seconds"`
	// HeartbeatSeconds is the longest interval between two heartbeats; after twice that the place
	// is lost.
	HeartbeatSeconds int64      `json:"heartbeat_seconds"`
	Status           RoomStatus `json:"status"`
	Order            RoomOrder  `json:"order"`
	// OpensAt is when the first are admitted; zero, for at once, is omitted.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// SeedHash is the SHA-256 of the seed of a shuffle, in hexadecimal; omitted if there is none.
	SeedHash string `json:"seed_hash,omitempty"`
	// Version counts the settings of this room, from 1.
	Version int64 `json:"version"`
}

// WaitingRoomOpened creates a waiting room.
type WaitingRoomOpened struct {
	RoomID RoomID `json:"room_id"`
	WaitingRoomSettings
}

func (*WaitingRoomOpened) Name() string { return "waitingroom.opened.v1" }

// WaitingRoomChanged states the room's settings after a change, all of them, so that a reader needs
// no earlier fact.
type WaitingRoomChanged struct {
	WaitingRoomSettings
	WaitingRoomCounts
}

func (*WaitingRoomChanged) Name() string { return "waitingroom.changed.v1" }

// WaitingRoomJoined gives a holder a place at the end of the line. The visitor's id is not in it:
// it is derived from the room, the ticket and the holder with a key, so that a reader of the log
// cannot take over the place.
type WaitingRoomJoined struct {
	Ticket int64  `json:"ticket"`
	Holder Holder `json:"holder"`
	WaitingRoomCounts
}

func (*WaitingRoomJoined) Name() string { return "waitingroom.joined.v1" }

// WaitingRoomBegun records that the time of a shuffled opening has passed, and which visitors had
// joined by then. It precedes all later joins in the log.
type WaitingRoomBegun struct {
	// Early is the last ticket issued before the opening; 0 for none.
	Early int64 `json:"early"`
}

func (*WaitingRoomBegun) Name() string { return "waitingroom.begun.v1" }

// WaitingRoomShuffled publishes the seed, and with it the order of the visitors who joined before
// the opening; see [ShuffledTickets]. Later visitors follow them.
type WaitingRoomShuffled struct {
	// Seed in hexadecimal. The SHA-256 of its bytes was published before.
	Seed string `json:"seed"`
	// Early is the number of tickets that are shuffled: those from 1 to this one.
	Early int64 `json:"early"`
}

func (*WaitingRoomShuffled) Name() string { return "waitingroom.shuffled.v1" }

// ShuffledTickets returns the tickets from 1 to early in the order that seed gives
// them. It is a Fisher–Yates shuffle that anyone can repeat:
//
//	draws: SHA-256(seed ‖ counter), the counter from 0 in 64 bits, big endian; each
//	       hash is four draws of 64 bits, big endian
//	order: 1, 2, … early
//	for i from early-1 down to 1 (places from 0): swap places i and (next draw) mod (i+1)
//
// The modulo bias is at most early in 2^64.
func ShuffledTickets(seed []byte, early int) []uint32 {
	order := make([]uint32, early)
	for i := range order {
		order[i] = uint32(i) + 1
	}
	input := append(append(make([]byte, 0, len(seed)+8), seed...), 0, 0, 0, 0, 0, 0, 0, 0)
	var draws [sha256.Size]byte
	for i, used := early-1, sha256.Size; i >= 1; i, used = i-1, used+8 {
		if used == sha256.Size {
			draws, used = sha256.Sum256(input), 0
			counter := input[len(seed):]
			binary.BigEndian.PutUint64(counter, binary.BigEndian.Uint64(counter)+1)
		}
		j := binary.BigEndian.Uint64(draws[used:]) % uint64(i+1)
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// WaitingRoomAdmitted admits the first in the line, many with one fact. No waiting visitor is ahead
// of one of them.
type WaitingRoomAdmitted struct {
	// Tickets in the order of the line, without visitors who have left.
	Tickets []TicketRange `json:"tickets"`
	// Count of them.
	Count int64 `json:"count"`
	// Admitted is the number of all admissions, including these.
	Admitted int64 `json:"admitted"`
	// AdmittedAt is the time of the decision, from which the rate counts.
	AdmittedAt time.Time `json:"admitted_at"`
	// ExpiresAt is when their passes end.
	ExpiresAt time.Time `json:"expires_at"`
	WaitingRoomCounts
}

func (*WaitingRoomAdmitted) Name() string { return "waitingroom.admitted.v1" }

// WaitingRoomLeft records that a visitor left by request, before or after being admitted.
type WaitingRoomLeft struct {
	Ticket int64 `json:"ticket"`
	// Was is the previous status: waiting or admitted.
	Was VisitorStatus `json:"was"`
	WaitingRoomCounts
}

func (*WaitingRoomLeft) Name() string { return "waitingroom.left.v1" }

// WaitingRoomDropped removes visitors who did not poll within the heartbeat timeout.
type WaitingRoomDropped struct {
	Tickets []TicketRange `json:"tickets"`
	Count   int64         `json:"count"`
	WaitingRoomCounts
}

func (*WaitingRoomDropped) Name() string { return "waitingroom.dropped.v1" }

// WaitingRoomExpired ends passes that have run out.
type WaitingRoomExpired struct {
	Tickets []TicketRange `json:"tickets"`
	Count   int64         `json:"count"`
	WaitingRoomCounts
}

func (*WaitingRoomExpired) Name() string { return "waitingroom.expired.v1" }

// WaitingRoomFinished ends the pass of a visitor after the guarded purchase.
type WaitingRoomFinished struct {
	Ticket int64 `json:"ticket"`
	WaitingRoomCounts
}

func (*WaitingRoomFinished) Name() string { return "waitingroom.finished.v1" }
