package waitingroom

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

func TestSetRules(t *testing.T) {
	const (
		fifoOpened     = "opened r: open, fifo, 8/s to 3 for 60 s, version 1"
		shuffledOpened = "opened r: open, shuffle, 8/s to 3 for 60 s from 10s, version 1"
	)
	check(t, []rule{
		{"created and changed", []row{
			{0, fifo(8, 3), fifoOpened},
			{0, fifo(8, 3), "revision_required"},
			{0, fifo(8, 3).ifVersion(1), "nothing"},
			{0, fifo(9, 3), "revision_required"},
			{0, fifo(9, 3).ifVersion(2), "stale_revision [current_revision:1]"},
			{0, fifo(9, 3).ifVersion(1), "changed: open, fifo, 9/s to 3 for 60 s, version 2: 0 wait, 0 in"},
			{0, fifo(8, 3).ifVersion(1), "stale_revision [current_revision:2]"},
			{0, withSettings(fifo(9, 3), closed).ifVersion(2), "changed: closed, fifo, 9/s to 3 for 60 s, version 3: 0 wait, 0 in"},
			{
				0,
				fifo(10, 3).ifVersion(3),
				"changed: closed, fifo, 10/s to 3 for 60 s, version 4: 0 wait, 0 in",
			}, // an empty member stays
		}},
		{"version of a room that does not exist", []row{
			{0, fifo(8, 3).ifVersion(1), "stale_revision [current_revision:0]"},
		}},
		{"bounds", []row{
			{0, fifo(-1, 3), "invalid_field [field:admit_per_second]"},
			{0, fifo(1_000_001, 3), "invalid_field [field:admit_per_second]"},
			{0, fifo(1, 0), "invalid_field [field:max_active]"},
			{0, fifo(1, 10_000_001), "invalid_field [field:max_active]"},
			{
				0,
				withSettings(fifo(1, 1), func(s *events.WaitingRoomSettings) { s.ActiveSeconds = 0 }),
				"invalid_field [field:active_seconds]",
			},
			{
				0,
				withSettings(fifo(1, 1), func(s *events.WaitingRoomSettings) { s.ActiveSeconds = 86_401 }),
				"invalid_field [field:active_seconds]",
			},
			{
				0,
				withSettings(fifo(1, 1), func(s *events.WaitingRoomSettings) { s.HeartbeatSeconds = 0 }),
				"invalid_field [field:heartbeat_seconds]",
			},
			{
				0,
				withSettings(fifo(1, 1), func(s *events.WaitingRoomSettings) { s.HeartbeatSeconds = 86_401 }),
				"invalid_field [field:heartbeat_seconds]",
			},
			{0, withSettings(fifo(1, 1), func(s *events.WaitingRoomSettings) { s.Status = "ajar" }), "invalid_field [field:status]"},
			{0, withSettings(fifo(1, 1), func(s *events.WaitingRoomSettings) { s.Order = "lifo" }), "invalid_field [field:order]"},
			{
				0,
				withSettings(fifo(1, 1), func(s *events.WaitingRoomSettings) { s.OpensAt = time.Unix(-1, 0) }),
				"invalid_field [field:opens_at]",
			},
			{
				0,
				withSettings(shuffled(1, 1), func(s *events.WaitingRoomSettings) { s.OpensAt = time.Time{} }),
				"invalid_field [field:opens_at]",
			},
			{0, withSettings(shuffled(1, 1), func(s *events.WaitingRoomSettings) { s.SeedHash = "" }), "invalid_field [field:seed_hash]"},
			{
				0,
				withSettings(shuffled(1, 1), func(s *events.WaitingRoomSettings) { s.SeedHash = "abcd" }),
				"invalid_field [field:seed_hash]",
			},
			{0, fifo(10_000, 1_000_000), "opened r: open, fifo, 10000/s to 1000000 for 60 s, version 1"},
		}},
		{"after the first join the seed and the order are fixed", []row{
			{0, fifo(8, 3), fifoOpened},
			{0, shuffled(8, 3).ifVersion(1), "changed: open, shuffle, 8/s to 3 for 60 s from 10s, version 2: 0 wait, 0 in"},
			{
				0,
				withSettings(shuffled(8, 3), func(s *events.WaitingRoomSettings) { s.SeedHash = hashOf([]byte("other")) }).ifVersion(2),
				"changed: open, shuffle, 8/s to 3 for 60 s from 10s, version 3: 0 wait, 0 in",
			},
			{0, shuffled(8, 3).ifVersion(3), "changed: open, shuffle, 8/s to 3 for 60 s from 10s, version 4: 0 wait, 0 in"},
			{0, join("ann"), "ann has ticket 1: 1 wait, 0 in"},
			{
				0,
				withSettings(shuffled(8, 3), func(s *events.WaitingRoomSettings) { s.SeedHash = hashOf([]byte("other")) }).ifVersion(4),
				"invalid_field [field:seed_hash]",
			},
			{
				0,
				withSettings(shuffled(8, 3), openAfter(20*s)).ifVersion(4),
				"changed: open, shuffle, 8/s to 3 for 60 s from 20s, version 5: 1 wait, 0 in",
			},
			{
				0,
				withSettings(fifo(8, 3), func(s *events.WaitingRoomSettings) { s.Order = events.RoomFIFO }).ifVersion(5),
				"changed: open, fifo, 8/s to 3 for 60 s from 20s, version 6: 1 wait, 0 in",
			},
			{0, shuffled(8, 3).ifVersion(6), "invalid_field [field:order]"},
		}},
		{"an opening that has begun can't be moved", []row{
			{0, shuffled(8, 3), shuffledOpened},
			{0, join("ann"), "ann has ticket 1: 1 wait, 0 in"},
			{11 * s, expire, "begun with 1"},
			{11 * s, withSettings(shuffled(8, 3), openAfter(20*s)).ifVersion(1), "invalid_field [field:opens_at]"},
			{11 * s, shuffled(9, 3).ifVersion(1), "changed: open, shuffle, 9/s to 3 for 60 s from 10s, version 2: 1 wait, 0 in"},
			{11 * s, shuffle, "shuffled 1"},
			{
				11 * s,
				withSettings(fifo(8, 3), func(s *events.WaitingRoomSettings) { s.Order = events.RoomFIFO }).ifVersion(2),
				"invalid_field [field:order]",
			},
			{11 * s, fifo(8, 3).ifVersion(2), "changed: open, shuffle, 8/s to 3 for 60 s from 10s, version 3: 1 wait, 0 in"},
		}},
		{"a lost seed: change to the order of arrival", []row{
			{0, shuffled(8, 3), shuffledOpened},
			{0, join("ann"), "ann has ticket 1: 1 wait, 0 in"},
			{11 * s, expire, "begun with 1"},
			{11 * s, &Shuffle{Seed: []byte("no")}, "invalid_field [field:seed]"},
			{
				11 * s,
				withSettings(fifo(8, 3), func(s *events.WaitingRoomSettings) { s.Order = events.RoomFIFO }).ifVersion(1),
				"changed: open, fifo, 8/s to 3 for 60 s from 10s, version 2: 1 wait, 0 in",
			},
			{11 * s, shuffle, "nothing"},
			{11 * s, admit, "admitted 1 until 1m11s: 0 wait, 1 in"},
		}},
	})
}

