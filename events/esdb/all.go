package esdb

import (
	"context"
	"errors"
	"slices"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"

	"admitone/events"
)

// ownEvents excludes the node's own streams and this package's, by their first character.
const ownEvents = `^[^` + systemPrefix + ownPrefix + `]`

// window is the number of events that a node examines between two checkpoints.
const window = 4096

// ReadAll implements events.Store. A position without an event costs more: a node refuses to read
// from it, so a nearby event has to be found.
func (s *Store) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	if !s.gate.enter() {
		return nil, events.ErrClosed
	}
	defer s.gate.leave()
	page, err := s.readAll(ctx, from, dir, limit)
	s.noteFailure(err)
	return page, err
}

func (s *Store) readAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	if err := ctx.Err(); err != nil || limit <= 0 {
		return nil, err
	}
	if dir == events.Forward {
		return s.readAbove(ctx, from, limit)
	}
	return s.readBelow(ctx, from, limit)
}

func (s *Store) head(ctx context.Context) (events.Position, error) {
	last, err := s.readAll(ctx, events.EndPosition, events.Backward, 1)
	if err != nil || len(last) == 0 {
		return 0, err
	}
	return last[0].Position, nil
}

// readAbove reads forward from any position.
func (s *Store) readAbove(ctx context.Context, from events.Position, limit int) ([]events.Recorded, error) {
	if from >= events.EndPosition {
		return nil, nil
	}
	page, err := s.readFrom(ctx, from, events.Forward, limit)
	if !isBadPosition(err) {
		return page, err
	}
	head, err := s.head(ctx)
	if err != nil || from >= head {
		return nil, err
	}
	page = nil
	err = s.scan(ctx, s.known.atMost(from), func(r events.Recorded) bool {
		if r.Position > from {
			page = append(page, r)
		}
		return len(page) < limit
	})
	return page, err
}

// readBelow reads backward from any position.
func (s *Store) readBelow(ctx context.Context, from events.Position, limit int) ([]events.Recorded, error) {
	if from <= 1 {
		return nil, nil
	}
	page, err := s.readFrom(ctx, from, events.Backward, limit)
	if !isBadPosition(err) {
		return page, err
	}
	// The most common request is the event at from-1 and those before it.
	page, err = s.page(ctx, from-1, events.Forward, 1)
	if err == nil && len(page) == 1 && page[0].Position == from-1 {
		return s.appendBelow(ctx, slices.DeleteFunc(page, func(r events.Recorded) bool { return !belongsToLog(&r) }),
			from-1, limit)
	}
	if err != nil && !isBadPosition(err) {
		return nil, err
	}
	start := s.known.atMost(from - 1)
	page = nil
	err = s.scan(ctx, start, func(r events.Recorded) bool {
		if r.Position < from {
			page = append(page[max(0, len(page)-limit+1):], r)
		}
		return r.Position < from
	})
	if err != nil {
		return nil, err
	}
	if len(page) == 0 {
		return s.readBelow(ctx, start+1, limit) // start is the position of an event
	}
	slices.Reverse(page)
	return s.appendBelow(ctx, page, page[len(page)-1].Position, limit)
}

// appendBelow appends to page the events below an event, up to limit.
func (s *Store) appendBelow(ctx context.Context, page []events.Recorded, last events.Position,
	limit int) ([]events.Recorded, error) {
	if len(page) >= limit {
		return page, nil
	}
	more, err := s.readFrom(ctx, last, events.Backward, limit-len(page))
	return append(page, more...), err
}

// isBadPosition reports whether a node may have refused a position because it has no event there. The
// protocol has no code for this.
func isBadPosition(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.exception() == "" &&
		(f.code == codes.InvalidArgument || f.code == codes.Unknown || f.code == codes.OutOfRange)
}

// scan calls visit with the events above start, until it returns false.
func (s *Store) scan(ctx context.Context, start events.Position, visit func(events.Recorded) bool) error {
	for {
		page, err := s.readFrom(ctx, start, events.Forward, maxPage)
		if err != nil {
			return err
		}
		for i := range page {
			if !visit(page[i]) {
				return nil
			}
		}
		if len(page) < maxPage {
			return nil
		}
		start = page[len(page)-1].Position
	}
}

// readFrom reads from the position of an event, which is excluded, or from the start or the end.
func (s *Store) readFrom(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	var found []events.Recorded
	for len(found) < limit {
		// A node includes the event at from when it reads forward.
		count := min(limit-len(found), maxPage)
		if dir == events.Forward && from > 0 {
			count++
		}
		page, err := s.page(ctx, from, dir, count)
		if err != nil {
			return nil, err
		}
		for i := range page {
			if belongsToLog(&page[i]) && page[i].Position != from && len(found) < limit {
				found = append(found, page[i])
			}
		}
		if len(page) < count {
			break
		}
		from = page[len(page)-1].Position
	}
	return found, nil
}

// page makes one read of the whole log: forward including the event at from, backward excluding it.
func (s *Store) page(ctx context.Context, from events.Position, dir events.Direction,
	count int) ([]events.Recorded, error) {
	request := newRequest(dir)
	request.Options.StreamOption = &streams.ReadReq_Options_All{All: allFrom(logPosition{uint64(from), uint64(from)},
		from >= events.EndPosition)}
	request.Options.CountOption = &streams.ReadReq_Options_Count{Count: uint64(count)}
	request.Options.FilterOption = filter()
	page, err := s.fetch(ctx, request, count)
	if len(page) > 0 {
		s.known.note(page[len(page)-1].Position)
	}
	return page, err
}

// logPosition is a position in the whole log in the protocol. Both numbers of an event are equal;
// those of a checkpoint need not be.
type logPosition struct{ commit, prepare uint64 }

func allFrom(p logPosition, end bool) *streams.ReadReq_Options_AllOptions {
	switch {
	case end:
		return &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_End{End: &shared.Empty{}}}
	case p == logPosition{}:
		start := &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}
		return &streams.ReadReq_Options_AllOptions{AllOption: start}
	}
	return &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Position{
		Position: &streams.ReadReq_Options_Position{CommitPosition: p.commit, PreparePosition: p.prepare},
	}}
}

func filter() *streams.ReadReq_Options_Filter {
	return &streams.ReadReq_Options_Filter{Filter: &streams.ReadReq_Options_FilterOptions{
		Filter: &streams.ReadReq_Options_FilterOptions_StreamIdentifier{
			StreamIdentifier: &streams.ReadReq_Options_FilterOptions_Expression{Regex: ownEvents},
		},
		Window:                       &streams.ReadReq_Options_FilterOptions_Max{Max: window},
		CheckpointIntervalMultiplier: 1,
	}}
}
