// Package tournament holds the rules of slots that teams sign up for: first
// come, first served, and a waitlist behind them.
//
//	        ┌── a slot is free, and nobody waits for it ──▶ entered ──┐
//	enter ──┤                                               ▲         ├─ withdraw ─▶ (may enter again)
//	        └── else, if there is a waitlist ──▶ waitlisted ┘─────────┘
//	                                               promoted
//
// At every moment team_limit = entered + remaining, and remaining >= 0. No team
// is in twice.
//
// # The waitlist
//
// A row of the waitlist is one team or one group, in the order in which they
// came. A group gets its slots at once or not at all. Under the strict rule only
// the first row comes in, and a newcomer goes behind whoever waits, even if slots
// are free; under fill the first row that fits comes in. What a withdrawal or an
// edit makes possible is decided with it, so while the tournament is open nobody
// waits for a slot that he could have. A closed one promotes nobody; opening it
// again does. Withdrawing and promotion know no deadline: who waits was in time.
//
// # Why rows are numbered and queued by size
//
// A row's number says who came first and never changes, so taking a row out of
// the middle moves nothing: its number stays behind in its queue until it comes
// up, or until more than half are like that. A queue for each size of group finds
// the first row that fits by looking at sixteen numbers, however many wait. A
// team's place would need counting; a view does that, off the path of commands.
package tournament
