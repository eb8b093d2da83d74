package esdbwire

import (
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"admitone/events"
)

// TestPlainBatches: usual messages of a batch append are decoded and answered without the stubs, with the
// same result. Unusual messages are left to the stubs.
func TestPlainBatches(t *testing.T) {
	at := func(revision uint64) *streams.BatchAppendReq_Options {
		return &streams.BatchAppendReq_Options{StreamIdentifier: identifier("seat-gala~A-1-1"),
			ExpectedStreamPosition: &streams.BatchAppendReq_Options_StreamPosition{StreamPosition: revision}}
	}
	none := &streams.BatchAppendReq_Options{StreamIdentifier: identifier("seat-gala~A-1-1"),
		ExpectedStreamPosition: &streams.BatchAppendReq_Options_NoStream{NoStream: &emptypb.Empty{}}}
	limited := at(1)
	limited.DeadlineOption = &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(1)}
	existing := &streams.BatchAppendReq_Options{StreamIdentifier: identifier("a"),
		ExpectedStreamPosition: &streams.BatchAppendReq_Options_StreamExists{StreamExists: &emptypb.Empty{}}}
	for name, c := range map[string]struct {
		id             *shared.UUID
		options        *streams.BatchAppendReq_Options
		plain, success bool
	}{
		"the first revision":  {structuredID(newID()), at(0), true, true},
		"a revision":          {structuredID(newID()), at(1 << 40), true, true},
		"no stream":           {structuredID(newID()), none, true, true},
		"no options":          {structuredID(newID()), nil, true, false},
		"no id":               {nil, none, true, false},
		"an id without parts": {structuredID(events.ID{}), none, true, false},
		"an id as text":       {stringOf(newID()), none, false, false},
		"a deadline":          {structuredID(newID()), limited, false, true},
		"an existing stream":  {structuredID(newID()), existing, false, false},
	} {
		want := &streams.BatchAppendReq{CorrelationId: c.id, Options: c.options, IsFinal: true}
		message, err := proto.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got batchRequest
		if plain := got.decodePlain(message); plain != c.plain {
			t.Errorf("%s: decoded without the stubs: %t, want %t", name, plain, c.plain)
		}
		got = batchRequest{}
		err = got.decode(message)
		clear(message) // the options must not retain it
		if err != nil || !proto.Equal(&got.BatchAppendReq, want) {
			t.Errorf("%s: decoded as %v, %v; want %v", name, &got.BatchAppendReq, err, want)
		}
		a, result := &batch{id: c.id, options: c.options}, written{Revision: 7, Position: 1 << 50}
		answer := a.success(result)
		if (answer != nil) != c.success {
			t.Errorf("%s: answered without the stubs: %t, want %t", name, answer != nil, c.success)
		}
		if answer == nil {
			continue
		}
		wanted, sent := a.response(), new(streams.BatchAppendResp)
		wanted.Result = result.batchResult()
		if err := proto.Unmarshal(answer.buffer.ReadOnlyData(), sent); err != nil || !proto.Equal(sent, wanted) {
			t.Errorf("%s: answered with %v, %v; want %v", name, sent, err, wanted)
		}
		for _, other := range []written{{Revision: events.NoStream, Position: 3}, {Revision: 3}} {
			if a.success(other) != nil {
				t.Errorf("%s: %+v was answered without the stubs, want no answer", name, other)
			}
		}
	}
}
