package load

import (
	"fmt"
	"io"
	"maps"
	"math/bits"
	"slices"
	"time"
)

// Report is the result of a run, as printed with --json.
type Report struct {
	Scenario    string  `json:"scenario"`
	Against     string  `json:"against"`
	About       string  `json:"about"`
	Connections int     `json:"connections"`
	Seconds     float64 `json:"seconds"`
	// Answers counts all answers, and Acknowledged the requests that were granted.
	Answers      int64            `json:"answers"`
	PerSecond    float64          `json:"answers_per_second"`
	Acknowledged int64            `json:"acknowledged"`
	Rate         float64          `json:"acknowledged_per_second"`
	P50          float64          `json:"p50_ms"`
	P90          float64          `json:"p90_ms"`
	P99          float64          `json:"p99_ms"`
	Max          float64          `json:"max_ms"`
	Codes        map[string]int64 `json:"answers_by_code"`
	Proof        Proof            `json:"proof"` // nil if it could not be made
	// After describes what was tidied up, and what stays on the server.
	After string `json:"after"`
}

func (c *crowd) report(took time.Duration) *Report {
	r := &Report{Scenario: c.plan.Scenario, Against: c.plan.Against, Connections: c.plan.Connections,
		Seconds: took.Seconds(), Codes: map[string]int64{}}
	var all histogram
	for _, m := range c.members {
		all.merge(&m.latency)
		for code, n := range m.codes {
			r.Codes[code] += n
		}
	}
	r.Answers = int64(all.count)
	r.PerSecond = float64(r.Answers) / r.Seconds
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	r.P50, r.P90, r.P99, r.Max = ms(all.at(0.5)), ms(all.at(0.9)), ms(all.at(0.99)), ms(all.max)
	return r
}

// FoundWrong reports whether the log and the answers differ.
func (r *Report) FoundWrong() bool { return r.Proof != nil && len(r.Proof.faults()) > 0 }

// Print writes the report for people.
func (r *Report) Print(out io.Writer) error {
	fmt.Fprintf(out, "%s against %s: %s, %d connections\n", r.Scenario, r.Against, r.About, r.Connections)
	fmt.Fprintf(out, "  %d answers in %.2f s: %.0f/s; %d acknowledged: %.0f/s\n", r.Answers, r.Seconds, r.PerSecond,
		r.Acknowledged, r.Rate)
	fmt.Fprintf(out, "  latency p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, max %.2f ms\n", r.P50, r.P90, r.P99, r.Max)
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

// histogram counts durations in buckets that are at most a thirty-second of their value wide, in
// microseconds, so that a run of any length costs 4 KB.
type histogram struct {
	buckets [1024]uint32
	count   uint64
	max     time.Duration
}

// histogramExact is the number of microseconds up to which each has a bucket of its own.
const histogramExact = 64

func (h *histogram) add(d time.Duration) {
	us := uint64(max(d, 0).Microseconds())
	i := us
	if us >= histogramExact {
		shift := bits.Len64(us) - 6
		i = histogramExact + uint64(shift-1)*32 + us>>shift - 32
	}
	h.buckets[min(i, uint64(len(h.buckets)-1))]++
	h.count++
	h.max = max(h.max, d)
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.buckets {
		h.buckets[i] += n
	}
	h.count += other.count
	h.max = max(h.max, other.max)
}

// at returns the quantile q, rounded up to the end of its bucket.
func (h *histogram) at(q float64) time.Duration {
	left := uint64(q * float64(h.count))
	for i, n := range h.buckets {
		if left >= uint64(n) {
			left -= uint64(n)
			continue
		}
		end := uint64(i)
		if i >= histogramExact {
			shift := (i-histogramExact)/32 + 1
			end = (uint64((i-histogramExact)%32+32)+1)<<shift - 1
		}
		return min(time.Duration(end)*time.Microsecond, h.max)
	}
	return h.max
}
