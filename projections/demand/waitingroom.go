package demand

import "admitone/events"

func init() {
	register(requested, &events.WaitingRoomOpened{}, &events.WaitingRoomChanged{},
		&events.WaitingRoomJoined{}, &events.WaitingRoomLeft{}, &events.WaitingRoomDropped{},
		&events.WaitingRoomFinished{}, &events.WaitingRoomShuffled{})
	// The time of a round matters: the draw depends on it.
	register(system, &events.WaitingRoomAdmitted{})
	register(consequence, &events.WaitingRoomBegun{}, &events.WaitingRoomExpired{},
		&events.WaitingRoomRun{})
}
