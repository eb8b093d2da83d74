// Package tournament has the rules of slots that teams sign up for: first come, first served, and a
// waitlist.
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
// A row of the waitlist is one team or one group, in order of arrival. A group gets all of its
// slots at once or none. Under the strict rule only the first row is promoted, and a newcomer joins
// the end of the waitlist, even if slots are free; under fill the first row that fits is promoted.
// A withdrawal or an edit also decides every promotion that it makes possible, so while the
// tournament is open no team waits for a slot that it could have. A closed tournament promotes
// nobody; reopening it does. Withdrawals and promotions have no deadline: a waiting team was in
// time.
//
// # Why rows are numbered and queued by size
//
// A row's number is its rank in order of arrival and never changes, so removing a row from the
// middle moves nothing: its number stays in its queue until it reaches the front, or until more
// than half of the numbers are stale. With a queue for each size of group, the first row that fits
// is found by comparing sixteen numbers, however many rows wait. A team's place would require
// counting; a view does that, off the command path.
package tournament
