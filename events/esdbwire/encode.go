package esdbwire

import (
	"encoding/binary"
	"strconv"
	"time"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that codec falls back to
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	"admitone/events"
)

// Events are nearly all of the traffic, so they are encoded without reflection and intermediate
// messages, which saves a third of the cost of an event. The field numbers are those of streams.proto
// and shared.proto. A test compares the encoding with that of the generated stubs.
const (
	respEvent = 1 // ReadResp

	readEvent, readCommitPosition = 1, 3 // ReadResp.ReadEvent

	recordedID, recordedStream, recordedRevision, recordedPrepare  = 1, 2, 3, 4 // …RecordedEvent
	recordedCommit, recordedMetadata, recordedCustom, recordedData = 5, 6, 7, 8

	idStructured, idString, idMost, idLeast = 1, 2, 1, 2 // UUID

	streamName       = 3 // StreamIdentifier
	mapKey, mapValue = 1, 2
)

// maxPooled is the largest message for which gRPC's pool has a buffer of about that size; the next
// size is 1 MiB.
const maxPooled = 32 << 10

// encoder encodes events. It is not safe for concurrent use.
type encoder struct {
	strings  bool   // encode ids as text
	inner    []byte // RecordedEvent
	position []byte // the field after the RecordedEvent in ReadEvent
}

// encoded is an encoded message.
type encoded struct{ buffer mem.Buffer }

// event encodes a ReadResp with e.
func (c *encoder) event(e *events.Recorded) *encoded {
	c.inner = c.recorded(c.inner[:0], e)
	c.position = appendNumber(c.position[:0], readCommitPosition, uint64(e.Position))
	size := protowire.SizeTag(readEvent) + protowire.SizeBytes(len(c.inner)) + len(c.position)
	whole := protowire.SizeTag(respEvent) + protowire.SizeBytes(size)
	if whole > maxPooled {
		return &encoded{mem.SliceBuffer(c.whole(make([]byte, 0, whole), size))}
	}
	pool := mem.DefaultBufferPool()
	buffer := pool.Get(whole)
	*buffer = c.whole((*buffer)[:0], size)
	return &encoded{mem.NewBuffer(buffer, pool)}
}

// whole appends the ReadResp whose ReadEvent has size bytes.
func (c *encoder) whole(b []byte, size int) []byte {
	b = protowire.AppendTag(b, respEvent, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(size))
	b = appendBytes(b, readEvent, c.inner)
	return append(b, c.position...)
}

// recorded appends a RecordedEvent.
func (c *encoder) recorded(b []byte, e *events.Recorded) []byte {
	metadata, json := withoutMarker(e.Metadata)
	content := contentBinary
	if json {
		content = contentJSON
	}
	revision := uint64(e.Revision)
	if isTombstone(&e.Event) {
		revision = tombstoneRevision
	}
	b = c.id(b, e.ID)
	b = protowire.AppendTag(b, recordedStream, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(streamName)+protowire.SizeBytes(len(e.Stream))))
	b = appendString(b, streamName, string(e.Stream))
	if revision > 0 {
		b = appendNumber(b, recordedRevision, revision)
	}
	b = appendNumber(b, recordedPrepare, uint64(e.Position))
	b = appendNumber(b, recordedCommit, uint64(e.Position))
	b = appendEntry(b, "type", e.Type)
	b = appendEntry(b, "content-type", content)
	var digits [20]byte
	b = appendEntry(b, "created", string(strconv.AppendInt(digits[:0], ticksOf(e.Created), 10)))
	if len(metadata) > 0 {
		b = appendBytes(b, recordedCustom, metadata)
	}
	if len(e.Data) > 0 {
		b = appendBytes(b, recordedData, e.Data)
	}
	return b
}

// id appends a UUID in the requested form.
func (c *encoder) id(b []byte, id events.ID) []byte {
	b = protowire.AppendTag(b, recordedID, protowire.BytesType)
	if c.strings {
		var text [36]byte
		id.AppendTo(text[:0])
		b = protowire.AppendVarint(b, uint64(protowire.SizeTag(idString)+protowire.SizeBytes(len(text))))
		return appendBytes(b, idString, text[:])
	}
	var halves [2 * 11]byte
	inner := halves[:0]
	if most := binary.BigEndian.Uint64(id[:8]); most != 0 {
		inner = appendNumber(inner, idMost, most)
	}
	if least := binary.BigEndian.Uint64(id[8:]); least != 0 {
		inner = appendNumber(inner, idLeast, least)
	}
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(idStructured)+protowire.SizeBytes(len(inner))))
	return appendBytes(b, idStructured, inner)
}

// appendEntry appends an entry of the metadata.
func appendEntry(b []byte, key, value string) []byte {
	size := protowire.SizeTag(mapKey) + protowire.SizeBytes(len(key)) + protowire.SizeTag(mapValue) +
		protowire.SizeBytes(len(value))
	b = protowire.AppendTag(b, recordedMetadata, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(size))
	b = appendString(b, mapKey, key)
	return appendString(b, mapValue, value)
}

func appendNumber(b []byte, field protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), value)
}

func appendBytes(b []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), value)
}

func appendString(b []byte, field protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), value)
}

// ticksOf returns the number of ticks of 100 ns since 1970.
func ticksOf(t time.Time) int64 {
	return t.Unix()*int64(time.Second/tick) + int64(t.Nanosecond())/int64(tick)
}

// codec handles *encoded and *batchRequest messages, and leaves all others to gRPC's codec.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Marshal implements encoding.CodecV2.
func (c codec) Marshal(m any) (mem.BufferSlice, error) {
	if e, ok := m.(*encoded); ok {
		return mem.BufferSlice{e.buffer}, nil
	}
	return c.CodecV2.Marshal(m)
}
