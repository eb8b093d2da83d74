// Package refusals keeps the commands that were refused, for those who are asked
// later why somebody got nothing.
//
// A refusal is no fact about an entity: the entity writes nothing for a no, and a
// crowd that hears "sold out" must not fill its stream. So refusals go into streams of
// their own, one for each day, and only if a server is told to keep them. They are
// written behind the answer, in batches, by one goroutine: whoever is refused does not
// wait for it, and a crash may take the last of them.
//
// They are bounded per second and per day. What is above is counted, and the count is
// written down in their place ([events.RefusalsDropped]).
//
// Several servers on one log share the stream of a day. Each states the revision it
// expects, as for every append; the loser reads on and tries again.
package refusals
