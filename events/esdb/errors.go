package esdb

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"admitone/events"
)

// ErrRefused is in errors of what the node will not do, however often it is asked:
// the user may not, the stream was deleted, the request makes no sense to it.
var ErrRefused = errors.New("esdb: refused")

// stage is how far a call had come when it failed.
type stage int

const (
	asking stage = iota // a read: nothing could be written
	unsent              // an append of which the node has not seen the end
	sent                // an append that the node may have taken
)

// failure is a call that came to nothing, in the protocol's words.
type failure struct {
	stage   stage
	code    codes.Code
	trailer metadata.MD
	cause   error
}

// newFailure takes the trailers from the call that failed, if it had begun.
func newFailure(at stage, call interface{ Trailer() metadata.MD }, err error) *failure {
	f := &failure{stage: at, code: status.Code(err), cause: err}
	if call != nil {
		f.trailer = call.Trailer()
	}
	return f
}

func (f *failure) Error() string { return f.cause.Error() }

// value returns a trailer's value, "" if it is not there.
func (f *failure) value(key string) string {
	if values := f.trailer.Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}

// exception is what the node calls the failure, "" if it gives it no name.
func (f *failure) exception() string { return f.value("exception") }

// leader returns the node to ask instead, if that is what is wrong. A leader that
// is not known is "".
func (f *failure) leader() (host string, elsewhere bool) {
	if f.exception() != "not-leader" {
		return "", false
	}
	name, port := f.value("leader-endpoint-host"), f.value("leader-endpoint-port")
	if name == "" || port == "" {
		return "", true
	}
	return net.JoinHostPort(name, port), true
}

// gone says whether it looks as if there were no node any more, or one that can't
// do its work.
func (f *failure) gone() bool {
	switch f.code {
	case codes.Unavailable, codes.Aborted, codes.DeadlineExceeded:
		return true
	}
	return false
}

// translate is the one place where what went wrong becomes one of the errors of
// events.Store. ctx is the caller's. In doubt an append that was sent has an
// unknown outcome: the caller looks into the log, which is always right.
func translate(ctx context.Context, f *failure) error {
	if ctx.Err() != nil && f.stage == asking {
		return ctx.Err()
	}
	switch f.exception() {
	case "wrong-expected-version":
		return because(events.ErrConflict, f)
	case "maximum-append-size-exceeded", "maximum-append-event-size-exceeded":
		return because(events.ErrTooLarge, f)
	case "stream-deleted":
		if f.stage == asking {
			return because(events.ErrDamaged, f) // a part of the log was taken away
		}
		return because(events.ErrUnavailable, refused(f))
	case "not-leader":
		return because(events.ErrUnavailable, f)
	}
	switch f.code {
	case codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented, codes.InvalidArgument, codes.NotFound:
		return because(events.ErrUnavailable, refused(f))
	case codes.DataLoss:
		if f.stage == asking {
			return because(events.ErrDamaged, f)
		}
	}
	if f.stage == sent {
		return because(events.ErrUnknown, causeOf(ctx, f))
	}
	return because(events.ErrUnavailable, causeOf(ctx, f))
}

func because(what, cause error) error { return fmt.Errorf("%w: %w", what, cause) }

func refused(f *failure) error { return because(ErrRefused, f) }

// causeOf prefers the caller's own reason to what gRPC made of it.
func causeOf(ctx context.Context, f *failure) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return f
}
