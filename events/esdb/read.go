package esdb

import (
	"context"
	"errors"
	"io"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"admitone/events"
)

// maxPage bounds the number of events that one call reads, so that a call meets its deadline with any
// limit.
const maxPage = 4096

// Read implements events.Store.
func (s *Store) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	if !s.gate.enter() {
		return nil, events.ErrClosed
	}
	defer s.gate.leave()
	page, err := s.readStream(ctx, stream, from, dir, limit)
	s.noteFailure(err)
	return page, err
}

// readStream is Read for callers that have entered the gate.
func (s *Store) readStream(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if dir == events.Forward {
		from = max(from, 0)
	}
	if limit <= 0 || stream == "" || from < 0 || dir == events.Forward && from == events.EndRevision {
		return nil, nil
	}
	var page []events.Recorded
	for len(page) < limit {
		count := min(limit-len(page), maxPage)
		more, err := s.fetch(ctx, streamRequest(stream, from, dir, count), count)
		if err != nil {
			return nil, err
		}
		// If the event at from does not exist, a node begins at the last one.
		if dir == events.Backward && from != events.EndRevision && len(more) > 0 && more[0].Revision != from {
			return page, nil
		}
		page = append(page, more...)
		if len(more) < count {
			break
		}
		if from = more[len(more)-1].Revision + 1; dir == events.Backward {
			from -= 2
		}
		if from < 0 {
			break
		}
	}
	return page, nil
}

// fetch makes a read request. A stream that does not exist has no events.
func (s *Store) fetch(ctx context.Context, request *streams.ReadReq, count int) (page []events.Recorded, err error) {
	err = s.call(ctx, reading, readOnly, func(ctx context.Context, l *nodeConn) error {
		page = make([]events.Recorded, 0, min(count, 256))
		return receive(s.outgoing(ctx, true), l, request, func(m *received) error {
			if m.isEvent {
				page = append(page, m.event)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// receive reads or subscribes, and calls handle with each message. It returns nil at the end, the error
// of handle, ErrDamaged for an invalid event, or a *failure.
func receive(ctx context.Context, l *nodeConn, request *streams.ReadReq, handle func(*received) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // otherwise unreceived messages keep the call alive
	call, err := l.streams().Read(ctx, request)
	if err != nil {
		return newFailure(readOnly, nil, err)
	}
	var m received
	for {
		err := call.RecvMsg(&m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return newFailure(readOnly, call, err)
		}
		l.messages.Add(1)
		if m.damage != nil {
			return m.damage
		}
		if err := handle(&m); err != nil {
			return err
		}
	}
}

func streamRequest(stream events.StreamID, from events.Revision, dir events.Direction, count int) *streams.ReadReq {
	o := &streams.ReadReq_Options_StreamOptions{StreamIdentifier: identifier(stream)}
	switch {
	case from == events.EndRevision:
		o.RevisionOption = &streams.ReadReq_Options_StreamOptions_End{End: &shared.Empty{}}
	default:
		o.RevisionOption = &streams.ReadReq_Options_StreamOptions_Revision{Revision: uint64(from)}
	}
	request := newRequest(dir)
	request.Options.StreamOption = &streams.ReadReq_Options_Stream{Stream: o}
	request.Options.CountOption = &streams.ReadReq_Options_Count{Count: uint64(count)}
	request.Options.FilterOption = &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}}
	return request
}

// newRequest returns a request with the common options. It states no compatibility level, so that a node
// sends only events and, to subscriptions, confirmations and checkpoints.
func newRequest(dir events.Direction) *streams.ReadReq {
	o := &streams.ReadReq_Options{
		UuidOption: &streams.ReadReq_Options_UUIDOption{
			Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}},
		},
		ControlOption: &streams.ReadReq_Options_ControlOption{},
	}
	if dir == events.Backward {
		o.ReadDirection = streams.ReadReq_Options_Backwards
	}
	return &streams.ReadReq{Options: o}
}
