package merkle

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// leafVersion begins every leaf. A different encoding would need a new version, and existing heads would still
// need this one.
const leafVersion = "admitone event 1\n"

// AppendLeaf appends the leaf of an event, which contains all of its fields:
//
//	"admitone event 1\n" ‖ n(stream) stream ‖ revision ‖ position ‖ created ‖ id ‖
//	n(type) type ‖ n(data) data ‖ n(metadata) metadata
//
// n(x) is the length in 32 bits. revision and position have 64 bits. created is the Unix time in seconds, in 64
// bits, and the nanoseconds within the second, in 32 bits. All numbers are big endian.
func AppendLeaf(dst []byte, e *events.Recorded) []byte {
	dst = append(dst, leafVersion...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(e.Stream)))
	dst = append(dst, e.Stream...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.Revision))
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.Position))
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.Created.Unix()))
	dst = binary.BigEndian.AppendUint32(dst, uint32(e.Created.Nanosecond()))
	dst = append(dst, e.ID[:]...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(e.Type)))
	dst = append(dst, e.Type...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(e.Data)))
	dst = append(dst, e.Data...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(e.Metadata)))
	return append(dst, e.Metadata...)
}

// leafBytes pools the buffers of Leaf.
var leafBytes = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

// Leaf returns the leaf hash of an event according to RFC 6962 section 2.1: SHA-256(0x00 ‖ leaf).
func Leaf(e *events.Recorded) tlog.Hash {
	buf := leafBytes.Get().(*[]byte)
	defer leafBytes.Put(buf)
	*buf = AppendLeaf(append((*buf)[:0], 0), e)
	return sha256.Sum256(*buf)
}
