// Package process runs processes that take steps at several entities, each step one
// command to one entity. Steps are appended one after another, for not every log has an append
// to several streams; see the last section for those that are taken together.
//
// A [Process] is a list of steps. Its owner describes it anew before each run, from the
// process's own stream, and a [Runner] takes the steps. The contract:
//
//   - Every step has its undo, or needs none. Commands name the hold, payment or other id
//     that they are about, so a command that comes late, twice or for nothing does no harm.
//   - The id of a step's command is minted from the process's id, the name of the step and
//     the try ([ID]). Every run of a process, at any node, therefore sends the same commands,
//     and each of them is decided once.
//   - What can't be undone, or has no deadline that undoes it, is announced in the process's
//     own stream before it happens. The stream alone says what is left to do: a process that
//     has crashed at any step or undo is described from it and run again, by anybody, also by
//     several at once.
//   - No step is sent again blindly. If its answer is that of an earlier run, the runner reads
//     the entity: the step is done, or it is sent as a further try. If its outcome is unknown,
//     what is announced is read and decided again likewise, under the same id; what is not
//     announced is undone, the step in question with it. A failure behind that ends the run,
//     and an announced process is left to the next one.
//   - A refused step ends the process: it is closed, what was taken is undone in reverse
//     order and the announcement is withdrawn, and only when all of that is durable is the
//     refusal returned.
//
// # Why a process is closed before it is undone
//
// Several runs may be at one process, and one that is slow must not complete what another
// gives back. So one entity decides between completing and undoing: [Process.Close] appends
// there that no run completes the process any more, or finds that one has.
//
// # Why a replayed answer is not enough
//
// It says what was decided then. The seat that was held may have expired since, the payment
// may have been refunded. The commands of steps are idempotent, so the entity itself knows:
// deciding the command again on its present state leads to no facts if the step is done.
// Else the id is spent, for an id never stands for two decisions, and the next try is
// numbered by the revision that was read: two runs that have read the same state send the
// same command again.
//
// # Why some steps are taken together
//
// Where the log can append to several streams at once, a process that is [Process.Joint] takes
// all its steps by one append, if none of the entities has a batch in flight. A refusal then
// has nothing to undo, and neither has a crash. If the outcome of that append is unknown, all
// steps are in the log or none is: the run ends with the failure, and the same request under
// the same key finds out. A process that has begun before, or is announced, is never joint.
package process
