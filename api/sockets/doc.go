// Package sockets serves the live topics over WebSockets: what clients may ask for in
// messages, and how frames reach them.
//
// A [Hub] has the open sockets of one server. The HTTP side decides which requests may
// become sockets and hands them to [Hub.Open]; for everything else that a socket needs of
// the server there is a field of [Config].
//
// # Why a socket never waits
//
// The goroutine that delivers a frame writes it, if the kernel takes it at once. Only a socket
// whose client is slow gets a writer, a goroutine of its own, until the client has caught up:
// a socket that stalls costs no other one anything, and a frame to thousands of sockets starts
// no goroutines.
//
// A subscription has room for a snapshot and one delta. Frames that arrive while the
// client is slow are merged into that delta, so a phone in a tunnel costs no memory and
// delays no other client; when it is back it gets the newest count. The kernel knows how
// slow a client is: while more than a little of what was sent has not been taken, nothing
// more is written. So a close frame always fits, and a client that took nothing for too
// long still learns why it was closed. See socket.go and writer.go.
//
// # Why a waiting visitor's place is polled and no topic
//
// A frame of a topic is the same for every subscriber and a place is not: it depends on
// the visitors ahead who have left. So a socket polls for its visitor, at the pace of a
// client that polls over HTTP, and is the visitor's sign of life while it is open. See
// waitstream.go. The topic has the counts, once a second at most.
//
// # Why a connection is taken from the HTTP server
//
// A hijacked connection keeps its request and the HTTP server's read buffer as long as the
// handler of the hijack runs. So that returns at once, and a socket reads from the connection
// underneath; see upgrade.go. Closing that does nothing unless the server keeps hijacked
// connections, so a server that opens sockets sets KeepHijackedConns. The reader of a socket
// closes the connection and returns last, after the writer.
package sockets
