package events

import "time"

func init() { addGolden(goldenWaitingRoom) }

var goldenWaitingRoom = map[string]Fact{
	"waitingroom.opened.v1": &WaitingRoomOpened{
		RoomID: "sale-2031", WaitingRoomSettings: WaitingRoomSettings{
			AdmitPerSecond: 250, MaxActive: 2000, ActiveSeconds: 600, HeartbeatSeconds: 30,
			Status: RoomOpen, Order: RoomShuffle, OpensAt: time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
			SeedHash: "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925", Version: 1,
		},
	},
	"waitingroom.changed.v1": &WaitingRoomChanged{
		WaitingRoomSettings: WaitingRoomSettings{
			AdmitPerSecond: 300, MaxActive: 2500, ActiveSeconds: 900, HeartbeatSeconds: 60,
			Status: RoomClosed, Order: RoomFIFO, OpensAt: moment, SeedHash: "00", Version: 2,
		},
		WaitingRoomCounts: WaitingRoomCounts{Waiting: 999_000, Active: 1000},
	},
	"waitingroom.joined.v1": &WaitingRoomJoined{
		Ticket: 1_000_001, Holder: "Ada \"L\" größe\n\u2028🎫",
		WaitingRoomCounts: WaitingRoomCounts{Waiting: 999_001, Active: 1001},
	},
	"waitingroom.begun.v1": &WaitingRoomBegun{Early: 500_000},
	"waitingroom.shuffled.v1": &WaitingRoomShuffled{
		Seed: "0000000000000000000000000000000000000000000000000000000000000000", Early: 500_001,
	},
	"waitingroom.admitted.v1": &WaitingRoomAdmitted{
		Tickets: []TicketRange{{From: 7, To: 11}, {From: 13, To: 13}}, Count: 6, Admitted: 12,
		AdmittedAt: moment, ExpiresAt: moment.Add(10 * time.Minute),
		WaitingRoomCounts: WaitingRoomCounts{Waiting: 998_995, Active: 1007},
	},
	"waitingroom.left.v1": &WaitingRoomLeft{
		Ticket: 12, Was: VisitorAdmitted, WaitingRoomCounts: WaitingRoomCounts{Waiting: 998_994, Active: 1006},
	},
	"waitingroom.dropped.v1": &WaitingRoomDropped{
		Tickets: []TicketRange{{From: 20, To: 21}}, Count: 2,
		WaitingRoomCounts: WaitingRoomCounts{Waiting: 998_992, Active: 1005},
	},
	"waitingroom.expired.v1": &WaitingRoomExpired{
		Tickets: []TicketRange{{From: 1, To: 4}}, Count: 4,
		WaitingRoomCounts: WaitingRoomCounts{Waiting: 998_991, Active: 1002},
	},
	"waitingroom.finished.v1": &WaitingRoomFinished{
		Ticket: 13, WaitingRoomCounts: WaitingRoomCounts{Waiting: 998_990, Active: 1001},
	},
	"waitingroom.run.v1": &WaitingRoomRun{Node: "admitone1:8080", Run: "0190e8a0-1111-7222-8333-444455556666", Term: 2},
}
