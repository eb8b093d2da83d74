// Package tournament has the rules of tournaments. Teams enter for a limited number of slots, in order of arrival,
// and may wait on a waitlist when no slot is free.
//
//	        ┌── a slot is free, and nobody waits for it ──▶ entered ──┐
//	enter ──┤                                               ▲         ├─ withdraw ─▶ (may enter again)
//	        └── else, if there is a waitlist ──▶ waitlisted ┘─────────┘
//	                                               promoted
//
// After every fact, team_limit = entered + remaining, and remaining >= 0. No team has two slots, two places on the
// waitlist, or both.
//
// # The waitlist
//
// A row of the waitlist is one team or one group, in order of arrival. A group gets all of its slots together or
// none. Under the strict rule only the first row is promoted, and a newcomer joins the end of the waitlist even if
// slots are free. Under the fill rule the first row that fits is promoted. A withdrawal or an edit also decides
// every promotion that it makes possible, so in an open tournament no row waits that the rule would promote. A
// closed tournament promotes nobody until it is reopened. Withdrawals and promotions have no deadline, since a
// waiting team has entered in time.
//
// # Why rows are numbered and queued by size
//
// Rows are numbered in order of arrival, and numbers never change, so removing a row moves no other row. Its number
// stays in the queue, stale, until it reaches the front or the queue is rebuilt. With a queue for each size of
// group, the first row that fits is found by comparing the fronts of at most sixteen queues, however many rows
// wait. The place of a team on the waitlist would have to be counted, which a view does off the command path.
package tournament
