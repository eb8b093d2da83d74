// Package peers makes one system of several servers on one log: it tracks the other nodes, forwards
// a request to the node that owns its entity, and detects failed nodes.
//
// # The hop
//
// A request is forwarded unchanged, at most once, with a [Header] that is signed with the secret
// that all nodes share. The receiver decides it, even if it considers another node the owner. The
// first node decides the request itself, once, if the owner can't be reached, sends no heartbeat
// for [HeartbeatTimeout], leaves the view, or answers that it is stopping, has no log or has other keys. That is safe
// because it is the same command: the header has its id, and the log position after which the
// entity looks for an earlier decision.
//
// # Frames
//
// Small commands that are in flight at the same time share one connection per peer, which is requested with a signed
// GET of [HopsPath] and upgraded: each request and each answer is an HTTP message with a length and an id. Other
// requests use separate HTTP connections, and so do all requests while there is no such connection to the peer,
// which may run an older build. So frames need no new [Protocol], and do not affect rolling upgrades.
//
// # Heartbeats
//
// A node requests a heartbeat from every other node every [HeartbeatEvery]; any answer to a forwarded
// request counts as one too. A node waits for the answer to a forwarded request as long as the owner
// sends heartbeats: a request that is merely slow must not be executed twice. A peer that misses its heartbeats is
// suspected, and receives no requests, for [suspectFor], which starts again until the peer answers.
//
// # Visitors of waiting rooms
//
// Each node answers polls. It forwards the heartbeats to the owner of the room, in separate messages
// ([Peers.ForwardHeartbeats]) that are signed like headers. Visitors are dropped for missing heartbeats
// only while all nodes are reachable ([Peers.Reachability]).
//
// # Trust
//
// A header without a valid signature is refused, never ignored, because the request is forged. Times in
// the header are converted to the receiver's clock, by the skew measured with heartbeats.
package peers
