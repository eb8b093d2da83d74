// Package team has the rules of a team: it is registered once, under a name, and may then enter
// tournaments.
//
// # Why a team does not record its tournaments
//
// The tournament decides which teams have entered, in one stream and one order. If the team
// recorded it as well, an entry would be two appends, and a crash between them a contradiction. A
// view answers which tournaments a team is in.
//
// # Why an owner is forever
//
// The owner may enter and withdraw the team. It never changes, so a caller that has read it, from
// the team or from a view, may rely on it without reading it again. A team from before there were
// owners has none, and any holder may enter it.
package team
