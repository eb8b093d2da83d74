package main

import (
	"fmt"
	"path/filepath"
	"time"
)

// numberedScript posts bodies that differ by a number, which counts up from first. So
// many are made beforehand, which costs the load generator nothing while it measures.
func numberedScript(body string, first, made int) string {
	return fmt.Sprintf(`wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local made, n = {}, 0
function init()
  for i = 1, %d do made[i] = wrk.format(nil, nil, nil, string.format('%s', %d + i)) end
end
function request()
  n = n + 1
  return made[n] or wrk.format(nil, nil, nil, string.format('%s', %d + n))
end
`, made, body, first, body, first)
}

// line is what a numbered crowd posts, and how far it has come.
type line struct {
	path, body string
	done       int
	rates      []float64
	last       crowd
}

// measure lets the line move for one turn. refusals says that nothing may succeed,
// else everything has to.
func (l *line) measure(b *bench, s *server, refusals bool) (err error) {
	expected := int(max(1000, 1.3*l.last.rate*b.each.Seconds()))
	if l.last, err = b.wrkWith(s, l.path, numberedScript(l.body, l.done, expected)); err != nil {
		return err
	}
	wrong := l.last.refused
	if refusals {
		wrong = l.last.count - l.last.refused
	}
	if wrong > 0 {
		return fmt.Errorf("%s: %d of %d answers are not what was wanted", l.path, wrong, l.last.count)
	}
	l.done += l.last.count + connections // those under way at the end may have been done
	l.rates = append(l.rates, l.last.rate)
	return nil
}

// measureTournament compares entries on one hot tournament with reservations of one
// hot product, and the refusals of a full one with the route that only decodes and
// answers. Every entry is of a team of its own, and every reservation of a holder.
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
	yardstick := &line{path: "/yardstick", body: `{"holder":"h-%d"}`}
	product := &line{path: "/v1/products/hot/reservations", body: `{"holder":"h-%d"}`}
	entries := &line{path: "/v1/tournaments/hot/entries", body: `{"team_id":"t-%d"}`}
	refusals := &line{path: "/v1/tournaments/full/entries", body: `{"team_id":"t-%d"}`}
	teams := &line{path: "/v1/teams", body: `{"id":"t-%d","name":"x"}`}
	if err := product.measure(b, s, false); err != nil { // a warm-up, and what to expect
		return nil, err
	}
	expected := product.last.count
	product.rates = nil
	for teams.done < (b.turns+1)*2*expected {
		before := teams.done
		if err := teams.measure(b, s, false); err != nil {
			return nil, err
		}
		teams.done = before + teams.last.count // without a gap
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	for range b.turns {
		for _, l := range []*line{yardstick, product, entries, refusals} {
			if l == refusals && l.done+2*expected > teams.done {
				l.done = 0 // who was refused may ask again
			}
			if err := l.measure(b, s, l == refusals); err != nil {
				return nil, err
			}
		}
	}
	each := func(l *line) string {
		return fmt.Sprintf("%s; p50 %s, p99 %s; %v of CPU each", spread(l.rates, "%.0f/s"), l.last.p50, l.last.p99, l.last.cpu.Round(time.Microsecond/10))
	}
	return []row{
		{fmt.Sprintf("one hot product, every holder another, %d connections", connections), each(product), ""},
		{fmt.Sprintf("entries on one hot tournament, %d teams", teams.done), each(entries), ""},
		{"… as a share of the hot product", spread(ratios(entries.rates, product.rates), "%.2f"), "≥ 0.80"},
		{"refusals of a full tournament, as a share of the yardstick", spread(ratios(refusals.rates, yardstick.rates), "%.2f"), "≥ 0.85"},
	}, nil
}

// settle waits until the server's read side has seen everything.
func (s *server) settle() error {
	var ready struct{ Lag int64 }
	for again := 0; again < 100; again++ {
		if err := s.get("/readyz", &ready); err == nil && ready.Lag == 0 {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("the read side is still %d events behind", ready.Lag)
}
