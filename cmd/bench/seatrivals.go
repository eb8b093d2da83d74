package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// measureSeatRivals compares bookings of single seats with two competing servers that follow best
// practice, with the same requests, in turns: Fiber with one statement on PostgreSQL, and Fiber
// with one script on Redis that syncs every write.
func measureSeatRivals(b *bench) ([]row, error) {
	postgres, err := startPostgres(b)
	if err != nil {
		return nil, err
	}
	defer postgres.stop()
	redis, err := startRedis(b)
	if err != nil {
		return nil, err
	}
	defer redis.stop()
	ours, err := b.serve(filepath.Join(b.dir, "seat-rivals"))
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	onPostgres, err := b.serveRival(fmt.Sprintf("postgres://postgres@127.0.0.1:%s/postgres", postgres.port))
	if err != nil {
		return nil, err
	}
	defer onPostgres.stop()
	onRedis, err := b.serveRival("redis://127.0.0.1:" + redis.port)
	if err != nil {
		return nil, err
	}
	defer onRedis.stop()
	sides := [3]struct {
		server *server
		line   line
	}{{server: ours}, {server: onPostgres}, {server: onRedis}}
	for turn := range b.turns {
		id := fmt.Sprint("rival-", turn)
		if err := ours.post("/v1/performances", performance(id, oneRow(venueSeats)), nil); err != nil {
			return nil, err
		}
		schema := "drop table if exists seat, booking; " + fmt.Sprintf(postgresSchema, venueSeats)
		if err := postgres.psql(schema); err != nil {
			return nil, err
		}
		if out, err := redis.redis("flushall"); err != nil {
			return nil, fmt.Errorf("redis: %w: %s", err, out)
		}
		for i := range sides {
			side := &sides[i]
			side.line.path, side.line.done, side.line.last = "/v1/performances/"+id+"/bookings", 0, venueSeats
			side.line.body = `{"holder":"h-%d","seats":["A-1-%d"]}`
			if err := side.line.measure(b, side.server, false); err != nil {
				return nil, err
			}
		}
	}
	figures := func(l *line) string {
		return fmt.Sprintf("%s; p50 %s, p99 %s; %.1f µs of CPU each, without the database's", spread(l.rates, "%.0f/s"),
			l.seen.p50, l.seen.p99, median(l.cpu))
	}
	us := &sides[0].line
	rows := []row{{"bookings of a single seat, beside two rivals: this", figures(us), ""}}
	for i, rival := range []struct{ what, aim string }{
		{"… Fiber + pgx + PostgreSQL 15 (one statement, synchronous_commit)", "≥ 4"},
		{"… Fiber + rueidis + Redis 7 (one script, appendfsync always)", "≥ 0.85"},
	} {
		l := &sides[i+1].line
		rows = append(rows, row{rival.what, figures(l) + ", this is " + spread(ratios(us.rates, l.rates), "%.2f") +
			" times as fast", rival.aim})
	}
	return rows, nil
}

// serveRival starts this program as a competing server in front of a database.
func (b *bench) serveRival(database string) (*server, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return b.start(program, "-rival", database)
}
