// Package admission runs the waiting rooms of a node: it takes joins to the room's
// actor, answers polls without asking anybody, admits at the rate, finds out who has
// gone silent, and publishes the line.
//
// # A poll
//
// [Rooms.Poll] checks the visitor's id (one HMAC), notes the sign of life in a table
// of times, and looks the place up in the line that was published last. Nothing of it
// waits for anything: no lock, no actor, no log. The line is at most Config.Every old
// plus the time that the room's actor takes to become durable; it never shows what is
// not in the log. Who leaves is answered when the line shows it.
//
// # The round of a room
//
// Every Config.Every, and at the moment at which the rate lets the next one in, a
// room publishes the seed of its shuffle if it is time, admits whoever may come in,
// and publishes its line. A room in which nobody waits and nobody has a pass rests
// until somebody joins. Beside that, eight times in a heartbeat, somebody looks for
// the silent.
//
// # Silence
//
// Who has given no sign of life for twice the heartbeat loses the place. Times are
// kept in memory alone, so after a restart everyone starts over; and so it is when
// the round itself was held up for longer than a heartbeat, as by a machine that
// slept: nobody could be heard then. A place that is about to be dropped is marked
// first, so that a poll either comes before that and keeps it, or is told to ask
// again in a moment, when the outcome is in the log.
//
// # How soon to ask again
//
// A quarter of the time that is left by the estimate, a second at least and the
// heartbeat, or an hour, at most: so those far back cost little, and those in front hear at once.
// Who asks in less than half of what was said is told so, and keeps the place; it does
// not count as a sign of life, or who asks too often would never get an answer. The
// first who asks after joining is never too soon.
//
// # The estimate
//
// People ahead by the rate at which the room has admitted over the last minute; not
// less than max_active in every active_seconds, which passes guarantee by ending, and
// not more than admit_per_second.
//
// # One node runs a room
//
// Signs of life are heard where the polls arrive, and a node that hears none would take
// everybody's place. So where nodes share a log (Config.Shared), whoever hears a visitor
// of a room that another has run takes it over, by a fact that begins a term: at once, but
// not sooner than a quarter of the heartbeat (takeOverRest) after another did. It admits,
// and drops only who was silent here for two heartbeats in which the term did not change;
// a Drop of another term is refused by the room. A visitor who asks another node in that
// time makes that one take the room over, which begins the two heartbeats anew: so nobody
// who asks once in a heartbeat is dropped, wherever the polls go and whoever is restarted.
// It costs one event when visitors move, and a few in a heartbeat where they are spread;
// then nobody is dropped at all, so a balancer had better send a room's to one node.
// Others let somebody in only when nobody has for a while (overdueAfter). What only holds
// a pass against a room ([Rooms.Check]), or ends one ([Rooms.Done]), may be asked of any
// node; see Config.Elsewhere.
//
// # The keys of all nodes
//
// The log names the keys that sign, by their fingerprints ([Rooms.UseKeys]). A node that
// has none of them can neither read what others have signed nor be read, so it refuses
// whatever takes a key (ErrKeysDiffer), makes no rounds and drops nobody.
//
// # Why rooms bound what is in flight
//
// The room's own commands have to get through when a million people join at once. So
// joins are refused as overloaded before the entity's own bound is reached.
package admission
