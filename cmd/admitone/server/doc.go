// Package server wires the log, the actors, the projections and the HTTP side into one running
// server, which the command serve and the end-to-end tests start alike. It holds no rules and reads
// no flags; [Settings] has its configuration.
//
// It promises an order. [Start] opens each part after those that it depends on, and closes all of
// them when one fails; [Server.Stop] ends them in reverse: first no new requests, then no commands,
// then no reading, then the log. A log that has lost something that was answered is not served (see
// [ErrLost]), unless the settings accept the loss.
//
// It also has what other commands need of a server's directory: the log itself, its keys and secrets,
// its tree of signed heads, and its backups.
package server
