// Package whatif runs the demand of a recorded sale through the pure rules again, on
// virtual time, under another policy, and compares what came of it.
//
// # How
//
// A house is all entities in memory, without a log. What lies before the moment of the
// question is folded as it is recorded; from there on the wishes of package demand are
// decided anew, each at its own time. The same tally listens to the recorded facts and
// to those of the house, so that no figure is computed in two ways. Under the policy
// that was, the house comes to the very facts that are in the log; a test holds that
// for random histories of every kind.
//
// # What is assumed
//
//   - People want the same at the same time, whatever they hear. Who was refused in the
//     log and is served here pays at once if that was the wish, and lets a hold expire.
//   - A confirmation that comes after a shorter hold has expired is refused, and is not
//     tried again. A longer hold does not make anybody confirm who did not.
//   - If the settings of waiting rooms differ, whoever stood in one does everything
//     later, or sooner, by as much as the admission was. Who gave up waiting gives up
//     at the same time, unless admitted before.
//   - The steps of a booking happen at one moment; on a server they are milliseconds
//     apart. Deadlines are seen to at once.
//
// See demand for what the log can't know.
package whatif
