package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// paced contains the latencies of a load at a fixed rate, in milliseconds from the scheduled times
// of requests.
type paced struct {
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
}

// measureOpenLoop reserves a hot product at fractions of the rate that a closed loop reaches.
func measureOpenLoop(b *bench) ([]row, error) {
	s, err := b.serve(filepath.Join(b.dir, "openloop"))
	if err != nil {
		return nil, err
	}
	defer s.stop()
	if err := s.post("/v1/products", `{"id":"hot","name":"x","stock":1000000000}`, nil); err != nil {
		return nil, err
	}
	shares := []struct {
		percent  int
		aim      string
		p50, p99 []float64
	}{{percent: 50, aim: "≤ 10 ms"}, {percent: 80, aim: "≤ 40 ms"}}
	var peaks []float64
	for range b.turns {
		peak, err := b.wrk(s, "/v1/products/hot/reservations")
		if err != nil {
			return nil, err
		}
		peaks = append(peaks, peak.rate)
		for i := range shares {
			seen, err := b.paced(s, peak.rate*float64(shares[i].percent)/100)
			if err != nil {
				return nil, err
			}
			shares[i].p50, shares[i].p99 = append(shares[i].p50, seen.P50), append(shares[i].p99, seen.P99)
		}
	}
	var rows []row
	for _, share := range shares {
		rows = append(rows, row{fmt.Sprintf("a hot product asked for at %d %% of its peak, open loop: p99", share.percent),
			fmt.Sprintf("%s; p50 %s; peak %s", spread(share.p99, "%.1f ms"), spread(share.p50, "%.1f ms"),
				spread(peaks, "%.0f/s")), share.aim})
	}
	return rows, nil
}

// paced reserves a new product at a rate for one turn.
func (b *bench) paced(s *server, rate float64) (seen paced, err error) {
	path, err := b.binary()
	if err != nil {
		return seen, err
	}
	load := exec.Command(path, "load", "--json", "--against", s.url, "--duration", b.each.String(),
		"--rate", fmt.Sprintf("%.0f", max(1, rate)), "--connections", fmt.Sprint(4*connections))
	load.Stderr = os.Stderr
	out, err := load.Output()
	if err != nil {
		return seen, fmt.Errorf("load: %w", err)
	}
	return seen, json.Unmarshal(out, &seen)
}
