// Package team has the rules of a team: it is registered once, under a name, and may then enter
// tournaments.
//
// # Why a team does not record its tournaments
//
// The tournament decides which teams have entered, in one stream and one order. If the team
// recorded it as well, an entry would be two appends, and a crash in between would leave them in
// contradiction. A view answers which tournaments a team has entered.
//
// # Why the owner never changes
//
// Only the owner may enter the team in tournaments and withdraw it. Because the owner never changes, a caller
// that has read it, from the team or from a view, need not read it again. Teams registered before owners were
// introduced have none, and any holder may enter them.
package team
