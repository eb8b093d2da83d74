// Package api serves the HTTP API: it decodes and validates requests, sends commands to the desk and
// queries to the views, and encodes the answers.
//
// WebSockets are in package sockets, the codes of problems in codes, and the validation of JSON and
// ids in input.
//
// The package makes no decisions about sales. A handler returns an error, which problem.go maps to a status.
// The texts of internal errors are not sent.
//
// # Why every string is copied
//
// Fiber's strings refer to buffers that the next request overwrites, so an id that an entity stores would
// change. Fiber is therefore configured to copy (Immutable), and the decoder copies too.
//
// # Why some requests that fasthttp accepts are refused
//
// If a proxy in front parses one request where fasthttp parses two, or another target, its checks can be
// evaded. Therefore a request that can be parsed in more than one way is answered with 400, and its connection
// is closed; see framing.go. Package connections limits the connections, in total and per address.
//
// # Why a resource is a value
//
// Creating, listing, reading (the present or the past) and editing are the same for every kind of entity,
// including the order of the refusals. They are implemented once, by the type resource, whose fields are the
// differences. The row in the answer to a creation is folded from the facts, not assembled separately.
package api
