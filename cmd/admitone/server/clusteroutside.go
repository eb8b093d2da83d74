package server

import (
	"context"
	"net"
	"time"
)

// warnOutside logs the nodes of a cluster on the log, if this server is outside of it and runs waiting rooms: it would
// take them over from those nodes.
func (p *Server) warnOutside(ctx context.Context) error {
	seeds, _, err := loadSeeds(p.Log)
	if err != nil {
		p.logger.Debug("could not read the addresses of the nodes", "error", err)
	}
	var live []string
	for _, s := range seeds {
		if time.Since(s.At) < seedLive && listens(ctx, s.Address) {
			live = append(live, s.Address)
		}
	}
	if len(live) > 0 {
		p.logger.Warn("this server is not a node of the cluster on this log, and takes waiting rooms and their visitors "+
			"from its nodes; start it with --cluster, or with --rooms-elsewhere", "nodes", live)
	}
	return nil
}

// listens reports whether a program listens at an address.
func listens(ctx context.Context, address string) bool {
	dialer := net.Dialer{Timeout: answerLimit}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was sent
	return true
}
