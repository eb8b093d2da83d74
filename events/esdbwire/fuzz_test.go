package esdbwire

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"admitone/events"
)

// fakeCall is the server's side of a call, without a connection. It ends after its messages, or when a
// subscription has caught up.
type fakeCall struct {
	grpc.ServerStream
	ctx     context.Context
	end     context.CancelFunc
	append  []*streams.AppendReq
	batch   [][]byte
	answers int
}

func newFakeCall(t *testing.T) *fakeCall {
	ctx, cancel := context.WithCancel(grpc.NewContextWithServerTransportStream(t.Context(), &fakeTransport{}))
	return &fakeCall{ctx: ctx, end: cancel}
}

// fakeTransport accepts trailers.
type fakeTransport struct{ grpc.ServerTransportStream }

func (*fakeTransport) SetTrailer(metadata.MD) error { return nil }

func (c *fakeCall) Context() context.Context { return c.ctx }

func (c *fakeCall) SendMsg(any) error { return nil }

func (c *fakeCall) Send(m *streams.ReadResp) error {
	if m.GetCaughtUp() != nil {
		c.end()
	}
	return nil
}

type fakeAppend struct{ *fakeCall }

func (fakeAppend) SendAndClose(*streams.AppendResp) error { return nil }

func (c fakeAppend) Recv() (*streams.AppendReq, error) {
	if len(c.append) == 0 {
		return nil, io.EOF
	}
	m := c.append[0]
	c.append = c.append[1:]
	return m, nil
}

type fakeBatch struct{ *fakeCall }

func (c fakeBatch) Send(*streams.BatchAppendResp) error { c.answers++; return nil }

func (c fakeBatch) SendMsg(any) error { c.answers++; return nil }

// Recv is not used: the server decodes messages itself.
func (fakeBatch) Recv() (*streams.BatchAppendReq, error) { return nil, io.EOF }

func (c fakeBatch) RecvMsg(m any) error {
	if len(c.batch) == 0 {
		return io.EOF
	}
	text := c.batch[0]
	c.batch = c.batch[1:]
	return newCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(text)}, m)
}

