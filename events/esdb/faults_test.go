package esdb

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"admitone/events"
	"admitone/events/esdbwire"
)

// faults has planned faults for calls to a server.
type faults struct {
	mu   sync.Mutex
	plan map[string][]fault // by method; guarded by mu
}

// fault handles one call. It may call serve, which handles the call normally.
type fault func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error

// then plans faults for the next calls of a method. For reads that are subscriptions, the method is
// Subscribe.
func (f *faults) then(method string, plan ...fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.plan == nil {
		f.plan = map[string][]fault{}
	}
	f.plan[method] = append(f.plan[method], plan...)
}

func (f *faults) intercept(server any, call grpc.ServerStream, info *grpc.StreamServerInfo,
	handler grpc.StreamHandler) error {
	method := info.FullMethod[strings.LastIndex(info.FullMethod, "/")+1:]
	if method == "Read" {
		request := new(streams.ReadReq)
		if err := call.RecvMsg(request); err != nil {
			return err
		}
		if request.GetOptions().GetSubscription() != nil {
			method = "Subscribe"
		}
		call = replayed{call, request}
	}
	f.mu.Lock()
	var next fault
	if plan := f.plan[method]; len(plan) > 0 {
		next, f.plan[method] = plan[0], plan[1:]
	}
	f.mu.Unlock()
	if next == nil {
		return handler(server, call)
	}
	return next(call, func(call grpc.ServerStream) error { return handler(server, call) })
}

// replayed is a call whose request has already been received.
type replayed struct {
	grpc.ServerStream
	request *streams.ReadReq
}

func (r replayed) RecvMsg(m any) error {
	proto.Merge(m.(proto.Message), r.request)
	return nil
}

// unreached fails the test if faults are left over.
func (f *faults) unreached(t *testing.T) {
	t.Helper()
	for method, plan := range f.plan {
		if len(plan) > 0 {
			t.Errorf("%d faults of %s were not reached", len(plan), method)
		}
	}
}

// noFault serves the call normally.
func noFault(call grpc.ServerStream, serve func(grpc.ServerStream) error) error { return serve(call) }

// refuse answers immediately with an error. trailers are alternating keys and values.
func refuse(code codes.Code, trailers ...string) fault {
	return func(call grpc.ServerStream, _ func(grpc.ServerStream) error) error {
		call.SetTrailer(metadata.Pairs(trailers...))
		return status.Error(code, "planned")
	}
}

// refuseAfterRequest refuses after it has received the whole request.
func refuseAfterRequest(code codes.Code, trailers ...string) fault {
	return drain(refuse(code, trailers...))
}

// drain receives the whole request and then applies another fault.
func drain(then fault) fault {
	return func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error {
		for {
			var m streams.AppendReq
			if err := call.RecvMsg(&m); errors.Is(err, io.EOF) {
				return then(call, serve)
			} else if err != nil {
				return err
			}
		}
	}
}

// loseAnswer serves the call but answers with an error.
func loseAnswer(code codes.Code) fault {
	return func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error {
		if err := serve(silentStream{call}); err != nil {
			return err
		}
		return status.Error(code, "planned")
	}
}

// hang calls hanging and then waits until the call is cancelled.
func hang(hanging func()) fault {
	return func(call grpc.ServerStream, _ func(grpc.ServerStream) error) error {
		hanging()
		<-call.Context().Done()
		return call.Context().Err()
	}
}

// serveThenHang serves the call and then hangs without an answer.
func serveThenHang(hanging func()) fault {
	return func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error {
		if err := serve(silentStream{call}); err != nil {
			return err
		}
		return hang(hanging)(call, nil)
	}
}

// after sends the given number of messages and then ends the call with err.
func after(messages int, err error) fault {
	return func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error {
		limited := &limited{ServerStream: call, left: messages}
		if failed := serve(limited); !errors.Is(failed, errEnough) && limited.left > 0 {
			return failed
		}
		return err
	}
}

// silentStream sends nothing.
type silentStream struct{ grpc.ServerStream }

func (silentStream) SendMsg(any) error { return nil }

var errEnough = errors.New("enough was sent")

type limited struct {
	grpc.ServerStream
	left int
}

func (l *limited) SendMsg(m any) error {
	if l.left == 0 {
		return errEnough
	}
	l.left--
	return l.ServerStream.SendMsg(m)
}

// serveFaulty serves a new log with faults, and connects to it.
func serveFaulty(t *testing.T) (*faults, *Store, events.Store) {
	t.Helper()
	f := &faults{}
	at := serve(t, openLog(t, t.TempDir()), "127.0.0.1:0", esdbwire.Config{
		Writable: true, Options: []grpc.ServerOption{grpc.StreamInterceptor(f.intercept)},
	})
	s := connect(t, at.address)
	s.unbatched.Store(true) // the faults apply to a separate call
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		at.stop(t)
		f.unreached(t)
	})
	return f, s, at.log
}

