// Package connections accepts the connections of a listener and bounds them, in all and per
// address, and answers those beyond the bounds.
//
// Every connection costs a descriptor, and the log needs some of its own: a server without a
// spare one can't sell, and one whose listener has failed is gone. So no failure to accept ends a
// [Listener], and a [Pool] is smaller than what the process may open.
//
// Beyond the bound a new connection is answered and closed at once, open ones stay, and a few are
// kept spare, each for one request, so that operators can still query the server. Bounds per
// address are for clients of the internet: loopback and private networks are spared, and so is a
// trusted proxy, behind which all clients would count as one; see [Proxies].
package connections
