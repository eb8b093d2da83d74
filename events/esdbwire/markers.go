package esdbwire

import "admitone/events"

// The Store stores only an event's data and metadata. A marker in front of the metadata records the
// other properties that the protocol needs:
//
//	metadata                  a JSON event, the usual one
//	0x00 'j' metadata         a JSON event whose metadata begin with a zero byte
//	0x00 'b' metadata         an event that is not JSON
//	0x00 't'                  a tombstone
//
// So nearly all JSON events are stored byte for byte, including the hash chain in their metadata, and no
// client can append a tombstone.
const (
	markByte      = 0
	markJSON      = 'j'
	markBinary    = 'b'
	markTombstone = 't'
)

// withMarker returns the metadata as stored.
func withMarker(metadata []byte, json bool) []byte {
	mark := byte(markBinary)
	if json {
		if len(metadata) == 0 || metadata[0] != markByte {
			return metadata
		}
		mark = markJSON
	}
	return append([]byte{markByte, mark}, metadata...)
}

// withoutMarker is the reverse of withMarker.
func withoutMarker(stored []byte) (metadata []byte, json bool) {
	if len(stored) < 2 || stored[0] != markByte {
		return stored, true
	}
	return stored[2:], stored[1] == markJSON
}

const (
	metadataType  = "$metadata"
	tombstoneType = "$streamDeleted"
)

// tombstone returns the event that ends a stream permanently.
func tombstone() events.Event {
	return events.Event{ID: newID(), Type: tombstoneType, Metadata: []byte{markByte, markTombstone}}
}

func isTombstone(e *events.Event) bool {
	return len(e.Metadata) == 2 && e.Metadata[0] == markByte && e.Metadata[1] == markTombstone
}
