package events

import (
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// StreamID names a stream: "<category>-<id>", for example "product-42". The
// part before the first '-' is the category, which is also EventStoreDB's.
type StreamID string

// NewStreamID joins a category and an entity's id.
func NewStreamID(category, id string) StreamID { return StreamID(category + "-" + id) }

// Category returns the part before the first '-', or the whole name if there is none.
func (s StreamID) Category() string {
	category, _, _ := strings.Cut(string(s), "-")
	return category
}

// Entity returns the part after the first '-'.
func (s StreamID) Entity() string {
	_, id, _ := strings.Cut(string(s), "-")
	return id
}

// Internal reports whether the stream holds no facts: names that begin with $ are EventStoreDB's, those
// that begin with ~ a store's. A log that has served EventStoreDB clients contains such streams; readers of
// facts skip them.
func (s StreamID) Internal() bool { return s != "" && (s[0] == '$' || s[0] == '~') }

// ProductID identifies a product: 1 to 64 of A-Z a-z 0-9 _ -, chosen by its creator, or a UUID.
type ProductID string

// ReservationID identifies a reservation of a product: the text of an [ID], made for the request.
type ReservationID string

// PerformanceID identifies a performance; its format is that of [ProductID].
type PerformanceID string

// SectionID identifies a section within its performance; its format is that of [ProductID].
type SectionID string

// SeatName names a seat within its performance; see [NewSeatName].
type SeatName string

// BookingID identifies a booking: the text of an [ID], made for the request.
type BookingID string

// HoldID identifies the hold of one attempt of a booking, and its payment; see [NewHoldID].
type HoldID string

// ChargeID identifies a charge of a wallet: the text of an [ID], made for the request.
type ChargeID string

// TournamentID identifies a tournament; its format is that of [ProductID].
type TournamentID string

// TeamID identifies a team; its format is that of [ProductID].
type TeamID string

// RoomID identifies a waiting room; its format is that of [ProductID].
type RoomID string

// APIKeyID identifies an API key: the text of an [ID], made for the request.
type APIKeyID string

// Holder names a person or an organisation that holds, buys or owns: the subject of their token, or the
// name given in its place. It has 1 to 255 characters.
type Holder string

// Revision is an event's number in its stream; the first event has revision 0.
type Revision int64

// NoStream is the revision of a stream that has no events yet.
const NoStream Revision = -1

// Position is an event's place in the whole log; the first event has a position above 0, and 0 is the place
// before it.
type Position uint64

// EndPosition is after every event: the start of a backward read.
const EndPosition Position = 1<<63 - 1

// EndRevision is after every event of a stream: the start of a backward read.
const EndRevision Revision = 1<<63 - 1

// ID is a UUID (RFC 9562).
type ID [16]byte

// ErrBadID is returned by [ParseID].
var ErrBadID = errors.New("not a UUID")

// EventID returns the UUIDv5 (RFC 9562 section 5.5) of a command's id and the index of the event among
// those that the command caused, in a name space shared by writers that derive byte-identical events from the
// same command.
func EventID(commandID string, index int) ID { return eventIDNamespace.EventID(commandID, index) }

// EventID is [EventID] in the name space id of a single writer. If that writer decides a command again, it
// gets the same event ids, on which a store's idempotency relies; another writer gets different ones.
func (id ID) EventID(commandID string, index int) ID {
	var buf [128]byte
	b := append(buf[:0], id[:]...)
	b = append(b, commandID...)
	b = append(b, '/', byte(index>>8), byte(index))
	sum := sha1.Sum(b)
	var uuid ID
	copy(uuid[:], sum[:])
	uuid[6] = uuid[6]&0x0f | 0x50
	uuid[8] = uuid[8]&0x3f | 0x80
	return uuid
}

// eventIDNamespace is the name space that all writers share: an arbitrary, fixed UUID.
var eventIDNamespace = ID{0x6b, 0x1f, 0x0d, 0x52, 0x9c, 0x3e, 0x4b, 0x7a,
	0x8d, 0x25, 0x31, 0xe4, 0x57, 0xa6, 0xc0, 0x98}

// ParseID reads the 36-character form. It returns [ErrBadID] for anything else.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, ErrBadID
	}
	for _, part := range [...]struct{ at, from, to int }{{0, 0, 8}, {4, 9, 13}, {6, 14, 18}, {8, 19, 23}, {10, 24, 36}} {
		if _, err := hex.Decode(id[part.at:], []byte(s[part.from:part.to])); err != nil {
			return ID{}, ErrBadID
		}
	}
	return id, nil
}

// AppendTo appends the 36-character form of id to dst.
func (id ID) AppendTo(dst []byte) []byte {
	dst = hex.AppendEncode(dst, id[0:4])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, id[4:6])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, id[6:8])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, id[8:10])
	dst = append(dst, '-')
	return hex.AppendEncode(dst, id[10:])
}

// Time returns the creation time of a UUIDv7, to the millisecond.
func (id ID) Time() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16)).UTC()
}

// String returns the 36-character form.
func (id ID) String() string {
	var buf [36]byte
	return string(id.AppendTo(buf[:0]))
}
