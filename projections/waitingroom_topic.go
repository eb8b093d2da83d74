package projections

import (
	"time"

	"admitone/events"
)

// What makes a waiting room change, besides an edit. CauseExpired is that of passes.
const (
	CauseJoined   Cause = "joined"
	CauseAdmitted Cause = "admitted"
	CauseLeft     Cause = "left"
	CauseDropped  Cause = "dropped"
	CauseFinished Cause = "finished"
	CauseBegun    Cause = "begun"
	CauseShuffled Cause = "shuffled"
)

// roomFramesEvery is the shortest time between two frames of a waiting room's topic.
// A crowd in front of the door changes its counts with every join; everybody who
// watches would get each of those.
const roomFramesEvery = time.Second

func waitingRoomCause(fact events.Fact) Cause {
	switch fact.(type) {
	case *events.WaitingRoomJoined:
		return CauseJoined
	case *events.WaitingRoomAdmitted:
		return CauseAdmitted
	case *events.WaitingRoomLeft:
		return CauseLeft
	case *events.WaitingRoomDropped:
		return CauseDropped
	case *events.WaitingRoomExpired:
		return CauseExpired
	case *events.WaitingRoomFinished:
		return CauseFinished
	case *events.WaitingRoomBegun:
		return CauseBegun
	case *events.WaitingRoomShuffled:
		return CauseShuffled
	case *events.WaitingRoomChanged:
		return CauseEdited
	}
	return CauseCreated
}

// WaitingRoomDelta is a change of one waiting room.
type WaitingRoomDelta struct {
	// WaitingRoom is the row after it.
	WaitingRoom WaitingRoom
	Cause       Cause
}

// Members is for [Delta]: all that a snapshot has, for the settings are few.
func (d *WaitingRoomDelta) Members(o *events.Object) {
	o.String("cause", string(d.Cause))
	d.WaitingRoom.AppendMembers(o)
}

// Clone is for [Delta].
func (d *WaitingRoomDelta) Clone() Delta { c := *d; return &c }

// Merge is for [Delta].
func (d *WaitingRoomDelta) Merge(later Delta) {
	l := later.(*WaitingRoomDelta)
	d.Cause = d.Cause.and(l.Cause)
	d.WaitingRoom = l.WaitingRoom
}

// Row is for [Delta]: the [WaitingRoom] after it.
func (d *WaitingRoomDelta) Row() any { return d.WaitingRoom }

// AppendMembers writes the settings and counts, as the resource and the frames of the
// topic have them. The revision is that of the settings.
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

// waitingRoomState is a waiting room's topic.
type waitingRoomState struct{ row WaitingRoom }

// state is called with the lock held.
func (k *waitingRooms) state(id string) (State, events.Position, error) {
	e, err := k.rows.existing(id)
	if err != nil {
		return nil, 0, err
	}
	return &waitingRoomState{e.row}, e.row.Position, nil
}

func (s *waitingRoomState) Members(o *events.Object) {
	o.String("id", s.row.ID)
	s.row.AppendMembers(o)
}

func (s *waitingRoomState) Apply(d Delta) { s.row = d.(*WaitingRoomDelta).WaitingRoom }

func (s *waitingRoomState) Row() any { return s.row }

func (s *waitingRoomState) Unchanged() Delta {
	return &WaitingRoomDelta{WaitingRoom: s.row, Cause: CauseNone}
}
