package waitingroom

import (
	"testing"

	"admitone/actors/core/coretest"
	"admitone/events"
)

// someRoom returns a room with tickets 1 to 6: 1 and 3 are admitted, 2 has left, 4 was dropped, 5
// and 6 wait. set decides whether it is shuffled.
func someRoom(t *testing.T, set *Set) *Room {
	t.Helper()
	r := crowd(t, set, 6)
	play(t, r, 0, leave(2), drop(4))
	return play(t, r, 0, admit)
}

func TestCutSnapshots(t *testing.T) {
	coretest.RequireTruncatedSnapshotsRefused(t, someRoom(t, fifo(16, 2)), New)
	coretest.RequireTruncatedSnapshotsRefused(t, play(t, crowd(t, drawn(16, 2), 3), 11*s, expire, shuffle, admit), New)
}

// TestDamagedLogs: impossible facts make the core panic.
func TestDamagedLogs(t *testing.T) {
	left := func(waiting, active int64) events.WaitingRoomCounts {
		return events.WaitingRoomCounts{Waiting: waiting, Active: active}
	}
	tickets := func(ticket int64) []events.TicketRange { return []events.TicketRange{{From: ticket, To: ticket}} }
	for about, fact := range map[string]events.Fact{
		"of a different kind":               &events.TeamRegistered{},
		"a holder who has a place":          &events.WaitingRoomJoined{Ticket: 7, Holder: "holder-0000004", WaitingRoomCounts: left(3, 2)},
		"a ticket left out":                 &events.WaitingRoomJoined{Ticket: 8, Holder: "ann", WaitingRoomCounts: left(3, 2)},
		"a ticket twice":                    &events.WaitingRoomJoined{Ticket: 6, Holder: "ann", WaitingRoomCounts: left(3, 2)},
		"a figure that does not add up":     &events.WaitingRoomJoined{Ticket: 7, Holder: "ann", WaitingRoomCounts: left(4, 2)},
		"out of turn":                       &events.WaitingRoomAdmitted{Tickets: tickets(6), Count: 1, Admitted: 3, WaitingRoomCounts: left(1, 3)},
		"who has left":                      &events.WaitingRoomAdmitted{Tickets: tickets(2), Count: 1, Admitted: 3, WaitingRoomCounts: left(2, 3)},
		"nobody":                            &events.WaitingRoomAdmitted{Admitted: 2, WaitingRoomCounts: left(2, 2)},
		"more than it counts":               &events.WaitingRoomAdmitted{Tickets: []events.TicketRange{{From: 5, To: 6}}, Count: 1, Admitted: 3, WaitingRoomCounts: left(0, 4)},
		"a wrong sum":                       &events.WaitingRoomAdmitted{Tickets: tickets(5), Count: 1, Admitted: 4, WaitingRoomCounts: left(1, 3)},
		"leaving twice":                     &events.WaitingRoomLeft{Ticket: 2, Was: events.VisitorWaiting, WaitingRoomCounts: left(1, 2)},
		"leaving as what one is not":        &events.WaitingRoomLeft{Ticket: 1, Was: events.VisitorWaiting, WaitingRoomCounts: left(1, 2)},
		"leaving without a ticket":          &events.WaitingRoomLeft{Ticket: 7, Was: events.VisitorWaiting, WaitingRoomCounts: left(1, 2)},
		"dropping who is in":                &events.WaitingRoomDropped{Tickets: tickets(1), Count: 1, WaitingRoomCounts: left(1, 2)},
		"dropping all tickets there can be": &events.WaitingRoomDropped{Tickets: []events.TicketRange{{From: 5, To: 1 << 62}}, WaitingRoomCounts: left(0, 2)},
		"a pass that nobody has":            &events.WaitingRoomExpired{Tickets: tickets(5), Count: 1, WaitingRoomCounts: left(2, 1)},
		"finishing while waiting":           &events.WaitingRoomFinished{Ticket: 5, WaitingRoomCounts: left(2, 1)},
		"shuffling who is in":               &events.WaitingRoomShuffled{Seed: "00", Early: 0},
		"a change that does not add up":     &events.WaitingRoomChanged{WaitingRoomCounts: left(2, 3)},
	} {
		t.Run(about, func(t *testing.T) { coretest.RequirePanic(t, someRoom(t, fifo(16, 2)), fact) })
	}
	t.Run("an invalid seed", func(t *testing.T) {
		coretest.RequirePanic(
			t,
			play(t, crowd(t, drawn(16, 2), 3), 11*s, expire),
			&events.WaitingRoomShuffled{Seed: "no", Early: 3},
		)
	})
	for early := range int64(6) {
		if early != 3 {
			coretest.RequirePanic(t, crowd(t, drawn(16, 2), 3), &events.WaitingRoomBegun{Early: early})
		}
	}
	coretest.RequirePanic(t, crowd(t, fifo(16, 2), 3), &events.WaitingRoomBegun{Early: 3})
	coretest.RequirePanic(
		t,
		crowd(t, drawn(16, 2), 3),
		&events.WaitingRoomBegun{Early: 3},
		&events.WaitingRoomBegun{Early: 3},
	)
}
