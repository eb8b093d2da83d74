package esdb

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"

	"admitone/events"
)

// The keys of the node's own metadata of an event, and the content types.
const (
	typeKey    = "type"
	contentKey = "content-type"
	createdKey = "created"

	jsonContent  = "application/json"
	bytesContent = "application/octet-stream"
)

// ownPrefix begins the names of this package's internal streams; systemPrefix those of the node's
// streams and event types.
const (
	ownPrefix    = "~"
	systemPrefix = "$"
)

// belongsToLog reports whether an event belongs to the log. The filter excludes most other events by their
// streams, but not tombstones, which are in the deleted stream itself.
func belongsToLog(e *events.Recorded) bool {
	return !strings.HasPrefix(e.Type, systemPrefix) && !e.Stream.Internal()
}

func identifier(stream events.StreamID) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(stream)}
}

// sizeOf returns the size of an event as the node counts it.
func sizeOf(e *events.Event) int {
	units := 0
	for _, r := range e.Type {
		units += utf16.RuneLen(r)
	}
	return len(e.Data) + len(e.Metadata) + 2*units
}

// checkAppend checks a batch and returns its size as the node counts it. Error: ErrRefused for an invalid
// batch, or for an internal stream other than that of signed heads.
func checkAppend(stream events.StreamID, expected events.Revision, batch []events.Event) (size int, err error) {
	switch {
	case len(batch) == 0:
		return 0, fmt.Errorf("%w: the batch is empty", ErrRefused)
	case stream == "" || stream.Internal() && stream != events.HeadsStream || !utf8.ValidString(string(stream)):
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
