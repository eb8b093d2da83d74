package esdb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"admitone/events"
)

// ErrRefused is wrapped by errors that no retry can fix: the user lacks a permission, the stream
// was deleted, or the request is invalid.
var ErrRefused = errors.New("the log refused the request")

// stage is how far a call had progressed when it failed.
type stage int

const (
	readOnly stage = iota // a read, which writes nothing
	unsent                // an append whose end the node has not received
	sent                  // an append that the node may have accepted
)

// failure is a failed call in terms of the protocol.
type failure struct {
	stage   stage
	code    codes.Code
	trailer metadata.MD
	cause   error
}

// newFailure returns the failure of a call, with its trailers if the call had begun.
func newFailure(at stage, call interface{ Trailer() metadata.MD }, err error) *failure {
	f := &failure{stage: at, code: status.Code(err), cause: err}
	if call != nil {
		f.trailer = call.Trailer()
	}
	return f
}

func (f *failure) Error() string { return f.cause.Error() }

// value returns the value of a trailer, "" if it is missing.
func (f *failure) value(key string) string {
	if values := f.trailer.Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}

// exception is the name that the node gives the failure, "" if none.
func (f *failure) exception() string { return f.value("exception") }

// leader returns the new leader if the failure is a redirect, "" if the node does not name it.
func (f *failure) leader() (host string, redirected bool) {
	if f.exception() != "not-leader" {
		return "", false
	}
	name, port := f.value("leader-endpoint-host"), f.value("leader-endpoint-port")
	if name == "" || port == "" {
		return "", true
	}
	return net.JoinHostPort(name, port), true
}

// tooLarge reports whether the node refused an append because of its size.
func (f *failure) tooLarge() bool {
	name := f.exception()
	return name == "maximum-append-size-exceeded" || name == "maximum-append-event-size-exceeded"
}

// slowConsumer reports whether the node ended a subscription because it was not read fast enough.
func (f *failure) slowConsumer() bool {
	return f.code == codes.Aborted && f.stage == readOnly && strings.Contains(f.Error(), "too slow")
}

// nodeFailed reports whether the failure suggests that the node is down or cannot work.
func (f *failure) nodeFailed() bool {
	switch f.code {
	case codes.Unavailable, codes.Aborted, codes.DeadlineExceeded:
		return true
	}
	return false
}

// translate maps a failure to one of the errors of events.Store. ctx is the caller's. In doubt, an
// append that was sent has an unknown outcome, so that the caller reads the log.
func translate(ctx context.Context, f *failure) error {
	if ctx.Err() != nil && f.stage == readOnly {
		return ctx.Err()
	}
	switch f.exception() {
	case "wrong-expected-version":
		return withCause(events.ErrConflict, f)
	case "stream-deleted":
		if f.stage == readOnly {
			return withCause(events.ErrDamaged, f) // a part of the log is missing
		}
		return withCause(events.ErrUnavailable, refused(f))
	case "not-leader":
		return withCause(events.ErrUnavailable, f)
	}
	switch f.code {
	case codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented, codes.InvalidArgument, codes.NotFound:
		return withCause(events.ErrUnavailable, refused(f))
	case codes.DataLoss:
		if f.stage == readOnly {
			return withCause(events.ErrDamaged, f)
		}
	}
	if f.stage == sent {
		return withCause(events.ErrUnknown, causeOf(ctx, f))
	}
	return withCause(events.ErrUnavailable, causeOf(ctx, f))
}

func withCause(what, cause error) error { return fmt.Errorf("%w: %w", what, cause) }

func refused(f *failure) error { return withCause(ErrRefused, f) }

// causeOf prefers the caller's context error to gRPC's translation of it.
func causeOf(ctx context.Context, f *failure) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return f
}
