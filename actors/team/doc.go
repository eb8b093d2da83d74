// Package team holds the rules of a team: it is registered once, under a name,
// and may then enter tournaments.
//
// # Why a team knows nothing of its tournaments
//
// Who has entered is the tournament's to say, in one stream and one order. Were
// it the team's too, an entry would be two appends, and a crash between them a
// contradiction. A view answers which tournaments a team is in.
package team
