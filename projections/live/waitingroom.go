package live

import (
	"time"

	"admitone/events"
	"admitone/projections/row"
)

// Causes of a change of a waiting room, besides an edit. CauseExpired is the expiry of passes.
const (
	CauseJoined   Cause = "joined"
	CauseAdmitted Cause = "admitted"
	CauseLeft     Cause = "left"
	CauseDropped  Cause = "dropped"
	CauseFinished Cause = "finished"
	CauseBegun    Cause = "begun"
	CauseShuffled Cause = "shuffled"
	// CauseTakenOver means that another server has taken over the room; no count has changed.
	CauseTakenOver Cause = "taken_over"
)

// RoomFramesEvery is the shortest time between two frames of a waiting room's topic. In a rush every join changes
// the counts, and without a pause each change would be a frame to every visitor.
const RoomFramesEvery = time.Second

// WaitingRoomCause returns the cause of a waiting room's fact.
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

// WaitingRoomTopics are the topics named "waiting-room:<id>".
var WaitingRoomTopics = &RowTopics[row.WaitingRoom]{
	Prefix: "waiting-room", FrameEvery: RoomFramesEvery,
	Snapshot: func(o *events.Object, room *row.WaitingRoom) {
		o.String("id", string(room.ID))
		room.AppendMembers(o)
	},
	// A delta has the few members of a snapshot, except the id.
	Delta: func(o *events.Object, d *RowDelta[row.WaitingRoom]) {
		o.String("cause", string(d.Cause))
		d.After.AppendMembers(o)
	},
	Cause: WaitingRoomCause,
}
