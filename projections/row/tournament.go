package row

import (
	"context"
	"fmt"
	"time"

	"admitone/events"
)

// Tournament is the fold of one tournament's stream, without the entries.
type Tournament struct {
	ID   events.TournamentID
	Name string
	// TeamLimit is the number of slots. It always equals Remaining() + Entered.
	TeamLimit, Entered int64
	// Waitlisted is the number of waiting teams.
	Waitlisted int64
	// RegisterDeadline is the deadline for entries.
	RegisterDeadline time.Time
	// Status as set by the organiser; see [Tournament.StatusAt].
	Status events.TournamentStatus
	// Waitlist means that teams may wait for a slot; WaitlistRule determines which of them enter first.
	Waitlist     bool
	WaitlistRule events.WaitlistRule
	// WaitingRoom is the waiting room that guards the entry, "" for none.
	WaitingRoom events.RoomID
	// OpensAt is the earliest time for entries, zero for none.
	OpensAt time.Time
	// Cancelled is zero unless the organiser has cancelled the tournament.
	Cancelled Cancelled
	// Edited is the revision of the last edit, or of the creation.
	Edited events.Revision
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created and Updated are the store's times of the first and last event.
	Created, Updated time.Time

	// LastSlot and LastWaiting are the last numbers assigned to slots and to places on the waitlist.
	LastSlot, LastWaiting int64
}

// Remaining returns the number of free slots.
func (t *Tournament) Remaining() int64 { return t.TeamLimit - t.Entered }

// StatusAt returns the status as of a time. A tournament is closed after its deadline. A full tournament
// is still open.
func (t *Tournament) StatusAt(now time.Time) events.TournamentStatus {
	if t.Status != events.TournamentIsCancelled && now.After(t.RegisterDeadline) {
		return events.TournamentClosed
	}
	return t.Status
}

// Apply applies the next event of the tournament's stream, as [Product.Apply] does.
func (t *Tournament) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return t.ApplyFact(e, fact)
}

// ApplyFact is Apply for an event whose fact has been decoded.
func (t *Tournament) ApplyFact(e *events.Recorded, fact events.Fact) error {
	_, isCreation := fact.(*events.TournamentCreated)
	if done, err := CheckNext(e, fact, revisionOf(t.ID != "", t.Revision), isCreation); done || err != nil {
		return err
	}
	next := *t
	counts, err := next.evolve(e, fact)
	if err != nil {
		return err
	}
	if next.Waitlisted < 0 || next.Entered < 0 || next.Remaining() < 0 || next.Counts() != counts {
		return fmt.Errorf("%w: position %d: %s@%d records %+v; of %d slots the events add up to %+v",
			ErrViolated, e.Position, e.Stream, e.Revision, counts, next.TeamLimit, next.Counts())
	}
	next.Revision, next.Position, next.Updated = e.Revision, e.Position, e.Created
	*t = next
	return nil
}

// Counts returns the current counts, as facts record them.
func (t *Tournament) Counts() events.TournamentCounts {
	return events.TournamentCounts{Entered: t.Entered, Remaining: t.Remaining(), Waitlisted: t.Waitlisted}
}

// evolve applies a fact, and returns the counts that the fact records.
func (t *Tournament) evolve(e *events.Recorded, fact events.Fact) (events.TournamentCounts, error) {
	switch f := fact.(type) {
	case *events.TournamentEntered:
		t.LastSlot += int64(len(f.TeamIDs))
		t.Entered += int64(len(f.TeamIDs))
		return f.TournamentCounts, nil
	case *events.TournamentWaitlisted:
		t.LastWaiting += int64(len(f.TeamIDs))
		t.Waitlisted += int64(len(f.TeamIDs))
		return f.TournamentCounts, nil
	case *events.TournamentPromoted:
		for _, row := range f.Rows {
			t.LastSlot += int64(len(row))
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
	case *events.TournamentOpened:
		return f.TournamentCounts, nil
	case *events.TournamentCancelled:
		if t.Status = events.TournamentIsCancelled; !t.Cancelled.cancel(e, f.Reason) {
			return f.TournamentCounts, fmt.Errorf("%w: position %d: %s is cancelled twice", ErrViolated, e.Position,
				e.Stream)
		}
		return f.TournamentCounts, nil
	case *events.TournamentEdited:
		t.Name, t.TeamLimit, t.RegisterDeadline, t.Status = f.DisplayName, f.TeamLimit, f.RegisterDeadline, f.Status
		t.WaitingRoom, t.OpensAt, t.Edited = f.WaitingRoom, f.OpensAt, e.Revision
		return f.TournamentCounts, nil
	case *events.TournamentCreated:
		t.ID, t.Name, t.TeamLimit, t.Created = events.TournamentID(e.Stream.Entity()), f.DisplayName, f.TeamLimit, e.Created
		t.RegisterDeadline, t.Status = f.RegisterDeadline, events.TournamentOpen
		if f.Status != "" {
			t.Status = f.Status
		}
		t.OpensAt, t.Edited = f.OpensAt, e.Revision
		t.Waitlist, t.WaitlistRule, t.WaitingRoom = f.Waitlist, f.WaitlistRule, f.WaitingRoom
		return t.Counts(), nil
	}
	return events.TournamentCounts{}, fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(),
		e.Stream)
}

// AppendTournament appends the record of a tournament: all but the id.
func AppendTournament(dst []byte, t *Tournament) []byte {
	dst = AppendString(AppendString(dst, t.Name), string(t.WaitingRoom))
	for _, n := range [...]int64{t.TeamLimit, t.Entered, t.Waitlisted, t.LastSlot, t.LastWaiting, int64(t.Revision),
		int64(t.Position)} {
		dst = AppendInt(dst, n)
	}
	waitlist := byte(0)
	if t.Waitlist {
		waitlist = 1
	}
	dst = append(AppendMoment(dst, t.RegisterDeadline), waitlist)
	dst = AppendString(AppendString(dst, string(t.Status)), string(t.WaitlistRule))
	dst = AppendInt(AppendMoment(dst, t.OpensAt), int64(t.Edited))
	return AppendCancelled(AppendTime(AppendTime(dst, t.Created), t.Updated), &t.Cancelled)
}

// DecodeTournament reads what [AppendTournament] wrote. Error: [ErrRecord].
func DecodeTournament(id string, record []byte) (Tournament, error) {
	r := NewReader(record)
	t := Tournament{
		ID: events.TournamentID(id), Name: r.Text(), WaitingRoom: events.RoomID(r.Text()), TeamLimit: r.Int(),
		Entered: r.Int(), Waitlisted: r.Int(),
		LastSlot: r.Int(), LastWaiting: r.Int(),
		Revision: events.Revision(r.Int()), Position: events.Position(r.Int()), RegisterDeadline: r.Moment(),
	}
	waitlist := r.Bytes(1)
	t.Waitlist = r.OK() && waitlist[0] == 1
	t.Status, t.WaitlistRule = events.TournamentStatus(r.Text()), events.WaitlistRule(r.Text())
	t.OpensAt, t.Edited = r.Moment(), events.Revision(r.Int())
	t.Created, t.Updated = r.Time(), r.Time()
	t.Cancelled = r.Cancelled()
	return t, r.Done()
}

// TournamentAt folds a tournament up to a position; nil if it did not exist by then. Errors: those of
// [Tournament.Apply]; the store's.
func TournamentAt(ctx context.Context, store events.Store, id events.TournamentID, position events.Position,
) (*Tournament, error) {
	return foldAt(ctx, store, events.NewStreamID(events.TournamentCategory, string(id)), position, (*Tournament).Apply)
}
