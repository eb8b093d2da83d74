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

// ErrInvalid: nobody with a key of the ring has made it for this room, or for this
// holder.
var ErrInvalid = errors.New("the pass was not made for this")

// ErrExpired: the pass was good, and has ended.
var ErrExpired = errors.New("the pass has ended")

// Holder stands for a holder's name.
type Holder [16]byte

// HolderOf hashes a name: half of its SHA-256.
func HolderOf(name events.Holder) Holder {
	sum := sha256.Sum256([]byte(name))
	return Holder(sum[:])
}

// Visitor is whoever has a ticket of a room.
type Visitor struct {
	Ticket int64
	Holder Holder
}

// macSize is how much of an HMAC is kept, in bytes.
const macSize = 16

// What is signed, in bytes: the key's id and the ticket; then a visitor's id has the
// holder, and a pass its end.
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

// encoding takes one spelling only: bits behind the end must be zero.
var encoding = base64.RawURLEncoding.Strict()

// VisitorID returns the id that a visitor shows to the room.
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

// ReadVisitor returns the visitor that an id of this room stands for. Error:
// [ErrInvalid].
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

// Pass returns the pass of a visitor who has been admitted until expires, that
// moment included.
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

// signPass signs what a pass says and, what it does not say, who may use it.
func (s *signer) signPass(fixed []byte, holder Holder, room events.RoomID) [sha256.Size]byte {
	var signed [passFixed + len(holder)]byte
	copy(signed[:], fixed)
	copy(signed[passFixed:], holder[:])
	return s.sign(forPass, signed[:], room)
}

// Check returns the ticket that a pass was given to, if it is one of this room for
// the holder of this name, and good at now. Errors: [ErrInvalid], [ErrExpired].
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

// decode reads text into raw, all of it, and returns the key it names; nil if there
// is no such key or the text is of another length.
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
