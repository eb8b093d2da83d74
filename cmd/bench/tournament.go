package main

import (
	"fmt"
	"path/filepath"
	"time"
)

// numberedScript returns a script that posts bodies with a running number, which replaces one or two verbs %d in body.
// The number counts up from done+1, and continues with 1 after last. The first prepared requests are generated before
// the measurement.
func numberedScript(body string, done, last, prepared int) string {
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
`, done, last, body, prepared)
}

// refusedTeams is the number of teams that are refused repeatedly by the full tournament.
const refusedTeams = 10_000

// workload is a sequence of numbered requests, with its progress and figures.
type workload struct {
	name       string
	path, body string
	last, done int // the last number to use, and the last one used
	rates      []float64
	cpu        []float64 // of the server per answer, in µs
	result     wrkResult // of the last turn
}

// measure sends requests for one turn. With refusals, no request may succeed, otherwise all must.
func (w *workload) measure(b *bench, s *server, refusals bool) (err error) {
	expected := int(max(1000, 1.3*w.result.rate*b.duration.Seconds()))
	if w.result, err = b.wrkWith(s, w.path, numberedScript(w.body, w.done, w.last, expected)); err != nil {
		return err
	}
	wrong := w.result.refused
	if refusals {
		wrong = w.result.count - w.result.refused
	}
	if wrong > 0 {
		return fmt.Errorf("%s: %d of %d answers are wrong", w.path, wrong, w.result.count)
	}
	w.done += w.result.count + connections // those in progress at the end may have been executed
	w.rates = append(w.rates, w.result.rate)
	w.cpu = append(w.cpu, float64(w.result.cpu.Nanoseconds())/1000)
	return nil
}

// measureTournament compares entries in one hot tournament with reservations of one hot product, and the refusals of
// a full tournament with requests to /yardstick, a route that only decodes and answers. Each entry has a new team,
// and each reservation a new holder.
func measureTournament(b *bench) ([]row, error) {
	s, err := b.serve(filepath.Join(b.dir, "tournament"))
	if err != nil {
		return nil, err
	}
	defer s.stop()
	const deadline = `"register_deadline":"9999-01-01T00:00:00Z"`
	for _, request := range []struct{ path, body string }{
		{"/v1/products", `{"id":"hot","name":"x","stock":1000000000}`},
		{"/v1/tournaments", `{"id":"hot","name":"x","team_limit":1000000,` + deadline + `}`},
		{"/v1/tournaments", `{"id":"full","name":"x","team_limit":1,` + deadline + `}`},
		{"/v1/teams", `{"id":"first","name":"x"}`},
		{"/v1/tournaments/full/entries", `{"team_id":"first"}`},
	} {
		if err := s.post(request.path, request.body, nil); err != nil {
			return nil, err
		}
	}
	const many = 1_000_000_000
	yardstick := &workload{name: "yardstick", path: "/yardstick", last: many, body: `{"holder":"h-%d"}`}
	product := &workload{name: "product", path: "/v1/products/hot/reservations", last: many, body: `{"holder":"h-%d"}`}
	entries := &workload{path: "/v1/tournaments/hot/entries", last: many, body: `{"team_id":"t-%d"}`}
	refusals := &workload{path: "/v1/tournaments/full/entries", last: refusedTeams, body: `{"team_id":"t-%d"}`}
	teams := &workload{path: "/v1/teams", last: many, body: `{"id":"t-%d","name":"x"}`}
	if err := product.measure(b, s, false); err != nil { // a warm-up, and an estimate
		return nil, err
	}
	expected := product.result.count
	product.rates, product.cpu = nil, nil
	for teams.done < (b.turns+1)*2*expected {
		before := teams.done
		if err := teams.measure(b, s, false); err != nil {
			return nil, err
		}
		teams.done = before + teams.result.count // no gaps: entries need every team
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	for range b.turns {
		for _, w := range []*workload{yardstick, product, entries, refusals} {
			if err := s.settle(); err != nil { // the previous turn leaves background work
				return nil, err
			}
			if err := w.measure(b, s, w == refusals); err != nil {
				return nil, err
			}
		}
	}
	figures := func(w, reference *workload) string {
		return fmt.Sprintf("%s; p50 %s, p99 %s; %.1f µs of CPU each (%s %.1f)", spread(w.rates, "%.0f/s"),
			w.result.p50, w.result.p99, median(w.cpu), reference.name, median(reference.cpu))
	}
	return []row{
		{fmt.Sprintf("entries on one hot tournament, %d teams, %d connections", teams.done, connections),
			figures(entries, product), ""},
		{"… as a share of a hot product, every holder another",
			spread(ratios(entries.rates, product.rates), "%.2f"), "≥ 0.80"},
		{"refusals of a full tournament", figures(refusals, yardstick), ""},
		{"… as a share of the yardstick", spread(ratios(refusals.rates, yardstick.rates), "%.2f"), "≥ 0.85"},
	}, nil
}

// settle waits until the server's views have caught up and their background flushes and compactions are done.
func (s *server) settle() error {
	const interval = 100 * time.Millisecond
	var ready struct{ Lag int64 }
	for before, checks := s.cpu(), 0; checks < 200; checks++ {
		time.Sleep(interval)
		used := s.cpu() - before
		before += used
		if err := s.get("/readyz", &ready); err == nil && ready.Lag == 0 && used <= interval/10 {
			return nil
		}
	}
	return fmt.Errorf("the server did not become idle; its views lag by %d events", ready.Lag)
}
