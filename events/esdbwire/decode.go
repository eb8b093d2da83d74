package esdbwire

import (
	"encoding/binary"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"admitone/events"
)

// The fields of the events in a batch append, which are decoded without reflection; see encoder for the
// reason.
const (
	batchProposed = 3 // BatchAppendReq

	proposedID, proposedMetadata, proposedCustom, proposedData = 1, 2, 3, 4 // ….ProposedMessage
)

// batchRequest is a BatchAppendReq with decoded events. The embedded message has all other fields.
type batchRequest struct {
	streams.BatchAppendReq
	proposed []proposedEvent
	types    types
}

// proposedEvent is an event of a batch append, or the reason why it is invalid. size is its size for the
// limit of an append, which includes its type.
type proposedEvent struct {
	event events.Event
	err   error
	size  int
}

// types interns the types of events.
type types map[string]string

// maxTypes bounds their number. When it is reached, all are dropped.
const maxTypes = 1024

func (t types) intern(b []byte) string {
	name, ok := t[string(b)]
	if !ok {
		if len(t) >= maxTypes {
			clear(t)
		}
		name = string(b)
		t[name] = name
	}
	return name
}

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, m any) error {
	if r, ok := m.(*batchRequest); ok {
		return r.decode(data.Materialize())
	}
	return c.CodecV2.Unmarshal(data, m)
}

var errWire = errors.New("malformed message from a client")

// decode decodes a message. The events retain its bytes.
func (r *batchRequest) decode(b []byte) error {
	if r.decodePlain(b) {
		return nil
	}
	var rest []byte // all fields but the events
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errWire
		}
		size := protowire.ConsumeFieldValue(field, kind, b[n:])
		if size < 0 {
			return errWire
		}
		if field == batchProposed && kind == protowire.BytesType {
			text, _ := protowire.ConsumeBytes(b[n:])
			p, err := r.decodeEvent(text)
			if err != nil {
				return err
			}
			r.proposed = append(r.proposed, p)
		} else {
			rest = append(rest, b[:n+size]...)
		}
		b = b[n+size:]
	}
	return proto.Unmarshal(rest, &r.BatchAppendReq)
}

// decodeEvent decodes a ProposedMessage. An error means an invalid encoding.
func (r *batchRequest) decodeEvent(b []byte) (p proposedEvent, err error) {
	var id wireID
	var name, content, custom, data []byte
	err = fields(b, func(field protowire.Number, text []byte, _ uint64) error {
		switch field {
		case proposedID:
			return fields(text, id.decode)
		case proposedMetadata:
			key, value, err := decodeEntry(text)
			switch string(key) {
			case "type":
				name = value
			case "content-type":
				content = value
			}
			return err
		case proposedCustom:
			custom = text
		case proposedData:
			data = text
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	p.size = len(data) + len(custom) + typeSize(string(name))
	if p.err = id.invalid(); p.err == nil {
		p.event, p.err = newEvent(id.id, r.types.intern(name), string(content), custom, data)
	}
	return p, nil
}

// decodeEntry decodes an entry of a map from string to string.
func decodeEntry(b []byte) (key, value []byte, err error) {
	err = fields(b, func(field protowire.Number, text []byte, _ uint64) error {
		switch field {
		case mapKey:
			key = text
		case mapValue:
			value = text
		}
		return nil
	})
	if err == nil && (!utf8.Valid(key) || !utf8.Valid(value)) {
		err = errWire
	}
	return key, value, err
}

// wireID is a UUID of a message, in either form.
type wireID struct {
	id  events.ID
	bad error // why a UUID in text form is invalid
}

// decode decodes one field of a UUID.
func (w *wireID) decode(field protowire.Number, text []byte, _ uint64) error {
	switch field {
	case idStructured:
		*w = wireID{}
		return fields(text, func(field protowire.Number, _ []byte, number uint64) error {
			switch field {
			case idMost:
				binary.BigEndian.PutUint64(w.id[:8], number)
			case idLeast:
				binary.BigEndian.PutUint64(w.id[8:], number)
			}
			return nil
		})
	case idString:
		if !utf8.Valid(text) {
			return errWire
		}
		*w = wireID{}
		w.id, w.bad = parseID(string(text))
	}
	return nil
}

// invalid returns the reason why the UUID cannot identify an event, nil if it can.
func (w *wireID) invalid() error {
	if w.bad == nil && w.id == (events.ID{}) {
		return errNoID
	}
	return w.bad
}

// fields calls visit with each field of a message that has bytes or a number. Fields of other types are
// skipped.
func fields(b []byte, visit func(field protowire.Number, text []byte, number uint64) error) error {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errWire
		}
		size := protowire.ConsumeFieldValue(field, kind, b[n:])
		if size < 0 {
			return errWire
		}
		var err error
		switch kind {
		case protowire.BytesType:
			text, _ := protowire.ConsumeBytes(b[n:])
			err = visit(field, slices.Clip(text), 0)
		case protowire.VarintType:
			number, _ := protowire.ConsumeVarint(b[n:])
			err = visit(field, nil, number)
		}
		if err != nil {
			return err
		}
		b = b[n+size:]
	}
	return nil
}
