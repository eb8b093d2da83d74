// Package connections accepts the connections of a listener, limits them in total and per address,
// and answers those beyond the limits.
//
// Every connection costs a descriptor, and the log needs some too: a server without free descriptors
// can't sell, and one whose listener has failed is unreachable. So a temporary failure to accept does
// not end a [Listener], and a [Pool] must be smaller than the process's limit of open files.
//
// Beyond the limit a new connection is answered and closed immediately, while open ones stay. A few spare
// connections are still accepted, each for one request, so that operators can query the server. Limits
// per address are meant for clients on the internet: loopback and private networks are exempt, and so is
// a trusted proxy, because all its clients would count as one; see [Proxies].
package connections
