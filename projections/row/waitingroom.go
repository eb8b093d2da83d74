package row

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"admitone/events"
)

// WaitingRoom is the fold of one waiting room's stream, without its visitors, whose
// places are in the room's actor.
type WaitingRoom struct {
	ID events.RoomID
	events.WaitingRoomSettings
	// WaitingRoomCounts counts the waiting visitors and the valid passes.
	events.WaitingRoomCounts
	// Joined is the number of tickets issued so far, which is the last ticket. Admitted is the
	// number of visitors admitted so far.
	Joined, Admitted int64
	// Begun is true after a shuffled opening; its tickets are those up to Early. Seed, in
	// hexadecimal and empty until published, determines their order.
	Begun bool
	Early int64
	Seed  string
	// Revision and Position of the last event in the row. Edits are conditional on
	// Version, not on Revision.
	Revision events.Revision
	Position events.Position
	// Created and Updated are the store's times of the first and last event.
	Created, Updated time.Time
}

// Apply folds the next event of the room's stream, like [Product.Apply].
func (w *WaitingRoom) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return w.ApplyFact(e, fact)
}

// ApplyFact is Apply for an event whose fact is already decoded.
func (w *WaitingRoom) ApplyFact(e *events.Recorded, fact events.Fact) error {
	_, isCreation := fact.(*events.WaitingRoomOpened)
	if done, err := CheckNext(e, fact, revisionOf(w.ID != "", w.Revision), isCreation); done || err != nil {
		return err
	}
	next := *w
	counts, err := next.evolve(e, fact)
	if err != nil {
		return err
	}
	if next.Waiting < 0 || next.Active < 0 || next.WaitingRoomCounts != counts {
		return fmt.Errorf("%w: position %d: %s@%d records %+v; its facts add up to %+v",
			ErrViolated, e.Position, e.Stream, e.Revision, counts, next.WaitingRoomCounts)
	}
	next.Revision, next.Position, next.Updated = e.Revision, e.Position, e.Created
	*w = next
	return nil
}

// evolve applies a fact, and returns the counts that the fact records.
func (w *WaitingRoom) evolve(e *events.Recorded, fact events.Fact) (events.WaitingRoomCounts, error) {
	switch f := fact.(type) {
	case *events.WaitingRoomJoined:
		if f.Ticket != w.Joined+1 {
			return f.WaitingRoomCounts, fmt.Errorf("%w: position %d: %s@%d gives ticket %d after ticket %d",
				ErrViolated, e.Position, e.Stream, e.Revision, f.Ticket, w.Joined)
		}
		w.Joined++
		w.Waiting++
		return f.WaitingRoomCounts, nil
	case *events.WaitingRoomAdmitted:
		w.Waiting, w.Active, w.Admitted = w.Waiting-f.Count, w.Active+f.Count, w.Admitted+f.Count
		if w.Admitted != f.Admitted {
			return f.WaitingRoomCounts, fmt.Errorf("%w: position %d: %s@%d records %d admitted; its facts add up to %d",
				ErrViolated, e.Position, e.Stream, e.Revision, f.Admitted, w.Admitted)
		}
		return f.WaitingRoomCounts, nil
	case *events.WaitingRoomLeft:
		if f.Was == events.VisitorWaiting {
			w.Waiting--
		} else {
			w.Active--
		}
		return f.WaitingRoomCounts, nil
	case *events.WaitingRoomDropped:
		w.Waiting -= f.Count
		return f.WaitingRoomCounts, nil
	case *events.WaitingRoomExpired:
		w.Active -= f.Count
		return f.WaitingRoomCounts, nil
	case *events.WaitingRoomFinished:
		w.Active--
		return f.WaitingRoomCounts, nil
	case *events.WaitingRoomChanged:
		w.WaitingRoomSettings = f.WaitingRoomSettings
		if w.Order == events.RoomFIFO {
			w.Begun, w.Early = false, 0
		}
		return f.WaitingRoomCounts, nil
	}
	return w.WaitingRoomCounts, w.open(e, fact)
}

