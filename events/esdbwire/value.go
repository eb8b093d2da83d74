package esdbwire

import (
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"admitone/events"
)

const (
	// maxName and maxType bound the names of streams and of types, in bytes. The embedded log accepts
	// 2,048 bytes for a stream, and the name of a metadata stream is two bytes longer.
	maxName = 2000
	maxType = 1000
	// tick is the unit of the protocol's times.
	tick = 100 * time.Nanosecond
	// allName is the name of the whole log for clients.
	allName = "$all"
	// metaPrefix begins the name of a metadata stream.
	metaPrefix = "$$"
	// tombstoneRevision is the revision of a tombstone for clients.
	tombstoneRevision = 1<<63 - 1

	contentJSON   = "application/json"
	contentBinary = "application/octet-stream"
)

// streamOf validates a stream's name. Error: InvalidArgument.
func streamOf(id *shared.StreamIdentifier) (events.StreamID, error) {
	name := string(id.GetStreamName())
	switch {
	case name == "" || name == metaPrefix:
		return "", badRequest("a stream needs a name")
	case len(name) > maxName:
		return "", badRequest("the name of a stream has %d bytes at most", maxName)
	case !utf8.ValidString(name) || strings.IndexByte(name, 0) >= 0:
		return "", badRequest("the name of a stream is text")
	}
	return events.StreamID(name), nil
}

func identifier(stream events.StreamID) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(stream)}
}

// originOf returns the stream that a metadata stream describes.
func originOf(stream events.StreamID) (events.StreamID, bool) {
	origin, ok := strings.CutPrefix(string(stream), metaPrefix)
	return events.StreamID(origin), ok
}

// idOf decodes a UUID in either form. Error: InvalidArgument, also for the nil UUID.
func idOf(id *shared.UUID) (events.ID, error) {
	var parsed events.ID
	switch value := id.GetValue().(type) {
	case *shared.UUID_Structured_:
		binary.BigEndian.PutUint64(parsed[:8], uint64(value.Structured.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(parsed[8:], uint64(value.Structured.GetLeastSignificantBits()))
	case *shared.UUID_String_:
		var err error
		if parsed, err = parseID(value.String_); err != nil {
			return parsed, err
		}
	}
	if parsed == (events.ID{}) {
		return parsed, errNoID
	}
	return parsed, nil
}

var errNoID = badRequest("an event needs an id")

// parseID decodes a UUID in text. Error: InvalidArgument.
func parseID(text string) (events.ID, error) {
	id, err := events.ParseID(text)
	if err != nil {
		return id, badRequest("%q is not a UUID", text)
	}
	return id, nil
}

func structuredID(id events.ID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])),
	}}}
}

// eventOf decodes a proposed event. Errors: InvalidArgument, with
// missing-required-metadata-property if its type or content type is missing.
func eventOf(p *streams.AppendReq_ProposedMessage) (events.Event, error) {
	id, err := idOf(p.GetId())
	if err != nil {
		return events.Event{}, err
	}
	return newEvent(id, p.GetMetadata()["type"], p.GetMetadata()["content-type"], p.GetCustomMetadata(), p.GetData())
}

// newEvent returns an event as it is stored. Errors: those of eventOf.
func newEvent(id events.ID, name, content string, custom, data []byte) (events.Event, error) {
	if name == "" || content == "" {
		return events.Event{}, missingProperty()
	}
	if len(name) > maxType {
		return events.Event{}, badRequest("the type of an event has %d bytes at most", maxType)
	}
	return events.Event{ID: id, Type: name, Data: data, Metadata: withMarker(custom, content == contentJSON)}, nil
}

// sizeOf returns the size of a proposed event in bytes, as counted for the limit of an append.
func sizeOf(p *streams.AppendReq_ProposedMessage) int {
	return len(p.GetData()) + len(p.GetCustomMetadata())
}

// typeSize returns the size of an event's type in UTF-16, which a batch append counts too.
func typeSize(name string) int {
	units := 0
	for _, r := range name {
		units++
		if r > 0xffff {
			units++
		}
	}
	return 2 * units
}
