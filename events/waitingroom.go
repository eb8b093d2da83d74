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

// RoomStatus is the status of a waiting room, as set by the organiser.
type RoomStatus string

// The statuses of a waiting room. A closed room accepts and admits no visitors; waiting visitors
// keep their places.
const (
	RoomOpen   RoomStatus = "open"
	RoomClosed RoomStatus = "closed"
)

// RoomOrder is the order of the visitors who join before the opening.
type RoomOrder string

// The orders: by arrival, or shuffled at the opening.
const (
	RoomFIFO    RoomOrder = "fifo"
	RoomShuffle RoomOrder = "shuffle"
)

// VisitorStatus is the status of a visitor of a waiting room.
type VisitorStatus string

// The statuses of a visitor. Left means by request or after the guarded purchase; expired means a missed
// heartbeat or an expired pass. In either case the visitor may join again.
const (
	VisitorWaiting  VisitorStatus = "waiting"
	VisitorAdmitted VisitorStatus = "admitted"
	VisitorLeft     VisitorStatus = "left"
	VisitorExpired  VisitorStatus = "expired"
)

// TicketRange is a range of consecutive tickets, both ends included. Tickets number the visitors in order of
// arrival, from 1.
type TicketRange struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// AddTicket appends a ticket to ranges. It extends the last range if the ticket follows it.
func AddTicket(ranges []TicketRange, ticket int64) []TicketRange {
	if last := len(ranges) - 1; last >= 0 && ranges[last].To+1 == ticket {
		ranges[last].To = ticket
		return ranges
	}
	return append(ranges, TicketRange{From: ticket, To: ticket})
}

// Tickets iterates over the tickets of ranges.
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
	// Waiting is the number of waiting visitors.
	Waiting int64 `json:"waiting"`
	// Active is the number of visitors with a valid pass.
	Active int64 `json:"active"`
}

// WaitingRoomSettings are all settings of a room, embedded in the facts that state them.
type WaitingRoomSettings struct {
	// AdmitPerSecond is the largest number of visitors admitted per second; 0 pauses admission.
	AdmitPerSecond int64 `json:"admit_per_second"`
	// MaxActive is the largest number of valid passes at any time.
	MaxActive int64 `json:"max_active"`
	// ActiveSeconds is the duration of a pass.
	ActiveSeconds int64 `json:"active_seconds"`
	// HeartbeatSeconds is the longest interval between two heartbeats. A visitor loses the place after twice
	// that time.
	HeartbeatSeconds int64      `json:"heartbeat_seconds"`
	Status           RoomStatus `json:"status"`
	Order            RoomOrder  `json:"order"`
	// OpensAt is when the first visitors are admitted, zero for immediately.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// SeedHash is the SHA-256 of the seed of the shuffle, in hexadecimal, "" for none.
	SeedHash string `json:"seed_hash,omitempty"`
	// Version counts the versions of the room's settings, from 1.
	Version int64 `json:"version"`
}

// WaitingRoomOpened creates a waiting room.
type WaitingRoomOpened struct {
	RoomID RoomID `json:"room_id"`
	WaitingRoomSettings
}

func (*WaitingRoomOpened) Name() string { return "waitingroom.opened.v1" }

// WaitingRoomChanged states all settings of the room after a change, so that a reader needs no earlier fact.
type WaitingRoomChanged struct {
	WaitingRoomSettings
	WaitingRoomCounts
}

func (*WaitingRoomChanged) Name() string { return "waitingroom.changed.v1" }

// WaitingRoomJoined gives a holder a place at the end of the line. It does not contain the visitor's id,
// which is derived from the room, the ticket and the holder with a secret key, so that a reader of the log
// cannot take over the place.
type WaitingRoomJoined struct {
	Ticket int64  `json:"ticket"`
	Holder Holder `json:"holder"`
	WaitingRoomCounts
}

func (*WaitingRoomJoined) Name() string { return "waitingroom.joined.v1" }

// WaitingRoomBegun records that the time of a shuffled opening has passed, and which visitors had joined by
// then. All later joins follow it in the log.
type WaitingRoomBegun struct {
	// Early is the last ticket issued before the opening; 0 for none.
	Early int64 `json:"early"`
}

func (*WaitingRoomBegun) Name() string { return "waitingroom.begun.v1" }

// WaitingRoomShuffled publishes the seed, which determines the order of the visitors who joined before the
// opening; see [ShuffledTickets]. Later visitors come after them.
type WaitingRoomShuffled struct {
	// Seed is the seed in hexadecimal. [WaitingRoomSettings.SeedHash] published the SHA-256 of its bytes.
	Seed string `json:"seed"`
	// Early is the last of the shuffled tickets, which begin at 1.
	Early int64 `json:"early"`
}

func (*WaitingRoomShuffled) Name() string { return "waitingroom.shuffled.v1" }

// ShuffledTickets returns the tickets from 1 to early, shuffled with seed. It is a Fisher–Yates shuffle that
// anyone can repeat:
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

// WaitingRoomAdmitted admits visitors from the front of the line, many with one fact. No visitor who is still
// waiting was ahead of them.
type WaitingRoomAdmitted struct {
	// Tickets are in the order of the line, without visitors who have left.
	Tickets []TicketRange `json:"tickets"`
	// Count is the number of tickets.
	Count int64 `json:"count"`
	// Admitted is the total number of admissions, including these.
	Admitted int64 `json:"admitted"`
	// AdmittedAt is the time of the decision, from which the rate limit is computed.
	AdmittedAt time.Time `json:"admitted_at"`
	// ExpiresAt is when the passes expire.
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

// WaitingRoomExpired records that passes have expired.
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
