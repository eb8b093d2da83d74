package esdbwire

import (
	"context"
	"errors"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"admitone/events"
)

// Delete hides a stream's events. The stream can be written again.
func (w streamsWire) Delete(call context.Context, request *streams.DeleteReq) (*streams.DeleteResp, error) {
	result, err := w.end(call, request.GetOptions(), (*Server).softDelete)
	if err != nil {
		return nil, w.fail(call, err)
	}
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{Position: &streams.DeleteResp_Position{
		CommitPosition: uint64(result), PreparePosition: uint64(result),
	}}}, nil
}

// Tombstone ends a stream permanently.
func (w streamsWire) Tombstone(call context.Context, request *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	result, err := w.end(call, request.GetOptions(), (*Server).tombstone)
	if err != nil {
		return nil, w.fail(call, err)
	}
	position := &streams.TombstoneResp_Position{CommitPosition: uint64(result), PreparePosition: uint64(result)}
	return &streams.TombstoneResp{PositionOption: &streams.TombstoneResp_Position_{Position: position}}, nil
}

// ending deletes a stream, or ends it permanently.
type ending func(*Server, context.Context, *condition) (events.Appended, error)

// errNoStream means that the stream to delete does not exist.
var errNoStream = errors.New("no stream")

// end waits for its turn in the stream's queue, and runs an ending if the expectation holds.
func (s *Server) end(ctx context.Context, o expecting, run ending) (events.Position, error) {
	if err := s.mayWrite(ctx); err != nil {
		return 0, err
	}
	stream, err := streamOf(o.GetStreamIdentifier())
	if err != nil {
		return 0, err
	}
	expected, err := expects(o)
	if err != nil {
		return 0, err
	}
	if _, meta := originOf(stream); meta || stream == allName {
		return 0, accessDenied()
	}
	ticket := s.queues.join(stream)
	defer ticket.leave()
	if err := ticket.wait(ctx); err != nil {
		return 0, err
	}
	for {
		// A new id cannot be a repetition.
		c, _, err := s.settle(ctx, stream, expected, []events.ID{newID()})
		var wrong *wrongVersion
		if errors.As(err, &wrong) {
			wrong.deleting = true
		}
		if err != nil {
			return 0, err
		}
		result, err := run(s, ctx, c)
		if errors.Is(err, errNoStream) {
			return 0, &wrongVersion{stream: stream, expected: expected, current: events.NoStream, deleting: true}
		}
		if !errors.Is(err, events.ErrConflict) {
			return result.Position, err
		}
	}
}

// softDelete replaces the stream's metadata with metadata that mark it as deleted. Errors: errNoStream,
// the store's.
func (s *Server) softDelete(ctx context.Context, c *condition) (events.Appended, error) {
	if c.last < 0 && c.metaRevision < 0 {
		return events.Appended{}, errNoStream
	}
	return s.setMetadata(ctx, c, fmt.Appendf(nil, `{"%s":%d}`, truncateBefore, forever))
}

func (s *Server) tombstone(ctx context.Context, c *condition) (events.Appended, error) {
	return s.store.Append(ctx, c.stream, c.last, []events.Event{tombstone()})
}
