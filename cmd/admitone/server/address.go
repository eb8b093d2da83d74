package server

import (
	"net"
	"strconv"

	"admitone/api"
	"admitone/api/keyset"
)

// issuerOf returns the keys of the issuer of tokens, nil for none.
func issuerOf(auth api.Auth) *keyset.Set {
	tokens, _ := auth.(api.JWTAuth)
	return tokens.Keys
}

// Failed returns a channel of errors that have ended a part of the server; the server should be
// stopped then.
func (p *Server) Failed() <-chan error { return p.failed }

// Where describes the part of the log that is shown, "" if it is all.
func (p *Server) Where() string { return p.where }

// Listens returns the listener's own address.
func (p *Server) Listens() string { return p.listener.Addr().String() }

// Address returns the server's address for clients on this machine.
func (p *Server) Address() string { return clientAddress(p.listener) }

// clientAddress returns the address of a listener for clients on this machine.
func clientAddress(listener net.Listener) string {
	address := listener.Addr().(*net.TCPAddr)
	if address.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(address.Port))
	}
	return address.String()
}
