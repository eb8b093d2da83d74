package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// connections is the number of keep-alive connections of HTTP measurements.
const connections = 256

// wrkResult is the result of one turn of wrk.
type wrkResult struct {
	count    int     // answers
	refused  int     // answers other than 2xx and 3xx
	rate     float64 // answers per second
	p50, p99 string
	cpu      time.Duration // of the server, per answer
}

var (
	wrkRate  = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	wrkCount = regexp.MustCompile(`(\d+) requests in`)
	wrkP50   = regexp.MustCompile(`50%\s+(\S+)`)
	wrkP99   = regexp.MustCompile(`99%\s+(\S+)`)
	wrkOther = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
)

const wrkScript = `wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"holder":"holder-123456","quantity":1}'
`

// batchScript returns a script that posts batches of reservations of the hot product.
func batchScript() string {
	one := `{"method":"POST","path":"/v1/products/hot/reservations","body":{"holder":"holder-123456","quantity":1}}`
	return `wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[{"commands":[` + one + strings.Repeat(","+one, batchSize-1) + `]}]]
`
}

// batchSize is the number of reservations per batch.
const batchSize = 100

// wrk posts reservations to path for one turn, as fast as the server answers.
func (b *bench) wrk(s *server, path string) (wrkResult, error) { return b.wrkWith(s, path, wrkScript) }

// wrkWith is wrk with the requests of a script.
func (b *bench) wrkWith(s *server, path, lua string) (wrkResult, error) {
	profiled := b.profile(s, path)
	before := s.cpu()
	seen, err := b.wrkThreads(1, s.url+path, lua)
	if err != nil {
		return wrkResult{}, err
	}
	seen.cpu = (s.cpu() - before) / time.Duration(seen.count)
	return seen, profiled()
}

// wrkThreads runs wrk with a script in several threads, which share the connections. It does not set the CPU time in
// the result.
func (b *bench) wrkThreads(threads int, url, lua string) (wrkResult, error) {
	program, err := exec.LookPath("wrk")
	if err != nil {
		return wrkResult{}, errors.New("wrk is not installed; apt-get install wrk")
	}
	script := filepath.Join(b.dir, "post.lua")
	if err := os.WriteFile(script, []byte(lua), 0o600); err != nil {
		return wrkResult{}, err
	}
	out, err := exec.Command(program, fmt.Sprintf("-t%d", threads), fmt.Sprintf("-c%d", connections),
		fmt.Sprintf("-d%.0fs", b.duration.Seconds()), "--latency", "-s", script, url).CombinedOutput()
	if err != nil {
		return wrkResult{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	text := string(out)
	rate, err := strconv.ParseFloat(field(wrkRate, text), 64)
	count, _ := strconv.Atoi(field(wrkCount, text))
	if err != nil || count == 0 {
		return wrkResult{}, fmt.Errorf("unexpected output of wrk: %s", out)
	}
	refused, _ := strconv.Atoi(field(wrkOther, text))
	return wrkResult{
		count:   count,
		refused: refused,
		rate:    rate,
		p50:     field(wrkP50, text),
		p99:     field(wrkP99, text),
	}, nil
}

func field(pattern *regexp.Regexp, text string) string {
	if m := pattern.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// measureHTTP compares requests for a hot product, single and in batches, and for a product that is sold out, with
// requests to /yardstick, a route of the same server that only decodes the same JSON and answers.
func measureHTTP(b *bench) ([]row, error) {
	s, err := b.serve(filepath.Join(b.dir, "http"))
	if err != nil {
		return nil, err
	}
	defer s.stop()
	for id, stock := range map[string]int{"hot": 1_000_000_000, "gone": 0} {
		if err := s.post("/v1/products", fmt.Sprintf(`{"id":%q,"name":"x","stock":%d}`, id, stock), nil); err != nil {
			return nil, err
		}
	}
	var yardstick, hot, gone, batched []float64
	var last [4]wrkResult
	for range b.turns {
		for i, side := range []struct {
			path, script string
			commands     float64
			rates        *[]float64
		}{
			{"/yardstick", wrkScript, 1, &yardstick},
			{"/v1/products/hot/reservations", wrkScript, 1, &hot},
			{"/v1/products/gone/reservations", wrkScript, 1, &gone},
			{"/v1/batch", batchScript(), batchSize, &batched},
		} {
			if last[i], err = b.wrkWith(s, side.path, side.script); err != nil {
				return nil, err
			}
			*side.rates = append(*side.rates, last[i].rate*side.commands)
		}
	}
	return []row{
		{"yardstick: decode the same JSON and answer, 256 connections", spread(yardstick, "%.0f/s"), ""},
		{"one hot product over HTTP, durable, everything on", fmt.Sprintf("%s; p50 %s, p99 %s; %v of CPU each (yardstick %v)",
			spread(hot, "%.0f/s"), last[1].p50, last[1].p99, last[1].cpu, last[0].cpu), ""},
		{"… as a share of the yardstick", spread(ratios(hot, yardstick), "%.2f"), "≥ 0.60"},
		{"sold-out refusals, as a share of the yardstick", spread(ratios(gone, yardstick), "%.2f"), "≥ 0.85"},
		{"batches of 100 on one product: reservations / yardstick's requests",
			fmt.Sprintf("%s; %v of CPU each", spread(ratios(batched, yardstick), "%.2f"), last[3].cpu/batchSize),
			"≥ 2.0"},
	}, nil
}
