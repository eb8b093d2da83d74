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

// ownEvents leaves out the node's own streams and ours, by their first character.
const ownEvents = `^[^` + systemPrefix + ownPrefix + `]`

// window is how many events a node looks at between two signs of where it is.
const window = 4096

// ReadAll implements events.Store. From a position that is no event's it costs more:
// a node does not take such a position, and what is near it has to be found.
func (s *Store) ReadAll(ctx context.Context, from events.Position, dir events.Direction, limit int) ([]events.Recorded, error) {
	if !s.gate.enter() {
		return nil, events.ErrClosed
	}
	defer s.gate.leave()
	page, err := s.readAll(ctx, from, dir, limit)
	s.alarm(err)
	return page, err
}

func (s *Store) readAll(ctx context.Context, from events.Position, dir events.Direction, limit int) ([]events.Recorded, error) {
	if err := ctx.Err(); err != nil || limit <= 0 {
		return nil, err
	}
	if dir == events.Forward {
		return s.above(ctx, from, limit)
	}
	return s.below(ctx, from, limit)
}

// Head implements events.Store.
func (s *Store) Head(ctx context.Context) (events.Position, error) {
	if !s.gate.enter() {
		return 0, events.ErrClosed
	}
	defer s.gate.leave()
	head, err := s.head(ctx)
	s.alarm(err)
	return head, err
}

func (s *Store) head(ctx context.Context) (events.Position, error) {
	last, err := s.readAll(ctx, events.EndPosition, events.Backward, 1)
	if err != nil || len(last) == 0 {
		return 0, err
	}
	return last[0].Position, nil
}

// above reads forward from any position.
func (s *Store) above(ctx context.Context, from events.Position, limit int) ([]events.Recorded, error) {
	if from >= events.EndPosition {
		return nil, nil
	}
	page, err := s.walk(ctx, from, events.Forward, limit)
	if !misplaced(err) {
		return page, err
	}
	head, err := s.head(ctx)
	if err != nil || from >= head {
		return nil, err
	}
	page = nil
	err = s.scan(ctx, s.seen.atMost(from), func(r events.Recorded) bool {
		if r.Position > from {
			page = append(page, r)
		}
		return len(page) < limit
	})
	return page, err
}

// below reads backward from any position.
func (s *Store) below(ctx context.Context, from events.Position, limit int) ([]events.Recorded, error) {
	if from <= 1 {
		return nil, nil
	}
	page, err := s.walk(ctx, from, events.Backward, limit)
	if !misplaced(err) {
		return page, err
	}
	// What is asked for most is the event at a position and what is before it.
	page, err = s.page(ctx, from-1, events.Forward, 1)
	if err == nil && len(page) == 1 && page[0].Position == from-1 {
		return s.andBelow(ctx, slices.DeleteFunc(page, func(r events.Recorded) bool { return !ours(&r) }), from-1, limit)
	}
	if err != nil && !misplaced(err) {
		return nil, err
	}
	start := s.seen.atMost(from - 1)
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
		return s.below(ctx, start+1, limit) // start is an event's position
	}
	slices.Reverse(page)
	return s.andBelow(ctx, page, page[len(page)-1].Position, limit)
}

// andBelow adds to page what is below an event, up to limit.
func (s *Store) andBelow(ctx context.Context, page []events.Recorded, last events.Position, limit int) ([]events.Recorded, error) {
	if len(page) >= limit {
		return page, nil
	}
	more, err := s.walk(ctx, last, events.Backward, limit-len(page))
	return append(page, more...), err
}

// misplaced says whether a node may have refused a position because no event is
// there. The protocol has no word of its own for that.
func misplaced(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.exception() == "" &&
		(f.code == codes.InvalidArgument || f.code == codes.Unknown || f.code == codes.OutOfRange)
}

// scan calls take with the events above start, until it returns false.
func (s *Store) scan(ctx context.Context, start events.Position, take func(events.Recorded) bool) error {
	for {
		page, err := s.walk(ctx, start, events.Forward, maxPage)
		if err != nil {
			return err
		}
		for i := range page {
			if !take(page[i]) {
				return nil
			}
		}
		if len(page) < maxPage {
			return nil
		}
		start = page[len(page)-1].Position
	}
}

// walk reads from an event's position, which it leaves out itself, from the start
// or from the end.
func (s *Store) walk(ctx context.Context, from events.Position, dir events.Direction, limit int) ([]events.Recorded, error) {
	var found []events.Recorded
	for len(found) < limit {
		// A node reads forward from an event with that event.
		count := min(limit-len(found), maxPage)
		if dir == events.Forward && from > 0 {
			count++
		}
		page, err := s.page(ctx, from, dir, count)
		if err != nil {
			return nil, err
		}
		for i := range page {
			if ours(&page[i]) && page[i].Position != from && len(found) < limit {
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

// page makes one read of the whole log: forward with the event at from, backward
// without it.
func (s *Store) page(ctx context.Context, from events.Position, dir events.Direction, count int) ([]events.Recorded, error) {
	request := newRequest(dir)
	request.Options.StreamOption = &streams.ReadReq_Options_All{All: allFrom(place{uint64(from), uint64(from)}, from >= events.EndPosition)}
	request.Options.CountOption = &streams.ReadReq_Options_Count{Count: uint64(count)}
	request.Options.FilterOption = filter()
	page, err := s.fetch(ctx, request, count)
	if len(page) > 0 {
		s.seen.note(page[len(page)-1].Position)
	}
	return page, err
}

// place is a place in the whole log, as a node has it. Events have the same number
// twice; the signs in between need not.
type place struct{ commit, prepare uint64 }

func allFrom(p place, end bool) *streams.ReadReq_Options_AllOptions {
	switch {
	case end:
		return &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_End{End: &shared.Empty{}}}
	case p == place{}:
		return &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}}
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
