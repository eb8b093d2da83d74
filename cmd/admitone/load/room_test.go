package load

import (
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

// TestRulesOfWaitingRooms: the proof finds faults in the facts of a room that permits two admissions per
// second, three active visitors, and passes of ten seconds.
func TestRulesOfWaitingRooms(t *testing.T) {
	day := time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	const s = time.Second
	counts := func(waiting, active int64) events.WaitingRoomCounts {
		return events.WaitingRoomCounts{Waiting: waiting, Active: active}
	}
	join := func(ticket int64, holder string, waiting, active int64) events.Fact {
		return &events.WaitingRoomJoined{
			Ticket:            ticket,
			Holder:            events.Holder(holder),
			WaitingRoomCounts: counts(waiting, active),
		}
	}
	one := func(ticket int64) []events.TicketRange { return []events.TicketRange{{From: ticket, To: ticket}} }
	admit := func(at time.Duration, from, to, all, waiting, active int64) events.Fact {
		return &events.WaitingRoomAdmitted{Tickets: []events.TicketRange{{From: from, To: to}}, Count: to - from + 1,
			Admitted:   all,
			AdmittedAt: day.Add(at), ExpiresAt: day.Add(at + 10*s), WaitingRoomCounts: counts(waiting, active)}
	}
	left := func(ticket int64, was events.VisitorStatus, waiting, active int64) events.Fact {
		return &events.WaitingRoomLeft{Ticket: ticket, Was: was, WaitingRoomCounts: counts(waiting, active)}
	}
	dropped := func(ticket, waiting, active int64) events.Fact {
		return &events.WaitingRoomDropped{Tickets: one(ticket), Count: 1, WaitingRoomCounts: counts(waiting, active)}
	}
	expired := func(ticket, waiting, active int64) events.Fact {
		return &events.WaitingRoomExpired{Tickets: one(ticket), Count: 1, WaitingRoomCounts: counts(waiting, active)}
	}
	finished := func(ticket, waiting, active int64) events.Fact {
		return &events.WaitingRoomFinished{Ticket: ticket, WaitingRoomCounts: counts(waiting, active)}
	}
	const waiting, admitted = events.VisitorWaiting, events.VisitorAdmitted
	three := []events.Fact{join(1, "a", 1, 0), join(2, "b", 2, 0), join(3, "c", 3, 0)}
	five := append(slices.Clone(three), join(4, "d", 4, 0), join(5, "e", 5, 0))
	for _, test := range []struct {
		about string
		facts []events.Fact
		want  string // part of the error, "" for none
	}{
		{"a correct line", append(slices.Clone(five), left(2, waiting, 4, 0), dropped(1, 3, 0), admit(0, 3, 4, 2, 1, 2),
			admit(s, 5, 5, 3, 0, 3), finished(4, 0, 2),
			left(3, admitted, 0, 1), join(6, "a", 1, 1), admit(2*s, 6, 6, 4, 0, 2), left(5, admitted, 0, 1)), ""},
		{"a pass that runs out", append(slices.Clone(three), admit(0, 1, 1, 1, 2, 1), expired(1, 2, 0)), ""},
		{"a skipped ticket", []events.Fact{join(2, "a", 1, 0)}, "ticket 2 follows ticket 0"},
		{"two places of a holder", []events.Fact{join(1, "a", 1, 0), join(2, "a", 2, 0)}, "at the same time"},
		{"a wrong count", []events.Fact{join(1, "a", 2, 0)}, "its counts are"},
		{"the first skipped", append(slices.Clone(three), admit(0, 2, 2, 1, 2, 1)), "ticket 2 is admitted while ticket 1"},
		{"one in the middle skipped", append(slices.Clone(three), admit(0, 1, 1, 1, 2, 1), admit(0, 3, 3, 2, 1, 2)),
			"ticket 3 is admitted while ticket 2"},
		{"admitted after leaving", append(slices.Clone(three), left(1, waiting, 2, 0), admit(0, 1, 1, 1, 1, 1)),
			"ticket 1 is admitted while ticket 2"},
		{"above the rate", append(slices.Clone(three), admit(0, 1, 2, 2, 1, 2), admit(s-1, 3, 3, 3, 0, 3)),
			"3 were admitted within a second, more than 2"},
		{"at the rate", append(slices.Clone(three), admit(0, 1, 2, 2, 1, 2), admit(s, 3, 3, 3, 0, 3)), ""},
		{"too many active", append(slices.Clone(five), admit(0, 1, 2, 2, 3, 2), admit(s, 3, 4, 4, 1, 4)),
			"4 visitors are active, more than 3"},
		{"a waiting visitor left as admitted", append(slices.Clone(three), left(1, admitted, 3, -1)),
			"ticket 1 is not admitted"},
		{"an admitted visitor dropped", append(slices.Clone(three), admit(0, 1, 1, 1, 2, 1), dropped(1, 1, 1)),
			"ticket 1 is not waiting"},
		{"a pass too short", append(slices.Clone(three), admit(s, 1, 1, 1, 2, 1), expired(1, 2, 0)), "too early"},
		{"a pass too long", append(slices.Clone(three),
			&events.WaitingRoomAdmitted{Tickets: one(1), Count: 1, Admitted: 1, AdmittedAt: day,
				ExpiresAt: day.Add(time.Hour), WaitingRoomCounts: counts(2, 1)}), "a pass lasts for 1h"},
		{"a wrong total", append(slices.Clone(three), admit(0, 1, 1, 2, 2, 1)), "it counts 1 admissions, 2 in all"},
		{"an opening of a room that does not shuffle", []events.Fact{&events.WaitingRoomBegun{}}, "does not shuffle"},
	} {
		room := newRecordedRoom()
		room.settings = events.WaitingRoomSettings{AdmitPerSecond: 2, MaxActive: 3, ActiveSeconds: 10}
		var err error
		for _, fact := range test.facts {
			if err != nil {
				t.Errorf("%s: %v for an earlier fact", test.about, err)
			}
			err = room.evolve(fact, day.Add(10*s))
		}
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.about, err, test.want)
		}
	}
}
