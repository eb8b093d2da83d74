// Package sockets serves the live topics over WebSockets: it handles the messages of clients
// and delivers frames to them.
//
// A [Hub] has the open sockets of one server. The HTTP handlers authorize a request and pass it to
// [Hub.Open]. A socket's other dependencies are fields of [Config].
//
// # Why delivery never blocks
//
// The goroutine that delivers a frame writes it, if the kernel accepts it without blocking. Only
// a socket with a slow client gets a writer, a separate goroutine, until the client has caught
// up. So a stalled socket does not affect the others, and a frame to thousands of fast sockets
// starts no goroutines.
//
// A subscription buffers at most a snapshot and one delta. Frames that arrive while the client
// is slow are merged into that delta, so memory is bounded, and a client that comes back gets
// the newest counts. The kernel's send queue shows how slow a client is: while more than
// [maxBacklog] bytes are unacknowledged, nothing more is written. So a close frame always fits,
// and a client that has read nothing for too long still learns why it was closed. See socket.go
// and writer.go.
//
// # Why a visitor's place is polled and is not a topic
//
// All subscribers of a topic receive the same frame, but each visitor has a different place, which changes
// when visitors ahead leave. So a socket polls for its visitor, at the rate of a client that polls over
// HTTP. Each poll is a heartbeat of the visitor. See waitstream.go. The topic has the counts, at most once
// a second.
//
// # Why the connection is detached from the HTTP server
//
// A hijacked connection keeps its request and the HTTP server's read buffer as long as the
// hijack handler runs. So the handler returns immediately, and a socket uses the underlying
// connection; see upgrade.go. The HTTP server closes a hijacked connection when the handler
// returns, unless KeepHijackedConns is set, so a server that opens sockets must set it. The reader
// of a socket closes the connection and returns last, after the writer.
package sockets
