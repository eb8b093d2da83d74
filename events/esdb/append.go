package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"

	"admitone/events"
)

// Append implements events.Store. A permanent refusal is an ErrUnavailable that is also an
// [ErrRefused].
func (s *Store) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	size, err := checkAppend(stream, expected, batch)
	if err != nil {
		return events.Appended{}, withCause(events.ErrUnavailable, err)
	}
	if limit := s.MaxAppend(); int64(size) > limit {
		return events.Appended{}, &events.TooLargeError{Limit: limit, Cause: fmt.Errorf("the append has %d", size)}
	}
	if !s.gate.enter() {
		return events.Appended{}, events.ErrClosed
	}
	defer s.gate.leave()
	if _, err := s.continuity.state(); err != nil {
		return events.Appended{}, err
	}
	s.recent.remember(batch)
	appended, err := s.append(ctx, proposal{stream: stream, expected: expected, batch: batch, content: jsonContent,
		size: size})
	if last := &batch[len(batch)-1]; err == nil && events.Sealed(last.Metadata) {
		s.continuity.note(stream, appended.Revision, last.ID, appended.Position)
	}
	s.noteFailure(err)
	return appended, err
}

// proposal is an append to be sent.
type proposal struct {
	stream   events.StreamID
	expected events.Revision
	batch    []events.Event
	content  string
	size     int // as the node counts it; 0 if it does not share a call
}

// append is Append for any stream and content. The caller must have entered the gate.
func (s *Store) append(ctx context.Context, p proposal) (events.Appended, error) {
	switch err := ctx.Err(); {
	case err != nil:
		return events.Appended{}, withCause(events.ErrUnavailable, err)
	case s.readOnly:
		return events.Appended{}, withCause(events.ErrUnavailable,
			fmt.Errorf("%w: the log was opened for reading only", ErrRefused))
	}
	appended, err := s.propose(ctx, &p)
	if err == nil && appended.Position == 0 {
		appended.Position, err = s.positionOf(ctx, p.stream, appended.Revision)
	}
	return appended, err
}

// propose sends an append, if possible on a call shared with others.
func (s *Store) propose(ctx context.Context, p *proposal) (events.Appended, error) {
	if p.size > 0 && p.size <= maxBatched && !s.unbatched.Load() {
		appended, err := s.proposeShared(ctx, p)
		if f, failed := errors.AsType[*failure](err); !failed || f.code != codes.Unimplemented {
			return appended, err
		}
		s.unbatched.Store(true) // the node is too old for BatchAppend
	}
	return s.proposeAlone(ctx, *p)
}

// proposeAlone sends an append on a separate call.
func (s *Store) proposeAlone(ctx context.Context, p proposal) (appended events.Appended, err error) {
	err = s.call(ctx, appending, unsent, func(ctx context.Context, l *nodeConn) (err error) {
		appended, err = proposeOn(s.outgoing(ctx, true), l, p)
		return err
	})
	return appended, err
}

// proposeOn makes one append on one connection. Errors: *failure, and events.Store's.
func proposeOn(ctx context.Context, l *nodeConn, p proposal) (events.Appended, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // otherwise unreceived messages keep the call alive
	call, err := l.streams().Append(ctx)
	if err != nil {
		return events.Appended{}, newFailure(unsent, nil, err)
	}
	at, response := unsent, new(streams.AppendResp)
	if err = p.send(call); err == nil {
		at, err = sent, call.CloseSend()
	}
	// EOF means that the node has ended the call; RecvMsg returns the reason. The node cannot have
	// accepted a batch before it received the end.
	if err == nil || errors.Is(err, io.EOF) {
		err = call.RecvMsg(response)
	}
	if err != nil {
		return events.Appended{}, newFailure(at, call, err)
	}
	l.messages.Add(1)
	if wrong := response.GetWrongExpectedVersion(); wrong != nil {
		return events.Appended{}, fmt.Errorf("%w: %s is at revision %s, not %d", events.ErrConflict, p.stream,
			current(wrong), p.expected)
	}
	return p.result(response.GetSuccess())
}

func (p *proposal) send(call streams.Streams_AppendClient) error {
	if err := call.Send(p.options()); err != nil {
		return err
	}
	var encoder encoder
	for i := range p.batch {
		if err := call.SendMsg(encoder.proposed(&p.batch[i], p.content)); err != nil {
			return err
		}
	}
	return nil
}

func (p *proposal) options() *streams.AppendReq {
	o := &streams.AppendReq_Options{StreamIdentifier: identifier(p.stream)}
	if p.expected == events.NoStream {
		o.ExpectedStreamRevision = &streams.AppendReq_Options_NoStream{NoStream: &shared.Empty{}}
	} else {
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Revision{Revision: uint64(p.expected)}
	}
	return &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: o}}
}

// result checks the answer. A batch at an unexpected revision, for example in a stream that had
// been deleted, is an ErrUnknown.
func (p *proposal) result(success *streams.AppendResp_Success) (events.Appended, error) {
	want := p.expected + events.Revision(len(p.batch))
	if _, ok := success.GetCurrentRevisionOption().(*streams.AppendResp_Success_CurrentRevision); !ok ||
		success.GetCurrentRevision() != uint64(want) {
		return events.Appended{}, fmt.Errorf("%w: %s should be at revision %d, the node reports %d",
			events.ErrUnknown, p.stream, want, success.GetCurrentRevision())
	}
	appended := events.Appended{Revision: want}
	if at := success.GetPosition(); at != nil && at.GetCommitPosition() <= math.MaxInt64 {
		appended.Position = events.Position(at.GetCommitPosition())
	}
	return appended, nil
}

// positionOf finds the position of an existing event, because some nodes omit it in the answer to a
// repeated append. Error: ErrUnknown.
func (s *Store) positionOf(ctx context.Context, stream events.StreamID, at events.Revision) (events.Position, error) {
	page, err := s.readStream(ctx, stream, at, events.Forward, 1)
	if err == nil && len(page) == 0 {
		err = fmt.Errorf("%w: revision %d is missing", events.ErrDamaged, at)
	}
	if err != nil {
		return 0, withCause(events.ErrUnknown, err)
	}
	return page[0].Position, nil
}

func current(wrong *streams.AppendResp_WrongExpectedVersion) string {
	if wrong.GetCurrentNoStream() != nil || wrong.GetCurrentRevisionOption() == nil {
		return "none"
	}
	return fmt.Sprint(wrong.GetCurrentRevision())
}
