// Package live has the topics that subscribers watch: a snapshot of something at a
// position, and then every change behind it.
//
// # What it promises
//
// A subscriber gets every change exactly once, possibly merged with others. Each delta
// names the position of the frame before it, so a subscriber notices a gap. One that
// comes back gets what it missed as a single delta, also if the topic had no subscribers
// meanwhile or the program was restarted; a snapshot only if too much has happened since.
// A subscriber that is slow costs one merged delta ([Pending]), however much happens.
//
// # Why topics have actors
//
// A topic's actor owns its state and its subscribers. Joining is a message like
// any other, so there is no moment between the snapshot and the first delta. The
// fold never waits for an actor: it leaves its change in the topic, merged with
// what the actor has not taken yet, so a slow topic costs the size of one delta.
// The actors come from outside (see [Spawner]); this package knows no actor
// library. A topic's actor ends with its last subscriber, and a later one
// gets a new actor: joining, leaving and the batches of the fold exclude each
// other by the lock that guards the views.
//
// # Why subscribers wait for their turn
//
// A frame to thousands of subscribers costs more processor time than the command that caused
// it. So a topic delivers in turns of a few hundred subscribers, and all topics of a hub have
// one budget: while other goroutines wait for a processor, a pause behind each turn keeps
// frames to a share of the processors. What changes meanwhile is merged, once for all
// subscribers that were delivered the same frame last. Counts are older then, never wrong.
//
// # Adding a kind
//
// A kind is a file here. Where a topic shows one row, that is a [RowTopics]; else it has its own
// [State] and [Delta], which say what is in its frames, and [Topics] that its view makes and
// feeds.
package live
