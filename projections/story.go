package projections

import (
	"context"
	"errors"
	"fmt"
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
	// CausationID is the command or the fact that it followed from, "" if it was asked
	// for directly; "deadline" if its time was up.
	CausationID string
	// CommandID is that of the command that decided it; what it made happen has it as
	// CausationID.
	CommandID string
	// Because is the position of the event that made it happen, 0 if that was a request
	// or the clock, or is not known. [Story] fills it in.
	Because events.Position
	Text    string
	// LeadsTo are the other things that it names, as kind/id, each one that [History]
	// knows: what it caused or was caused by, and whose it is.
	LeadsTo []string
}

// tale is the sentence that a fact of a kind makes, or the part of it that is
// whose, "" if there is none.
type tale func(fact events.Fact, of whose) string

// whose part of a fact is told: that of one holder, or of one team; the zero whose
// is everybody's.
type whose struct{ kind, id string }

func (w whose) everybodys() bool { return w == whose{} }

// has says whether what belongs to one of that kind is to be told.
func (w whose) has(kind, id string) bool { return w.everybodys() || w == whose{kind, id} }

// tales by category, filled by the init functions of the kinds' files.
var tales = map[string]tale{}

// Tell makes a sentence of an event.
// Errors: events.ErrUnknownFact, events.ErrBadFact, events.ErrBadMetadata.
func Tell(e *events.Recorded) (Line, error) {
	line, _, err := tell(e, whose{})
	return line, err
}

// tell leaves out, with ok false, what has no part of whose it is to be.
func tell(e *events.Recorded, of whose) (line Line, ok bool, err error) {
	fact, err := e.Decode()
	if err != nil {
		return Line{}, false, fmt.Errorf("position %d, %s@%d: %w", e.Position, e.Stream, e.Revision, err)
	}
	text := ""
	if words := tales[e.Stream.Category()]; words != nil {
		text = words(fact, of)
	}
	if text == "" && !of.everybodys() {
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
		Actor: m.Actor, RequestID: m.CorrelationID, CausationID: m.CausationID, CommandID: m.CommandID, Text: text,
		LeadsTo: leadsOf(e, fact),
	}, true, nil
}

// The errors of [History].
var (
	// ErrNoKind: there are no histories of that kind.
	ErrNoKind = errors.New("projections: no histories of that kind")
	// ErrNoHistory: nothing ever happened to that one.
	ErrNoHistory = errors.New("projections: nothing happened to it")
)

// holderKind is the kind of people's histories. They go across all streams, as
// those of teams do.
const holderKind = "holder"

// historyScan bounds the events that one page of such a history looks at.
const historyScan = 20_000

// HistoryKinds are the kinds that [History] knows.
func HistoryKinds() []string {
	kinds := []string{waitingRoomKind, ticketKind}
	for category := range tales {
		if category != waitingRoomCategory {
			kinds = append(kinds, category)
		}
	}
	slices.Sort(kinds)
	return append([]string{holderKind}, kinds...)
}

// waitingRoomKind is what people call the kind whose category has no hyphen.
const waitingRoomKind = "waiting-room"

// categoryOf is the category of the streams of a kind.
func categoryOf(kind string) string {
	if kind == waitingRoomKind {
		return waitingRoomCategory
	}
	return kind
}

// History returns a page of what happened to one entity, or to one holder, in
// order: from a place on, which is 0 for the first page and else the next of the
// page before. more says whether there may be another page. The history of a holder
// or a team is a search through the log, and that of a ticket one through its room's
// stream; a page of it may have fewer than limit lines, or none, and be followed by more.
//
// Of an entity other than a team, from is a revision: from one behind what somebody
// has seen, it is what has changed since.
//
// Errors: [ErrNoKind]; [ErrNoHistory], from 0 only, and never for a holder; those
// of [Tell]; the store's.
func History(ctx context.Context, store events.Store, kind, id string, from uint64, limit int) (page []Line, next uint64, more bool, err error) {
	if kind == holderKind {
		return search(ctx, store, whose{kind, id}, events.Position(from), limit)
	}
	if kind == ticketKind {
		return ofTicket(ctx, store, id, from, limit)
	}
	category := categoryOf(kind)
	if _, known := tales[category]; !known {
		return nil, 0, false, fmt.Errorf("%w: %q; there are: %s", ErrNoKind, kind, strings.Join(HistoryKinds(), ", "))
	}
	if kind == teamCategory && from > 0 {
		return search(ctx, store, whose{kind, id}, events.Position(from), limit)
	}
	recorded, err := store.Read(ctx, events.NewStreamID(category, id), events.Revision(from), events.Forward, limit)
	if err == nil && from == 0 && len(recorded) == 0 {
		err = ErrNoHistory
	}
	if err == nil && kind == teamCategory {
		return search(ctx, store, whose{kind, id}, recorded[0].Position-1, limit)
	}
	for i := range recorded {
		line, _, err := tell(&recorded[i], whose{})
		if err != nil {
			return nil, 0, false, err
		}
		page = append(page, line)
	}
	return page, from + uint64(len(recorded)), len(recorded) == limit, err
}

// search looks for what is whose behind a position of the log.
func search(ctx context.Context, store events.Store, of whose, after events.Position, limit int) (page []Line, next uint64, more bool, err error) {
	owners := owners{store, map[events.StreamID]string{}}
	for seen := 0; seen < historyScan; {
		recorded, err := store.ReadAll(ctx, after, events.Forward, verifyPage)
		if err != nil {
			return nil, 0, false, err
		}
		for i := range recorded {
			after = recorded[i].Position
			if recorded[i].Stream.Internal() || tales[recorded[i].Stream.Category()] == nil {
				continue // no entity's, or no kind's
			}
			part, err := owners.part(ctx, &recorded[i], of)
			if err != nil {
				return nil, 0, false, err
			}
			line, about, err := tell(&recorded[i], part)
			if err != nil {
				return nil, 0, false, err
			}
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