func TestJoinRules(t *testing.T) {
	opened := row{0, fifo(8, 3), "opened r: open, fifo, 8/s to 3 for 60 s, version 1"}
	check(t, []rule{
		{"a room that does not exist", []row{
			{0, join("ann"), "not_found [resource:waiting_room]"},
			{0, leave(1), "not_found [resource:waiting_room]"},
			{0, admit, "not_found [resource:waiting_room]"},
			{0, drop(1), "not_found [resource:waiting_room]"},
			{0, &Finish{1}, "not_found [resource:waiting_room]"},
			{0, shuffle, "not_found [resource:waiting_room]"},
		}},
		{"one place per holder", []row{
			opened,
			{0, join("ann"), "ann has ticket 1: 1 wait, 0 in"},
			{0, join("bob"), "bob has ticket 2: 2 wait, 0 in"},
			{0, join("ann"), "nothing"},
			{0, admit, "admitted 1 until 1m0s: 1 wait, 1 in"},
			{0, join("ann"), "nothing"},
			{0, leave(2), "waiting 2 left: 0 wait, 1 in"},
			{0, join("bob"), "bob has ticket 3: 1 wait, 1 in"},
		}},
		{"the order of refusals", []row{
			opened,
			{0, join("ann"), "ann has ticket 1: 1 wait, 0 in"},
			{0, withSettings(fifo(8, 3), closed).ifVersion(1), "changed: closed, fifo, 8/s to 3 for 60 s, version 2: 1 wait, 0 in"},
			{0, join(""), "invalid_field [field:holder]"},
			{0, join(events.Holder(strings.Repeat("x", MaxHolder+1))), "invalid_field [field:holder]"},
			{0, join("ann"), "nothing"}, // a closed room keeps places
			{0, join("bob"), "room_closed"},
			{0, admit, "nothing"},
			{0, withSettings(fifo(8, 3), reopened).ifVersion(2), "changed: open, fifo, 8/s to 3 for 60 s, version 3: 1 wait, 0 in"},
			{0, admit, "admitted 1 until 1m0s: 0 wait, 1 in"},
			{
				0,
				join(events.Holder(strings.Repeat("x", MaxHolder))),
				strings.Repeat("x", MaxHolder) + " has ticket 2: 1 wait, 1 in",
			},
		}},
		{"leaving", []row{
			opened,
			{0, join("ann"), "ann has ticket 1: 1 wait, 0 in"},
			{0, leave(0), "not_found [resource:visitor]"},
			{0, leave(2), "not_found [resource:visitor]"},
			{0, leave(1), "waiting 1 left: 0 wait, 0 in"},
			{0, leave(1), "nothing"},
			{0, &Finish{1}, "nothing"},
			{0, &Finish{2}, "not_found [resource:visitor]"},
		}},
		{"dropping silent visitors", []row{
			opened,
			{0, join("ann"), "ann has ticket 1: 1 wait, 0 in"},
			{0, join("bob"), "bob has ticket 2: 2 wait, 0 in"},
			{0, join("cid"), "cid has ticket 3: 3 wait, 0 in"},
			{0, admit, "admitted 1 until 1m0s: 2 wait, 1 in"},
			{0, drop(1, 2, 3, 4), "dropped 2-3: 0 wait, 1 in"}, // an admitted visitor can't be dropped
			{0, drop(2), "nothing"},
			{0, &Drop{Tickets: []events.TicketRange{{From: -1 << 62, To: 1 << 62}}}, "nothing"},
			{0, join("bob"), "bob has ticket 4: 1 wait, 1 in"},
		}},
		{"only the server that runs the room drops visitors", []row{
			{0, &TakeOver{Node: "n1", Run: "a"}, "not_found [resource:waiting_room]"},
			opened,
			{0, join("ann"), "ann has ticket 1: 1 wait, 0 in"},
			{0, join("bob"), "bob has ticket 2: 2 wait, 0 in"},
			{0, &TakeOver{Node: "n1", Run: "a"}, "n1 runs it as a, term 1"},
			{0, &TakeOver{Node: "n1", Run: "a", Term: 1}, "nothing"}, // n1 runs it already
			{0, &TakeOver{Node: "n2", Run: "b"}, "nothing"},          // n1 has taken the room over since
			{0, drop(1), "not_runner"},
			{0, &TakeOver{Node: "n2", Run: "b", Term: 1}, "n2 runs it as b, term 2"},
			{0, &Drop{Term: 1, Tickets: drop(1).Tickets}, "not_runner"},
			{0, &Drop{Term: 3, Tickets: drop(1).Tickets}, "not_runner"},
			{0, &Drop{Term: 2, Tickets: drop(1).Tickets}, "dropped 1: 1 wait, 0 in"},
		}},
	})
}

