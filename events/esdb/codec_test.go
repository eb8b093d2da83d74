package esdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"admitone/events"
)

// structured returns an id as a message of the stubs.
func structured(id events.ID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])),
	}}}
}

var (
	anyID = rapid.Custom(func(t *rapid.T) (id events.ID) {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		return id
	})
	anyText = rapid.SliceOfN(rapid.Byte(), 0, 300)
)

// TestEncoded compares the encoding of a proposed event with that of the stubs.
func TestEncoded(t *testing.T) {
	var c encoder
	rapid.Check(t, func(t *rapid.T) {
		e := events.Event{
			ID: anyID.Draw(t, "id"), Type: rapid.String().Draw(t, "type"),
			Data: anyText.Draw(t, "data"), Metadata: anyText.Draw(t, "metadata"),
		}
		content := rapid.SampledFrom([]string{jsonContent, bytesContent}).Draw(t, "content")
		slice, err := newCodec().Marshal(c.proposed(&e, content))
		if err != nil {
			t.Fatal(err)
		}
		var got streams.AppendReq
		if err := proto.Unmarshal(slice.Materialize(), &got); err != nil {
			t.Fatal(err)
		}
		message := &streams.AppendReq_ProposedMessage{
			Id: structured(e.ID), Metadata: map[string]string{typeKey: e.Type, contentKey: content},
			CustomMetadata: e.Metadata, Data: e.Data,
		}
		want := &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: message}}
		if !proto.Equal(&got, want) {
			t.Errorf("%v\nwant\n%v", &got, want)
		}
	})
}

// TestReceived: messages of the stubs are decoded completely, one after another.
func TestReceived(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r received
		var retained []events.Recorded
		var wants []events.Recorded
		for range rapid.IntRange(1, 20).Draw(t, "messages") {
			m, want := anyResponse(t)
			text, err := proto.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
			lasting := rapid.Bool().Draw(t, "lasting")
			received := mem.BufferSlice{mem.SliceBuffer(text[:cut]), mem.SliceBuffer(text[cut:])}
			switch {
			case lasting:
				received = mem.BufferSlice{mem.SliceBuffer(text)}
			case cut == 0:
				received = mem.BufferSlice{reused{mem.SliceBuffer(text)}}
			}
			if err := newCodec().Unmarshal(received, &r); err != nil {
				t.Fatal(err)
			}
			if !lasting {
				clear(text) // gRPC reuses it
			}
			if r.isEvent != (m.GetEvent() != nil) || r.isCaughtUp != (m.GetCheckpoint() != nil) || r.damage != nil {
				t.Fatalf("decoded %+v, want %v", r, m)
			}
			if r.caughtUpTo.commit != m.GetCheckpoint().GetCommitPosition() ||
				r.caughtUpTo.prepare != m.GetCheckpoint().GetPreparePosition() {
				t.Errorf("decoded checkpoint %v, want %v", r.caughtUpTo, m)
			}
			if r.isEvent {
				retained, wants = append(retained, r.event), append(wants, want)
			}
		}
		for i, got := range retained { // later messages must not overwrite earlier ones
			want := wants[i]
			if got.ID != want.ID || got.Type != want.Type || got.Stream != want.Stream ||
				got.Revision != want.Revision || got.Position != want.Position ||
				!got.Created.Equal(want.Created) || !bytes.Equal(got.Data, want.Data) || !bytes.Equal(got.Metadata, want.Metadata) {
				t.Errorf("%+v\nwant\n%+v", got, want)
			}
		}
	})
}

// reused is a buffer that gRPC reuses.
type reused struct{ mem.Buffer }

