// Package actors is the shell: it hosts the pure cores of the entities in
// Hollywood actors, one actor per stream, and writes their facts to the log.
//
// # The life of one command
//
// [Desk.Ask] finds or starts the entity's actor and sends it the command. The
// actor decides the command on its current state, immediately applies the facts
// to that state, and queues them. Commands that arrive while a batch of facts is
// being written are decided as well and form the next batch, so deciding never
// waits for the disk. A caller is answered once its facts are on stable storage,
// or, for a refusal, once the state it was decided on is.
//
// # When an append fails
//
// After a conflict or an unknown outcome the entity drops its state and loads it
// again from the log. Commands that it finds there by their ids are answered; the
// others are decided again. If the store is down, callers get ErrUnavailable
// immediately.
//
// A batch that is larger than Config.AppendBytes is split between commands and written in several
// appends. If one of them fails, the commands before it are answered, and the rest is handled as
// above.
//
// # Panics
//
// After a panic in a core, the command is answered with ErrBroken and the entity
// is loaded again from the log. After a panic while a snapshot is written, that
// snapshot is missing; after one while it is read, the whole stream is read
// instead. No panic ends the process.
//
// # Why not Hollywood's own mechanisms
//
//   - Its Request pairs answers by random 31-bit ids, which collide. Here a command carries its own
//     reply channel.
//   - Its inbox is unbounded. Here the desk bounds the requests in flight.
//   - Stopping an actor loses messages that arrive after the poison pill. Here the desk counts the
//     requests in flight under the lock of the entity lookup, stops an entity only at zero, and
//     gives every incarnation a unique name.
//   - The fourth panic of an actor ends the process. Here every panic is recovered before it reaches
//     the engine.
//   - Its inbox, life-cycle events and scheduling cost a short-lived entity more than its rules do.
//     Here an actor is a process of this package in Hollywood's engine (mailbox.go), and an idle one
//     runs on the sender's goroutine.
//
// # Why a new entity is not loaded
//
// Most streams are new when their first command comes, so that command is decided on the assumption
// that the stream is empty. If it leads to facts, their append checks the assumption. See assume.go.
//
// # Commands to several entities
//
// They can share one append, see [Desk.AskAll], or be decided together and appended separately, see
// [Desk.AskEach].
package actors
