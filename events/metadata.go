package events

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Hash is the hash of one event in its stream's chain.
type Hash [sha256.Size]byte

// String returns the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Metadata records the origin of an event.
type Metadata struct {
	// CommandID identifies the command that caused the event.
	CommandID string `json:"command_id"`
	// CorrelationID is the id of the HTTP request from which the command originates.
	CorrelationID string `json:"correlation_id"`
	// CausationID is the id of the command's immediate cause: the request, or the event that triggered an
	// automatic step.
	CausationID string `json:"causation_id"`
	// Actor is the caller, such as a holder, or "system" for a deadline.
	Actor string `json:"actor"`
	// At is the time at which the command was decided, as passed to the rules.
	At time.Time `json:"at"`
	// Hash is the event's hash in hexadecimal; see [Seal].
	Hash string `json:"hash"`
}

// KeyOfCommand returns the part of a command id that identifies its caller and idempotency key, independent
// of the request: a keyed id is k<key>.<request>, where key has 22 and request 11 characters. ok is false for
// a command without a key.
func KeyOfCommand(id string) (key string, ok bool) {
	const end, length = 1 + 22, 1 + 22 + 1 + 11
	if len(id) != length || id[0] != 'k' || id[end] != '.' {
		return "", false
	}
	return id[1:end], true
}

// ErrBadMetadata is returned for metadata that [Seal] cannot have written.
var ErrBadMetadata = errors.New("bad metadata of an event")

// hashKey separates the hashed part of the metadata from the hash itself, which
// is always its last member.
const hashKey = `,"hash":"`

// sealedTail is the length of what Seal appends to the hashed part.
const sealedTail = len(hashKey) + 2*sha256.Size + len(`"}`)

// Seal appends m to dst as the metadata of event e at revision of stream, chained to prev, the hash of the
// previous event (zero for the first). m.Hash is ignored. It returns the extended dst and the event's hash:
//
//	SHA-256(prev ‖ n(stream) stream ‖ revision ‖ id ‖ n(type) type ‖ n(data) data ‖ metadata up to `,"hash":`)
//
// where n(x) is the length in 32 bits and revision has 64 bits, big endian.
func Seal(dst []byte, prev Hash, stream StreamID, revision Revision, e *Event, m *Metadata) ([]byte, Hash) {
	start := len(dst)
	dst = appendHashed(dst, m)
	hash := link(prev, stream, revision, e, dst[start:])
	dst = append(dst, hashKey...)
	dst = hex.AppendEncode(dst, hash[:])
	return append(dst, `"}`...), hash
}

// appendHashed appends the part of the metadata that the hash covers.
func appendHashed(dst []byte, m *Metadata) []byte {
	dst = append(dst, `{"command_id":`...)
	dst = AppendJSONString(dst, m.CommandID)
	dst = append(dst, `,"correlation_id":`...)
	dst = AppendJSONString(dst, m.CorrelationID)
	dst = append(dst, `,"causation_id":`...)
	dst = AppendJSONString(dst, m.CausationID)
	dst = append(dst, `,"actor":`...)
	dst = AppendJSONString(dst, m.Actor)
	dst = append(dst, `,"at":`...)
	return appendTime(dst, m.At)
}

// AppendMetadata appends the bytes that [Seal] wrote, given the result m of [ParseMetadata]; m.Hash is
// used unchanged. It restores the metadata of an event that was transported in a different form, for example
// as a CloudEvent; [CheckLink] verifies the result.
func AppendMetadata(dst []byte, m *Metadata) []byte {
	dst = appendHashed(dst, m)
	dst = append(dst, hashKey...)
	dst = append(dst, m.Hash...)
	return append(dst, `"}`...)
}

// linkBytes pools the buffers of link. On the stack, a buffer would make every new goroutine that
// seals an event grow its stack first.
var linkBytes = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