// newFuzzServer returns a server of a log with limits, a tombstone and events.
func newFuzzServer(t testing.TB) streamsWire {
	store := newMemlog()
	s := New(store, Config{Writable: true, Logger: discardLogger})
	for _, stream := range []events.StreamID{"a", "$$a", "b", "c"} {
		e := events.Event{ID: newID(), Type: "made", Data: []byte(`{"$maxCount":3,"$tb":1}`)}
		if stream == "b" {
			e = tombstone()
		}
		if _, err := store.Append(t.Context(), stream, events.NoStream, []events.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	return streamsWire{Server: s}
}

// noPanic fails the test if the call panicked.
func noPanic(t *testing.T, err error, message []byte) {
	if err != nil && strings.Contains(err.Error(), "Internal Error") {
		t.Fatalf("message %x caused an internal error: %v", message, err)
	}
}

// FuzzRead: no request makes the server panic.
func FuzzRead(f *testing.F) {
	s := newTranscript(f, dial(f, "127.0.0.1:0"))
	for _, words := range []string{"a start", "a 2 backward bounds", "b end text", "$all start stream:a window1",
		"$all 3/2 backward x2", "$all 7/7 subscribe types:m times2", "$$a start subscribe", "nothing start"} {
		stream, rest, _ := strings.Cut(words, " ")
		seed, err := proto.Marshal(s.request(stream, strings.Fields(rest)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		request := &streams.ReadReq{}
		if proto.Unmarshal(message, request) != nil {
			return
		}
		call := newFakeCall(t)
		defer call.end()
		w := newFuzzServer(t)
		noPanic(t, w.guardStream(nil, call, &grpc.StreamServerInfo{},
			func(any, grpc.ServerStream) error { return w.Read(request, call) }), message)
	})
}

// FuzzWrite: no message makes the server panic, decoded as each kind of write request. A batch gets at
// most one answer.
func FuzzWrite(f *testing.F) {
	s := newTranscript(f, dial(f, "127.0.0.1:0"))
	b := &batchTranscript{transcript: s}
	for _, m := range []proto.Message{
		s.options("a", "any"), s.options("a", "0"), s.proposed("e1"),
		&streams.BatchAppendReq{CorrelationId: stringOf(s.id("r")), Options: b.to("c", "any"), IsFinal: true},
		&streams.DeleteReq{Options: &streams.DeleteReq_Options{StreamIdentifier: identifier("a"),
			ExpectedStreamRevision: &streams.DeleteReq_Options_Any{Any: &shared.Empty{}}}},
	} {
		seed, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	valid := []*streams.AppendReq{s.options("a", "any"), s.proposed("e1")}
	f.Fuzz(func(t *testing.T, message []byte) {
		w := newFuzzServer(t)
		call := newFakeCall(t)
		defer call.end()
		guarded := func(handle func() error) {
			noPanic(t, w.guardStream(nil, call, &grpc.StreamServerInfo{},
				func(any, grpc.ServerStream) error { return handle() }), message)
		}
		if m := new(streams.AppendReq); proto.Unmarshal(message, m) == nil {
			for _, messages := range [][]*streams.AppendReq{{m}, {m, valid[1]}, {valid[0], m}} {
				call.append = messages
				guarded(func() error { return w.Append(fakeAppend{call}) })
			}
		}
		decoded, want := &batchRequest{types: types{}}, new(streams.BatchAppendReq)
		switch err := decoded.decode(message); {
		case (proto.Unmarshal(message, want) == nil) != (err == nil):
			t.Fatalf("decoding %x: unexpected error %v", message, err)
		case err == nil:
			compareDecoded(t, decoded, want)
			call.batch = [][]byte{message}
			guarded(func() error { return w.BatchAppend(fakeBatch{call}) })
			if call.answers > 1 {
				t.Fatalf("%d answers to %x, want at most one", call.answers, message)
			}
		}
		if m := new(streams.DeleteReq); proto.Unmarshal(message, m) == nil {
			guarded(func() error { _, err := w.Delete(call.ctx, m); return err })
		}
		if m := new(streams.TombstoneReq); proto.Unmarshal(message, m) == nil {
			guarded(func() error { _, err := w.Tombstone(call.ctx, m); return err })
		}
	})
}

// compareDecoded compares a decoded batch append with the result of the generated decoder.
func compareDecoded(t *testing.T, got *batchRequest, want *streams.BatchAppendReq) {
	if !proto.Equal(got.CorrelationId, want.CorrelationId) || !proto.Equal(got.Options, want.Options) ||
		got.IsFinal != want.IsFinal {
		t.Fatalf("decoded\n%v\nwant\n%v", &got.BatchAppendReq, want)
	}
	if len(got.proposed) != len(want.ProposedMessages) {
		t.Fatalf("%d events, want %d", len(got.proposed), len(want.ProposedMessages))
	}
	for i, m := range want.ProposedMessages {
		p := &got.proposed[i]
		e, err := eventOf(&streams.AppendReq_ProposedMessage{Id: m.Id, Metadata: m.Metadata, Data: m.Data,
			CustomMetadata: m.CustomMetadata})
		size := len(m.Data) + len(m.CustomMetadata) + typeSize(m.Metadata["type"])
		if (err == nil) != (p.err == nil) || err != nil && err.Error() != p.err.Error() || p.size != size ||
			p.event.ID != e.ID || p.event.Type != e.Type || !bytes.Equal(p.event.Data, e.Data) ||
			!bytes.Equal(p.event.Metadata, e.Metadata) {
			t.Fatalf("decoded\n%+v\nwant\n%v", p, m)
		}
	}
}

func stringOf(id events.ID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_String_{String_: id.String()}}
}
