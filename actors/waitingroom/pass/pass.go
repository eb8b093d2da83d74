package pass

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"admitone/events"
)

// ErrInvalid is returned for a pass or a visitor's id that no key of the ring has signed for this room
// and, if it is a pass, for this holder.
var ErrInvalid = errors.New("the pass is not valid for this room and holder")

// ErrExpired is returned for a valid pass after its expiry.
var ErrExpired = errors.New("the pass has expired")

// Holder identifies a holder by a hash of its name.
type Holder [16]byte

// HolderOf returns the first half of the SHA-256 of a name.
func HolderOf(name events.Holder) Holder {
	sum := sha256.Sum256([]byte(name))
	return Holder(sum[:])
}

// Visitor is a ticket of a room and its holder.
type Visitor struct {
	Ticket int64
	Holder Holder
}

// macSize is the length of a truncated HMAC, in bytes.
const macSize = 16

// The signed bytes are the key's id and the ticket, then in a visitor's id the holder, in a pass
// its expiry.
const (
	idFixed      = 1 + 8
	visitorFixed = idFixed + 16
	passFixed    = idFixed + 8
)

// The lengths of a visitor's id and of a pass, in characters of base64url (RFC 4648
// section 5, without padding).
const (
	VisitorSize = ((visitorFixed+macSize)*8 + 5) / 6
	PassSize    = ((passFixed+macSize)*8 + 5) / 6
)

// encoding accepts one spelling only: trailing bits must be zero.
var encoding = base64.RawURLEncoding.Strict()

// VisitorID returns the id that a visitor presents to the room.
func (r *Keyring) VisitorID(room events.RoomID, v Visitor) string {
	s := r.signers[0]
	var raw [visitorFixed + macSize]byte
	raw[0] = s.key.ID
	binary.BigEndian.PutUint64(raw[1:], uint64(v.Ticket))
	copy(raw[idFixed:], v.Holder[:])
	mac := s.sign(forVisitor, raw[:visitorFixed], room)
	copy(raw[visitorFixed:], mac[:])
	return encoding.EncodeToString(raw[:])
}

// ReadVisitor returns the visitor with this id in this room. Error: [ErrInvalid].
func (r *Keyring) ReadVisitor(room events.RoomID, id string) (Visitor, error) {
	var raw [visitorFixed + macSize]byte
	s := r.decode(raw[:], id)
	if s == nil {
		return Visitor{}, ErrInvalid
	}
	mac := s.sign(forVisitor, raw[:visitorFixed], room)
	if !hmac.Equal(mac[:macSize], raw[visitorFixed:]) {
		return Visitor{}, ErrInvalid
	}
	return Visitor{Ticket: int64(binary.BigEndian.Uint64(raw[1:])), Holder: Holder(raw[idFixed:visitorFixed])}, nil
}

// Pass returns the pass of an admitted visitor, valid until expires, inclusive.
func (r *Keyring) Pass(room events.RoomID, v Visitor, expires time.Time) string {
	s := r.signers[0]
	var raw [passFixed + macSize]byte
	raw[0] = s.key.ID
	binary.BigEndian.PutUint64(raw[1:], uint64(v.Ticket))
	binary.BigEndian.PutUint64(raw[idFixed:], uint64(expires.UnixNano()))
	mac := s.signPass(raw[:passFixed], v.Holder, room)
	copy(raw[passFixed:], mac[:])
	return encoding.EncodeToString(raw[:])
}

// signPass signs the content of a pass and its holder. A pass does not contain its holder.
func (s *signer) signPass(fixed []byte, holder Holder, room events.RoomID) [sha256.Size]byte {
	var signed [passFixed + len(holder)]byte
	copy(signed[:], fixed)
	copy(signed[passFixed:], holder[:])
	return s.sign(forPass, signed[:], room)
}

// Check returns the ticket of a pass, if the pass belongs to this room and holder, and is valid at now.
// Errors: [ErrInvalid], [ErrExpired].
func (r *Keyring) Check(
	room events.RoomID,
	holder events.Holder,
	pass string,
	now time.Time,
) (ticket int64, err error) {
	var raw [passFixed + macSize]byte
	s := r.decode(raw[:], pass)
	if s == nil {
		return 0, ErrInvalid
	}
	mac := s.signPass(raw[:passFixed], HolderOf(holder), room)
	if !hmac.Equal(mac[:macSize], raw[passFixed:]) {
		return 0, ErrInvalid
	}
	if int64(binary.BigEndian.Uint64(raw[idFixed:])) < now.UnixNano() {
		return 0, ErrExpired
	}
	return int64(binary.BigEndian.Uint64(raw[1:])), nil
}

// decode decodes text into raw and returns the key that it names; nil if there is no such key or
// the length differs.
func (r *Keyring) decode(raw []byte, text string) *signer {
	if len(text) != encoding.EncodedLen(len(raw)) {
		return nil
	}
	var bytes [VisitorSize]byte
	n, err := encoding.Decode(raw, bytes[:copy(bytes[:], text)])
	if err != nil || n != len(raw) {
		return nil
	}
	return r.signer(raw[0])
}
