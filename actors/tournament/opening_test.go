package tournament

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// opensAfter sets the opening time of cmd to a time after day, and returns cmd.
func opensAfter(cmd *Create, after time.Duration) *Create {
	cmd.OpensAt = day.Add(after)
	return cmd
}

func openAt(at time.Time) *Edit { return &Edit{OpensAt: &at} }

// describeOpening describes the fact that entry has opened, and other facts as describeFact does.
func describeOpening(fact events.Fact) string {
	if f, ok := fact.(*events.TournamentOpened); ok {
		return fmt.Sprintf("opened at %v with %d in", f.OpensAt.Sub(day), f.Entered)
	}
	return describeFact(fact)
}

// TestOpening checks that teams can enter from the opening time on, to the nanosecond, and that the opening is
// recorded once.
func TestOpening(t *testing.T) {
	const tick, ns = time.Minute, time.Nanosecond
	const created = "created cup for 2, strict"
	const early = "not_open [opens_at:2026-05-01 20:01:00 +0000 UTC]"
	closed := opensAfter(plain(2), tick)
	closed.Closed = true
	for name, rows := range map[string][]row{
		"opens at its time": {
			{0, opensAfter(plain(2), tick), created},
			{0, opensAfter(plain(2), tick), "nothing"},
			{0, plain(2), "already_exists"},
			{tick - ns, enter("a"), early},
			{tick - ns, &core.Expire{}, "nothing"},
			{tick, enter("a"), "entered [a]: 1 in, 1 free, 0 wait"},
			{tick, enter("a"), "already_entered [entry:entered team_id:a]"},
			{tick, &core.Expire{}, "opened at 1m0s with 1 in"},
			{tick, &core.Expire{}, "nothing"},
			{tick + ns, enter("b"), "entered [b]: 2 in, 0 free, 0 wait"},
		},
		"opening time in the past": {
			{2 * tick, opensAfter(plain(2), tick), created + "; opened at 1m0s with 0 in"},
			{2 * tick, enter("a"), "entered [a]: 1 in, 1 free, 0 wait"},
		},
		"opening time moved, then removed": {
			{0, opensAfter(plain(2), tick), created},
			{tick, &core.Expire{}, "opened at 1m0s with 0 in"},
			{tick, openAt(day.Add(3 * tick)), "edited Cup to 2 until 1h0m0s, open: 0 in, 2 free, 0 wait"},
			{2 * tick, enter("a"), "not_open [opens_at:2026-05-01 20:03:00 +0000 UTC]"},
			{2 * tick, limit(2), "edited Cup to 2 until 1h0m0s, open: 0 in, 2 free, 0 wait"},
			{3 * tick, &core.Expire{}, "opened at 3m0s with 0 in"},
			{3 * tick, openAt(day.Add(2 * tick)),
				"edited Cup to 2 until 1h0m0s, open: 0 in, 2 free, 0 wait; opened at 2m0s with 0 in"},
			{3 * tick, openAt(time.Time{}), "edited Cup to 2 until 1h0m0s, open: 0 in, 2 free, 0 wait"},
			{3 * tick, &core.Expire{}, "nothing"},
		},
		"closed from the start": {
			{0, closed, created},
			{0, closed, "nothing"},
			{0, enter("a"), early},
			{tick, enter("a"), "registration_closed"},
			{tick, &core.Expire{}, "opened at 1m0s with 0 in"},
			{tick, status(events.TournamentOpen), "edited Cup to 2 until 1h0m0s, open: 0 in, 2 free, 0 wait"},
			{tick, enter("a"), "entered [a]: 1 in, 1 free, 0 wait"},
		},
		"opening time must be before the deadline": {
			{0, opensAfter(plain(2), time.Hour), "invalid_field [field:opens_at]"},
			{0, opensAfter(plain(2), time.Hour-ns), created},
			{0, openAt(day.Add(time.Hour)), "invalid_field [field:opens_at]"},
			{0, openAt(day.Add(2 * tick)), "edited Cup to 2 until 1h0m0s, open: 0 in, 2 free, 0 wait"},
			{0, deadline(2 * tick), "invalid_field [field:opens_at]"},
			{0, limit(2), "edited Cup to 2 until 1h0m0s, open: 0 in, 2 free, 0 wait"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := New()
			for i, row := range rows {
				if got := coretest.Do(c, row.cmd, day.Add(row.at), describeOpening); got != row.want {
					t.Fatalf("row %d: %T at %v:\n got %s\nwant %s", i+1, row.cmd, row.at, got, row.want)
				}
				c = coretest.RoundTrip(t, c.Freeze(), New)
			}
		})
	}
	for _, facts := range [][]events.Fact{
		{&events.TournamentOpened{OpensAt: day, TournamentCounts: events.TournamentCounts{Remaining: 2}}},
		{&events.TournamentOpened{OpensAt: day.Add(tick), TournamentCounts: events.TournamentCounts{Remaining: 1}}},
	} {
		c := New()
		coretest.Do(c, opensAfter(plain(2), tick), day, describeOpening)
		coretest.RequirePanic(t, c, facts...)
	}
}
