// Package webhooks delivers the events of the log to addresses outside, as the Standard Webhooks
// specification says: a POST per event, with its id, the time and a signature in headers. The body
// is the event as GET /v1/events shows it.
//
// # Promises
//
// At least once, and in order per stream; see package cursor, which does the following, the waiting
// and the writing. Each webhook has a runner and connections of its own, so a slow receiver costs
// the others nothing.
//
// # Where deliveries may go
//
// Whoever may make a webhook makes this server send requests, possibly from inside a private
// network. So an address is looked at when the connection is made, in the dialer's Control, where a
// name has been resolved: a name that resolves to something else the second time is no way around
// it. Proxies of the environment are not asked, redirects are not followed, and nothing of an answer
// but its status is shown. What a URL gives away by itself is refused when it is given.
//
// # Secrets
//
// A secret is derived from a key in a file that all servers on a log have, the webhook's id, and a
// number in the log. The log reveals nothing, and a retry of the request that made a webhook is
// answered with the same secret. The facts have the key's fingerprint: a server that has another
// key delivers nothing, so that no receiver gets what it has to take for a forgery.
package webhooks
