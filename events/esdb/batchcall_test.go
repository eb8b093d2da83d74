package esdb

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
	"pgregory.net/rapid"

	"admitone/events"
	"admitone/events/esdbwire"
)

// TestBatchedEncoding compares the encoding of an append in a batch with that of the stubs.
func TestBatchedEncoding(t *testing.T) {
	var c encoder
	rapid.Check(t, func(t *rapid.T) {
		p := &proposal{stream: events.StreamID(rapid.String().Draw(t, "stream")), content: jsonContent,
			expected: events.Revision(rapid.Int64Min(-1).Draw(t, "expected"))}
		b := &batched{number: rapid.Uint64().Draw(t, "number"), proposal: p}
		want := &streams.BatchAppendReq{IsFinal: true, Options: &streams.BatchAppendReq_Options{
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(p.stream)}}}
		if p.expected == events.NoStream {
			want.Options.ExpectedStreamPosition = &streams.BatchAppendReq_Options_NoStream{NoStream: &emptypb.Empty{}}
		} else {
			want.Options.ExpectedStreamPosition = &streams.BatchAppendReq_Options_StreamPosition{
				StreamPosition: uint64(p.expected)}
		}
		for range rapid.IntRange(0, 3).Draw(t, "events") {
			e := events.Event{ID: anyID.Draw(t, "id"), Type: rapid.String().Draw(t, "type"),
				Data: anyText.Draw(t, "data"), Metadata: anyText.Draw(t, "metadata")}
			p.batch = append(p.batch, e)
			want.ProposedMessages = append(want.ProposedMessages, &streams.BatchAppendReq_ProposedMessage{
				Id: structured(e.ID), Metadata: map[string]string{typeKey: e.Type, contentKey: jsonContent},
				CustomMetadata: e.Metadata, Data: e.Data})
		}
		run := rapid.Uint64().Draw(t, "run")
		want.CorrelationId = &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
			MostSignificantBits: int64(run), LeastSignificantBits: int64(b.number)}}}
		slice, err := newCodec().Marshal(c.batched(run, b))
		if err != nil {
			t.Fatal(err)
		}
		var got streams.BatchAppendReq
		if err := proto.Unmarshal(slice.Materialize(), &got); err != nil || !proto.Equal(&got, want) {
			t.Errorf("%v, %v\nwant\n%v", &got, err, want)
		}
	})
}

// TestBatchedAnswers covers every answer of a node to an append in a batch.
func TestBatchedAnswers(t *testing.T) {
	p := &proposal{stream: "a-1", expected: 4, batch: sampleBatch("a-1", 2)}
	refusal := func(detail proto.Message) *streams.BatchAppendResp {
		packed, err := anypb.New(detail)
		if err != nil {
			t.Fatal(err)
		}
		return &streams.BatchAppendResp{Result: &streams.BatchAppendResp_Error{Error: &rpc.Status{Code: 2, Message: "x",
			Details: []*anypb.Any{packed}}}}
	}
	success := func(revision uint64) *streams.BatchAppendResp {
		return &streams.BatchAppendResp{Result: &streams.BatchAppendResp_Success_{Success: &streams.BatchAppendResp_Success{
			CurrentRevisionOption: &streams.BatchAppendResp_Success_CurrentRevision{CurrentRevision: revision},
			PositionOption: &streams.BatchAppendResp_Success_Position{
				Position: &shared.AllStreamPosition{CommitPosition: 77, PreparePosition: 77}}}}}
	}
	for name, c := range map[string]struct {
		answer *streams.BatchAppendResp
		want   error // nil: it succeeds
	}{
		"success":                {success(6), nil},
		"unexpected revision":    {success(9), events.ErrUnknown},
		"no result":              {&streams.BatchAppendResp{}, events.ErrUnknown},
		"wrong expected version": {refusal(&shared.WrongExpectedVersion{}), events.ErrConflict},
		"stream deleted":         {refusal(&shared.StreamDeleted{}), ErrRefused},
		"access denied":          {refusal(&shared.AccessDenied{}), ErrRefused},
		"bad request":            {refusal(&shared.BadRequest{}), ErrRefused},
		"too large":              {refusal(&shared.MaximumAppendSizeExceeded{MaxAppendSize: 40_000}), events.ErrTooLarge},
		"timeout":                {refusal(&shared.Timeout{}), events.ErrUnknown},
		"unknown error":          {refusal(&shared.Unknown{}), events.ErrUnknown},
		"no detail": {&streams.BatchAppendResp{Result: &streams.BatchAppendResp_Error{Error: &rpc.Status{Code: 2}}},
			events.ErrUnknown},
	} {
		c.answer.CorrelationId = &shared.UUID{Value: &shared.UUID_String_{String_: "00000000-0000-0007-0000-000000000009"}}
		text, err := proto.Marshal(c.answer)
		var a batchAnswer
		if err = errors.Join(err, a.decode(text, false)); err != nil || a.run != 7 || a.number != 9 {
			t.Fatalf("%s: %+v, %v, want run 7, number 9", name, a, err)
		}
		appended, err := a.result(p)
		var f *failure
		if errors.As(err, &f) {
			if err = translate(t.Context(), f); f.tooLarge() {
				err = (&Store{}).noteLimit(f)
			}
		}
		if !errors.Is(err, c.want) || c.want == nil && (appended != events.Appended{Revision: 6, Position: 77}) {
			t.Errorf("%s: %+v, error %v; want error %v", name, appended, err, c.want)
		}
	}
}