// anyResponse returns a random message, and its event if it has one.
func anyResponse(t *rapid.T) (*streams.ReadResp, events.Recorded) {
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		return &streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: &streams.ReadResp_Checkpoint{
			CommitPosition: rapid.Uint64().Draw(t, "commit"), PreparePosition: rapid.Uint64().Draw(t, "prepare"),
		}}}, events.Recorded{}
	case 1:
		return &streams.ReadResp{Content: &streams.ReadResp_Confirmation{
			Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: rapid.String().Draw(t, "id")},
		}}, events.Recorded{}
	case 2:
		last := &streams.ReadResp_LastStreamPosition{LastStreamPosition: rapid.Uint64().Draw(t, "last")}
		return &streams.ReadResp{Content: last}, events.Recorded{}
	}
	ticks := rapid.Int64Range(-1<<40, 1<<55).Draw(t, "created")
	r := events.Recorded{
		Event: events.Event{
			ID: anyID.Draw(t, "id"), Type: rapid.StringN(1, 40, 80).Draw(t, "type"),
			Data: anyText.Draw(t, "data"), Metadata: anyText.Draw(t, "metadata"),
		},
		Stream:   events.StreamID(rapid.String().Draw(t, "stream")),
		Revision: events.Revision(rapid.Int64Range(0, math.MaxInt64).Draw(t, "revision")),
		Position: events.Position(rapid.Uint64Range(0, math.MaxInt64).Draw(t, "position")),
		Created:  time.Unix(0, 0).Add(time.Duration(ticks/1e7) * time.Second).Add(time.Duration(ticks%1e7) * tick),
	}
	id := structured(r.ID)
	if rapid.Bool().Draw(t, "string") {
		id = &shared.UUID{Value: &shared.UUID_String_{String_: r.ID.String()}}
	}
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: uint64(r.Position)},
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id: id, StreamIdentifier: identifier(r.Stream), StreamRevision: uint64(r.Revision),
			CommitPosition: uint64(r.Position), PreparePosition: uint64(r.Position), CustomMetadata: r.Metadata, Data: r.Data,
			Metadata: map[string]string{typeKey: r.Type, contentKey: jsonContent,
				createdKey: strconv.FormatInt(ticks, 10), "other": "x"},
		},
	}}}, r
}

// TestReceivedDamage: an event without a required part is damage.
func TestReceivedDamage(t *testing.T) {
	for name, spoil := range map[string]func(*streams.ReadResp_ReadEvent){
		"Event": func(e *streams.ReadResp_ReadEvent) { e.Link, e.Event = e.Event, nil },
		"ID":    func(e *streams.ReadResp_ReadEvent) { e.Event.Id = nil },
		"Text": func(e *streams.ReadResp_ReadEvent) {
			e.Event.Id = &shared.UUID{Value: &shared.UUID_String_{String_: "x"}}
		},
		"Created":  func(e *streams.ReadResp_ReadEvent) { delete(e.Event.Metadata, createdKey) },
		"Time":     func(e *streams.ReadResp_ReadEvent) { e.Event.Metadata[createdKey] = "now" },
		"Position": func(e *streams.ReadResp_ReadEvent) { e.Event.CommitPosition = 1 << 63 },
	} {
		e := &streams.ReadResp_ReadEvent{Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id: structured(events.ID{1}), StreamIdentifier: identifier("a-1"), Metadata: map[string]string{createdKey: "5"},
		}}
		spoil(e)
		text, err := proto.Marshal(&streams.ReadResp{Content: &streams.ReadResp_Event{Event: e}})
		if err != nil {
			t.Fatal(err)
		}
		var r received
		if err := r.decode(text, false); err != nil || !r.isEvent || !errors.Is(r.damage, events.ErrDamaged) {
			t.Errorf("%s: %v, damage %v; want a damaged event", name, err, r.damage)
		}
	}
}

// FuzzReceived: decode does not panic, and accepts every message that the stubs accept.
func FuzzReceived(f *testing.F) {
	f.Add([]byte("\x0a\x02\x0a\x00"))
	f.Add([]byte{0x1a, 0x04, 0x08, 0x01, 0x10, 0x02})
	f.Fuzz(func(t *testing.T, text []byte) {
		var r received
		err := r.decode(text, false)
		var m streams.ReadResp
		if proto.Unmarshal(text, &m) != nil {
			return
		}
		if err != nil {
			t.Fatalf("decode: %v, want no error for %v", err, &m)
		}
		if want := m.GetEvent() != nil; want && !r.isEvent {
			t.Errorf("decoded %+v, want an event from %v", r, &m)
		}
	})
}