// arrivals returns a table that creates a room in which count visitors join.
func arrivals(count int, set *Set, opened string) []row {
	a := []row{{0, set, opened}}
	for i := range count {
		a = append(
			a,
			row{
				0,
				join(events.Holder(fmt.Sprint("h", i+1))),
				fmt.Sprintf("h%d has ticket %d: %d wait, 0 in", i+1, i+1, i+1),
			},
		)
	}
	return a
}

func TestAdmissionRules(t *testing.T) {
	crowd := func(set *Set, opened string) []row { return arrivals(20, set, opened) }
	check(t, []rule{
		{"the rate limits admissions", append(crowd(fifo(8, 100), "opened r: open, fifo, 8/s to 100 for 60 s, version 1"), []row{
			{0, admit, "admitted 1 until 1m0s: 19 wait, 1 in"}, // an eighth of the rate in a tenth of a second
			{100*ms - ns, admit, "nothing"},
			{100 * ms, admit, "admitted 2 until 1m0.1s: 18 wait, 2 in"},
			{200 * ms, admit, "admitted 3 until 1m0.2s: 17 wait, 3 in"},
			{300 * ms, admit, "admitted 4 until 1m0.3s: 16 wait, 4 in"},
			{400 * ms, admit, "admitted 5 until 1m0.4s: 15 wait, 5 in"},
			{500 * ms, admit, "admitted 6 until 1m0.5s: 14 wait, 6 in"},
			{600 * ms, admit, "admitted 7 until 1m0.6s: 13 wait, 7 in"},
			{700 * ms, admit, "admitted 8 until 1m0.7s: 12 wait, 8 in"},
			{s - ns, admit, "nothing"}, // eight in a second
			{s, admit, "admitted 9 until 1m1s: 11 wait, 9 in"},
			{1100*ms - ns, admit, "nothing"},
			{9 * s, admit, "admitted 10 until 1m9s: 10 wait, 10 in"}, // unused admissions are not saved up
			{9 * s, admit, "nothing"},
		}...)},
		{"one a second", append(crowd(fifo(1, 100), "opened r: open, fifo, 1/s to 100 for 60 s, version 1"), []row{
			{0, admit, "admitted 1 until 1m0s: 19 wait, 1 in"},
			{s - ns, admit, "nothing"},
			{s, admit, "admitted 2 until 1m1s: 18 wait, 2 in"},
		}...)},
		{
			"a clock that was set back",
			append(crowd(fifo(1, 100), "opened r: open, fifo, 1/s to 100 for 60 s, version 1"), []row{
				{time.Hour, admit, "admitted 1 until 1h1m0s: 19 wait, 1 in"},
				{time.Hour - s + ns, admit, "nothing"},
				{time.Minute, admit, "admitted 2 until 2m0s: 18 wait, 2 in"},
				{time.Minute + s - ns, admit, "nothing"},
			}...),
		},
		{"a pause", append(crowd(fifo(0, 100), "opened r: open, fifo, 0/s to 100 for 60 s, version 1"), []row{
			{0, admit, "nothing"},
			{time.Hour, admit, "nothing"},
			{time.Hour, fifo(16, 100).ifVersion(1), "changed: open, fifo, 16/s to 100 for 60 s, version 2: 20 wait, 0 in"},
			{time.Hour, admit, "admitted 1-2 until 1h1m0s: 18 wait, 2 in"},
		}...)},
		{
			"the maximum number of visitors of one admission",
			append(
				arrivals(
					2*AdmitAtOnce+1,
					fifo(MaxAdmitPerSecond, MaxActive),
					"opened r: open, fifo, 1000000/s to 10000000 for 60 s, version 1",
				),
				[]row{
					{0, admit, "admitted 1-4096 until 1m0s: 4097 wait, 4096 in"},
					{0, admit, "admitted 4097-8192 until 1m0s: 1 wait, 8192 in"},
					{0, admit, "admitted 8193 until 1m0s: 0 wait, 8193 in"},
				}...),
		},
		{
			"max_active limits the active passes",
			append(crowd(fifo(8000, 3), "opened r: open, fifo, 8000/s to 3 for 60 s, version 1"), []row{
				{0, leave(2), "waiting 2 left: 19 wait, 0 in"},
				{0, drop(3, 5), "dropped 3 5: 17 wait, 0 in"},
				{0, admit, "admitted 1 4 6 until 1m0s: 14 wait, 3 in"}, // no waiting visitor is passed over
				{1 * s, admit, "nothing"},
				{1 * s, leave(4), "admitted 4 left: 14 wait, 2 in"},
				{1 * s, admit, "admitted 7 until 1m1s: 13 wait, 3 in"},
				{2 * s, &Finish{6}, "finished 6: 13 wait, 2 in"},
				{2 * s, &Finish{6}, "nothing"},
				{2 * s, leave(6), "nothing"},
				{2 * s, admit, "admitted 8 until 1m2s: 12 wait, 3 in"},
				{60 * s, expire, "nothing"}, // at its deadline a pass is still active
				{60*s + ns, expire, "expired 1: 12 wait, 2 in"},
				{60*s + ns, expire, "nothing"},
				{60*s + ns, leave(1), "nothing"},
				{60*s + ns, admit, "admitted 9 until 2m0.000000001s: 11 wait, 3 in"},
				{63 * s, expire, "expired 7: 11 wait, 2 in"},
				{63 * s, expire, "expired 8: 11 wait, 1 in"},
				{63 * s, join("h1"), "h1 has ticket 21: 12 wait, 1 in"}, // at the end
				{63 * s, admit, "admitted 10-11 until 2m3s: 10 wait, 3 in"},
			}...),
		},
		{
			"max_active lowered",
			append(crowd(fifo(8000, 3), "opened r: open, fifo, 8000/s to 3 for 60 s, version 1"), []row{
				{0, admit, "admitted 1-3 until 1m0s: 17 wait, 3 in"},
				{0, fifo(8000, 1).ifVersion(1), "changed: open, fifo, 8000/s to 1 for 60 s, version 2: 17 wait, 3 in"},
				{1 * s, leave(1), "admitted 1 left: 17 wait, 2 in"},
				{1 * s, admit, "nothing"},
				{1 * s, leave(2), "admitted 2 left: 17 wait, 1 in"},
				{1 * s, admit, "nothing"},
				{1 * s, leave(3), "admitted 3 left: 17 wait, 0 in"},
				{1 * s, admit, "admitted 4 until 1m1s: 16 wait, 1 in"},
			}...),
		},
		{
			"passes keep the duration with which they were admitted",
			append(crowd(fifo(8000, 9), "opened r: open, fifo, 8000/s to 9 for 60 s, version 1"), []row{
				{0, leave(20), "waiting 20 left: 19 wait, 0 in"},
				{0, fifo(8, 9).ifVersion(1), "changed: open, fifo, 8/s to 9 for 60 s, version 2: 19 wait, 0 in"},
				{0, admit, "admitted 1 until 1m0s: 18 wait, 1 in"},
				{
					s,
					withSettings(fifo(8, 9), func(s *events.WaitingRoomSettings) { s.ActiveSeconds = 10 }).ifVersion(2),
					"changed: open, fifo, 8/s to 9 for 10 s, version 3: 18 wait, 1 in",
				},
				{s, admit, "admitted 2 until 11s: 17 wait, 2 in"},
				{12 * s, expire, "expired 2: 17 wait, 1 in"},
				{12 * s, expire, "nothing"},
				{61 * s, expire, "expired 1: 17 wait, 0 in"},
			}...),
		},
		{
			"before opens_at",
			append(
				crowd(withSettings(fifo(8, 3), openAfter(10*s)), "opened r: open, fifo, 8/s to 3 for 60 s from 10s, version 1"),
				[]row{
					{10*s - ns, admit, "nothing"},
					{10 * s, expire, "nothing"},
					{10 * s, admit, "admitted 1 until 1m10s: 19 wait, 1 in"},
				}...),
		},
	})
}

