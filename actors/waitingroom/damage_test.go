package waitingroom

import (
	"testing"

	"admitone/actors/core/coretest"
	"admitone/events"
)

// roomOfSix returns a room with tickets 1 to 6: 1 and 3 are admitted, 2 has left, 4 was dropped, 5 and
// 6 wait.
func roomOfSix(t *testing.T, set *Set) *Room {
	t.Helper()
	r := crowd(t, set, 6)
	play(t, r, 0, leave(2), drop(4))
	return play(t, r, 0, admit)
}

func TestTruncatedSnapshots(t *testing.T) {
	coretest.RequireTruncatedSnapshotsRefused(t, roomOfSix(t, fifo(16, 2)), New)
	coretest.RequireTruncatedSnapshotsRefused(t, play(t, crowd(t, shuffled(16, 2), 3), 11*s, expire, shuffle, admit), New)
}

// TestImpossibleFacts checks that the core panics on facts that contradict its state.
func TestImpossibleFacts(t *testing.T) {
	counts := func(waiting, active int64) events.WaitingRoomCounts {
		return events.WaitingRoomCounts{Waiting: waiting, Active: active}
	}
	tickets := func(ticket int64) []events.TicketRange { return []events.TicketRange{{From: ticket, To: ticket}} }
	for name, fact := range map[string]events.Fact{
		"fact of another entity":              &events.TeamRegistered{},
		"join of a waiting holder":            &events.WaitingRoomJoined{Ticket: 7, Holder: "holder-0000004", WaitingRoomCounts: counts(3, 2)},
		"join that skips a ticket":            &events.WaitingRoomJoined{Ticket: 8, Holder: "ann", WaitingRoomCounts: counts(3, 2)},
		"join with a used ticket":             &events.WaitingRoomJoined{Ticket: 6, Holder: "ann", WaitingRoomCounts: counts(3, 2)},
		"join with counts that do not add up": &events.WaitingRoomJoined{Ticket: 7, Holder: "ann", WaitingRoomCounts: counts(4, 2)},
		"admission out of order":              &events.WaitingRoomAdmitted{Tickets: tickets(6), Count: 1, Admitted: 3, WaitingRoomCounts: counts(1, 3)},
		"admission of a visitor who has left": &events.WaitingRoomAdmitted{Tickets: tickets(2), Count: 1, Admitted: 3, WaitingRoomCounts: counts(2, 3)},
		"admission of nobody":                 &events.WaitingRoomAdmitted{Admitted: 2, WaitingRoomCounts: counts(2, 2)},
		"admission of more than its count":    &events.WaitingRoomAdmitted{Tickets: []events.TicketRange{{From: 5, To: 6}}, Count: 1, Admitted: 3, WaitingRoomCounts: counts(0, 4)},
		"admission with a wrong total":        &events.WaitingRoomAdmitted{Tickets: tickets(5), Count: 1, Admitted: 4, WaitingRoomCounts: counts(1, 3)},
		"second leave":                        &events.WaitingRoomLeft{Ticket: 2, Was: events.VisitorWaiting, WaitingRoomCounts: counts(1, 2)},
		"leave with a wrong status":           &events.WaitingRoomLeft{Ticket: 1, Was: events.VisitorWaiting, WaitingRoomCounts: counts(1, 2)},
		"leave of an unknown ticket":          &events.WaitingRoomLeft{Ticket: 7, Was: events.VisitorWaiting, WaitingRoomCounts: counts(1, 2)},
		"drop of an admitted visitor":         &events.WaitingRoomDropped{Tickets: tickets(1), Count: 1, WaitingRoomCounts: counts(1, 2)},
		"drop of unknown tickets":             &events.WaitingRoomDropped{Tickets: []events.TicketRange{{From: 5, To: 1 << 62}}, WaitingRoomCounts: counts(0, 2)},
		"expiry of a waiting visitor":         &events.WaitingRoomExpired{Tickets: tickets(5), Count: 1, WaitingRoomCounts: counts(2, 1)},
		"finish of a waiting visitor":         &events.WaitingRoomFinished{Ticket: 5, WaitingRoomCounts: counts(2, 1)},
		"shuffle after admissions":            &events.WaitingRoomShuffled{Seed: "00", Early: 0},
		"edit with counts that do not add up": &events.WaitingRoomChanged{WaitingRoomCounts: counts(2, 3)},
	} {
		t.Run(name, func(t *testing.T) { coretest.RequirePanic(t, roomOfSix(t, fifo(16, 2)), fact) })
	}
	t.Run("shuffle with an invalid seed", func(t *testing.T) {
		coretest.RequirePanic(
			t,
			play(t, crowd(t, shuffled(16, 2), 3), 11*s, expire),
			&events.WaitingRoomShuffled{Seed: "no", Early: 3},
		)
	})
	for early := range int64(6) {
		if early != 3 {
			coretest.RequirePanic(t, crowd(t, shuffled(16, 2), 3), &events.WaitingRoomBegun{Early: early})
		}
	}
	coretest.RequirePanic(t, crowd(t, fifo(16, 2), 3), &events.WaitingRoomBegun{Early: 3})
	coretest.RequirePanic(
		t,
		crowd(t, shuffled(16, 2), 3),
		&events.WaitingRoomBegun{Early: 3},
		&events.WaitingRoomBegun{Early: 3},
	)
}
