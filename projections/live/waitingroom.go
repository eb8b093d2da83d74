package live

import (
	"time"

	"admitone/events"
	"admitone/projections/row"
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
	// CauseTakenOver: another server runs the room now; no count has changed.
	CauseTakenOver Cause = "taken_over"
)

// RoomFramesEvery is the shortest time between two frames of a waiting room's topic.
// A crowd changes its counts with every join; each of those would be a frame to
// everybody who waits.
const RoomFramesEvery = time.Second

// WaitingRoomCause is the cause of a waiting room's fact.
func WaitingRoomCause(fact events.Fact) Cause {
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
	case *events.WaitingRoomRun:
		return CauseTakenOver
	case *events.WaitingRoomChanged:
		return CauseEdited
	}
	return CauseCreated
}

// WaitingRoomDelta is a change of one waiting room.
type WaitingRoomDelta struct {
	// WaitingRoom is the row after it.
	WaitingRoom row.WaitingRoom
	Cause       Cause
}

// Members implements Delta: all that a snapshot has, for the settings are few.
func (d *WaitingRoomDelta) Members(o *events.Object) {
	o.String("cause", string(d.Cause))
	d.WaitingRoom.AppendMembers(o)
}

// Clone implements Delta.
func (d *WaitingRoomDelta) Clone() Delta { c := *d; return &c }

// Merge implements Delta.
func (d *WaitingRoomDelta) Merge(later Delta) {
	l := later.(*WaitingRoomDelta)
	d.Cause = d.Cause.And(l.Cause)
	d.WaitingRoom = l.WaitingRoom
}

// Row implements Delta: the [row.WaitingRoom] after it.
func (d *WaitingRoomDelta) Row() any { return d.WaitingRoom }

// waitingRoomState is a waiting room's topic.
type waitingRoomState struct{ row row.WaitingRoom }

// NewWaitingRoomState returns the state of "waiting-room:<id>".
func NewWaitingRoomState(room row.WaitingRoom) State { return &waitingRoomState{room} }

func (s *waitingRoomState) Members(o *events.Object) {
	o.String("id", string(s.row.ID))
	s.row.AppendMembers(o)
}

func (s *waitingRoomState) Apply(d Delta) { s.row = d.(*WaitingRoomDelta).WaitingRoom }

func (s *waitingRoomState) Row() any { return s.row }

func (s *waitingRoomState) Unchanged() Delta {
	return &WaitingRoomDelta{WaitingRoom: s.row, Cause: CauseNone}
}
