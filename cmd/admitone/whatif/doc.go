// Package whatif decides the demand of a recorded sale again, with the pure rules, in virtual time
// and under a different policy, and compares the outcomes.
//
// # How
//
// A simulation has all entities in memory, without a log. The facts before the range are folded as
// recorded. From there on, the requests of package demand are decided again, each at its recorded
// time. The figures of both sides are computed by the same code, from the recorded facts and from
// those of the simulation. Under an unchanged policy, the simulation leads to exactly the facts in
// the log, which a test checks for random histories of every kind.
//
// # Assumptions
//
//   - People send the same requests at the same times, independently of the answers. A holder whose
//     request was refused in the log and is granted in the simulation sends no further request: a
//     direct sale is final, and a hold expires.
//   - A confirmation after a shorter hold has expired is refused and not repeated. A longer hold does
//     not lead to more confirmations.
//   - If the settings of waiting rooms differ, a visitor's later requests move by the same time as the
//     admission. Visitors who gave up do so at the same time, unless they are admitted before.
//   - The steps of a booking happen at the same time; on a server they are milliseconds apart.
//     Deadlines are executed immediately.
//
// Package demand describes the limits of the log.
package whatif