// TestShuffleRules checks shuffled openings. With this seed, seven tickets are ordered 6 5 4 3 7 1 2.
func TestShuffleRules(t *testing.T) {
	early := []row{{0, shuffled(8000, 2), "opened r: open, shuffle, 8000/s to 2 for 60 s from 10s, version 1"}}
	for i := range 6 {
		early = append(
			early,
			row{
				0,
				join(events.Holder(fmt.Sprint("h", i+1))),
				fmt.Sprintf("h%d has ticket %d: %d wait, 0 in", i+1, i+1, i+1),
			},
		)
	}
	check(t, []rule{
		{"early visitors in a drawn order, later visitors after them", append(early[:len(early):len(early)], []row{
			{9 * s, admit, "nothing"},
			{9 * s, shuffle, "nothing"}, // not before its time
			{9 * s, drop(2), "dropped 2: 5 wait, 0 in"},
			{10 * s, expire, "nothing"},
			{10 * s, join("h7"), "h7 has ticket 7: 6 wait, 0 in"}, // still early: at opens_at
			{10*s + ns, expire, "begun with 7"},
			{10*s + ns, expire, "nothing"},
			{10*s + ns, join("h8"), "h8 has ticket 8: 7 wait, 0 in"},
			{11 * s, admit, "nothing"}, // not before the seed is published
			{11 * s, &Shuffle{Seed: []byte("no")}, "invalid_field [field:seed]"},
			{11 * s, shuffle, "shuffled 7"},
			{11 * s, shuffle, "nothing"},
			{11 * s, admit, "admitted 6 5 until 1m11s: 5 wait, 2 in"},
			{72 * s, expire, "expired 6 5: 5 wait, 0 in"},
			{72 * s, shuffled(8000, 9).ifVersion(1), "changed: open, shuffle, 8000/s to 9 for 60 s from 10s, version 2: 5 wait, 0 in"},
			{72 * s, admit, "admitted 4 3 7 1 8 until 2m12s: 0 wait, 5 in"},
		}...)},
		{"no early visitors", []row{
			early[0],
			{11 * s, expire, "begun with 0"},
			{11 * s, join("ann"), "ann has ticket 1: 1 wait, 0 in"},
			{11 * s, admit, "nothing"},
			{11 * s, shuffle, "shuffled 0"},
			{11 * s, admit, "admitted 1 until 1m11s: 0 wait, 1 in"},
		}},
	})
}
