// Package process runs processes that take steps at several entities, each step one command to one
// entity. Steps are appended one by one, since not every log can append to several streams; the
// last section describes steps that are taken together.
//
// A [Process] is a list of steps. Its owner describes it before each run, from the process's own
// stream, and a [Runner] takes the steps. The contract:
//
//   - Every step has an undo, or needs none. Commands name the hold, payment or other id that they
//     concern, so a command that is late, repeated or unnecessary does no harm.
//   - The id of a step's command is derived from the process's id, the name of the step and the try
//     ([ID]). Every run of a process, on any node, therefore sends the same commands, and each of
//     them is decided once.
//   - A step that can't be undone, or has no deadline that undoes it, is announced in the process's
//     own stream first. That stream alone determines the remaining steps: a process that has crashed at
//     any step or undo is described from it and run again, by any server, also by several at once.
//   - No step is retried blindly. If its answer is that of an earlier run, the runner reads the
//     entity: either the step is done, or it is sent as a further try. If its outcome is unknown,
//     the runner reads and retries the step of an announced process in the same way, under the same
//     id; a process that is not announced is undone, including the step in question. A later
//     failure ends the run, and an announced process is left to the next run.
//   - A refused step ends the process: it is closed, the steps taken are undone in reverse order,
//     and the announcement is withdrawn. The refusal is returned once all of that is durable.
//
// # Why a process is closed before it is undone
//
// Several runs of a process may overlap, and a slow one must not complete what another undoes. So
// one entity decides between completing and undoing: [Process.Close] records there that no run
// completes the process any more, or finds that one has.
//
// # Why a replayed answer is not enough
//
// It is the decision of that time. The seat that was held may have expired since, or the payment
// may have been refunded. The commands of steps are idempotent, so the entity itself knows:
// deciding the command again on its current state leads to no facts if the step is done. Otherwise
// a new id is needed, since an id never stands for two decisions. The next try is numbered by the
// revision that was read: two runs that have read the same state send the same command.
//
// # Why some steps are taken together
//
// Where the log can append to several streams at once, a process that is [Process.Joint] takes all
// its steps by one append, if none of the entities has a batch in flight. After a refusal or a
// crash nothing has to be undone. If the outcome of that append is unknown, either all steps are in
// the log or none is: the run ends with the failure, and a retry under the same key finds out. A
// process that has begun before, or is announced, is never joint.
//
// Elsewhere the steps of an unordered stage are taken concurrently, each by a separate append.
// With [Stage.Turn] they are decided together first, so that a refusal leaves nothing to undo.
package process
