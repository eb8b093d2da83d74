package projections

import (
	"context"
	"fmt"
	"time"

	"admitone/events"
)

// Tournament is the fold of one tournament's stream, without who takes part.
type Tournament struct {
	ID   string
	Name string
	// TeamLimit is how many slots there are: Remaining() + Entered, always.
	TeamLimit, Entered int64
	// Waitlisted teams have no slot.
	Waitlisted int64
	// RegisterDeadline is the last moment at which a team can enter.
	RegisterDeadline time.Time
	// Status is the organiser's switch; see [Tournament.StatusAt].
	Status events.TournamentStatus
	// Waitlist says whether teams may wait, WaitlistRule who comes in first.
	Waitlist     bool
	WaitlistRule events.WaitlistRule
	// WaitingRoom that guards the entry, "" if none does.
	WaitingRoom string
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created and Updated are the store's times of the first and last event.
	Created, Updated time.Time

	// seated and queued are how many places in its slots and its waitlist were ever
	// given: the last numbers.
	seated, queued int64
}

// Remaining is how many slots are free.
func (t *Tournament) Remaining() int64 { return t.TeamLimit - t.Entered }

// StatusAt says whether teams may enter at a time: neither the organiser nor the
// deadline has closed the tournament. A full one is open all the same.
func (t *Tournament) StatusAt(now time.Time) events.TournamentStatus {
	if now.After(t.RegisterDeadline) {
		return events.TournamentClosed
	}
	return t.Status
}

// Apply takes the next event of the tournament's stream in, as [Product.Apply]
// does.
func (t *Tournament) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return t.apply(e, fact)
}

func (t *Tournament) apply(e *events.Recorded, fact events.Fact) error {
	_, isCreation := fact.(*events.TournamentCreated)
	if done, err := follows(e, fact, revisionOf(t.ID != "", t.Revision), isCreation); done || err != nil {
		return err
	}
	next := *t
	counts, err := next.evolve(e, fact)
	if err != nil {
		return err
	}
	if next.Waitlisted < 0 || next.Entered < 0 || next.Remaining() < 0 || next.counts() != counts {
		return fmt.Errorf("%w: position %d: %s@%d says %+v; of %d slots it comes to %+v",
			ErrViolated, e.Position, e.Stream, e.Revision, counts, next.TeamLimit, next.counts())
	}
	next.Revision, next.Position, next.Updated = e.Revision, e.Position, e.Created
	*t = next
	return nil
}

func (t *Tournament) counts() events.TournamentCounts {
	return events.TournamentCounts{Entered: t.Entered, Remaining: t.Remaining(), Waitlisted: t.Waitlisted}
}

// evolve returns the counts according to the fact itself.
func (t *Tournament) evolve(e *events.Recorded, fact events.Fact) (events.TournamentCounts, error) {
	switch f := fact.(type) {
	case *events.TournamentEntered:
		t.seated += int64(len(f.TeamIDs))
		t.Entered += int64(len(f.TeamIDs))
		return f.TournamentCounts, nil
	case *events.TournamentWaitlisted:
		t.queued += int64(len(f.TeamIDs))
		t.Waitlisted += int64(len(f.TeamIDs))
		return f.TournamentCounts, nil
	case *events.TournamentPromoted:
		for _, row := range f.Rows {
			t.seated += int64(len(row))
			t.Entered += int64(len(row))
			t.Waitlisted -= int64(len(row))
		}
		return f.TournamentCounts, nil
	case *events.TournamentWithdrawn:
		if f.Was == events.EntryEntered {
			t.Entered--
		} else {
			t.Waitlisted--
		}
		return f.TournamentCounts, nil
	case *events.TournamentEdited:
		t.Name, t.TeamLimit, t.RegisterDeadline, t.Status = f.DisplayName, f.TeamLimit, f.RegisterDeadline, f.Status
		t.WaitingRoom = f.WaitingRoom
		return f.TournamentCounts, nil
	case *events.TournamentCreated:
		t.ID, t.Name, t.TeamLimit, t.Created = e.Stream.Entity(), f.DisplayName, f.TeamLimit, e.Created
		t.RegisterDeadline, t.Status = f.RegisterDeadline, events.TournamentOpen
		t.Waitlist, t.WaitlistRule, t.WaitingRoom = f.Waitlist, f.WaitlistRule, f.WaitingRoom
		return t.counts(), nil
	}
	return events.TournamentCounts{}, fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
}

func appendTournament(dst []byte, t *Tournament) []byte {
	dst = appendString(appendString(dst, t.Name), t.WaitingRoom)
	for _, n := range [...]int64{t.TeamLimit, t.Entered, t.Waitlisted, t.seated, t.queued, int64(t.Revision), int64(t.Position)} {
		dst = appendInt(dst, n)
	}
	waitlist := byte(0)
	if t.Waitlist {
		waitlist = 1
	}
	dst = append(appendMoment(dst, t.RegisterDeadline), waitlist)
	dst = appendString(appendString(dst, string(t.Status)), string(t.WaitlistRule))
	return appendTime(appendTime(dst, t.Created), t.Updated)
}

func decodeTournament(id string, record []byte) (Tournament, error) {
	r := reader{rest: record}
	t := Tournament{
		ID: id, Name: r.str(), WaitingRoom: r.str(), TeamLimit: r.int(), Entered: r.int(), Waitlisted: r.int(), seated: r.int(), queued: r.int(),
		Revision: events.Revision(r.int()), Position: events.Position(r.int()), RegisterDeadline: r.moment(),
	}
	waitlist := r.take(1)
	t.Waitlist = !r.bad && waitlist[0] == 1
	t.Status, t.WaitlistRule = events.TournamentStatus(r.str()), events.WaitlistRule(r.str())
	t.Created, t.Updated = r.time(), r.time()
	return t, r.done()
}

// TournamentAt folds a tournament up to a position; nil if it did not exist by
// then. Errors: those of [Tournament.Apply]; the store's.
func TournamentAt(ctx context.Context, store events.Store, id string, position events.Position) (*Tournament, error) {
	return rowAt(ctx, store, events.NewStreamID(tournamentCategory, id), position, (*Tournament).Apply)
}

// TournamentAt is [TournamentAt] of the log that the views follow, and reads but a few
// hundred events of it. Errors: those of [TournamentAt]; the disk's.
func (p *Projections) TournamentAt(ctx context.Context, id string, position events.Position) (*Tournament, error) {
	return pastOf(ctx, p, (*tournaments).milestones, events.NewStreamID(tournamentCategory, id), position, (*Tournament).Apply)
}
