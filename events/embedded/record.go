package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"admitone/events"
)

// The kinds of keys, by their first byte. Numbers are big endian, so that keys sort by them.
//
//	e position(8)                       → an event, see putRecord
//	i stream 0x00 first revision(8)     → first position(8) count(4) of one append
//	m name                              → a property of the log itself
const (
	eventSpace = 'e'
	indexSpace = 'i'
	metaSpace  = 'm'
)

const (
	eventKeySize   = 1 + 8
	indexValueSize = 8 + 4
	// recordVersion is the first byte of every stored event.
	recordVersion = 1
	// recordFixed is the size of an event without its four byte strings: version, created, id,
	// revision and the lengths of stream, type and data.
	recordFixed = 1 + 8 + 16 + 8 + 2 + 2 + 4
)

// Limits of an append.
const (
	// MaxBatchBytes is the largest encoded size of an append.
	MaxBatchBytes = 64 << 20
	// MaxStreamBytes is the length limit of a stream id, which can contain a holder's name of up to 255 characters of
	// up to four bytes each.
	MaxStreamBytes = 2 << 10
	// MaxTypeBytes is the length limit of an event type.
	MaxTypeBytes = 1 << 10
	// MaxStreams is the largest number of streams in one append.
	MaxStreams = 1 << 10
)

// ErrBadAppend is returned for an invalid append: an empty batch, a stream id that is empty, has a zero byte or is
// longer than [MaxStreamBytes], a type longer than [MaxTypeBytes], an expected revision below events.NoStream, no
// streams or more than [MaxStreams], or a duplicate stream. Nothing was written.
var ErrBadAppend = errors.New("invalid append")

// errRecord is the cause of an ErrDamaged for bytes that are not an encoded event.
var errRecord = errors.New("not an event")

// checkAppends validates an append to several streams and returns the encoded size of its batches. Errors:
// [ErrBadAppend], events.ErrTooLarge.
func checkAppends(appends []events.StreamAppend) (int, error) {
	if n := len(appends); n == 0 || n > MaxStreams {
		return 0, fmt.Errorf("%w: %d streams, want 1 to %d", ErrBadAppend, n, MaxStreams)
	}
	if len(appends) == 1 {
		return checkAppend(appends[0].Stream, appends[0].Expected, appends[0].Batch)
	}
	size := 0
	streams := make(map[events.StreamID]bool, len(appends))
	for _, a := range appends {
		if streams[a.Stream] {
			return 0, fmt.Errorf("%w: duplicate stream %s", ErrBadAppend, a.Stream)
		}
		streams[a.Stream] = true
		n, err := checkAppend(a.Stream, a.Expected, a.Batch)
		if err != nil {
			return 0, err
		}
		if size += n; size > MaxBatchBytes {
			return 0, fmt.Errorf("%w: more than %d bytes", events.ErrTooLarge, MaxBatchBytes)
		}
	}
	return size, nil
}

// checkAppend validates an append to one stream and returns the encoded size of its batch. Errors: as checkAppends.
func checkAppend(stream events.StreamID, expected events.Revision, batch []events.Event) (int, error) {
	switch {
	case len(batch) == 0:
		return 0, fmt.Errorf("%w: the batch is empty", ErrBadAppend)
	case stream == "" || len(stream) > MaxStreamBytes || strings.IndexByte(string(stream), 0) >= 0:
		return 0, fmt.Errorf("%w: stream id %.40q", ErrBadAppend, stream)
	case expected < events.NoStream:
		return 0, fmt.Errorf("%w: expected revision %d", ErrBadAppend, expected)
	}
	size := 0
	for i := range batch {
		if len(batch[i].Type) > MaxTypeBytes {
			return 0, fmt.Errorf("%w: event type %.40q… is longer than %d bytes", ErrBadAppend, batch[i].Type, MaxTypeBytes)
		}
		size += eventKeySize + recordSize(stream, &batch[i])
	}
	if size > MaxBatchBytes {
		return 0, fmt.Errorf("%w: %d bytes, at most %d", events.ErrTooLarge, size, MaxBatchBytes)
	}
	return size, nil
}

func putEventKey(dst []byte, position events.Position) {
	dst[0] = eventSpace
	binary.BigEndian.PutUint64(dst[1:], uint64(position))
}

func eventKey(position events.Position) []byte {
	key := make([]byte, eventKeySize)
	putEventKey(key, position)
	return key
}

func indexKeySize(stream events.StreamID) int { return 1 + len(stream) + 1 + 8 }

func putIndexKey(dst []byte, stream events.StreamID, first events.Revision) {
	dst[0] = indexSpace
	n := 1 + copy(dst[1:], stream)
	dst[n] = 0
	binary.BigEndian.PutUint64(dst[n+1:], uint64(first))
}

func indexKey(stream events.StreamID, first events.Revision) []byte {
	key := make([]byte, indexKeySize(stream))
	putIndexKey(key, stream, first)
	return key
}

func recordSize(stream events.StreamID, e *events.Event) int {
	return recordFixed + len(stream) + len(e.Type) + len(e.Data) + len(e.Metadata)
}

