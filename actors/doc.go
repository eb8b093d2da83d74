// Package actors is the shell: it hosts the pure cores of the entities in
// Hollywood actors, one actor per stream, and writes their facts to the log.
//
// # The life of one command
//
// [Desk.Ask] finds or starts the entity's actor and sends it the command. The
// actor decides it on its newest state, applies the facts to that state at once,
// and queues them. While a batch of facts is being written, everything that
// arrives is decided and becomes the next batch: an entity never waits for the
// disk, and a hot one is as fast as many cold ones. Callers are answered once the
// batch is on stable storage; a refusal is answered once the state on which it was
// decided is.
//
// # When an append fails
//
// A conflict or an unknown outcome makes the entity forget its state, load it
// again from the log, look there for the commands it has not answered, and
// decide the others again. Command ids make that safe; nothing is retried
// blindly. If the store is down, callers get ErrUnavailable at once.
//
// A batch that is larger than Config.AppendBytes is written in several appends, cut between
// commands; commands in a written part are answered, the rest is handled as above.
//
// # Panics
//
// A panic in a core is answered with ErrBroken and the entity starts again from
// the log; a panic while freezing or writing a snapshot loses that snapshot; one
// while reading it makes the load slower. No panic ends the process.
//
// # Why not Hollywood's own mechanisms
//
// Its Request pairs answers by random 31-bit ids, which collide; so the reply slot travels in the
// command. Its inbox is unbounded; so the desk bounds the requests in flight. Stopping an actor
// loses messages that arrive after the poison pill; so the desk counts requests in flight under the
// lock of the entity lookup, stops an entity only at zero, and gives every incarnation a unique
// name. A fourth panic of an actor ends the process; so every panic is recovered before it reaches
// the engine. Its inbox, life-cycle events and scheduling cost a short-lived entity more than its
// rules do; so an actor is a process of this package in its engine (mailbox.go), and an idle one
// runs on the sender's goroutine.
//
// # Why a new entity is not loaded
//
// Most streams are new when their first command comes. A command may be decided on the assumption that the
// stream is empty if it leads to facts, because their append expects that. See assume.go. Commands
// to several entities may share one append, see [Desk.AskAll], or be decided in one turn and appended each
// by itself, see [Desk.AskEach].
package actors
