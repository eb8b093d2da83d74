// Package admission runs the waiting rooms of a node: it sends joins to the room's actor, answers
// polls without it, admits at the rate, drops visitors whose heartbeats have timed out, and
// publishes the line.
//
// # A poll
//
// [Rooms.Poll] checks the visitor's id (one HMAC), records the heartbeat in a table of times, and
// looks up the place in the last published line. It needs no lock, no actor and no log. The line is
// at most Config.Every old, plus the time that the room's actor takes to become durable; it never
// shows what is not in the log. A visitor who leaves is answered once the line shows it.
//
// # The rounds of a room
//
// Every Config.Every, and when the rate admits the next visitor, a room publishes the seed of its
// shuffle if that is due, admits the next visitors, and publishes its line. A room without waiting
// visitors and active passes rests until somebody joins. Separately, eight times per heartbeat, a
// sweep finds visitors that have timed out.
//
// # Heartbeat timeout
//
// A visitor without a poll for twice the heartbeat loses the place. The times are in memory only,
// so after a restart all timeouts start again. They also do if the sweep itself was delayed by more
// than a heartbeat, for example because the machine was suspended: no polls could be received then.
// A place is marked before it is dropped: a poll before the mark keeps the place, a later one is
// told to retry in a moment, when the outcome is in the log.
//
// # Poll intervals
//
// A quarter of the estimated remaining time, at least a second and at most the heartbeat, or an
// hour: visitors far back cost little, and visitors in front learn of changes quickly. A visitor
// who polls after less than half of that interval gets a refusal, and keeps the place; the poll
// does not count as a heartbeat, since otherwise a visitor who always polls too often would never
// get an answer. The first poll after joining is never too soon.
//
// # The estimate
//
// The number of visitors ahead divided by the rate of admission over the last minute. The rate is
// at least max_active per active_seconds, which expiring passes guarantee, and at most
// admit_per_second.
//
// # One node runs a room
//
// Heartbeats are received where the polls arrive, and a node that receives none would drop
// everybody. So where nodes share a log (Config.Shared), a node that receives a poll for a room run
// by another takes it over, by a fact that begins a term: at once, but not before a quarter of the
// heartbeat (takeOverCooldown) after the last takeover. It admits, and drops only visitors that have
// sent it no heartbeat for two heartbeats of an unchanged term; the room refuses a Drop of another
// term. A visitor who polls another node in that time makes that node take the room over, which
// restarts the two heartbeats: so no visitor who polls once per heartbeat is dropped, wherever the
// polls go and whichever node restarts. This costs one event when visitors move, and a few per
// heartbeat if they are spread over nodes. Nobody is dropped in that case, so a balancer should
// send the polls of a room to one node. Where the servers are nodes of one system (Config.Owns),
// the owner of a room takes it over as soon as it becomes the owner. Every node answers polls from
// the line in the log, and forwards the heartbeats to the owner eight times per heartbeat interval
// (Config.Tell). It takes the room over, as above, only if the owner has been unreachable for a
// quarter of the heartbeat: a visitor polls once per heartbeat, so the owner receives it, or loses
// the room, before the second one is over. If a node dies with heartbeats not yet forwarded, the
// deadlines make up for it: the owner counts silence from the moment at which the nodes changed or
// one was unreachable (Config.Reach), and a new owner from the beginning of its term. A quiet room
// rests at every node. Other nodes than the runner admit only if nobody has been admitted for a
// while (overdueAfter). Code that only holds a pass against a room ([Rooms.Check]), or ends one
// ([Rooms.Done]), may run on any node; see Config.Elsewhere.
//
// # The keys of all nodes
//
// The log names the keys that sign, by their fingerprints ([Rooms.UseKeys]). A node that has none
// of them can't verify the signatures of others, nor they its own, so it refuses every operation
// that needs a key (ErrKeysDiffer), makes no rounds and drops nobody.
//
// # Why rooms bound requests in flight
//
// The room's own commands have to get through when a million people join at once. So
// joins are refused as overloaded before the entity's own bound is reached.
package admission
