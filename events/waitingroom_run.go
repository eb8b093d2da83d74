package events

func init() { register[WaitingRoomRun]() }

// WaitingRoomRun records which server serves the visitors of a room from now on. Where several
// servers share a log, only that one drops silent visitors. A room that has always been served by
// one server has no such fact.
type WaitingRoomRun struct {
	// Node is the server's name, for people; Run names one start of it.
	Node string `json:"node"`
	Run  string `json:"run"`
	// Term counts these facts of a room, from 1.
	Term int64 `json:"term"`
}

func (*WaitingRoomRun) Name() string { return "waitingroom.run.v1" }
