package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// Report is the result of a run, in the form of --json.
type Report struct {
	Scenario    string  `json:"scenario"`
	Against     string  `json:"against"`
	About       string  `json:"about"`
	Connections int     `json:"connections"`
	Seconds     float64 `json:"seconds"`
	// Paced is the scheduled rate of requests per second, 0 if each began when the previous one was answered.
	Paced float64 `json:"rate,omitempty"`
	// Answers counts all answers, and Acknowledged the requests that were granted.
	Answers      int64            `json:"answers"`
	PerSecond    float64          `json:"answers_per_second"`
	Acknowledged int64            `json:"acknowledged"`
	Rate         float64          `json:"acknowledged_per_second"`
	P50          float64          `json:"p50_ms"`
	P90          float64          `json:"p90_ms"`
	P99          float64          `json:"p99_ms"`
	P999         float64          `json:"p999_ms"`
	Max          float64          `json:"max_ms"`
	Codes        map[string]int64 `json:"answers_by_code"`
	Proof        Proof            `json:"proof"` // nil if it could not be made
	// After describes the resources that were tidied up and those that remain on the server.
	After string `json:"after"`
}

func (c *crowd) report(took time.Duration) *Report {
	r := &Report{Scenario: c.plan.Scenario, Against: c.plan.Against, Connections: c.plan.Connections, Paced: c.plan.Rate,
		Seconds: took.Seconds(), Codes: map[string]int64{}}
	for _, m := range c.members {
		for code, n := range m.codes {
			r.Codes[code] += n
		}
	}
	r.Answers = c.latency.TotalCount()
	r.PerSecond = float64(r.Answers) / r.Seconds
	ms := func(percentile float64) float64 { return float64(c.latency.ValueAtPercentile(percentile)) / 1000 }
	r.P50, r.P90, r.P99, r.P999, r.Max = ms(50), ms(90), ms(99), ms(99.9), ms(100)
	return r
}

// FoundWrong reports whether the log and the answers differ.
func (r *Report) FoundWrong() bool { return r.Proof != nil && len(r.Proof.faults()) > 0 }

// Print writes the report for people.
func (r *Report) Print(out io.Writer) error {
	fmt.Fprintf(out, "%s against %s: %s, %d connections\n", r.Scenario, r.Against, r.About, r.Connections)
	fmt.Fprintf(out, "  %d answers in %.2f s: %.0f/s; %d acknowledged: %.0f/s\n", r.Answers, r.Seconds, r.PerSecond,
		r.Acknowledged, r.Rate)
	if r.Paced > 0 {
		fmt.Fprintf(out, "  requests began at %g/s, and their latency counts from then\n", r.Paced)
	}
	fmt.Fprintf(out, "  latency p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms\n", r.P50, r.P90, r.P99,
		r.P999, r.Max)
	for _, code := range slices.Sorted(maps.Keys(r.Codes)) {
		fmt.Fprintf(out, "  %9d  %s\n", r.Codes[code], code)
	}
	if r.Proof != nil {
		if err := r.Proof.print(out); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out, " ", r.After)
	return err
}
