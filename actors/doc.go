// Package actors is the shell: it hosts the pure cores of the entities in
// Hollywood actors, one actor per stream, and stands between a command and the
// log.
//
// # The life of one command
//
// [Desk.Ask] finds or starts the entity's actor and sends it the command. The
// actor decides it on its newest state, takes the facts into that state at once,
// and queues them. While a batch of facts is being written, everything that
// arrives is decided and becomes the next batch: an entity never waits for the
// disk, and a hot one is as fast as many cold ones. Whoever asked is answered
// when the batch is on stable storage. A refusal is answered when the state it
// was decided on is.
//
// # When an append fails
//
// A conflict or an unknown outcome makes the entity forget its state, load it
// again from the log, look there for the commands it has not answered, and
// decide the others again. Command ids make that safe; nothing is retried
// blindly. A store that is down is answered as such at once.
//
// A batch that is larger than Config.AppendBytes is written in several appends,
// cut between commands; what has landed is answered, the rest is sorted out as
// above.
//
// # What panics
//
// A panic in a core is answered with ErrBroken and the entity starts again from
// the log; one in freezing or writing a snapshot costs that snapshot, one in
// reading it a longer load. None ends the process, on whatever goroutine it is.
//
// # Why not Hollywood's own means
//
// Its Request pairs answers by random 31-bit ids, which collide; so the reply
// slot travels in the command. Its inbox is unbounded; so the desk bounds what is
// in flight. Stopping an actor loses what arrives behind the pill; so the desk
// counts what is in flight under the lock that finds the entity, stops it only at
// zero, and gives every incarnation a name of its own. A fourth panic in an
// actor's life ends the process; so every message is guarded and no panic reaches
// it.
package actors
