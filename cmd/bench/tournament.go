package main

import (
	"fmt"
	"path/filepath"
	"time"
)

// numberedScript returns a script that posts bodies with a running number, for which a body has one or two verbs %d.
// It counts up from first+1, and continues with 1 after last. The bodies are generated before the measurement.
func numberedScript(body string, first, last, made int) string {
	return fmt.Sprintf(`wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local made, n = {}, 0
local function body(i) local n = (%d + i - 1) %% %d + 1; return string.format('%s', n, n) end
function init()
  for i = 1, %d do made[i] = wrk.format(nil, nil, nil, body(i)) end
end
function request()
  n = n + 1
  return made[n] or wrk.format(nil, nil, nil, body(n))
end
`, first, last, body, made)
}

// askers is the number of teams that are refused repeatedly.
const askers = 10_000

// line contains the requests of a numbered crowd, and its progress.
type line struct {
	name       string
	path, body string
	last, done int // numbers
	rates      []float64
	cpu        []float64 // of the server for each answer, in µs
	seen       crowd     // in the last turn
}

// measure runs the line for one turn. With refusals no request may succeed, otherwise all must.
func (l *line) measure(b *bench, s *server, refusals bool) (err error) {
	expected := int(max(1000, 1.3*l.seen.rate*b.each.Seconds()))
	if l.seen, err = b.wrkWith(s, l.path, numberedScript(l.body, l.done, l.last, expected)); err != nil {
		return err
	}
	wrong := l.seen.refused
	if refusals {
		wrong = l.seen.count - l.seen.refused
	}
	if wrong > 0 {
		return fmt.Errorf("%s: %d of %d answers are wrong", l.path, wrong, l.seen.count)
	}
	l.done += l.seen.count + connections // those in progress at the end may have been executed
	l.rates = append(l.rates, l.seen.rate)
	l.cpu = append(l.cpu, float64(l.seen.cpu.Nanoseconds())/1000)
	return nil
}

// measureTournament compares entries to one hot tournament with reservations of one hot product, and the refusals of
// a full tournament with the route that only decodes and answers. Each entry has a new team, and each
// reservation a new holder.
func measureTournament(b *bench) ([]row, error) {
	s, err := b.serve(filepath.Join(b.dir, "tournament"))
	if err != nil {
		return nil, err
	}
	defer s.stop()
	const deadline = `"register_deadline":"9999-01-01T00:00:00Z"`
	for _, made := range []struct{ path, body string }{
		{"/v1/products", `{"id":"hot","name":"x","stock":1000000000}`},
		{"/v1/tournaments", `{"id":"hot","name":"x","team_limit":1000000,` + deadline + `}`},
		{"/v1/tournaments", `{"id":"full","name":"x","team_limit":1,` + deadline + `}`},
		{"/v1/teams", `{"id":"first","name":"x"}`},
		{"/v1/tournaments/full/entries", `{"team_id":"first"}`},
	} {
		if err := s.post(made.path, made.body, nil); err != nil {
			return nil, err
		}
	}
	const many = 1_000_000_000
	yardstick := &line{name: "yardstick", path: "/yardstick", last: many, body: `{"holder":"h-%d"}`}
	product := &line{name: "product", path: "/v1/products/hot/reservations", last: many, body: `{"holder":"h-%d"}`}
	entries := &line{path: "/v1/tournaments/hot/entries", last: many, body: `{"team_id":"t-%d"}`}
	refusals := &line{path: "/v1/tournaments/full/entries", last: askers, body: `{"team_id":"t-%d"}`}
	teams := &line{path: "/v1/teams", last: many, body: `{"id":"t-%d","name":"x"}`}
	if err := product.measure(b, s, false); err != nil { // a warm-up, and an estimate
		return nil, err
	}
	expected := product.seen.count
	product.rates, product.cpu = nil, nil
	for teams.done < (b.turns+1)*2*expected {
		before := teams.done
		if err := teams.measure(b, s, false); err != nil {
			return nil, err
		}
		teams.done = before + teams.seen.count // without a gap
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	for range b.turns {
		for _, l := range []*line{yardstick, product, entries, refusals} {
			if err := s.settle(); err != nil { // the previous turn leaves background work
				return nil, err
			}
			if err := l.measure(b, s, l == refusals); err != nil {
				return nil, err
			}
		}
	}
	each := func(l *line, beside *line) string {
		return fmt.Sprintf("%s; p50 %s, p99 %s; %.1f µs of CPU each (%s %.1f)", spread(l.rates, "%.0f/s"),
			l.seen.p50, l.seen.p99, median(l.cpu), beside.name, median(beside.cpu))
	}
	return []row{
		{fmt.Sprintf("entries on one hot tournament, %d teams, %d connections", teams.done, connections),
			each(entries, product), ""},
		{"… as a share of a hot product, every holder another",
			spread(ratios(entries.rates, product.rates), "%.2f"), "≥ 0.80"},
		{"refusals of a full tournament", each(refusals, yardstick), ""},
		{"… as a share of the yardstick", spread(ratios(refusals.rates, yardstick.rates), "%.2f"), "≥ 0.85"},
	}, nil
}

// settle waits until the server's views have caught up and their background flushes and compactions are done.
func (s *server) settle() error {
	const look = 100 * time.Millisecond
	var ready struct{ Lag int64 }
	for before, again := s.cpu(), 0; again < 200; again++ {
		time.Sleep(look)
		used := s.cpu() - before
		before += used
		if err := s.get("/readyz", &ready); err == nil && ready.Lag == 0 && used <= look/10 {
			return nil
		}
	}
	return fmt.Errorf("the server does not become idle; its views lag by %d events", ready.Lag)
}
