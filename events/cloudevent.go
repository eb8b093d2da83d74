package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// ErrBadCloudEvent is returned for a text that is not an event of ours.
var ErrBadCloudEvent = errors.New("events: not an event of this kind of log")

// AppendCloudEvent appends e as a CloudEvent 1.0 in its JSON format (CloudEvents
// v1.0.2, JSON Event Format). The place in the log and the metadata go along as
// extension attributes, whose names may have lower-case letters and digits only.
// position and revision are JSON numbers, which the specification bounds at 31
// bits; here they may be larger.
//
// Error: [ErrBadMetadata].
func AppendCloudEvent(dst []byte, e *Recorded) ([]byte, error) {
	m, err := ParseMetadata(e.Metadata)
	if err != nil {
		return dst, err
	}
	return appendCloudEvent(dst, e, &m), nil
}

// appendCloudEvent takes m for what e's metadata says.
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

// CloudEvent is what [AppendCloudEvent] writes, on its way back.
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
}

// Event returns the event, byte for byte: the data as it travelled, the metadata
// written again the one way there is. Whether they are what the log has is for
// [CheckLink] to tell. Error: [ErrBadCloudEvent].
func (c *CloudEvent) Event() (Recorded, error) {
	id, err := ParseID(c.ID)
	if err != nil {
		return Recorded{}, fmt.Errorf("%w: position %d: id %.60q", ErrBadCloudEvent, c.Position, c.ID)
	}
	m := c.metadata()
	return Recorded{
		Event:  Event{ID: id, Type: c.Type, Data: c.Data, Metadata: AppendMetadata(nil, &m)},
		Stream: c.Stream, Revision: c.Revision, Position: c.Position, Created: c.Recorded.UTC(),
	}, nil
}

func (c *CloudEvent) metadata() Metadata {
	return Metadata{CommandID: c.CommandID, CorrelationID: c.CorrelationID, CausationID: c.CausationID, Actor: c.Actor, At: c.Time, Hash: c.Hash}
}

// ParseCloudEvent reads exactly what [AppendCloudEvent] wrote: a text that says
// anything else, or says it in another way, is refused. Error: [ErrBadCloudEvent].
func ParseCloudEvent(text []byte) (Recorded, error) {
	var c CloudEvent
	if err := json.Unmarshal(text, &c); err != nil {
		return Recorded{}, fmt.Errorf("%w: %v", ErrBadCloudEvent, err)
	}
	e, err := c.Event()
	if err != nil {
		return e, err
	}
	if _, err := RecordedHash(e.Metadata); err != nil {
		return e, fmt.Errorf("%w: %v", ErrBadCloudEvent, err)
	}
	m := c.metadata()
	if again := appendCloudEvent(make([]byte, 0, len(text)), &e, &m); !bytes.Equal(again, text) {
		return e, fmt.Errorf("%w: position %d, %.60s@%d is not written the way it is", ErrBadCloudEvent, e.Position, e.Stream, e.Revision)
	}
	return e, nil
}
