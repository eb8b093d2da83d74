package esdbwire

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"admitone/events"
)

// fault is an error of the protocol: a gRPC status, and the trailers by which clients identify it.
type fault struct {
	code    codes.Code
	message string
	// exception is the trailer of that name, "" for none. more has further trailers, alternating keys
	// and values.
	exception string
	more      []string
}

func (f *fault) Error() string { return f.message }

func badRequest(format string, args ...any) error {
	return &fault{code: codes.InvalidArgument, message: fmt.Sprintf(format, args...)}
}

func streamDeleted(stream events.StreamID) error {
	return &fault{codes.FailedPrecondition, fmt.Sprintf("Event stream '%s' is deleted.", stream),
		"stream-deleted", []string{"stream-name", string(stream)}}
}

func accessDenied() error {
	return &fault{code: codes.PermissionDenied, message: "Access Denied", exception: "access-denied"}
}

func tooLarge(limit int) error {
	return &fault{codes.InvalidArgument, fmt.Sprintf("Maximum Append Size of %d Exceeded.", limit),
		"maximum-append-size-exceeded", []string{"maximum-append-size", strconv.Itoa(limit)}}
}

func missingProperty() error {
	return &fault{codes.InvalidArgument, "Required Metadata Property Missing",
		"missing-required-metadata-property", []string{"required-metadata-properties", "type,content-type"}}
}

// wrongVersion is the error of a write whose expectation does not hold. It is sent as a message in the
// answer to an append, and as the status of a delete.
type wrongVersion struct {
	stream   events.StreamID
	expected expectation
	current  events.Revision
	deleting bool // set for a delete or a tombstone
}

func (w *wrongVersion) Error() string {
	what := "Append"
	if w.deleting {
		what = "Delete"
	}
	return fmt.Sprintf("%s failed due to WrongExpectedVersion. Stream: %s, Expected version: %d, Actual version: %d",
		what, w.stream, w.expected, w.current)
}

func (w *wrongVersion) fault() *fault {
	return &fault{codes.FailedPrecondition, w.Error(), "wrong-expected-version", []string{
		"stream-name", string(w.stream),
		"expected-version", strconv.FormatInt(int64(w.expected), 10),
		"actual-version", strconv.FormatInt(int64(w.current), 10),
	}}
}

// asFault translates the error of a call with context ctx. The log's own errors have distinct
// codes: Unavailable if nothing was written, Aborted if the outcome is unknown, DataLoss for
// damage.
func (s *Server) asFault(ctx context.Context, err error) *fault {
	var f *fault
	var wrong *wrongVersion
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &wrong):
		return wrong.fault()
	case ctx.Err() != nil:
		return &fault{code: status.FromContextError(ctx.Err()).Code(), message: ctx.Err().Error()}
	case s.serving.Err() != nil && errors.Is(err, context.Canceled):
		return &fault{code: codes.Unavailable, message: "Server Is Shutting Down"}
	case errors.Is(err, events.ErrTooLarge):
		return tooLarge(s.config.MaxAppend).(*fault)
	}
	if st, ok := status.FromError(err); ok { // an error of the connection
		return &fault{code: st.Code(), message: st.Message()}
	}
	s.config.Logger.Warn("a client's request failed in the log", "error", err)
	switch {
	case errors.Is(err, events.ErrUnknown), errors.Is(err, context.DeadlineExceeded):
		return &fault{code: codes.Aborted, message: "Operation timed out: " + err.Error()}
	case errors.Is(err, events.ErrUnavailable), errors.Is(err, events.ErrClosed):
		return &fault{code: codes.Unavailable, message: "Server Is Not Ready"}
	case errors.Is(err, events.ErrDamaged):
		return &fault{code: codes.DataLoss, message: err.Error()}
	}
	return &fault{code: codes.Unknown, message: err.Error()}
}

// fail translates err to the result of a call.
func (s *Server) fail(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	f := s.asFault(ctx, err)
	if f.exception != "" {
		trailer := metadata.Pairs("exception", f.exception)
		for i := 0; i < len(f.more); i += 2 {
			trailer.Set(f.more[i], printable(f.more[i+1]))
		}
		_ = grpc.SetTrailer(ctx, trailer) // cannot fail during the call
	}
	return status.Error(f.code, f.message)
}

// printable percent-encodes the bytes that a trailer cannot contain, because a stream's name may be in any
// script.
func printable(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
