package esdbwire

import (
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Most messages of a batch append have an id in the structured form, and a revision or no stream as
// the expectation. Such messages are decoded, and their success is encoded, without reflection and
// with one allocation. The stubs handle all others. The field numbers are those of streams.proto.
const (
	batchID, batchOptionsField, batchFinal      = 1, 2, 4 // BatchAppendReq; batchProposed is 3
	optionsStream, optionsRevision, optionsNone = 1, 2, 3 // ….Options
	answerSuccess, answerStream, answerRevision = 3, 4, 5 // BatchAppendResp; its id is batchID
	answerNone                                  = 6
	successRevision, successPosition            = 1, 3 // ….Success
	positionCommit, positionPrepare             = 1, 2 // AllStreamPosition
	maxAnswerOverhead                           = 128  // bounds the bytes of a success without the stream
)

// batchHead has, in one allocation, the messages of a batch append other than its events.
type batchHead struct {
	id         shared.UUID
	form       shared.UUID_Structured_
	structured shared.UUID_Structured
	options    streams.BatchAppendReq_Options
	stream     shared.StreamIdentifier
	name       [64]byte // of the stream, unless it is longer
	revision   streams.BatchAppendReq_Options_StreamPosition
	none       streams.BatchAppendReq_Options_NoStream
	empty      emptypb.Empty
}

// eachField calls visit with each field of a message, until visit returns false. It reports whether the
// message is valid and all its fields were visited.
func eachField(b []byte,
	visit func(field protowire.Number, kind protowire.Type, text []byte, number uint64) bool) bool {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return false
		}
		b = b[n:]
		var text []byte
		var number uint64
		switch kind {
		case protowire.BytesType:
			text, n = protowire.ConsumeBytes(b)
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(b)
		default:
			return false
		}
		if n < 0 || !visit(field, kind, text, number) {
			return false
		}
		b = b[n:]
	}
	return true
}

// decodePlain decodes a message that has the form described above. It returns false for others, and then
// leaves the request unchanged.
func (r *batchRequest) decodePlain(b []byte) bool {
	head, decoded := new(batchHead), batchRequest{types: r.types}
	plain := eachField(b, func(field protowire.Number, kind protowire.Type, text []byte, number uint64) bool {
		switch {
		case field == batchProposed && kind == protowire.BytesType:
			p, err := decoded.decodeEvent(text[:len(text):len(text)])
			decoded.proposed = append(decoded.proposed, p)
			return err == nil
		case field == batchID && kind == protowire.BytesType && decoded.CorrelationId == nil:
			decoded.CorrelationId = &head.id
			return head.decodeID(text)
		case field == batchOptionsField && kind == protowire.BytesType && decoded.Options == nil:
			decoded.Options = &head.options
			return head.decodeOptions(text)
		case field == batchFinal && kind == protowire.VarintType:
			decoded.IsFinal = number != 0
			return true
		}
		return false
	})
	if plain {
		r.CorrelationId, r.Options, r.IsFinal = decoded.CorrelationId, decoded.Options, decoded.IsFinal
		r.proposed = decoded.proposed
	}
	return plain
}

func (h *batchHead) decodeID(b []byte) bool {
	return eachField(b, func(field protowire.Number, kind protowire.Type, text []byte, _ uint64) bool {
		if field != idStructured || kind != protowire.BytesType || h.id.Value != nil {
			return false
		}
		h.form.Structured, h.id.Value = &h.structured, &h.form
		return eachField(text, func(field protowire.Number, kind protowire.Type, _ []byte, number uint64) bool {
			switch {
			case kind != protowire.VarintType:
				return false
			case field == idMost:
				h.structured.MostSignificantBits = int64(number)
			case field == idLeast:
				h.structured.LeastSignificantBits = int64(number)
			default:
				return false
			}
			return true
		})
	})
}

func (h *batchHead) decodeOptions(b []byte) bool {
	return eachField(b, func(field protowire.Number, kind protowire.Type, text []byte, number uint64) bool {
		switch {
		case field == optionsStream && kind == protowire.BytesType && h.options.StreamIdentifier == nil:
			h.options.StreamIdentifier = &h.stream
			return eachField(text, func(field protowire.Number, kind protowire.Type, text []byte, _ uint64) bool {
				// Copied, because the options may outlive the events and must not retain the whole message.
				h.stream.StreamName = append(h.name[:0], text...)
				return field == streamName && kind == protowire.BytesType
			})
		case field == optionsRevision && kind == protowire.VarintType && h.options.ExpectedStreamPosition == nil:
			h.revision.StreamPosition, h.options.ExpectedStreamPosition = number, &h.revision
			return true
		case field == optionsNone && kind == protowire.BytesType && len(text) == 0 &&
			h.options.ExpectedStreamPosition == nil:
			h.none.NoStream, h.options.ExpectedStreamPosition = &h.empty, &h.none
			return true
		}
		return false
	})
}

// success encodes the answer of a successful append. It returns nil if the stubs have to encode it.
func (a *batch) success(result written) *encoded {
	_, structured := a.id.GetValue().(*shared.UUID_Structured_)
	id, err := idOf(a.id)
	if err != nil || !structured || result.Revision < 0 || result.Position <= 0 {
		return nil
	}
	stream := a.options.GetStreamIdentifier().GetStreamName()
	var scratch [40]byte
	position := appendNumber(scratch[:0], positionCommit, uint64(result.Position))
	position = appendNumber(position, positionPrepare, uint64(result.Position))
	var inner [64]byte
	success := appendNumber(inner[:0], successRevision, uint64(result.Revision))
	success = appendBytes(success, successPosition, position)
	b := new(encoder).id(make([]byte, 0, len(stream)+maxAnswerOverhead), id)
	b = appendBytes(b, answerSuccess, success)
	b = protowire.AppendTag(b, answerStream, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(streamName)+protowire.SizeBytes(len(stream))))
	b = appendBytes(b, streamName, stream)
	switch e := a.options.GetExpectedStreamPosition().(type) {
	case *streams.BatchAppendReq_Options_StreamPosition:
		b = appendNumber(b, answerRevision, e.StreamPosition)
	case *streams.BatchAppendReq_Options_NoStream:
		b = appendBytes(b, answerNone, nil)
	default:
		return nil
	}
	return &encoded{mem.SliceBuffer(b)}
}
