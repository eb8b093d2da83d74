// Package webhooks delivers the events of the log to external URLs according to the Standard Webhooks
// specification: a POST per event, with its id, the time and a signature in headers. The body is the
// event as in GET /v1/events.
//
// # Guarantees
//
// Delivery is at least once, and in order per stream; see package cursor, which follows the log, retries
// and records progress. Each webhook has a runner and connections of its own, so a slow receiver does
// not affect the others.
//
// # Where deliveries may go
//
// A caller who may create webhooks makes this server send requests, possibly from inside a private
// network. So the address is checked when a connection is opened, in the dialer's Control, after the
// name was resolved: a name that later resolves to a different address does not evade the check. Proxies
// from the environment are not used, redirects are not followed, and only the status of a response is
// shown. A forbidden address in the URL itself is refused when the webhook is created or edited.
//
// # Secrets
//
// A secret is derived from a key file that all servers on a log share, the webhook's id, and a number
// in the log. So the log reveals no secret, and a retry of the request that created a webhook gets the
// same one. Facts contain the key's fingerprint: a server with a different key delivers nothing, because
// receivers would reject its signatures.
package webhooks
