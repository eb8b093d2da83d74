// Package live provides the topics that subscribers watch: a snapshot of an entity as of a
// position, and then every later change.
//
// # Guarantees
//
// A subscriber gets every change exactly once, possibly merged with others. Each delta names the
// position of the frame before it, so a subscriber can detect a gap. A subscriber that resumes gets
// the missed changes as a single delta, even if the topic had no subscribers meanwhile or the
// program was restarted; a snapshot only if it missed too many. A slow subscriber costs one merged
// delta ([Pending]) at most.
//
// # Why topics have actors
//
// A topic's actor owns its state and its subscribers. Subscribing is a message like
// any other, so nothing can happen between the snapshot and the first delta. The
// fold never waits for an actor: it stores its change in the topic, merged with
// those the actor has not processed yet, so a slow topic costs the size of one delta.
// The caller provides the actors (see [Spawner]); this package depends on no actor
// library. A topic's actor ends with its last subscriber, and a later subscriber
// starts a new one: subscribing, unsubscribing and the batches of the fold exclude each
// other by the lock of the views.
//
// # Why subscribers are served in turns
//
// Sending a frame to thousands of subscribers costs more processor time than the command that
// caused it. So a topic delivers in turns of a few hundred subscribers, and all topics of a hub
// share one budget: while other goroutines wait for a processor, a pause after each turn limits
// frames to a share of the processors. Changes are merged in the meantime, once for all
// subscribers at the same position. Counts are then older, but never wrong.
//
// # Adding a kind
//
// A kind is a file here. A topic that shows one row is a [RowTopics]; any other has its own
// [State] and [Delta], which define the content of its frames, and [Topics] that its view
// creates and feeds.
package live
