package server

// operationsClients bounds the connections of health checks and scrapers.
const operationsClients = 64

// offerOperations listens for health checks and scrapers, if they have a separate address.
func (p *Server) offerOperations(address string) error {
	if address == "" {
		return nil
	}
	listener, err := listenOn("operations-listen", address)
	if err != nil {
		return err
	}
	pool := newClients(p.files.reserve(operationsClients), p.logger)
	gauge(p.metrics, "admitone_operations_connections", "Open connections of health checks and scrapers.",
		func() int { return pool.Stats().Open })
	gauge(p.metrics, "admitone_operations_connections_limit", "Connections that health checks and scrapers may open.",
		func() int { return pool.Stats().Total })
	p.operations = pool.Listen(listener)
	return nil
}
