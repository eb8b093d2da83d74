// Package whatif decides the demand of a recorded sale again, with the pure rules, on virtual time
// and under a different policy, and compares the outcomes.
//
// # How
//
// A simulation has all entities in memory, without a log. The facts before the range are folded as
// recorded; from there on the requests of package demand are decided again, each at its own time.
// The same summary observes the recorded facts and those of the simulation, so that every figure is
// computed in one way. Under an unchanged policy the simulation leads to exactly the facts in the
// log; a test checks that for random histories of every kind.
//
// # Assumptions
//
//   - People want the same at the same time, whatever they are answered. A holder who was refused
//     in the log and is served here pays at once if that was the request, and lets a hold expire.
//   - A confirmation after a shorter hold has expired is refused and not tried again. A longer hold
//     does not make anyone confirm who did not.
//   - If the settings of waiting rooms differ, a visitor's later requests move by as much as the
//     admission did. Visitors who gave up give up at the same time, unless admitted before.
//   - The steps of a booking happen at one moment; on a server they are milliseconds apart.
//     Deadlines are executed at once.
//
// See demand for the limits of the log.
package whatif