// putRecord encodes an event into dst, which must have recordSize bytes. created is in ticks.
func putRecord(dst []byte, stream events.StreamID, revision events.Revision, created int64, e *events.Event) {
	dst[0] = recordVersion
	binary.BigEndian.PutUint64(dst[1:], uint64(created))
	copy(dst[9:25], e.ID[:])
	binary.BigEndian.PutUint64(dst[25:], uint64(revision))
	binary.BigEndian.PutUint16(dst[33:], uint16(len(stream)))
	binary.BigEndian.PutUint16(dst[35:], uint16(len(e.Type)))
	binary.BigEndian.PutUint32(dst[37:], uint32(len(e.Data)))
	n := recordFixed
	n += copy(dst[n:], stream)
	n += copy(dst[n:], e.Type)
	n += copy(dst[n:], e.Data)
	copy(dst[n:], e.Metadata)
}

// decoder decodes the events of one read. Their data share memory in blocks of arenaSize, and names are interned.
type decoder struct {
	arena  []byte
	names  map[string]string
	stream events.StreamID // the stream of the previous event
}

const arenaSize = 64 << 10

// record decodes the event in b. The result does not point into b.
func (d *decoder) record(position events.Position, b []byte) (events.Recorded, error) {
	if len(b) < recordFixed || b[0] != recordVersion {
		return events.Recorded{}, errRecord
	}
	streamLen := int(binary.BigEndian.Uint16(b[33:]))
	typeLen := int(binary.BigEndian.Uint16(b[35:]))
	dataLen := int(binary.BigEndian.Uint32(b[37:]))
	if len(b)-recordFixed < streamLen+typeLen+dataLen {
		return events.Recorded{}, errRecord
	}
	created := int64(binary.BigEndian.Uint64(b[1:]))
	r := events.Recorded{
		Revision: events.Revision(binary.BigEndian.Uint64(b[25:])),
		Position: position,
		Created:  timeOf(created),
	}
	copy(r.ID[:], b[9:25])
	rest := b[recordFixed:]
	if name := rest[:streamLen]; string(name) != string(d.stream) {
		d.stream = events.StreamID(name)
	}
	r.Stream = d.stream
	r.Type = d.name(rest[streamLen : streamLen+typeLen])
	body := d.copy(rest[streamLen+typeLen:])
	r.Data = body[:dataLen:dataLen]
	r.Metadata = body[dataLen:]
	return r, nil
}

// maxNames bounds decoder.names. The facts have about a hundred names.
const maxNames = 256

func (d *decoder) name(b []byte) string {
	if name, ok := d.names[string(b)]; ok {
		return name
	}
	if d.names == nil || len(d.names) >= maxNames {
		d.names = make(map[string]string)
	}
	name := string(b)
	d.names[name] = name
	return name
}

func (d *decoder) copy(b []byte) []byte {
	if len(b) > cap(d.arena)-len(d.arena) {
		d.arena = make([]byte, 0, max(arenaSize, len(b)))
	}
	n := len(d.arena)
	d.arena = append(d.arena, b...)
	return d.arena[n:len(d.arena):len(d.arena)]
}

// tick is the resolution of Created, the same as in EventStoreDB.
const tick = 100 * time.Nanosecond

func ticksOf(t time.Time) int64 {
	return t.Unix()*int64(time.Second/tick) + int64(t.Nanosecond())/int64(tick)
}

func timeOf(ticks int64) time.Time {
	perSecond := int64(time.Second / tick)
	return time.Unix(ticks/perSecond, ticks%perSecond*int64(tick)).UTC()
}

// entry is an entry of a stream's index. It describes one append.
type entry struct {
	first    events.Revision
	position events.Position
	count    int64
}

// last returns the revision of the last event of the append.
func (e entry) last() events.Revision { return e.first + events.Revision(e.count) - 1 }

// end returns the position of the last event of the append.
func (e entry) end() events.Position { return e.position + events.Position(e.count) - 1 }

func putIndexValue(dst []byte, position events.Position, count int) {
	binary.BigEndian.PutUint64(dst, uint64(position))
	binary.BigEndian.PutUint32(dst[8:], uint32(count))
}

// decodeEntry decodes an index entry. Error: events.ErrDamaged.
func decodeEntry(key, value []byte) (entry, error) {
	if len(value) != indexValueSize {
		return entry{}, damaged("index entry %x has %d bytes, want %d", key, len(value), indexValueSize)
	}
	e := entry{
		first:    events.Revision(binary.BigEndian.Uint64(key[len(key)-8:])),
		position: events.Position(binary.BigEndian.Uint64(value)),
		count:    int64(binary.BigEndian.Uint32(value[8:])),
	}
	if e.count == 0 || e.position == 0 || e.position > math.MaxInt64 || e.first < 0 {
		return entry{}, damaged("index entry %x has the invalid value %x", key, value)
	}
	return e, nil
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", events.ErrDamaged, fmt.Sprintf(format, args...))
}

// decodePosition decodes the key of an event. Error: events.ErrDamaged.
func decodePosition(key []byte) (events.Position, error) {
	if len(key) != eventKeySize {
		return 0, damaged("key %x is not that of an event", key)
	}
	position := events.Position(binary.BigEndian.Uint64(key[1:]))
	if position == 0 || position > math.MaxInt64 {
		return 0, damaged("key %x has the invalid position %d", key, position)
	}
	return position, nil
}
