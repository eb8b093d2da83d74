package events

func init() { register[WaitingRoomRun]() }

// WaitingRoomRun records which server runs a room from now on. If several servers share a log, only that server drops
// visitors by the heartbeat timeout. A room that has always been run by the same server has no such fact.
type WaitingRoomRun struct {
	// Node is the server's name, for display. Run identifies one run of the server, from its start to its stop.
	Node string `json:"node"`
	Run  string `json:"run"`
	// Term counts the facts of this type in a room's stream, from 1.
	Term int64 `json:"term"`
}

func (*WaitingRoomRun) Name() string { return "waitingroom.run.v1" }