// serveBatches is serveFaulty for appends that share calls.
func serveBatches(t *testing.T) (*faults, *Store, events.Store) {
	t.Helper()
	f, s, log := serveFaulty(t)
	s.unbatched.Store(false)
	return f, s, log
}

// appendMany appends to n streams concurrently, and returns the results.
func appendMany(s *Store, n int) []error {
	failed := make([]error, n)
	var wg sync.WaitGroup
	for i := range failed {
		wg.Go(func() {
			stream := events.NewStreamID("product", strconv.Itoa(i))
			_, failed[i] = s.Append(context.Background(), stream, events.NoStream, sampleBatch(stream, 1+i%3))
		})
	}
	wg.Wait()
	return failed
}

// TestAppendsShareCalls: appends of many callers share a call, and each caller gets its result.
func TestAppendsShareCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, log := newNetwork(), newMemory()
		var calls atomic.Int64
		n.start("a:2113", log, esdbwire.Config{Options: []grpc.ServerOption{grpc.StreamInterceptor(
			func(server any, call grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
				if info.FullMethod == streams.Streams_BatchAppend_FullMethodName {
					calls.Add(1)
				}
				return handler(server, call)
			})}})
		s := n.connect(t, "esdb://a?tls=false")
		for _, err := range appendMany(s, 300) {
			if err != nil {
				t.Error(err)
			}
		}
		for i, err := range appendMany(s, 300) { // the same events again
			if err != nil {
				t.Errorf("repeated append %d: %v", i, err)
			}
		}
		if n := calls.Load(); n > 2 {
			t.Errorf("%d calls of BatchAppend, want at most 2", n)
		}
		if _, err := s.Append(t.Context(), "product-0", 7, sampleBatch("b", 1)); !errors.Is(err, events.ErrConflict) {
			t.Errorf("at another revision: %v, want %v", err, events.ErrConflict)
		}
		time.Sleep(time.Minute)
		s.Close()
		n.kill(t, "a:2113")
	})
}

// answering is a call of BatchAppend whose answers pass through deliver, which may keep them or end
// the call.
type answering struct {
	grpc.ServerStream
	deliver func(m any, send func(any) error) error
}

func (a answering) SendMsg(m any) error { return a.deliver(m, a.ServerStream.SendMsg) }

// cutAfter ends a call after a number of answers; everything that the node has received is written.
func cutAfter(answers int64, err error) fault {
	return func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error {
		cut, served := make(chan struct{}), make(chan error, 1)
		var given atomic.Int64
		go func() {
			served <- serve(answering{call, func(m any, send func(any) error) error {
				switch n := given.Add(1); {
				case n <= answers:
					return send(m)
				case n == answers+1:
					close(cut)
				}
				return err
			}})
		}()
		select {
		case <-cut:
			return err
		case err := <-served:
			return err
		}
	}
}

