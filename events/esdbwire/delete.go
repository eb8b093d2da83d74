package esdbwire

import (
	"context"
	"errors"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"admitone/events"
)

// Delete hides a stream's events; it may come back with new ones.
func (w streamsWire) Delete(call context.Context, request *streams.DeleteReq) (*streams.DeleteResp, error) {
	landed, err := w.end(call, request.GetOptions(), (*Server).softDelete)
	if err != nil {
		return nil, w.fail(call, err)
	}
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{Position: &streams.DeleteResp_Position{
		CommitPosition: uint64(landed), PreparePosition: uint64(landed),
	}}}, nil
}

// Tombstone ends a stream for ever.
func (w streamsWire) Tombstone(call context.Context, request *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	landed, err := w.end(call, request.GetOptions(), (*Server).tombstone)
	if err != nil {
		return nil, w.fail(call, err)
	}
	return &streams.TombstoneResp{PositionOption: &streams.TombstoneResp_Position_{Position: &streams.TombstoneResp_Position{
		CommitPosition: uint64(landed), PreparePosition: uint64(landed),
	}}}, nil
}

// ending is a way to end a stream.
type ending func(*Server, context.Context, *condition) (events.Appended, error)

// errNoStream: there is nothing that could be deleted, whatever was expected.
var errNoStream = errors.New("no stream")

// end ends a stream in one of the two ways, when it is its turn and the expectation
// holds.
func (s *Server) end(ctx context.Context, o expecting, how ending) (events.Position, error) {
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
	place := s.lines.join(stream)
	defer place.leave()
	if err := place.wait(ctx); err != nil {
		return 0, err
	}
	for {
		// A fresh id can't be a repetition.
		c, _, err := s.settle(ctx, stream, expected, []events.ID{newID()})
		if err != nil {
			return 0, err
		}
		landed, err := how(s, ctx, c)
		if errors.Is(err, errNoStream) {
			return 0, &wrongVersion{stream, expected, events.NoStream}
		}
		if !errors.Is(err, events.ErrConflict) {
			return landed.Position, err
		}
	}
}

// softDelete replaces the stream's metadata by the word that it is deleted. Errors:
// errNoStream, the store's.
func (s *Server) softDelete(ctx context.Context, c *condition) (events.Appended, error) {
	if c.last < 0 && c.described < 0 {
		return events.Appended{}, errNoStream
	}
	return s.describe(ctx, c, fmt.Appendf(nil, `{"%s":%d}`, truncateBefore, forever))
}

func (s *Server) tombstone(ctx context.Context, c *condition) (events.Appended, error) {
	return s.store.Append(ctx, c.stream, c.last, []events.Event{tombstone()})
}