// open applies the facts about the room's creation and its opening.
func (w *WaitingRoom) open(e *events.Recorded, fact events.Fact) error {
	switch f := fact.(type) {
	case *events.WaitingRoomOpened:
		w.ID, w.WaitingRoomSettings, w.Created = events.RoomID(e.Stream.Entity()), f.WaitingRoomSettings, e.Created
		return nil
	case *events.WaitingRoomBegun:
		if w.Order != events.RoomShuffle || w.Begun || f.Early != w.Joined {
			return fmt.Errorf("%w: position %d: %s@%d begins an opening with %d of %d tickets",
				ErrViolated, e.Position, e.Stream, e.Revision, f.Early, w.Joined)
		}
		w.Begun, w.Early = true, f.Early
		return nil
	case *events.WaitingRoomShuffled:
		seed, err := hex.DecodeString(f.Seed)
		hash := sha256.Sum256(seed)
		if err != nil || !w.Begun || w.Seed != "" || f.Early != w.Early || hex.EncodeToString(hash[:]) != w.SeedHash {
			return fmt.Errorf("%w: position %d: %s@%d publishes a seed that is not the one whose hash was published",
				ErrViolated, e.Position, e.Stream, e.Revision)
		}
		w.Seed = f.Seed
		return nil
	case *events.WaitingRoomRun:
		return nil // the row does not contain the server that runs the room
	}
	return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
}

// AppendWaitingRoom appends the encoding of a waiting room without its id.
func AppendWaitingRoom(dst []byte, w *WaitingRoom) []byte {
	begun := int64(0)
	if w.Begun {
		begun = 1
	}
	for _, n := range [...]int64{w.AdmitPerSecond, w.MaxActive, w.ActiveSeconds, w.HeartbeatSeconds, w.Version,
		w.Waiting, w.Active, w.Joined, w.Admitted, begun, w.Early, int64(w.Revision), int64(w.Position)} {
		dst = AppendInt(dst, n)
	}
	for _, s := range [...]string{string(w.Status), string(w.Order), w.SeedHash, w.Seed} {
		dst = AppendString(dst, s)
	}
	return AppendTime(AppendTime(AppendMoment(dst, w.OpensAt), w.Created), w.Updated)
}

// DecodeWaitingRoom reads what [AppendWaitingRoom] wrote. Error: [ErrRecord].
func DecodeWaitingRoom(id string, record []byte) (WaitingRoom, error) {
	r := NewReader(record)
	w := WaitingRoom{ID: events.RoomID(id)}
	w.AdmitPerSecond, w.MaxActive, w.ActiveSeconds, w.HeartbeatSeconds, w.Version = r.Int(), r.Int(), r.Int(), r.Int(),
		r.Int()
	w.Waiting, w.Active, w.Joined, w.Admitted = r.Int(), r.Int(), r.Int(), r.Int()
	w.Begun, w.Early = r.Int() == 1, r.Int()
	w.Revision, w.Position = events.Revision(r.Int()), events.Position(r.Int())
	w.Status, w.Order = events.RoomStatus(r.Text()), events.RoomOrder(r.Text())
	w.SeedHash, w.Seed = r.Text(), r.Text()
	w.OpensAt, w.Created, w.Updated = r.Moment(), r.Time(), r.Time()
	return w, r.Done()
}

// WaitingRoomAt folds a waiting room up to a position; nil if it did not exist by then. Errors: those of
// [WaitingRoom.Apply]; the store's.
func WaitingRoomAt(ctx context.Context, store events.Store, id events.RoomID,
	position events.Position) (*WaitingRoom, error) {
	return foldAt(ctx, store, events.NewStreamID(events.WaitingRoomCategory, string(id)), position, (*WaitingRoom).Apply)
}

// AppendMembers writes the settings and counts as JSON members, as in the resource and the
// topic's frames. The member "revision" is Version.
func (w *WaitingRoom) AppendMembers(o *events.Object) {
	o.Int("admit_per_second", w.AdmitPerSecond)
	o.Int("max_active", w.MaxActive)
	o.Int("active_seconds", w.ActiveSeconds)
	o.Int("heartbeat_seconds", w.HeartbeatSeconds)
	o.String("status", string(w.Status))
	o.String("order", string(w.Order))
	if !w.OpensAt.IsZero() {
		o.Time("opens_at", w.OpensAt)
	}
	if w.SeedHash != "" {
		o.String("seed_hash", w.SeedHash)
	}
	if w.Seed != "" {
		o.String("seed", w.Seed)
	}
	if w.Begun {
		o.Int("early", w.Early)
	}
	o.Int("waiting", w.Waiting)
	o.Int("active", w.Active)
	o.Int("admitted", w.Admitted)
	o.Int("joined", w.Joined)
	o.Int("revision", w.Version)
}
