package server

import (
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"admitone/api/connections"
	"admitone/events/esdbwire"
)

const (
	// otherFiles are open in addition to tables and connections: write-ahead logs, the tree,
	// contacts, locks, the files of a backup or a compaction, the connections to an EventStoreDB.
	otherFiles = 64
	// minTables is the minimum of open tables that Pebble needs for a store, and maxTables its default.
	minTables, maxTables = 74, 1000
	// minConnections is the fewest connections with which a server is useful.
	minConnections = 16
	// logClients bounds the connections of EventStoreDB clients, and profileClients those for
	// reading profiles.
	logClients, profileClients = 1000, 8
	// serverStores are the log and the views.
	serverStores = 2
	// addressShare is the divisor of all connections that gives the limit per address.
	addressShare = 4
)

// descriptors is the distribution of the files and connections that a process may have open. Go has
// raised the soft limit (ulimit -Sn) to the hard one before main begins.
type descriptors struct {
	limit int
	// tables is the number of tables of each store that may be open at the same time.
	tables int
	// connections is the number of descriptors that remain for connections.
	connections int
}

// shareDescriptors distributes limit over stores and connections. The stores' part is reserved: an
// append must never fail because of too many connections.
func shareDescriptors(limit, stores int) (descriptors, error) {
	d := descriptors{limit: limit, tables: min(max(limit/8, minTables), maxTables)}
	d.connections = limit - d.reserved(stores)
	if d.connections < minConnections {
		return d, fmt.Errorf("the process may open %d files, and the log needs %d of them; raise the limit to 1024 or "+
			"more: ulimit -n, LimitNOFILE= of systemd, or nofile of a container",
			limit, d.reserved(stores))
	}
	return d, nil
}

func (d descriptors) reserved(stores int) int { return stores*d.tables + otherFiles }

// reserve takes up to limit connections, at most an eighth of all, for a purpose.
func (d *descriptors) reserve(limit int) int {
	n := min(limit, d.connections/8)
	d.connections -= n
	return n
}

// limitPerAddress returns the maximum number of connections of one address: wanted, but at most
// 1/addressShare of all; 0 is no limit.
func limitPerAddress(wanted, all int) int {
	if wanted == 0 {
		return 0
	}
	return max(1, min(wanted, all/addressShare))
}

// newClients bounds the connections of a further listener.
func newClients(limit int, logger *slog.Logger) *connections.Pool {
	return connections.NewPool(connections.Config{Bounds: connections.Bounds{Total: limit}, Logger: logger})
}

// showDescriptors adds the reserved descriptors to the metrics.
func showDescriptors(registry *prometheus.Registry, reserved int) {
	gauge(registry, "admitone_descriptors_reserved",
		"Open files that are kept for the log and the views; process_max_fds is all there are.",
		func() int { return reserved })
}

// showLogClients adds the bounds of EventStoreDB clients to the metrics.
func showLogClients(registry *prometheus.Registry, pool *connections.Pool, server *esdbwire.Server) {
	gauge(registry, "admitone_eventstore_connections", "Open connections of EventStoreDB clients.",
		func() int { return pool.Stats().Open })
	gauge(registry, "admitone_eventstore_connections_limit", "Connections that EventStoreDB clients may open.",
		func() int { return pool.Stats().Total })
	gauge(registry, "admitone_eventstore_subscriptions", "Open subscriptions of EventStoreDB clients.",
		func() int { return server.Stats().Subscriptions })
	gauge(registry, "admitone_eventstore_subscriptions_limit", "Subscriptions that EventStoreDB clients may open.",
		func() int { return server.Stats().MaxSubscriptions })
	gauge(registry, "admitone_eventstore_calls", "Calls of EventStoreDB clients that stream, subscriptions among them.",
		func() int { return server.Stats().Calls })
	gauge(registry, "admitone_eventstore_calls_limit", "Calls of EventStoreDB clients that may stream.",
		func() int { return server.Stats().MaxCalls })
}

// showProfileClients adds the bounds of the listener for profiles to the metrics.
func showProfileClients(registry *prometheus.Registry, pool *connections.Pool) {
	gauge(registry, "admitone_profile_connections", "Open connections that read profiles.",
		func() int { return pool.Stats().Open })
	gauge(registry, "admitone_profile_connections_limit", "Connections that may read profiles.",
		func() int { return pool.Stats().Total })
}

func gauge(registry *prometheus.Registry, name, help string, value func() int) {
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
		func() float64 { return float64(value()) }))
}

// shareDescriptors distributes this process's descriptors, and shows the reserved ones in the metrics.
func (p *Server) shareDescriptors() error {
	limit, err := maxDescriptors()
	if err != nil {
		return err
	}
	if p.files, err = shareDescriptors(limit, serverStores); err != nil {
		return err
	}
	showDescriptors(p.metrics, p.files.reserved(serverStores))
	return nil
}
