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

// RoomStatus is the organiser's switch of a waiting room.
type RoomStatus string

// The two positions of the switch. A closed room takes nobody in and admits
// nobody; who waits keeps the place.
const (
	RoomOpen   RoomStatus = "open"
	RoomClosed RoomStatus = "closed"
)

// RoomOrder says how those stand who came before the opening.
type RoomOrder string

// As they came, or in an order drawn at the opening.
const (
	RoomFIFO    RoomOrder = "fifo"
	RoomShuffle RoomOrder = "shuffle"
)

// VisitorStatus is where a visitor of a waiting room stands.
type VisitorStatus string

// The four of them. Left is who went by wish, or with what the room is the way to;
// expired is who was silent for too long, and whose pass ran out. Either may join again.
const (
	VisitorWaiting  VisitorStatus = "waiting"
	VisitorAdmitted VisitorStatus = "admitted"
	VisitorLeft     VisitorStatus = "left"
	VisitorExpired  VisitorStatus = "expired"
)

// TicketRange is some tickets one after another, both ends included. A ticket is
// a visitor's number by arrival, from 1.
type TicketRange struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// AddTicket adds a ticket behind the others: to the last range, if it follows it.
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

func appendTickets(o *Object, name string, ranges []TicketRange) {
	o.Key(name)
	o.Buf = append(o.Buf, '[')
	for i, r := range ranges {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		one := OpenObject(o.Buf)
		one.Int("from", r.From)
		one.Int("to", r.To)
		o.Buf = one.Close()
	}
	o.Buf = append(o.Buf, ']')
}

// WaitingRoomCounts are a room's visitors after a fact. They are members of the
// fact that they are in.
type WaitingRoomCounts struct {
	// Waiting visitors.
	Waiting int64 `json:"waiting"`
	// Active visitors have a pass that goes on.
	Active int64 `json:"active"`
}

func (c *WaitingRoomCounts) appendTo(o *Object) {
	o.Int("waiting", c.Waiting)
	o.Int("active", c.Active)
}

// WaitingRoomSettings are all that an organiser sets. They are members of the
// fact that they are in.
type WaitingRoomSettings struct {
	// AdmitPerSecond is how many come in per second at most; 0 is a pause.
	AdmitPerSecond int64 `json:"admit_per_second"`
	// MaxActive is how many passes go on at once at most.
	MaxActive int64 `json:"max_active"`
	// ActiveSeconds is how long a pass lasts.
	ActiveSeconds int64 `json:"active_seconds"`
	// HeartbeatSeconds is the longest pause between two signs of life; twice that
	// costs the place.
	HeartbeatSeconds int64      `json:"heartbeat_seconds"`
	Status           RoomStatus `json:"status"`
	Order            RoomOrder  `json:"order"`
	// OpensAt is when the first come in; not written if it is zero: at once.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// SeedHash is the SHA-256 of the seed of a shuffle, in hexadecimal; not written
	// if there is none.
	SeedHash string `json:"seed_hash,omitempty"`
	// Version counts the settings of this room, from 1.
	Version int64 `json:"version"`
}

func (s *WaitingRoomSettings) appendTo(o *Object) {
	o.Int("admit_per_second", s.AdmitPerSecond)
	o.Int("max_active", s.MaxActive)
	o.Int("active_seconds", s.ActiveSeconds)
	o.Int("heartbeat_seconds", s.HeartbeatSeconds)
	o.String("status", string(s.Status))
	o.String("order", string(s.Order))
	if !s.OpensAt.IsZero() {
		o.Time("opens_at", s.OpensAt)
	}
	if s.SeedHash != "" {
		o.String("seed_hash", s.SeedHash)
	}
	o.Int("version", s.Version)
}

// WaitingRoomOpened sets a waiting room up.
type WaitingRoomOpened struct {
	RoomID string `json:"room_id"`
	WaitingRoomSettings
}

// Name is the frozen wire name.
func (*WaitingRoomOpened) Name() string { return "waitingroom.opened.v1" }

// AppendJSON appends the fact as JSON.
func (f *WaitingRoomOpened) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("room_id", f.RoomID)
	f.WaitingRoomSettings.appendTo(&o)
	return o.Close()
}

// WaitingRoomChanged states the room's settings after a change, all of them, so
// that whoever reads it needs no fact before it.
type WaitingRoomChanged struct {
	WaitingRoomSettings
	WaitingRoomCounts
}

// Name is the frozen wire name.
func (*WaitingRoomChanged) Name() string { return "waitingroom.changed.v1" }

// AppendJSON appends the fact as JSON.
func (f *WaitingRoomChanged) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	f.WaitingRoomSettings.appendTo(&o)
	f.WaitingRoomCounts.appendTo(&o)
	return o.Close()
}

// WaitingRoomJoined gives a holder a place at the end of the line. The id that the
// visitor shows is not in it: it is made of the room, the ticket and the holder with
// a key, so that nobody who reads the log can take the place.
type WaitingRoomJoined struct {
	Ticket int64  `json:"ticket"`
	Holder string `json:"holder"`
	WaitingRoomCounts
}

// Name is the frozen wire name.
func (*WaitingRoomJoined) Name() string { return "waitingroom.joined.v1" }

// AppendJSON appends the fact as JSON.
func (f *WaitingRoomJoined) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.Int("ticket", f.Ticket)
	o.String("holder", f.Holder)
	f.WaitingRoomCounts.appendTo(&o)
	return o.Close()
}

