// Package demand reconstructs the callers' requests from the facts of a log, in the order of
// their decisions.
//
// A fact either answers a request (product.held.v1: a caller requested units) or is a
// consequence (wallet.debited.v1, seat.booked.v1, tournament.promoted.v1). When the requests
// are decided again, by another server or in a simulation, the consequences follow again.
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
// emitted at the time of its decision, after the fact on which it was decided and before the
// next fact of that fact's stream. If the fact belongs to a booking in progress, the refusal is
// emitted after the booking, which is emitted when it holds all its seats. A brief hold of an
// attempt that failed is not a request, so a refusal because of it can't be reproduced; it is
// marked by [Request].Transient.
//
// # Why a request is represented by its fact
//
// A fact has every member of the command that led to it, under names that are frozen
// and documented. Separate types for requests would have to be kept consistent with them.
//
// # Adding a kind
//
// A kind has one file that registers the origin of each of its facts: a request, the system,
// or an earlier fact.
package demand
