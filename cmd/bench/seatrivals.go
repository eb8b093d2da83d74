package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// measureSeatRivals compares bookings of single seats, in turns and with the same requests, with two
// competing servers that follow best practice: Fiber with one statement on PostgreSQL, and Fiber
// with one script on Redis, which syncs every write.
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
		load   workload
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
			side.load.path, side.load.done, side.load.last = "/v1/performances/"+id+"/bookings", 0, venueSeats
			side.load.body = `{"holder":"h-%d","seats":["A-1-%d"]}`
			if err := side.load.measure(b, side.server, false); err != nil {
				return nil, err
			}
		}
	}
	figures := func(w *workload) string {
		return fmt.Sprintf("%s; p50 %s, p99 %s; %.1f µs of CPU each, without the database's", spread(w.rates, "%.0f/s"),
			w.result.p50, w.result.p99, median(w.cpu))
	}
	admitone := &sides[0].load
	rows := []row{{"bookings of a single seat, beside two rivals: admitone", figures(admitone), ""}}
	for i, rival := range []struct{ what, target string }{
		{"… Fiber + pgx + PostgreSQL 15 (one statement, synchronous_commit)", "≥ 4"},
		{"… Fiber + rueidis + Redis 7 (one script, appendfsync always)", "≥ 0.85"},
	} {
		load := &sides[i+1].load
		rows = append(rows, row{rival.what, figures(load) + ", admitone is " +
			spread(ratios(admitone.rates, load.rates), "%.2f") + " times as fast", rival.target})
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
