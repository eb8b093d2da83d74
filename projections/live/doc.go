// Package live provides the topics that subscribers watch: a snapshot of an entity as of a
// position, and then every later change.
//
// # Guarantees
//
// A subscriber gets every change exactly once, possibly merged with others. Each delta names the
// position of the frame before it, so a subscriber can detect a gap. A subscriber that resumes gets
// the missed changes as a single delta, even if the topic had no subscribers meanwhile or the
// program was restarted. It gets a snapshot only if it missed too many changes. For a slow
// subscriber, at most one snapshot and one merged delta are kept ([Pending]).
//
// # Why topics have actors
//
// A topic's actor owns the topic's state and subscribers. Subscribing is a message to the
// actor, so no change can be lost between the snapshot and the first delta. The
// fold never waits for an actor: it stores a change in the topic, merged with
// those that the actor has not processed yet, so a slow topic costs the size of one delta.
// The caller provides the actors (see [Spawner]); this package depends on no actor
// library. A topic's actor ends with its last subscriber, and a later subscriber
// starts a new actor. Subscribing, unsubscribing and the batches of the fold exclude each
// other by the lock of the views.
//
// # Why subscribers are served in turns
//
// Sending a frame to thousands of subscribers costs more processor time than the command that
// caused it. So a topic delivers in turns of a few hundred subscribers, and all topics of a hub
// share one budget: while other goroutines wait for a processor, a pause after each turn limits
// the delivery to a share of the processors. Changes during the pause are merged, once for all
// subscribers at the same position. Counts are then older, but never wrong.
//
// # Adding a kind
//
// A kind is a file of this package. A topic that shows one row is a [RowTopics]. Any other topic has
// its own [State] and [Delta], which define the content of its frames, and its view creates
// [Topics] and publishes changes to them.
package live
