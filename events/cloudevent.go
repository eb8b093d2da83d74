package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// ErrBadCloudEvent is returned for a text that is not a CloudEvent as [AppendCloudEvent] writes it.
var ErrBadCloudEvent = errors.New("not a CloudEvent of an event log")

// AppendCloudEvent appends e as a CloudEvent 1.0 in its JSON format (CloudEvents v1.0.2, JSON Event
// Format). The position in the log and the metadata are extension attributes, whose names may contain
// only lower-case letters and digits. position and revision are JSON numbers that may exceed the 32 bits of
// an Integer in the specification.
//
// An event that this form cannot represent, because a foreign client wrote it through
// EventStoreDB's protocol, has its bytes in base64: data_base64, as the specification defines it;
// metadatabase64 instead of the metadata's attributes; and streambase64 and typebase64 if those are
// not valid UTF-8.
func AppendCloudEvent(dst []byte, e *Recorded) []byte {
	if m, ok := ownMetadata(e); ok {
		return appendCloudEvent(dst, e, &m)
	}
	return appendRawEvent(dst, e)
}

// appendCloudEvent requires m to be e's parsed metadata.
func appendCloudEvent(dst []byte, e *Recorded, m *Metadata) []byte {
	o := OpenObject(dst)
	o.String("specversion", "1.0")
	o.String("id", e.ID.String())
	o.String("source", "/v1/streams/"+url.PathEscape(string(e.Stream)))
	o.String("type", e.Type)
	o.String("subject", e.Stream.Entity())
	o.Time("time", m.At)
	o.String("datacontenttype", "application/json")
	o.String("stream", string(e.Stream))
	o.Int("revision", int64(e.Revision))
	o.Int("position", int64(e.Position))
	o.Time("recorded", e.Created)
	o.String("commandid", m.CommandID)
	o.String("correlationid", m.CorrelationID)
	o.String("causationid", m.CausationID)
	o.String("actor", m.Actor)
	o.String("hash", m.Hash)
	o.Raw("data", e.Data)
	return o.Close()
}

// CloudEvent is the decoded form of the output of [AppendCloudEvent].
type CloudEvent struct {
	ID            string          `json:"id"`
	Type          string          `json:"type"`
	Time          time.Time       `json:"time"`
	Stream        StreamID        `json:"stream"`
	Revision      Revision        `json:"revision"`
	Position      Position        `json:"position"`
	Recorded      time.Time       `json:"recorded"`
	CommandID     string          `json:"commandid"`
	CorrelationID string          `json:"correlationid"`
	CausationID   string          `json:"causationid"`
	Actor         string          `json:"actor"`
	Hash          string          `json:"hash"`
	Data          json.RawMessage `json:"data"`

	// Members of a foreign event; see AppendCloudEvent. RawMetadata is nil for all other events.
	RawStream   []byte `json:"streambase64"`
	RawType     []byte `json:"typebase64"`
	RawMetadata []byte `json:"metadatabase64"`
	RawData     []byte `json:"data_base64"`
}

// Event returns the event with the data as received and the metadata in canonical encoding. Use
// [CheckLink] to verify that the result has the bytes of the log. Error: [ErrBadCloudEvent].
func (c *CloudEvent) Event() (Recorded, error) {
	id, err := ParseID(c.ID)
	if err != nil {
		return Recorded{}, fmt.Errorf("%w: position %d: id %.60q", ErrBadCloudEvent, c.Position, c.ID)
	}
	if c.RawMetadata != nil {
		return c.rawEvent(id), nil
	}
	m := c.metadata()
	return Recorded{
		Event:  Event{ID: id, Type: c.Type, Data: c.Data, Metadata: AppendMetadata(nil, &m)},
		Stream: c.Stream, Revision: c.Revision, Position: c.Position, Created: c.Recorded.UTC(),
	}, nil
}

func (c *CloudEvent) metadata() Metadata {
	return Metadata{CommandID: c.CommandID, CorrelationID: c.CorrelationID, CausationID: c.CausationID,
		Actor: c.Actor, At: c.Time, Hash: c.Hash}
}

// ReadCloudEvent reads an event from any JSON encoding of its CloudEvent and ignores unknown
// members. Comparison with [AppendCloudEvent] shows whether the text is canonical. The data are
// returned unchanged. Error: [ErrBadCloudEvent].
func ReadCloudEvent(text []byte) (Recorded, error) {
	e, err := readCloudEvent(text)
	if err != nil {
		return e, err
	}
	if _, err := RecordedHash(e.Metadata); err != nil {
		return e, fmt.Errorf("%w: %v", ErrBadCloudEvent, err)
	}
	return e, nil
}

func readCloudEvent(text []byte) (e Recorded, err error) {
	var c CloudEvent
	if err := json.Unmarshal(text, &c); err != nil {
		return e, fmt.Errorf("%w: %v", ErrBadCloudEvent, err)
	}
	return c.Event()
}

// ParseCloudEvent reads the exact output of [AppendCloudEvent] and refuses any other encoding of the
// event. Error: [ErrBadCloudEvent].
func ParseCloudEvent(text []byte) (Recorded, error) {
	e, err := readCloudEvent(text)
	if err != nil {
		return e, err
	}
	if again := AppendCloudEvent(make([]byte, 0, len(text)), &e); !bytes.Equal(again, text) {
		return e, fmt.Errorf("%w: position %d, %.60s@%d is not in canonical form", ErrBadCloudEvent, e.Position,
			e.Stream, e.Revision)
	}
	return e, nil
}
