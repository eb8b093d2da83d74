// Package team holds the rules of a team: it is registered once, under a name,
// and may then enter tournaments.
//
// # Why a team knows nothing of its tournaments
//
// Who has entered is the tournament's to say, in one stream and one order. Were
// it the team's too, an entry would be two appends, and a crash between them a
// contradiction. A view answers which tournaments a team is in.
//
// # Why an owner is forever
//
// Whose team it is decides who may enter and withdraw it. It never changes, so whoever
// has read it, from the team or from a view, may decide by it without asking again. A
// team from before there were owners is nobody's, and any holder may enter it.
package team
