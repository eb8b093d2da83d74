package esdb

import (
	"context"
	"errors"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"admitone/events"
	"admitone/events/esdbwire"
)

// TestAppendNotSent: a batch whose end the node has not received is not in the log.
func TestAppendNotSent(t *testing.T) {
	f, s, log := serveFaulty(t)
	batch := sampleBatch("product-1", 1500) // more than a node accepts without reading
	ctx, cancel := context.WithCancel(t.Context())
	for _, test := range []struct {
		fault fault
		cause error
	}{
		{refuse(codes.Unavailable), nil},
		{refuse(codes.Aborted), nil},
		{hang(cancel), context.Canceled},
	} {
		f.then("Append", test.fault)
		_, err := s.Append(ctx, "product-1", events.NoStream, batch)
		if !errors.Is(err, events.ErrUnavailable) || test.cause != nil && !errors.Is(err, test.cause) {
			t.Errorf("%v, want ErrUnavailable and the cause %v", err, test.cause)
		}
	}
	if head, err := log.Read(t.Context(), "product-1", 0, events.Forward, 1); err != nil || len(head) != 0 {
		t.Errorf("%d events are in the log, %v, want 0", len(head), err)
	}
	if _, err := s.Append(t.Context(), "product-1", events.NoStream, batch); err != nil {
		t.Error(err)
	}
}

// changeAnswer changes a node's answer to an append.
func changeAnswer(change func(*streams.AppendResp_Success)) fault {
	return func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error {
		return serve(changedAnswers{call, change})
	}
}

type changedAnswers struct {
	grpc.ServerStream
	change func(*streams.AppendResp_Success)
}

func (c changedAnswers) SendMsg(m any) error {
	c.change(m.(*streams.AppendResp).GetSuccess())
	return c.ServerStream.SendMsg(m)
}

// TestAppendAnswers: a missing position is read from the log, and an unexpected revision is an
// unknown outcome.
func TestAppendAnswers(t *testing.T) {
	f, s, _ := serveFaulty(t)
	f.then("Append", changeAnswer(func(success *streams.AppendResp_Success) {
		success.PositionOption = &streams.AppendResp_Success_NoPosition{NoPosition: &shared.Empty{}}
	}))
	appended, err := s.Append(t.Context(), "product-1", events.NoStream, sampleBatch("product-1", 3))
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Read(t.Context(), "product-1", 0, events.Forward, 10)
	if err != nil || len(all) != 3 || appended.Position != all[2].Position || appended.Revision != 2 {
		t.Errorf("appended %+v, %v; want revision 2 and the last of the positions %v", appended, err, positions(all))
	}
	for _, other := range []func(*streams.AppendResp_Success){
		func(success *streams.AppendResp_Success) {
			success.CurrentRevisionOption = &streams.AppendResp_Success_CurrentRevision{CurrentRevision: 77}
		},
		func(success *streams.AppendResp_Success) {
			success.CurrentRevisionOption = &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}}
		},
	} {
		f.then("Append", changeAnswer(other))
		if _, err := s.Append(t.Context(), "product-2", events.NoStream,
			sampleBatch("product-2", 1)); !errors.Is(err, events.ErrUnknown) {
			t.Errorf("%v, want ErrUnknown", err)
		}
	}
}

// TestRequestHeaders: the content type is that of all clients, and the leader is required.
func TestRequestHeaders(t *testing.T) {
	f, s, _ := serveFaulty(t)
	var header metadata.MD
	f.then("Append", func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error {
		header, _ = metadata.FromIncomingContext(call.Context())
		return serve(call)
	})
	if _, err := s.Append(t.Context(), "product-1", events.NoStream, sampleBatch("product-1", 1)); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"content-type": "application/grpc", "requires-leader": "true"} {
		if got := header.Get(key); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

// withoutPositions is a log whose answers to appends have no positions.
type withoutPositions struct {
	events.Store
	appends int // to product-1
}

// Append implements events.Store.
func (n *withoutPositions) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	if stream == "product-1" {
		n.appends++
	}
	appended, err := n.Store.Append(ctx, stream, expected, batch)
	appended.Position = 0
	return appended, err
}

// TestBatchedAppendWithoutPosition: if the answer to a batched append has no position, the position is read from the
// log.
func TestBatchedAppendWithoutPosition(t *testing.T) {
	log := &withoutPositions{Store: openLog(t, t.TempDir())}
	at := serve(t, log, "127.0.0.1:0", esdbwire.Config{Writable: true})
	defer at.stop(t)
	s := connect(t, at.address)
	defer s.Close()
	appended, err := s.Append(t.Context(), "product-1", events.NoStream, sampleBatch("product-1", 3))
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Read(t.Context(), "product-1", 0, events.Forward, 10)
	if err != nil || len(all) != 3 || appended != (events.Appended{Revision: 2, Position: all[2].Position}) ||
		log.appends != 1 {
		t.Errorf("appended %+v, %v, in %d appends; want revision 2 and the last of the positions %v, in one append",
			appended, err, log.appends, positions(all))
	}
}
