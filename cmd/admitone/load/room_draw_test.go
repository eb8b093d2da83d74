package load

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

// TestRulesOfDraws: the proof finds faults in a shuffled opening with five visitors before the opening
// and one after it.
func TestRulesOfDraws(t *testing.T) {
	seed := []byte("0123456789abcdef0123456789abcdef")
	hash := sha256.Sum256(seed)
	drawn := events.ShuffledTickets(seed, 5)
	at := time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	start := &events.WaitingRoomBegun{Early: 5}
	shuffled := &events.WaitingRoomShuffled{Seed: hex.EncodeToString(seed), Early: 5}
	admit := func(place int, all int64) events.Fact {
		ticket := int64(6)
		if place < len(drawn) {
			ticket = int64(drawn[place])
		}
		return &events.WaitingRoomAdmitted{Tickets: events.AddTicket(nil, ticket), Count: 1, Admitted: all, AdmittedAt: at,
			ExpiresAt: at.Add(10 * time.Second), WaitingRoomCounts: events.WaitingRoomCounts{Waiting: 6 - all, Active: all}}
	}
	late := &events.WaitingRoomJoined{Ticket: 6, Holder: "f", WaitingRoomCounts: events.WaitingRoomCounts{Waiting: 6}}
	for _, test := range []struct {
		about string
		facts []events.Fact
		want  string
	}{
		{"all admitted as drawn", []events.Fact{start, late, shuffled, admit(0, 1), admit(1, 2), admit(2, 3), admit(3, 4),
			admit(4, 5), admit(5, 6)}, ""},
		{"the second admitted before the first", []events.Fact{start, late, shuffled, admit(1, 1)}, "is first in the line"},
		{"the late visitor admitted before the last early one", []events.Fact{start, late, shuffled, admit(0, 1), admit(1, 2),
			admit(2, 3), admit(3, 4), admit(5, 5)}, "ticket 6 is admitted while"},
		{"admitted before the draw", []events.Fact{start, late, admit(0, 1)}, "before their order is drawn"},
		{"drawn twice", []events.Fact{start, late, shuffled, shuffled}, "5 tickets are drawn"},
		{"drawn before the opening", []events.Fact{shuffled}, "5 tickets are drawn"},
		{"too few tickets at the opening", []events.Fact{&events.WaitingRoomBegun{Early: 4}},
			"begins with 4 tickets, and there are 5"},
		{"too few tickets drawn", []events.Fact{start, &events.WaitingRoomShuffled{Seed: shuffled.Seed, Early: 4}},
			"4 tickets are drawn, of 5"},
		{"a different seed", []events.Fact{start, &events.WaitingRoomShuffled{Seed: "00", Early: 5}},
			"does not match the hash"},
	} {
		room := newRecordedRoom()
		room.settings = events.WaitingRoomSettings{AdmitPerSecond: 10, MaxActive: 10, ActiveSeconds: 10,
			Order: events.RoomShuffle, SeedHash: hex.EncodeToString(hash[:])}
		var err error
		for i, holder := range strings.Fields("a b c d e") {
			err = room.evolve(&events.WaitingRoomJoined{Ticket: int64(i + 1), Holder: events.Holder(holder),
				WaitingRoomCounts: events.WaitingRoomCounts{Waiting: int64(i + 1)}}, at)
		}
		for _, fact := range test.facts {
			if err != nil {
				t.Errorf("%s: %v for an earlier fact", test.about, err)
			}
			err = room.evolve(fact, at)
		}
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.about, err, test.want)
		}
	}
}
