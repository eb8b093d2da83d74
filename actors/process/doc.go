// Package process runs processes (sagas) whose steps are commands to several entities. Steps are
// appended one by one, since not every log can append to several streams in one operation; the last
// section describes the exception.
//
// A [Process] is a list of steps. Before each run, the code that owns it describes it from the
// process's own stream, and a [Runner] takes the steps. The contract:
//
//   - Every step has an undo, or needs none. Commands name the hold, payment or other id that they
//     concern, so a command that is late, repeated or unnecessary does no harm.
//   - The id of a step's command is derived from the process's id, the name of the step and the
//     attempt ([ID]). Every run of a process, on any node, therefore sends the same commands, and
//     each of them is decided once.
//   - A step that can't be undone, and that no deadline undoes, is announced in the process's own
//     stream first. That stream alone determines the remaining steps: after a crash at any step or
//     undo, any server, or several of them, can describe the process from it and run it again.
//   - No step is retried blindly. If its answer is a replay from an earlier run, the runner reads
//     the entity: if the step is not done, it is sent as a new attempt. If the outcome of a step is
//     unknown, the runner reads the entity and retries under the same id, but only in an announced
//     process; a process that is not announced is undone, including that step. If the retry fails
//     too, the run ends, and an announced process is left to the next run.
//   - A refused step ends the process: it is closed, the steps taken are undone in reverse order,
//     and the announcement is withdrawn. The refusal is returned once all of this is durable.
//
// # Closing before undoing
//
// Several runs of a process may overlap, and a slow run must not complete what another has undone.
// So one entity decides between completing and undoing: [Process.Close] records there that no run
// may complete the process, or fails because one already has.
//
// # Replayed answers
//
// A replayed answer is an old decision: the hold may have expired since, or the payment may have
// been refunded. The commands of steps are idempotent, so the runner decides the command again on
// the current state: no facts mean that the step is done. Otherwise the step needs a new id, since
// an id never stands for two decisions. The new id contains the revision that was read, so that two
// runs that have read the same state send the same command.
//
// # Joint processes
//
// Where the log can append to several streams in one operation, a process with [Process.Joint]
// takes all its steps by one append, if none of the entities has a batch in flight. After a refusal
// or a crash nothing has to be undone. If the outcome of the append is unknown, either all steps
// are in the log or none is: the run ends with the failure, and a retry under the same key learns
// which. A process that is announced, or that an earlier run has begun, is never joint.
//
// Otherwise the steps of an unordered stage are taken concurrently, each by a separate append. With
// [Stage.Turn] they are decided together first, so that a refusal leaves nothing to undo.
package process