// TestBatchCut: a call ends after some of its appends are answered. Those are in the log; the others
// may be, and can be repeated.
func TestBatchCut(t *testing.T) {
	for _, answers := range []int64{0, 1, 7, 39} {
		f, s, log := serveBatches(t)
		f.then("BatchAppend", cutAfter(answers, status.Error(codes.Unavailable, "planned")))
		answered := int64(0)
		for i, err := range appendMany(s, 40) {
			stream := events.NewStreamID("product", strconv.Itoa(i))
			page, failed := log.Read(t.Context(), stream, 0, events.Forward, 10)
			switch {
			case failed != nil || len(page) != 0 && len(page) != 1+i%3:
				t.Errorf("%s has %d events, %v; want all of the batch or none", stream, len(page), failed)
			case err == nil && len(page) == 0:
				t.Errorf("%s was acknowledged but is missing", stream)
			case errors.Is(err, events.ErrUnavailable) && len(page) > 0:
				t.Errorf("%s failed with ErrUnavailable but was written", stream)
			case err != nil && !errors.Is(err, events.ErrUnknown) && !errors.Is(err, events.ErrUnavailable):
				t.Errorf("append to %s: unexpected error %v", stream, err)
			case err == nil:
				answered++
			}
		}
		if answered < answers {
			t.Errorf("%d appends were answered, want at least %d", answered, answers)
		}
		for i, err := range appendMany(s, 40) {
			if err != nil {
				t.Errorf("repeated append %d: %v", i, err)
			}
		}
		if head, err := s.Head(t.Context()); err != nil || head == 0 {
			t.Errorf("head = %d, %v; want the appended events", head, err)
		}
	}
}

// TestBatchReordered: answers arrive in another order, and twice each.
func TestBatchReordered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, f := newNetwork(), &faults{}
		n.start("a:2113", newMemory(), esdbwire.Config{Options: []grpc.ServerOption{grpc.StreamInterceptor(f.intercept)}})
		s := n.connect(t, "esdb://a?tls=false")
		var delayed []any
		f.then("BatchAppend", func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error {
			return serve(answering{call, func(m any, send func(any) error) error {
				if delayed = append(delayed, m); len(delayed) < 20 { // the server sends one at a time
					return nil
				}
				for i := range delayed {
					last := delayed[len(delayed)-1-i]
					if err := errors.Join(send(last), send(last)); err != nil {
						return err
					}
				}
				return nil
			}})
		})
		for i, err := range appendMany(s, 20) {
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		for i := range 20 {
			stream := events.NewStreamID("product", strconv.Itoa(i))
			page, err := s.Read(t.Context(), stream, 0, events.Forward, 10)
			if err != nil || len(page) != 1+i%3 {
				t.Errorf("%s has %d events, %v, want %d", stream, len(page), err, 1+i%3)
			}
		}
		s.Close()
		n.kill(t, "a:2113")
	})
}

// TestBatchRefused: a call that is refused as a whole fails its appends, and the next call works.
func TestBatchRefused(t *testing.T) {
	for name, c := range map[string]struct {
		fault fault
		want  []error
	}{
		"unavailable":     {refuse(codes.Unavailable), []error{events.ErrUnknown, events.ErrUnavailable}},
		"internal":        {refuse(codes.Internal), []error{events.ErrUnknown, events.ErrUnavailable}},
		"no error":        {refuse(codes.OK), []error{events.ErrUnknown, events.ErrUnavailable}},
		"unauthenticated": {refuse(codes.Unauthenticated), []error{ErrRefused}},
		"no leader":       {refuse(codes.NotFound, "exception", "not-leader"), []error{events.ErrUnavailable}},
		"unimplemented":   {refuse(codes.Unimplemented), []error{nil}},
	} {
		f, s, _ := serveBatches(t)
		f.then("BatchAppend", c.fault)
		for i, err := range appendMany(s, 5) {
			if !isAnyOf(err, c.want) && err != nil {
				t.Errorf("%s, append %d: %v, want one of %v", name, i, err, c.want)
			}
		}
		for i, err := range appendMany(s, 5) {
			if err != nil {
				t.Errorf("%s, repeated append %d: %v", name, i, err)
			}
		}
		if got, want := s.unbatched.Load(), name == "unimplemented"; got != want {
			t.Errorf("%s: unbatched = %t, want %t", name, got, want)
		}
	}
}

// TestBatchObeysContexts: a caller that stops waiting does not affect the others, and gets an error for
// the stage of its append.
func TestBatchObeysContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, f := newNetwork(), &faults{}
		n.start("a:2113", newMemory(), esdbwire.Config{Options: []grpc.ServerOption{grpc.StreamInterceptor(f.intercept)}})
		s := n.connect(t, "esdb://a?tls=false")
		release := make(chan struct{})
		f.then("BatchAppend", func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error {
			<-release
			return serve(call)
		})
		others := make(chan []error)
		go func() { others <- appendMany(s, 5) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := s.Append(ctx, "seat-1", events.NoStream, sampleBatch("seat-1", 1))
		if !errors.Is(err, events.ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) ||
			time.Since(start) != 10*time.Millisecond {
			t.Errorf("after %v: %v, want the deadline's error after 10ms", time.Since(start), err)
		}
		close(release)
		for i, err := range <-others {
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		s.Close()
		n.kill(t, "a:2113")
	})
}
