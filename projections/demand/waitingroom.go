package demand

import "admitone/events"

func init() {
	register(requested, &events.WaitingRoomOpened{}, &events.WaitingRoomChanged{},
		&events.WaitingRoomJoined{}, &events.WaitingRoomLeft{}, &events.WaitingRoomDropped{},
		&events.WaitingRoomFinished{}, &events.WaitingRoomShuffled{})
	// The moment of a round matters: what is drawn depends on it.
	register(system, &events.WaitingRoomAdmitted{})
	register(consequence, &events.WaitingRoomBegun{}, &events.WaitingRoomExpired{},
		&events.WaitingRoomRun{})
}
