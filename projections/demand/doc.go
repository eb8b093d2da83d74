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
// # Where a refusal stands
//
// Refusals are written down later than they are decided, in streams of their own. A
// refusal is told at its time, behind the fact that it was decided on and before the
// next one of that stream. If that fact belongs to a booking that was just being made,
// it is told behind the booking, whose wish comes when it has all its seats. What was in
// the way for a moment only, for a booking that came to nothing, can't be told from the
// facts; such a refusal is marked.
//
// # Why a wish is a fact
//
// A fact has every member of the command that led to it, under names that are frozen
// and described once. A second vocabulary for the same things would have to be learned
// and kept in step.
//
// # Adding a kind
//
// A kind is one file that registers the origin of each of its facts: a request, the system
// itself, or another fact.
package demand
