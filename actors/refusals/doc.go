// Package refusals records commands that were refused, to explain later why somebody got nothing.
//
// A refusal is not a fact about an entity: the entity records nothing for it, and a crowd that is
// refused must not fill its stream. So refusals are written to streams of their own, one per day,
// if a server is configured to keep them. One goroutine writes them in batches after the answer:
// callers don't wait for it, and a crash may lose the last of them.
//
// They are bounded per second and per day. The excess is counted, and the count is recorded instead
// ([events.RefusalsDropped]).
//
// Several servers on one log share the stream of a day. Each states the expected revision, as for
// every append; the loser of a race reads the new events and retries.
package refusals
