package esdb

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"

	"admitone/events"
)

// The keys of what the node itself keeps of an event, and the content types.
const (
	typeKey    = "type"
	contentKey = "content-type"
	createdKey = "created"

	jsonContent  = "application/json"
	bytesContent = "application/octet-stream"
)

// ownPrefix begins the names of streams that this package keeps for itself;
// systemPrefix those of the node's, and its types of events.
const (
	ownPrefix    = "~"
	systemPrefix = "$"
)

// ours says whether an event belongs to the log as admitone sees it. The filter on
// streams has left out most of what doesn't; a tombstone lies in the stream itself.
func ours(e *events.Recorded) bool {
	return !strings.HasPrefix(e.Type, systemPrefix) && !e.Stream.Internal()
}

func identifier(stream events.StreamID) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(stream)}
}

// sizeOf is what the node counts of an event against the size of an append.
func sizeOf(e *events.Event) int {
	units := 0
	for _, r := range e.Type {
		units += utf16.RuneLen(r)
	}
	return len(e.Data) + len(e.Metadata) + 2*units
}

// checkAppend returns the batch's size as the node counts it. Error: ErrRefused for
// what no EventStoreDB could keep, or what is not meant for it.
func checkAppend(stream events.StreamID, expected events.Revision, batch []events.Event) (size int, err error) {
	switch {
	case len(batch) == 0:
		return 0, fmt.Errorf("%w: the batch is empty", ErrRefused)
	case stream == "" || stream.Internal() || !utf8.ValidString(string(stream)):
		return 0, fmt.Errorf("%w: stream id %.40q", ErrRefused, stream)
	case expected < events.NoStream:
		return 0, fmt.Errorf("%w: expected revision %d", ErrRefused, expected)
	}
	for i := range batch {
		e := &batch[i]
		if e.Type == "" || strings.HasPrefix(e.Type, systemPrefix) || !utf8.ValidString(e.Type) || e.ID == (events.ID{}) {
			return 0, fmt.Errorf("%w: event type %.40q with id %s", ErrRefused, e.Type, e.ID)
		}
		size += sizeOf(e)
	}
	return size, nil
}
