package projections

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"admitone/events"
)

// Line is one event, told for people.
type Line struct {
	Position events.Position
	// Time is when the command was decided.
	Time     time.Time
	Stream   events.StreamID
	Revision events.Revision
	// Actor asked for it; "system" for a deadline.
	Actor string
	// RequestID is that of the HTTP request that it began with.
	RequestID string
	Text      string
}

// tale is the sentence that a fact of a kind makes. With a holder it tells that
// holder's part, "" if there is none.
type tale func(fact events.Fact, holder string) string

// tales by category, filled by the init functions of the kinds' files.
var tales = map[string]tale{}

// Tell makes a sentence of an event.
// Errors: events.ErrUnknownFact, events.ErrBadFact, events.ErrBadMetadata.
func Tell(e *events.Recorded) (Line, error) {
	line, _, err := tell(e, "")
	return line, err
}

// tell leaves out, with ok false, what is not about holder; "" is everybody.
func tell(e *events.Recorded, holder string) (line Line, ok bool, err error) {
	fact, err := e.Decode()
	if err != nil {
		return Line{}, false, fmt.Errorf("position %d, %s@%d: %w", e.Position, e.Stream, e.Revision, err)
	}
	text := ""
	if words := tales[e.Stream.Category()]; words != nil {
		text = words(fact, holder)
	}
	if text == "" && holder != "" {
		return Line{}, false, nil
	}
	if text == "" {
		text = fact.Name() // there are no words for it yet
	}
	m, err := events.ParseMetadata(e.Metadata)
	if err != nil {
		return Line{}, false, fmt.Errorf("position %d, %s@%d: %w", e.Position, e.Stream, e.Revision, err)
	}
	return Line{
		Position: e.Position, Time: m.At, Stream: e.Stream, Revision: e.Revision,
		Actor: m.Actor, RequestID: m.CorrelationID, Text: text,
	}, true, nil
}

// The errors of [History].
var (
	// ErrNoKind: there are no histories of that kind.
	ErrNoKind = errors.New("projections: no histories of that kind")
	// ErrNoHistory: nothing ever happened to that one.
	ErrNoHistory = errors.New("projections: nothing happened to it")
)

// holderKind is the kind of people's histories: they go across all streams.
const holderKind = "holder"

// historyScan bounds the events that one page of a holder's history looks at.
const historyScan = 20_000

// HistoryKinds are the kinds that [History] knows.
func HistoryKinds() []string {
	return append([]string{holderKind}, slices.Sorted(maps.Keys(tales))...)
}

// History returns a page of what happened to one entity, or to one holder, in
// order: from a place on, which is 0 for the first page and else the next of the
// page before. more says whether there may be another page. A holder's history is
// a search through the log; a page of it may have fewer than limit lines, or none,
// and be followed by more.
//
// Errors: [ErrNoKind]; [ErrNoHistory], from 0 only, and never for a holder; those
// of [Tell]; the store's.
func History(ctx context.Context, store events.Store, kind, id string, from uint64, limit int) (page []Line, next uint64, more bool, err error) {
	if kind == holderKind {
		return holderHistory(ctx, store, id, events.Position(from), limit)
	}
	if _, known := tales[kind]; !known {
		return nil, 0, false, fmt.Errorf("%w: %q; there are: %s", ErrNoKind, kind, strings.Join(HistoryKinds(), ", "))
	}
	recorded, err := store.Read(ctx, events.NewStreamID(kind, id), events.Revision(from), events.Forward, limit)
	if err == nil && from == 0 && len(recorded) == 0 {
		err = ErrNoHistory
	}
	for i := range recorded {
		line, _, err := tell(&recorded[i], "")
		if err != nil {
			return nil, 0, false, err
		}
		page = append(page, line)
	}
	return page, from + uint64(len(recorded)), len(recorded) == limit, err
}

func holderHistory(ctx context.Context, store events.Store, holder string, after events.Position, limit int) (page []Line, next uint64, more bool, err error) {
	for seen := 0; seen < historyScan; {
		recorded, err := store.ReadAll(ctx, after, events.Forward, verifyPage)
		if err != nil {
			return nil, 0, false, err
		}
		for i := range recorded {
			line, about, err := tell(&recorded[i], holder)
			if err != nil {
				return nil, 0, false, err
			}
			after = recorded[i].Position
			if !about {
				continue
			}
			if page = append(page, line); len(page) == limit {
				return page, uint64(after), true, nil
			}
		}
		if seen += len(recorded); len(recorded) < verifyPage {
			return page, uint64(after), false, nil
		}
	}
	return page, uint64(after), true, nil
}
