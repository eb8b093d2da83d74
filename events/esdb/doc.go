// Package esdb is the log on an EventStoreDB: one node, or a cluster of them.
//
// # Guarantees
//
// It implements events.Store and events.Snapshots. Every append states the exact revision and
// preserves the ids of its events. Every call obeys its context, whether the node refuses, is down,
// answers incorrectly, or does not answer. Calls to a node that is down fail immediately. A node that
// is up again is found within two seconds, and a new leader as soon as another node announces it.
// Followers resume automatically at their last position. Nothing has to be restarted, and the numbers
// of connections and goroutines do not grow with the number of failures.
//
// # Why not EventStoreDB's own client
//
// The official client (v4.2.0) does not provide this, nor could a wrapper around it. One failed
// discovery ends it permanently. Callers that wait for a discovery ignore their contexts. Each
// Unavailable leaks a connection. Closing it while it is in use panics. It never sends the header
// that requires the leader, and it drops the trailers with the reason of a refused append. So this
// package uses the same module's generated stubs over its own gRPC connections, which reconnect by
// themselves. Tests check that this package and the official client read each other's events.
//
// # Why three connections
//
// Appends, reads and followers use separate connections: a node limits the calls per connection,
// and the unread data of a slow follower must not block an append. Appends and reads go to the
// leader. For followers, the connection string's nodePreference decides.
//
// # Why appends share a call
//
// Opening a call costs both sides more than an append of one event, and a node accepts a hundred calls
// at a time. So appends are sent on one call of BatchAppend, each as a separate, atomic message, and
// none waits for the answer to another. Appends join a call for 25 ms. It ends when all are answered,
// so that a node that shuts down or is no longer the leader gets no new appends. Large appends, those
// to internal streams, and those to a node without BatchAppend have separate calls.
//
// # Why events are encoded by hand
//
// Events are nearly all of the traffic, and the generated code allocates a dozen objects for each by
// reflection; see codec.go and received.go. A follower in the process that appended an event gets its
// fact without decoding it again; see recent.go.
//
// # Why followers share a subscription
//
// A server follows the log for its views, its entities and its tree. Every subscription makes the
// node send, and this process decode, each event once more. So followers that have reached the end
// of the log share one; see tail. A follower that is far behind, or the only one, has its own.
//
// # The outcome of a failed append
//
// Until the node has received the end of a batch it cannot have accepted it: a failure before that
// is an ErrUnavailable. After that only the node's answer counts. Without a conclusive one the
// outcome is ErrUnknown, and the caller has to read the log. Nothing is sent twice, except an
// append that a node refused because it is not the leader. See translate.
//
// # Why there is a health check
//
// A node can be frozen: its kernel accepts connections and bytes, but nothing answers. gRPC's
// keepalive cannot ping more often than every ten seconds, and a node answers pings as long as one
// thread is alive. So whenever a call waits and no message has arrived for a while, the node is
// probed with a trivial request; see healthcheck.go. Without an answer, the connection is replaced,
// or, in a cluster, the other nodes are queried for the leader.
//
// # Positions
//
// A position is the commit position of the event, an offset in the node's files. So positions
// increase but are far from consecutive. A node does not read from a position where no event begins.
// For such positions, the nearest known event below is used; see knownPositions. A filter on the node
// excludes its own streams, whose names begin with $, and those of this package, which begin with ~.
//
// # Internal streams
//
// The stream ~epoch has one event, whose id is the log's epoch. A store that is opened for reading
// cannot write it; if it is missing, the epoch is derived from the first event. A follower that
// resubscribes checks that the epoch is unchanged: a node that lost its disk would otherwise look
// like an idle one.
//
// A snapshot is the only visible event of ~snapshot-<stream>, whose $maxCount is 1. A state larger
// than half a megabyte is in ~pieces-<stream>: the pieces are appended first, then the head that
// refers to them, and then the older pieces are released by $tb. So a crash leaves either the old
// snapshot or the new one. Streams of facts never get such limits. To set them on its own streams,
// the user needs the right to write metadata ($mw), which by default only administrators have.
//
// # An older copy of the log
//
// A log that was restored from an older backup has the same epoch. So the last event of this system
// that was read or appended is remembered. It is looked up at every subscription, by Watch every two
// seconds, and on every new connection for appends before anything is sent, so that a process that has
// lost its connection can't append to the older log. The event is identified by its stream and
// revision. Events of other programs don't count, because they may be deleted.
//
// # Limits
//
// The time of an event is the leader's clock. It does not go backwards on one node, but may do so
// slightly after a change of leader.
package esdb
