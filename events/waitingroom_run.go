package events

func init() { register[WaitingRoomRun]() }

// WaitingRoomRun records the server that runs a room from now on. Where several servers share a log, only the runner
// drops visitors by the heartbeat timeout. A room that was always run by the same server has no such fact.
type WaitingRoomRun struct {
	// Node is the server's name, for display; Run names one start of it.
	Node string `json:"node"`
	Run  string `json:"run"`
	// Term counts these facts of a room, from 1.
	Term int64 `json:"term"`
}

func (*WaitingRoomRun) Name() string { return "waitingroom.run.v1" }
