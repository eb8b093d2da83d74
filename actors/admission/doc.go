// Package admission runs the waiting rooms of a node: it sends joins to the room's actor, answers
// polls without the actor, admits at the configured rate, drops visitors whose heartbeats have timed
// out, and publishes the line.
//
// # Polls
//
// [Rooms.Poll] checks the visitor's id (one HMAC), records the heartbeat in a table of times, and
// looks up the place in the last published line. It needs no lock, no actor and no log. The line is
// at most Config.Every old, plus the time that the room's commands take to become durable, and shows
// only what is in the log. A request to leave is answered once the line shows its effect.
//
// # Rounds
//
// Every Config.Every, and when the rate admits the next visitor, a room publishes the seed of its
// shuffle if that is due, admits the next visitors, and publishes its line. A room with no waiting
// visitors and no active passes is idle until somebody joins. Separately, eight times per heartbeat
// interval, a sweep finds visitors that have timed out.
//
// # Heartbeat timeout
//
// A visitor loses the place after two heartbeat intervals without a poll. The times of heartbeats
// are in memory only, so all timeouts start again after a restart. They also start again if the
// sweep itself was delayed by more than a heartbeat interval, for example because the machine was
// suspended, since no polls could be received in that time. A place is marked before it is dropped:
// a poll before the mark keeps the place, and a later one is told to retry in a second, when the
// outcome is in the log.
//
// # Poll intervals
//
// The poll interval is a quarter of the estimated remaining time, at least a second and at most the
// heartbeat interval or an hour. Visitors far back cost little, and visitors in front learn of
// changes quickly. A visitor who polls after less than half of the interval gets a refusal and keeps
// the place. Such a poll does not count as a heartbeat; if it did, a visitor who always polls too
// often would never get an answer. The first poll after joining is never too soon.
//
// # Estimates
//
// The estimated remaining time is the number of visitors ahead divided by the rate of admission over
// the last minute. The rate is at least max_active per active_seconds, which expiring passes
// guarantee, and at most admit_per_second.
//
// # One node runs a room
//
// Heartbeats are received where the polls arrive, and a node that receives none would drop
// everybody. So where nodes share a log (Config.Shared), a node that receives a poll for a room that
// another node runs takes the room over by a fact that begins a term: immediately, unless the last
// takeover was less than a quarter of the heartbeat interval ago (at most takeOverCooldown). The new
// runner admits visitors. It drops those who have sent it no heartbeat for two heartbeat intervals of
// an unchanged term; the room refuses a Drop of another term. If a visitor polls another node in that
// time, that node takes the room over, and the two intervals start again. So no visitor who polls
// once per heartbeat interval is dropped, whichever nodes receive the polls or restart. The cost is
// one event when visitors move to another node, and a few per interval while their polls are spread
// over several nodes. Since spread polls also keep silent visitors from being dropped, a load
// balancer should send the polls of a room to one node.
//
// Where the servers are nodes of one system (Config.Owns), the owner of a room takes it over as soon
// as it becomes the owner. Every node answers polls from the line in the log, and forwards heartbeats
// to the owner eight times per heartbeat interval (Config.ForwardHeartbeats). It takes the room over,
// as above, only if the owner has been unreachable for a quarter of the interval. So the owner learns
// of a poll, or loses the room, before the timeout.
//
// A node may die before it has forwarded heartbeats. Therefore the owner starts all timeouts again
// when the set of nodes changes or a node is unreachable (Config.Reachable), and a new owner starts
// them with its term.
//
// Two systems of servers on one log, which is a mistake, would take a room over from each other forever. Therefore a
// server from which the room is taken soon after it took it over waits twice as long each time, up to a heartbeat
// interval or a minute.
//
// Nodes other than the runner admit visitors only if nobody has been admitted for a while
// (overdueAfter). Code that only checks a pass against a room ([Rooms.Check]) or ends a pass
// ([Rooms.FinishPass]) may run on any node; see Config.ChecksOnly.
//
// # Keys
//
// The log names the keys that sign, by their fingerprints ([Rooms.UseKeys]). A node that has none of
// these keys can't verify the signatures of other nodes, nor can they verify its signatures. It
// refuses every operation that needs a key (ErrKeysDiffer), makes no rounds and drops nobody.
//
// # Overload
//
// The room's own commands must get through when a million people join at the same time, so joins are
// refused as overloaded before the entity's own bound is reached.
package admission
