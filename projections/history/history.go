package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"admitone/events"
)

// Line describes one event. The tags are its members in JSON.
type Line struct {
	Position events.Position `json:"position"`
	// Time is the time at which the command was decided.
	Time     time.Time       `json:"time"`
	Stream   events.StreamID `json:"stream"`
	Revision events.Revision `json:"revision"`
	// Actor is the caller who requested the command, "system" for a deadline.
	Actor string `json:"actor"`
	// RequestID is the id of the original HTTP request.
	RequestID string `json:"request_id"`
	// CausationID is the id of the command or request that caused the command, "deadline" for a deadline.
	CausationID string `json:"causation_id"`
	// CommandID is the id of the command, which is the CausationID of its consequences.
	CommandID string `json:"command_id"`
	// Because is the position of the event that caused this one, 0 for a request, a deadline or an unknown cause. Only
	// [ReadRelated] sets it.
	Because events.Position `json:"because,omitzero"`
	Text    string          `json:"text"`
	// Related has the other entities that the fact names, as kind/id for [Read]: causes, consequences and owners.
	Related []string `json:"leads_to"`
}

// describer returns the sentence for a fact, or the part of it that concerns a subject;
// "" if there is none.
type describer func(fact events.Fact, subj subject) string

// subject is the holder or the team for whom a fact is described; the zero subject includes everything.
type subject struct {
	kind, id string
	currency events.Currency // of the amounts
}

func (s subject) isEveryone() bool { return s.kind == "" && s.id == "" }

// everyone returns the subject that includes everything, in the same currency.
func (s subject) everyone() subject { return subject{currency: s.currency} }

// money formats an amount with its currency.
func (s subject) money(minor int64) string { return s.currency.Text(minor) }

// includes reports whether facts of the given entity are described for s.
func (s subject) includes(kind, id string) bool {
	return s.isEveryone() || s.kind == kind && s.id == id
}

// Describe describes an event in a sentence, with amounts in minor units.
// Errors: events.ErrUnknownFact, events.ErrBadFact, events.ErrBadMetadata.
func Describe(e *events.Recorded) (Line, error) {
	line, _, err := describe(e, subject{})
	return line, err
}

// describe is Describe for a subject; ok is false if the fact does not concern the subject.
func describe(e *events.Recorded, subj subject) (line Line, ok bool, err error) {
	fact, err := e.Decode()
	if err != nil {
		return Line{}, false, fmt.Errorf("position %d, %s@%d: %w", e.Position, e.Stream, e.Revision, err)
	}
	text := ""
	if k := byCategory[e.Stream.Category()]; k != nil {
		text = k.describe(fact, subj)
	}
	if text == "" && !subj.isEveryone() {
		return Line{}, false, nil
	}
	if text == "" {
		text = fact.Name() // the fact has no description
	}
	m, err := events.ParseMetadata(e.Metadata)
	if err != nil {
		return Line{}, false, fmt.Errorf("position %d, %s@%d: %w", e.Position, e.Stream, e.Revision, err)
	}
	return Line{
		Position: e.Position, Time: m.At, Stream: e.Stream, Revision: e.Revision,
		Actor: m.Actor, RequestID: m.CorrelationID, CausationID: m.CausationID, CommandID: m.CommandID, Text: text,
		Related: linksOf(e, fact),
	}, true, nil
}

// The errors of [Read].
var (
	// ErrNoKind means that there are no histories of that kind.
	ErrNoKind = errors.New("there are no histories of that kind")
	// ErrEmpty means that the entity has no events.
	ErrEmpty = errors.New("it has no events")
)

const (
	// maxScanned bounds the events that are read for one page of a searched history.
	maxScanned = 20_000
	// scanSize is the number of events read at a time.
	scanSize = 1024
)

// Read returns a page of the history of one entity or holder, in order, from the cursor from: 0 for the first page,
// else the next of the previous page. more reports whether there may be another page. The history of a holder or a team
// is a search of the log, and the history of a ticket is a search of its room's stream. A page of a search may have
// fewer than limit lines, or none, even if others follow.
//
// For an entity other than a team, from is a revision. To read the changes since a known revision, pass that
// revision plus 1.
//
// Errors: [ErrNoKind]; [ErrEmpty], only if from is 0, and never for a holder; those of [Describe]; the store's.
func Read(ctx context.Context, store events.Store, kind, id string, from uint64,
	limit int) (page []Line, next uint64, more bool, err error) {
	known := find(kind)
	if known == nil {
		return nil, 0, false, fmt.Errorf("%w: %q; there are: %s", ErrNoKind, kind, strings.Join(Kinds(), ", "))
	}
	own := events.NewStreamID(known.category, id)
	currency, err := currencyOf(ctx, store, own)
	if err != nil {
		return nil, 0, false, err
	}
	subj := subject{kind: kind, id: id, currency: currency}
	if kind == holderKind {
		return search(ctx, store, subj, events.Position(from), limit)
	}
	if kind == ticketKind {
		return ofTicket(ctx, store, id, from, limit)
	}
	if kind == events.TeamCategory && from > 0 {
		return search(ctx, store, subj, events.Position(from), limit)
	}
	recorded, err := store.Read(ctx, own, events.Revision(from), events.Forward, limit)
	if err == nil && from == 0 && len(recorded) == 0 {
		err = ErrEmpty
	}
	if err == nil && kind == events.TeamCategory {
		return search(ctx, store, subj, recorded[0].Position-1, limit)
	}
	for i := range recorded {
		line, _, err := describe(&recorded[i], subj.everyone())
		if err != nil {
			return nil, 0, false, err
		}
		page = append(page, line)
	}
	return page, from + uint64(len(recorded)), len(recorded) == limit, err
}

// search searches the log after a position for events that concern a subject.
func search(ctx context.Context, store events.Store, subj subject, after events.Position,
	limit int) (page []Line, next uint64, more bool, err error) {
	owners := owners{store, map[events.StreamID]events.Holder{}}
	for seen := 0; seen < maxScanned; {
		recorded, err := store.ReadAll(ctx, after, events.Forward, scanSize)
		if err != nil {
			return nil, 0, false, err
		}
		for i := range recorded {
			after = recorded[i].Position
			if recorded[i].Stream.Internal() || byCategory[recorded[i].Stream.Category()] == nil ||
				!events.Sealed(recorded[i].Metadata) {
				continue // an internal stream, an unknown kind, or an event of another program
			}
			part, err := owners.subjectFor(ctx, &recorded[i], subj)
			if err != nil {
				return nil, 0, false, err
			}
			line, concerns, err := describe(&recorded[i], part)
			if err != nil {
				return nil, 0, false, err
			}
			if !concerns {
				continue
			}
			if page = append(page, line); len(page) == limit {
				return page, uint64(after), true, nil
			}
		}
		if seen += len(recorded); len(recorded) < scanSize {
			return page, uint64(after), false, nil
		}
	}
	return page, uint64(after), true, nil
}
