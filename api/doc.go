// Package api serves HTTP and WebSocket: it decodes and checks requests, passes commands to the
// desk and queries to the views, and encodes the answers.
//
// WebSockets are in package sockets, the codes of problems in codes, and the checks of JSON and
// ids in input.
//
// It makes no decisions. A handler returns an error and the one table in problem.go turns it into
// a status; texts of inner errors are not sent.
//
// # Why every string is copied
//
// Fiber's strings are views of buffers that the next request overwrites, so an id kept by an
// entity would turn into another request's. Fiber is therefore told to copy (Immutable), and the
// decoder copies what it keeps.
//
// # Why some requests that fasthttp takes are refused
//
// A proxy in front may see one request where fasthttp sees two, or another target, and checks
// only what it sees. So a request that can be read in more than one way is answered with 400 and
// its connection closed; see framing.go. Package connections bounds the connections, in all and
// per address.
//
// # Why a resource is a value
//
// Creating, listing, reading (now or in the past) and editing are the same for every kind,
// including the order of their refusals. So they are implemented once, over what differs: see
// resource. The row that answers a creation is the fold of its facts, and not assembled a second
// time.
package api
