// Package server wires the log, the actors, the projections and the HTTP side into one running
// server, which is started in the same way by the command serve and by the end-to-end tests. It
// holds no rules and reads no flags; [Settings] has its configuration.
//
// It guarantees an order. [Start] opens each part after those that it depends on, and closes all of
// them when one fails; [Server.Stop] ends them in reverse: first no new requests, then no commands,
// then no reading, then the log. A log that has lost acknowledged events is not served (see
// [ErrLost]), unless the settings accept the loss.
//
// It also provides the parts of a server's directory that other commands need: the log itself, its
// keys and secrets, its tree of signed heads, and its backups.
package server
