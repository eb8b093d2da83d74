package server

import (
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// offerProfiles starts a listener for Go's profiles, if the settings specify one.
func (p *Server) offerProfiles(address string) error {
	if address == "" {
		return nil
	}
	listener, err := listenOn("profile-listen", address)
	if err != nil {
		return err
	}
	pool := newClients(p.files.reserve(profileClients), p.logger)
	showProfileClients(p.metrics, pool)
	p.profiles = pool.Listen(listener)
	return nil
}

// serveProfiles serves net/http/pprof, and nothing else.
func serveProfiles(listener net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := http.Server{
		// No write timeout: the request determines how long a profile takes.
		Handler: mux, ReadTimeout: 5 * time.Second, IdleTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10,
	}
	return server.Serve(listener)
}
