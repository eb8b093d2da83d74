package esdb

import (
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that codec falls back to
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	"admitone/events"
)

// Events are nearly all of the traffic. They are encoded and decoded without reflection and
// intermediate messages, which saves a third of the cost of an event. The field numbers are those of
// streams.proto and shared.proto. Tests compare the encoding with that of the generated stubs.
const (
	appendProposed = 2 // AppendReq

	proposedID, proposedMetadata, proposedCustom, proposedData = 1, 2, 3, 4 // AppendReq.ProposedMessage

	respEvent, respCheckpoint = 1, 3 // ReadResp

	checkpointCommit, checkpointPrepare = 1, 2 // ReadResp.Checkpoint

	readEvent = 1 // ReadResp.ReadEvent

	recordedID, recordedStream, recordedRevision                   = 1, 2, 3 // …RecordedEvent
	recordedCommit, recordedMetadata, recordedCustom, recordedData = 5, 6, 7, 8

	idStructured, idString, idMost, idLeast = 1, 2, 1, 2 // UUID

	batchID, batchOptions, batchProposed, batchFinal = 1, 2, 3, 4 // BatchAppendReq

	batchStream, batchRevision, batchNoStream = 1, 2, 3 // BatchAppendReq.Options

	answerID, answerError, answerSuccess = 1, 2, 3 // BatchAppendResp

	successRevision, successPosition = 1, 3 // BatchAppendResp.Success

	positionCommit = 1 // AllStreamPosition

	streamName       = 3 // StreamIdentifier
	mapKey, mapValue = 1, 2
)

// codec handles *encoded and *received messages, and leaves all others to gRPC's codec.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Name is empty so that the content type is that of all other clients.
func (codec) Name() string { return "" }

// Marshal implements encoding.CodecV2.
func (c codec) Marshal(m any) (mem.BufferSlice, error) {
	if e, ok := m.(*encoded); ok {
		return mem.BufferSlice{e.buffer}, nil
	}
	return c.CodecV2.Marshal(m)
}

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, m any) error {
	r, ok := m.(interface {
		decode(b []byte, lasting bool) error
	})
	if !ok {
		return c.CodecV2.Unmarshal(data, m)
	}
	if len(data) == 1 { // gRPC leaves small messages to the garbage collector
		if b, lasting := data[0].(mem.SliceBuffer); lasting {
			return r.decode(b, true)
		}
	}
	buffer := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buffer.Free()
	return r.decode(buffer.ReadOnlyData(), false)
}

// encoded is an encoded message.
type encoded struct{ buffer mem.Buffer }

// encoder encodes events. It is not safe for concurrent use.
type encoder struct{ scratch, whole []byte }

// proposed encodes an AppendReq with e.
func (c *encoder) proposed(e *events.Event, content string) *encoded {
	c.scratch = appendEvent(c.scratch[:0], e, content)
	pool := mem.DefaultBufferPool()
	buffer := pool.Get(protowire.SizeTag(appendProposed) + protowire.SizeBytes(len(c.scratch)))
	*buffer = appendBytes((*buffer)[:0], appendProposed, c.scratch)
	return &encoded{mem.NewBuffer(buffer, pool)}
}

// appendEvent appends a ProposedMessage.
func appendEvent(b []byte, e *events.Event, content string) []byte {
	b = appendID(b, proposedID, most(e.ID), least(e.ID))
	b = appendEntry(b, typeKey, e.Type)
	b = appendEntry(b, contentKey, content)
	if len(e.Metadata) > 0 {
		b = appendBytes(b, proposedCustom, e.Metadata)
	}
	if len(e.Data) > 0 {
		b = appendBytes(b, proposedData, e.Data)
	}
	return b
}

// appendEntry appends an entry of the node's own metadata.
func appendEntry(b []byte, key, value string) []byte {
	size := protowire.SizeTag(mapKey) + protowire.SizeBytes(len(key)) + protowire.SizeTag(mapValue) +
		protowire.SizeBytes(len(value))
	b = protowire.AppendTag(b, proposedMetadata, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(size))
	b = protowire.AppendString(protowire.AppendTag(b, mapKey, protowire.BytesType), key)
	return protowire.AppendString(protowire.AppendTag(b, mapValue, protowire.BytesType), value)
}

func appendNumber(b []byte, field protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), value)
}

func appendBytes(b []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), value)
}
