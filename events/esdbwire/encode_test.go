package esdbwire

import (
	"strconv"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"admitone/events"
)

// asMessage returns an event as a message of the stubs.
func asMessage(e *events.Recorded, text bool) *streams.ReadResp {
	id := structuredID(e.ID)
	if text {
		id = &shared.UUID{Value: &shared.UUID_String_{String_: e.ID.String()}}
	}
	metadata, isJSON := withoutMarker(e.Metadata)
	content := map[bool]string{true: "application/json", false: "application/octet-stream"}[isJSON]
	revision := uint64(e.Revision)
	if isTombstone(&e.Event) {
		revision = 1<<63 - 1
	}
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id: id, StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(e.Stream)},
			StreamRevision: revision, PreparePosition: uint64(e.Position), CommitPosition: uint64(e.Position),
			Metadata:       map[string]string{"type": e.Type, "content-type": content, "created": created(e.Created)},
			CustomMetadata: metadata, Data: e.Data,
		},
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: uint64(e.Position)},
	}}}
}

// created returns the number of ticks of 100 ns since 1970.
func created(t time.Time) string {
	return strconv.FormatInt(t.UnixMicro()*10+int64(t.Nanosecond()%1000/100), 10)
}

// TestEncodedEvents compares the encoding with that of the stubs.
func TestEncodedEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.OneOf(rapid.SliceOf(rapid.Byte()), rapid.SliceOfN(rapid.Byte(), 300, 300))
		e := &events.Recorded{
			Event: events.Event{
				Type: rapid.StringN(1, 200, -1).Draw(t, "type"), Data: bytes.Draw(t, "data"),
				Metadata: withMarker(bytes.Draw(t, "metadata"), rapid.Bool().Draw(t, "json")),
			},
			Stream:   events.StreamID(rapid.StringN(1, 200, -1).Draw(t, "stream")),
			Revision: events.Revision(rapid.Int64Min(0).Draw(t, "revision")),
			Position: events.Position(rapid.Uint64Range(1, 1<<63-1).Draw(t, "position")),
			Created: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "seconds"),
				100*rapid.Int64Range(0, 9_999_999).Draw(t, "ticks")),
		}
		if rapid.Bool().Draw(t, "tombstone") {
			e.Event = tombstone()
		}
		// Halves of zero are left out on the wire.
		copy(e.ID[:], rapid.SampledFrom([]string{"", "\x00\x00\x00\x00\x00\x00\x00\x01",
			"\x00\x00\x00\x00\x00\x00\x00\x00\xff", "0123456789abcdef"}).Draw(t, "id"))
		text := rapid.Bool().Draw(t, "text")
		buffers, err := newCodec().Marshal((&encoder{strings: text}).event(e))
		if err != nil {
			t.Fatal(err)
		}
		var got streams.ReadResp
		if err := proto.Unmarshal(buffers.Materialize(), &got); err != nil {
			t.Fatal(err)
		}
		want := asMessage(e, text)
		if !proto.Equal(&got, want) {
			t.Fatalf("encoded\n%v\nwant\n%v", &got, want)
		}
	})
}

// TestMarkers: any metadata are read as written, and no metadata make a tombstone.
func TestMarkers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		metadata := rapid.OneOf(rapid.SliceOf(rapid.Byte()),
			rapid.Map(rapid.SampledFrom([]string{"", "\x00", "\x00t", "\x00b", "\x00j", `{"a":1}`}),
				func(s string) []byte { return []byte(s) })).Draw(t, "metadata")
		json := rapid.Bool().Draw(t, "json")
		stored := withMarker(metadata, json)
		if isTombstone(&events.Event{Type: tombstoneType, Metadata: stored}) {
			t.Fatalf("metadata %q make a tombstone", metadata)
		}
		got, gotJSON := withoutMarker(stored)
		if string(got) != string(metadata) || gotJSON != json {
			t.Fatalf("read metadata %q (JSON %t), want %q (JSON %t)", got, gotJSON, metadata, json)
		}
		if json && len(metadata) > 0 && metadata[0] == '{' && string(stored) != string(metadata) {
			t.Fatalf("stored metadata %q, want %q", stored, metadata)
		}
	})
}
