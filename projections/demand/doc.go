// Package demand tells what people asked of the house, from what the log says that
// they got: the wishes behind the facts, in the order in which they were decided.
//
// A fact is either the answer to a wish (product.held.v1: somebody wanted units) or a
// consequence (wallet.debited.v1, seat.booked.v1, tournament.promoted.v1). The first
// are wishes; the second follow again by themselves, whoever decides the wishes anew:
// another server, or the rules on virtual time.
//
// # What it can't know
//
// Who was refused left no fact, and who saw that nothing is left never asked. A log in
// which refusals are recorded tells of the former; nobody knows of the latter. Which
// seats a booking got is in the log, not whether they were chosen by name or by the
// house: a wish names them.
//
// # Why a wish is a fact
//
// A fact has every member of the command that led to it, under names that are frozen
// and described once. A second vocabulary for the same things would have to be learned
// and kept in step.
package demand
