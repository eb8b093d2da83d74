package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// latencies are those of a load at a fixed rate, measured from the scheduled times of the requests.
type latencies struct {
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
}

// measureOpenLoop measures the latency of reservations at fractions of the rate that a closed loop reaches.
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
		target   string
		p50, p99 []float64
	}{{percent: 50, target: "≤ 10 ms"}, {percent: 80, target: "≤ 40 ms"}}
	var peaks []float64
	for range b.turns {
		peak, err := b.wrk(s, "/v1/products/hot/reservations")
		if err != nil {
			return nil, err
		}
		peaks = append(peaks, peak.rate)
		for i := range shares {
			measured, err := b.paced(s, peak.rate*float64(shares[i].percent)/100)
			if err != nil {
				return nil, err
			}
			shares[i].p50, shares[i].p99 = append(shares[i].p50, measured.P50), append(shares[i].p99, measured.P99)
		}
	}
	var rows []row
	for _, share := range shares {
		rows = append(rows, row{fmt.Sprintf("a hot product asked for at %d %% of its peak, open loop: p99", share.percent),
			fmt.Sprintf("%s; p50 %s; peak %s", spread(share.p99, "%.1f ms"), spread(share.p50, "%.1f ms"),
				spread(peaks, "%.0f/s")), share.target})
	}
	return rows, nil
}

// paced reserves units of a new product at a fixed rate per second for one turn.
func (b *bench) paced(s *server, rate float64) (result latencies, err error) {
	path, err := b.binary()
	if err != nil {
		return result, err
	}
	load := exec.Command(path, "load", "--json", "--against", s.url, "--duration", b.duration.String(),
		"--rate", fmt.Sprintf("%.0f", max(1, rate)), "--connections", fmt.Sprint(4*connections))
	load.Stderr = os.Stderr
	out, err := load.Output()
	if err != nil {
		return result, fmt.Errorf("load: %w", err)
	}
	return result, json.Unmarshal(out, &result)
}