// TestAppendFaults checks the error of a failed append and whether it is in the log. An append
// whose error excludes that it was written is never in the log.
func TestAppendFaults(t *testing.T) {
	unknown, unavailable := []error{events.ErrUnknown}, []error{events.ErrUnavailable}
	either := []error{events.ErrUnknown, events.ErrUnavailable} // if the node is faster than the batch
	for _, test := range []struct {
		name    string
		fault   fault
		want    []error // one of them
		written bool
	}{
		{"RefusedUnread", refuse(codes.Unavailable), either, false},
		{"Refused", refuseAfterRequest(codes.Unavailable), unknown, false},
		{"TimedOut", refuseAfterRequest(codes.Aborted), unknown, false},
		{"Internal", refuseAfterRequest(codes.Internal), unknown, false},
		{"Unknown", refuseAfterRequest(codes.Unknown), unknown, false},
		{"Exhausted", refuseAfterRequest(codes.ResourceExhausted), unknown, false},
		{"DataLoss", refuseAfterRequest(codes.DataLoss), unknown, false},
		{"BareFailedPrecondition", refuseAfterRequest(codes.FailedPrecondition), unknown, false},
		{"Denied", refuseAfterRequest(codes.PermissionDenied, "exception", "access-denied"), []error{ErrRefused}, false},
		{"DeniedUnread", refuse(codes.PermissionDenied, "exception", "access-denied"), []error{ErrRefused}, false},
		{"WrongPassword", refuse(codes.Unauthenticated), []error{ErrRefused}, false},
		{"Malformed", refuseAfterRequest(codes.InvalidArgument), []error{ErrRefused}, false},
		{"Unimplemented", refuse(codes.Unimplemented), []error{ErrRefused}, false},
		{"Deleted", refuseAfterRequest(codes.FailedPrecondition, "exception", "stream-deleted", "stream-name", "x"),
			[]error{ErrRefused}, false},
		{"TooLarge", refuse(codes.InvalidArgument, "exception", "maximum-append-size-exceeded"),
			[]error{events.ErrTooLarge}, false},
		{"EventTooLarge", refuseAfterRequest(codes.InvalidArgument, "exception",
			"maximum-append-event-size-exceeded"), []error{events.ErrTooLarge}, false},
		{"WrongVersion", refuseAfterRequest(codes.FailedPrecondition, "exception", "wrong-expected-version"),
			[]error{events.ErrConflict}, false},
		{"NoLeader", refuseAfterRequest(codes.NotFound, "exception", "not-leader"), unavailable, false},
		{"LostUnavailable", loseAnswer(codes.Unavailable), unknown, true},
		{"LostAborted", loseAnswer(codes.Aborted), unknown, true},
		{"LostCanceled", loseAnswer(codes.Canceled), unknown, true},
		{"LostOK", loseAnswer(codes.OK), unknown, true}, // an end without an answer
	} {
		t.Run(test.name, func(t *testing.T) {
			f, s, log := serveFaulty(t)
			f.then("Append", test.fault)
			batch := sampleBatch("product-1", 5)
			_, err := s.Append(t.Context(), "product-1", events.NoStream, batch)
			if !isAnyOf(err, test.want) {
				t.Errorf("%v, want one of %v", err, test.want)
			}
			if errors.Is(err, ErrRefused) && !errors.Is(err, events.ErrUnavailable) {
				t.Errorf("%v is not an error of events.Store", err)
			}
			checkWritten(t, log, test.written)
			// A retry yields one append, whether or not the first was written.
			appended, err := s.Append(t.Context(), "product-1", events.NoStream, batch)
			if err != nil || appended.Revision != 4 || appended.Position == 0 {
				t.Errorf("repeated append: %+v, %v; want revision 4", appended, err)
			}
			checkWritten(t, log, true)
			_, err = s.Append(t.Context(), "product-1", events.NoStream, sampleBatch("product-2", 1))
			if !errors.Is(err, events.ErrConflict) {
				t.Errorf("another one at the same revision: %v, want %v", err, events.ErrConflict)
			}
		})
	}
}

func isAnyOf(err error, of []error) bool {
	for _, want := range of {
		if errors.Is(err, want) {
			return true
		}
	}
	return false
}

func checkWritten(t *testing.T, log events.Store, written bool) {
	t.Helper()
	page, err := log.Read(context.Background(), "product-1", 0, events.Forward, 10)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[bool]int{true: 5}[written]; len(page) != want {
		t.Fatalf("%d events are in the stream, want %d", len(page), want)
	}
}

// TestAppendObeysItsContext: a node that hangs, before or after it has written, does not block an
// append.
func TestAppendObeysItsContext(t *testing.T) {
	for _, written := range []bool{false, true} {
		f, s, log := serveFaulty(t)
		ctx, cancel := context.WithCancel(t.Context())
		if written {
			f.then("Append", serveThenHang(cancel))
		} else {
			f.then("Append", drain(hang(cancel)))
		}
		_, err := s.Append(ctx, "product-1", events.NoStream, sampleBatch("product-1", 5))
		if !errors.Is(err, events.ErrUnknown) || !errors.Is(err, context.Canceled) {
			t.Errorf("written %t: %v, want %v, %v", written, err, events.ErrUnknown, context.Canceled)
		}
		checkWritten(t, log, written)
	}
}

