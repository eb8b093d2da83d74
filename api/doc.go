// Package api speaks HTTP and WebSocket to the world, and nothing else does: it
// decodes and checks what comes in, hands commands to the desk and questions to
// the views, and writes down what they say.
//
// Nothing is decided here. A handler returns an error and the one table in
// problem.go turns it into a status; text of inner errors stays inside.
//
// # Why every string is copied
//
// Fiber's strings are views of buffers that the next request overwrites, so an id
// kept by an entity would turn into another request's. Fiber is therefore told to
// copy (Immutable), and the decoder copies what it keeps.
//
// # Why a resource is a value
//
// Making, listing, reading (now or in the past) and editing are the same for every
// kind, down to the order in which things are refused. So they are written once, over
// what differs: see resource. A row that answers a creation is the fold of the facts
// it led to, and not put together a second time.
//
// # Why a waiting room's place comes by a look and not by a topic
//
// A topic's frame is the same for all who watch, and a place is not: it takes to know
// who ahead of one has left. So a socket that waits looks at the published line as a
// poll does, at the same pace, and is its visitor's sign of life while it is open. See
// waiter.go. The topic has the counts, once a second at most.
//
// # Why a socket never waits
//
// A subscriber has room for a snapshot and one delta per topic. What comes while it
// is slow is merged into that delta, so a phone in a tunnel costs no memory and delays
// nobody; when it is back it gets the newest count. How slow it is the kernel
// knows: while more than a little of what was sent has not been taken, nothing more
// is written. So a close frame always fits, and a client that took nothing for too
// long still learns why it was closed. See socket.go and socketwriter.go.
package api