// link computes the hash of an event; hashed is the hashed part of its metadata.
func link(prev Hash, stream StreamID, revision Revision, e *Event, hashed []byte) Hash {
	buf := linkBytes.Get().(*[]byte)
	defer linkBytes.Put(buf)
	b := append((*buf)[:0], prev[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(stream)))
	b = append(b, stream...)
	b = binary.BigEndian.AppendUint64(b, uint64(revision))
	b = append(b, e.ID[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.Type)))
	b = append(b, e.Type...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.Data)))
	b = append(b, e.Data...)
	b = append(b, hashed...)
	*buf = b
	return sha256.Sum256(b)
}

// CheckLink recomputes the hash of e, given the hash of the previous event, and returns it. Error:
// [ErrDamaged] if the recorded hash differs.
func CheckLink(prev Hash, e *Recorded) (Hash, error) {
	recorded, hashed, err := splitHash(e.Metadata)
	if err != nil {
		return Hash{}, fmt.Errorf("%w: position %d, %s@%d: %v", ErrDamaged, e.Position, e.Stream, e.Revision, err)
	}
	if hash := link(prev, e.Stream, e.Revision, &e.Event, hashed); hash != recorded {
		return Hash{}, fmt.Errorf("%w: position %d, %s@%d: recorded hash %s, computed hash %s",
			ErrDamaged, e.Position, e.Stream, e.Revision, recorded, hash)
	}
	return recorded, nil
}

// RecordedHash returns the hash at the end of sealed metadata. Error: [ErrBadMetadata].
func RecordedHash(metadata []byte) (Hash, error) {
	hash, _, err := splitHash(metadata)
	return hash, err
}

func splitHash(metadata []byte) (hash Hash, hashed []byte, err error) {
	cut := len(metadata) - sealedTail
	if cut < 1 || !bytes.HasPrefix(metadata[cut:], []byte(hashKey)) || !bytes.HasSuffix(metadata, []byte(`"}`)) {
		return Hash{}, nil, fmt.Errorf("%w: missing hash", ErrBadMetadata)
	}
	from := cut + len(hashKey)
	digits := metadata[from : from+2*sha256.Size]
	if _, err := hex.Decode(hash[:], digits); err != nil {
		return Hash{}, nil, fmt.Errorf("%w: %v", ErrBadMetadata, err)
	}
	// Seal writes lower case. Accepting upper case would let a changed byte pass.
	if bytes.ContainsAny(digits, "ABCDEF") {
		return Hash{}, nil, fmt.Errorf("%w: hash not in lower case", ErrBadMetadata)
	}
	return hash, metadata[:cut], nil
}

// ParseMetadata decodes sealed metadata. Error: [ErrBadMetadata].
func ParseMetadata(metadata []byte) (Metadata, error) {
	var m Metadata
	members := [...]*string{&m.CommandID, &m.CorrelationID, &m.CausationID, &m.Actor, nil, &m.Hash}
	at, ok := (&fastReader{text: metadata}).metadata(func(i int, value []byte) {
		if members[i] != nil {
			*members[i] = string(value)
		}
	})
	if ok {
		m.At = at
		return m, nil
	}
	m = Metadata{}
	if err := json.Unmarshal(metadata, &m); err != nil {
		return Metadata{}, fmt.Errorf("%w: %v", ErrBadMetadata, err)
	}
	return m, nil
}

// DecidedAt returns [Metadata].At of sealed metadata without decoding the rest. Error: [ErrBadMetadata].
func DecidedAt(metadata []byte) (time.Time, error) {
	if at, ok := (&fastReader{text: metadata}).metadata(nil); ok {
		return at, nil
	}
	m, err := ParseMetadata(metadata)
	return m.At, err
}

// RecordedCommand returns the command id of sealed metadata without decoding the rest, "" for none.
func RecordedCommand(metadata []byte) string {
	const prefix = `{"command_id":"`
	if !bytes.HasPrefix(metadata, []byte(prefix)) {
		return ""
	}
	id := metadata[len(prefix):]
	if end := bytes.IndexAny(id, `"\`); end >= 0 && id[end] == '"' {
		return string(id[:end])
	}
	m, err := ParseMetadata(metadata) // an id that needed escaping
	if err != nil {
		return ""
	}
	return m.CommandID
}
