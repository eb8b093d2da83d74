// Package api serves the HTTP API: it decodes and validates requests, sends commands to the desk and
// queries to the views, and encodes the answers.
//
// WebSockets are in package sockets, the codes of problems in codes, and the validation of JSON and
// ids in input.
//
// It makes no decisions about sales. A handler returns an error, which problem.go maps to a status;
// texts of internal errors are not sent.
//
// # Why every string is copied
//
// Fiber's strings are views of buffers that the next request overwrites, so an id stored by an entity
// would change. Fiber is therefore configured to copy (Immutable), and the decoder copies too.
//
// # Why some requests that fasthttp accepts are refused
//
// If a proxy in front parses one request and fasthttp two, or a different target, the proxy's checks are
// evaded. So a request that can be parsed in more than one way is answered with 400, and its connection
// is closed; see framing.go. Package connections limits the connections, in total and per address.
//
// # Why a resource is a value
//
// Creating, listing, reading (the present or the past) and editing are the same for every kind,
// including the order of their refusals. So they are implemented once, with the differences as fields:
// see resource. The row that answers a creation is folded from its facts, not assembled separately.
package api
