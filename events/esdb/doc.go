// Package esdb is the log on an EventStoreDB: one node, or a cluster of them.
//
// # What it promises
//
// What events.Store and events.Snapshots promise. Every append states the exact
// revision, and its events carry the ids that came with them. Every call obeys its
// context, whatever the node does: refuses, is down, answers something else, or
// nothing. A node that is down fails calls at once; one that is back is found within
// a second, one that moves or stops leading as soon as another node says so. Followers
// come back by themselves to where they were. Nothing has to be restarted, and
// neither connections nor goroutines grow with the number of failures.
//
// # Why not EventStoreDB's own client
//
// The official client (v4.2.0) does not give that, and nothing put around it can. One
// failed discovery ends it for ever. Callers that wait for a discovery don't heed
// their contexts. Each Unavailable leaves a connection behind. Closing it while it is
// used panics. It writes the header that asks for the leader where it is never sent,
// and the trailers that say why an append was refused are lost. So this package
// stands on the same module's generated stubs, over gRPC connections of its own,
// which reconnect by themselves. The official client is in the tests: what one of
// the two writes the other reads.
//
// # Why three connections
//
// Appends, reads and followers share nothing: a node allows so many calls per
// connection, and what a slow follower leaves unread must not stand in the way of an
// append. Appends and reads go to the leader. Whether followers do as well is the
// connection string's nodePreference.
//
// # Why events are encoded by hand
//
// They are nearly all that travels, and the generated code makes a dozen objects of
// each by reflection; see codec.go, received.go. And a follower in the process that
// appended gets the facts as they were appended, not decoded once more; see recent.go.
//
// # What becomes of an append that fails
//
// As long as the node has not seen the end of a batch it can't have taken it: such an
// append is an ErrUnavailable. Afterwards only the node's word counts. Where there is
// none, or one that does not say, the outcome is ErrUnknown, and whoever appended
// looks into the log. Nothing is sent twice, but for an append that a node refused
// because another one leads. See translate.
//
// # Why there is a pulse
//
// A node can be frozen: its kernel takes connections and bytes, and nothing answers.
// gRPC's keepalive may not ask more often than every ten seconds, and a node answers
// its pings as long as a thread is left. So whenever somebody waits and nothing has
// come for a second, the node is asked for something trivial. Without an answer
// within two more, the connection is given up and made anew; in a cluster the others
// are asked who leads now.
//
// # Positions
//
// A position is the commit position of the event, an offset in the node's files. So
// positions increase and are far from consecutive. A node does not read from a place
// where no event begins; for such positions the nearest known event below is looked
// for, see landmarks. The node's own events and ours, whose streams begin with $ and
// ~, are left out by a filter on the node.
//
// # What is kept beside the events
//
// The stream ~epoch has one event, whose id is the log's epoch. Who opens a log for
// reading only can't write it; where it is missing the log is called by its first
// event. A follower that comes back makes sure that the epoch is still the same: a
// node that lost its disk would otherwise look like one on which nothing happens.
//
// A snapshot is the one event shown of ~snapshot-<stream>, whose $maxCount is 1. A
// state larger than half a megabyte lies in ~pieces-<stream>: the pieces are appended
// first, then the head that points to them, and then the pieces before them are
// given free by $tb. So a crash leaves the old snapshot or the new one. Streams of
// facts never get limits of any kind. To set them on its own, the user needs the
// right to write metadata ($mw), which by default only administrators have.
//
// # What it can't tell
//
// The time of an event is the leader's clock. It does not run backwards on one node,
// but may by a little when another one takes over.
package esdb
