package server

import (
	"admitone/api"
)

// openAPI opens the HTTP side over all other parts.
func (p *Server) openAPI(s Settings, bounds logBounds) {
	p.http = api.New(api.Config{
		Desk: p.Desk, Bookings: p.bookings, Reservations: p.reservations, Rooms: p.Rooms,
		JoinsPerMinute: s.Joins, CommandsPerSecond: s.RateLimit,
		Views: p.Views, Store: p.Log, Auth: s.Auth, AllowOrigins: s.AllowOrigins,
		MaxSockets: s.MaxSockets, AccessLog: s.AccessLog, Logger: s.Logger, Yardstick: s.Yardstick,
		MaxConnections: p.files.connections, ConnectionsPerAddress: limitPerAddress(s.PerAddress, p.files.connections),
		Proxies: s.Proxies, Metrics: p.metrics,
		MaxLag: bounds.lag, Linger: p.linger(s.Drain), Proofs: p.tree,
		Backup: backups(p.Log, s.Directory(), s.MaxBackups), OperationsApart: p.operations != nil,
		Contacts: p.contacts, HoldersCharge: s.OwnCharges,
		Refusals: p.Refusals, Monitor: p.Monitor,
		Webhooks: p.webhooks, Sweeps: p.sweeps, Currency: p.currency, Payments: p.payments, Peers: p.peers(),
		Followed: p.followed, Shared: p.shared,
	})
}