// WaitingRoomBegun says that the moment of a shuffled opening has passed, and who
// had come by then. It is in the log before whoever came later.
type WaitingRoomBegun struct {
	// Early is the last ticket of those who came in time; 0 if nobody did.
	Early int64 `json:"early"`
}

// Name is the frozen wire name.
func (*WaitingRoomBegun) Name() string { return "waitingroom.begun.v1" }

// AppendJSON appends the fact as JSON.
func (f *WaitingRoomBegun) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.Int("early", f.Early)
	return o.Close()
}

// WaitingRoomShuffled publishes the seed, and with it the order of those who came
// before the opening; see [ShuffledTickets]. Whoever came later stands behind them.
type WaitingRoomShuffled struct {
	// Seed in hexadecimal. The SHA-256 of its bytes was published before.
	Seed string `json:"seed"`
	// Early is how many tickets are shuffled: those from 1 to this one.
	Early int64 `json:"early"`
}

// Name is the frozen wire name.
func (*WaitingRoomShuffled) Name() string { return "waitingroom.shuffled.v1" }

// AppendJSON appends the fact as JSON.
func (f *WaitingRoomShuffled) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("seed", f.Seed)
	o.Int("early", f.Early)
	return o.Close()
}

// ShuffledTickets returns the tickets from 1 to early in the order that seed gives
// them. It is a Fisher–Yates shuffle that anyone can repeat:
//
//	draws: SHA-256(seed ‖ counter), the counter from 0 in 64 bits, big endian; each
//	       hash is four draws of 64 bits, big endian
//	order: 1, 2, … early
//	for i from early-1 down to 1 (places from 0): swap places i and (next draw) mod (i+1)
//
// The remainder favours nobody by more than early in 2^64.
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

// WaitingRoomAdmitted lets the first of the line in: many with one fact. Nobody who
// waits stands before one of them.
type WaitingRoomAdmitted struct {
	// Tickets in the order of the line. Who has left before is not among them.
	Tickets []TicketRange `json:"tickets"`
	// Count of them.
	Count int64 `json:"count"`
	// Admitted is how many were admitted in all, with these.
	Admitted int64 `json:"admitted"`
	// AdmittedAt is when that was decided: the rate counts from it.
	AdmittedAt time.Time `json:"admitted_at"`
	// ExpiresAt is when their passes end.
	ExpiresAt time.Time `json:"expires_at"`
	WaitingRoomCounts
}

// Name is the frozen wire name.
func (*WaitingRoomAdmitted) Name() string { return "waitingroom.admitted.v1" }

// AppendJSON appends the fact as JSON.
func (f *WaitingRoomAdmitted) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	appendTickets(&o, "tickets", f.Tickets)
	o.Int("count", f.Count)
	o.Int("admitted", f.Admitted)
	o.Time("admitted_at", f.AdmittedAt)
	o.Time("expires_at", f.ExpiresAt)
	f.WaitingRoomCounts.appendTo(&o)
	return o.Close()
}

// WaitingRoomLeft is a visitor's own wish to go, before or after being admitted.
type WaitingRoomLeft struct {
	Ticket int64 `json:"ticket"`
	// Was waiting or admitted.
	Was VisitorStatus `json:"was"`
	WaitingRoomCounts
}

// Name is the frozen wire name.
func (*WaitingRoomLeft) Name() string { return "waitingroom.left.v1" }

// AppendJSON appends the fact as JSON.
func (f *WaitingRoomLeft) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.Int("ticket", f.Ticket)
	o.String("was", string(f.Was))
	f.WaitingRoomCounts.appendTo(&o)
	return o.Close()
}

// WaitingRoomDropped takes the places of visitors who were silent for too long.
type WaitingRoomDropped struct {
	Tickets []TicketRange `json:"tickets"`
	Count   int64         `json:"count"`
	WaitingRoomCounts
}

// Name is the frozen wire name.
func (*WaitingRoomDropped) Name() string { return "waitingroom.dropped.v1" }

// AppendJSON appends the fact as JSON.
func (f *WaitingRoomDropped) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	appendTickets(&o, "tickets", f.Tickets)
	o.Int("count", f.Count)
	f.WaitingRoomCounts.appendTo(&o)
	return o.Close()
}

// WaitingRoomExpired ends passes that have run out.
type WaitingRoomExpired struct {
	Tickets []TicketRange `json:"tickets"`
	Count   int64         `json:"count"`
	WaitingRoomCounts
}

// Name is the frozen wire name.
func (*WaitingRoomExpired) Name() string { return "waitingroom.expired.v1" }

// AppendJSON appends the fact as JSON.
func (f *WaitingRoomExpired) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	appendTickets(&o, "tickets", f.Tickets)
	o.Int("count", f.Count)
	f.WaitingRoomCounts.appendTo(&o)
	return o.Close()
}

// WaitingRoomFinished ends the pass of a visitor who has got what the room is the
// way to.
type WaitingRoomFinished struct {
	Ticket int64 `json:"ticket"`
	WaitingRoomCounts
}

// Name is the frozen wire name.
func (*WaitingRoomFinished) Name() string { return "waitingroom.finished.v1" }

// AppendJSON appends the fact as JSON.
func (f *WaitingRoomFinished) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.Int("ticket", f.Ticket)
	f.WaitingRoomCounts.appendTo(&o)
	return o.Close()
}
