package projections

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"admitone/events"
)

// WaitingRoom is the fold of one waiting room's stream, without its visitors: their
// places are asked of the room itself.
type WaitingRoom struct {
	ID string
	events.WaitingRoomSettings
	// Waiting visitors, and Active ones, whose passes go on.
	events.WaitingRoomCounts
	// Joined is how many places were ever given out: the last ticket. Admitted is how
	// many came in, in all.
	Joined, Admitted int64
	// Begun says that the moment of a shuffled opening has passed, with the tickets up
	// to Early; Seed in hexadecimal, once published, gives them their order.
	Begun bool
	Early int64
	Seed  string
	// Revision and Position of the last event that the row contains. What an edit is
	// based on is not Revision but Version.
	Revision events.Revision
	Position events.Position
	// Created and Updated are the store's times of the first and last event.
	Created, Updated time.Time
}

// Apply takes the next event of the room's stream in, as [Product.Apply] does.
func (w *WaitingRoom) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return w.apply(e, fact)
}

func (w *WaitingRoom) apply(e *events.Recorded, fact events.Fact) error {
	_, isCreation := fact.(*events.WaitingRoomOpened)
	if done, err := follows(e, fact, revisionOf(w.ID != "", w.Revision), isCreation); done || err != nil {
		return err
	}
	next := *w
	counts, err := next.evolve(e, fact)
	if err != nil {
		return err
	}
	if next.Waiting < 0 || next.Active < 0 || next.WaitingRoomCounts != counts {
		return fmt.Errorf("%w: position %d: %s@%d says %+v; it comes to %+v",
			ErrViolated, e.Position, e.Stream, e.Revision, counts, next.WaitingRoomCounts)
	}
	next.Revision, next.Position, next.Updated = e.Revision, e.Position, e.Created
	*w = next
	return nil
}

// evolve returns the counts according to the fact itself.
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
			return f.WaitingRoomCounts, fmt.Errorf("%w: position %d: %s@%d says that %d came in; it comes to %d",
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

// open takes in what an opening is made of.
func (w *WaitingRoom) open(e *events.Recorded, fact events.Fact) error {
	switch f := fact.(type) {
	case *events.WaitingRoomOpened:
		w.ID, w.WaitingRoomSettings, w.Created = e.Stream.Entity(), f.WaitingRoomSettings, e.Created
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
	}
	return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
}

func appendWaitingRoom(dst []byte, w *WaitingRoom) []byte {
	begun := int64(0)
	if w.Begun {
		begun = 1
	}
	for _, n := range [...]int64{w.AdmitPerSecond, w.MaxActive, w.ActiveSeconds, w.HeartbeatSeconds, w.Version,
		w.Waiting, w.Active, w.Joined, w.Admitted, begun, w.Early, int64(w.Revision), int64(w.Position)} {
		dst = appendInt(dst, n)
	}
	for _, s := range [...]string{string(w.Status), string(w.Order), w.SeedHash, w.Seed} {
		dst = appendString(dst, s)
	}
	return appendTime(appendTime(appendMoment(dst, w.OpensAt), w.Created), w.Updated)
}

func decodeWaitingRoom(id string, record []byte) (WaitingRoom, error) {
	r := reader{rest: record}
	w := WaitingRoom{ID: id}
	w.AdmitPerSecond, w.MaxActive, w.ActiveSeconds, w.HeartbeatSeconds, w.Version = r.int(), r.int(), r.int(), r.int(), r.int()
	w.Waiting, w.Active, w.Joined, w.Admitted = r.int(), r.int(), r.int(), r.int()
	w.Begun, w.Early = r.int() == 1, r.int()
	w.Revision, w.Position = events.Revision(r.int()), events.Position(r.int())
	w.Status, w.Order = events.RoomStatus(r.str()), events.RoomOrder(r.str())
	w.SeedHash, w.Seed = r.str(), r.str()
	w.OpensAt, w.Created, w.Updated = r.moment(), r.time(), r.time()
	return w, r.done()
}

// WaitingRoomAt folds a waiting room up to a position; nil if it did not exist by
// then. Errors: those of [WaitingRoom.Apply]; the store's.
func WaitingRoomAt(ctx context.Context, store events.Store, id string, position events.Position) (*WaitingRoom, error) {
	return rowAt(ctx, store, events.NewStreamID(waitingRoomCategory, id), position, (*WaitingRoom).Apply)
}
