// Package demand reconstructs the callers' requests from the facts of a log, in the order of
// their decisions.
//
// A fact either answers a request (product.held.v1: a caller requested units) or is a
// consequence (wallet.debited.v1, seat.booked.v1, tournament.promoted.v1). Consequences
// follow again when the requests are decided again, by another server or by the rules on
// virtual time.
//
// # Limits
//
// A refusal leaves no fact unless refusals are recorded, and a visitor who saw a sold-out
// page sent no request. The log has the seats of a booking, but not whether the caller or
// the system chose them: the reconstructed request names them.
//
// # Order of refusals
//
// Refusals are recorded later than they are decided, in streams of their own. A refusal is
// emitted at its time, after the fact on which it was decided and before the next fact of
// that stream. If that fact belongs to a booking in progress, the refusal is emitted after
// the booking, which is emitted once it holds all its seats. A seat held briefly for a
// booking that failed can't be reconstructed from the facts; such a refusal is marked
// ([Request].Transient).
//
// # Why a request is represented by its fact
//
// A fact has every member of the command that led to it, under names that are frozen
// and documented. A second vocabulary for the same things would have to be kept in step.
//
// # Adding a kind
//
// A kind is one file that registers the origin of each of its facts: a request, the system,
// or a preceding fact.
package demand