// TestReadFaults checks the error of a failed read, with which no events are returned.
func TestReadFaults(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault fault
		want  []error
	}{
		{"Unavailable", refuse(codes.Unavailable), []error{events.ErrUnavailable}},
		{"Reset", after(3, status.Error(codes.Unavailable, "planned")), []error{events.ErrUnavailable}},
		{"Internal", after(3, status.Error(codes.Internal, "planned")), []error{events.ErrUnavailable}},
		{"Canceled", after(3, status.Error(codes.Canceled, "planned")), []error{events.ErrUnavailable}},
		{"Denied", refuse(codes.PermissionDenied, "exception", "access-denied"), []error{ErrRefused}},
		{"Damaged", after(3, status.Error(codes.DataLoss, "planned")), []error{events.ErrDamaged}},
		{"Deleted", refuse(codes.FailedPrecondition, "exception", "stream-deleted", "stream-name", "x"),
			[]error{events.ErrDamaged}},
		{"NoLeader", refuse(codes.NotFound, "exception", "not-leader"), []error{events.ErrUnavailable}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, s, _ := serveFaulty(t)
			if _, err := s.Append(t.Context(), "product-1", events.NoStream, sampleBatch("product-1", 5)); err != nil {
				t.Fatal(err)
			}
			f.then("Read", test.fault)
			page, err := s.Read(t.Context(), "product-1", 0, events.Forward, 10)
			if !isAnyOf(err, test.want) || len(page) != 0 {
				t.Errorf("%d events, %v, want %v", len(page), err, test.want)
			}
			page, err = s.Read(t.Context(), "product-1", 0, events.Forward, 10)
			if err != nil || len(page) != 5 {
				t.Errorf("repeated read: %d events, %v, want 5", len(page), err)
			}
		})
	}
}

func TestReadObeysItsContext(t *testing.T) {
	f, s, _ := serveFaulty(t)
	for name, call := range map[string]func(context.Context) error{
		"Read":    func(ctx context.Context) error { _, err := s.Read(ctx, "a-1", 0, events.Forward, 1); return err },
		"ReadAll": func(ctx context.Context) error { _, err := s.ReadAll(ctx, 0, events.Forward, 1); return err },
		"Head":    func(ctx context.Context) error { _, err := s.Head(ctx); return err },
		"Follow": func(ctx context.Context) error {
			return s.Follow(ctx, 0, func([]events.Recorded) error { return nil })
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		f.then(map[bool]string{true: "Subscribe", false: "Read"}[name == "Follow"], hang(cancel))
		if err := call(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, events.ErrUnavailable) {
			t.Errorf("%s: %v, want %v and not ErrUnavailable", name, err, context.Canceled)
		}
	}
}

// TestInvalidAppendsAreNotSent: an invalid append is refused without a call to the node.
func TestInvalidAppendsAreNotSent(t *testing.T) {
	f, s, _ := serveFaulty(t)
	f.then("Append", refuse(codes.DataLoss))
	sample := func(change func(*events.Event)) []events.Event {
		batch := sampleBatch("a-1", 2)
		change(&batch[1])
		return batch
	}
	plain := sample(func(*events.Event) {})
	large := func(size int) []events.Event {
		return sample(func(e *events.Event) { e.Data = make([]byte, size) })
	}
	fits := DefaultMaxAppend - sizeOf(&plain[0]) - len(plain[1].Metadata) - 2*len(plain[1].Type)
	for _, test := range []struct {
		name     string
		stream   events.StreamID
		expected events.Revision
		batch    []events.Event
		want     error
	}{
		{"Empty", "a-1", events.NoStream, nil, ErrRefused},
		{"NoName", "", events.NoStream, plain, ErrRefused},
		{"System", "$a-1", events.NoStream, plain, ErrRefused},
		{"Metadata", "$$a-1", events.NoStream, plain, ErrRefused},
		{"Own", epochStream, events.NoStream, plain, ErrRefused},
		{"NoText", "a-\xff", events.NoStream, plain, ErrRefused},
		{"Any", "a-1", -2, plain, ErrRefused},
		{"NoID", "a-1", events.NoStream, sample(func(e *events.Event) { e.ID = events.ID{} }), ErrRefused},
		{"NoType", "a-1", events.NoStream, sample(func(e *events.Event) { e.Type = "" }), ErrRefused},
		{"SystemType", "a-1", events.NoStream, sample(func(e *events.Event) { e.Type = "$>" }), ErrRefused},
		{"TooLarge", "a-1", events.NoStream, large(fits + 1), events.ErrTooLarge},
	} {
		if _, err := s.Append(t.Context(), test.stream, test.expected, test.batch); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	if _, err := s.Append(t.Context(), "a-1", events.NoStream,
		plain); !isAnyOf(err, []error{events.ErrUnknown, events.ErrUnavailable}) {
		t.Errorf("the planned fault did not affect this append: %v", err)
	}
	if _, err := s.Append(t.Context(), "a-1", events.NoStream, large(fits)); err != nil {
		t.Errorf("the largest append: %v", err)
	}
}
