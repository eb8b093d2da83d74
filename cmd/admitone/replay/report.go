package replay

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"admitone/actors/core"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
	"admitone/projections/demand"
)

// maxNamed bounds the differences that are listed.
const maxNamed = 20

// Report is the result of a replay.
type Report struct {
	// Same, and the sums of OtherReason and Different, count the requests whose answers were
	// compared.
	Same int64 `json:"same"`
	// OtherReason counts requests that were refused as recorded, but with another code. If several
	// reasons apply, a server names the first that it finds.
	OtherReason map[string]int64 `json:"other_reason"`
	// Different counts the answers that differ, by the kind of difference.
	Different map[string]int64 `json:"different"`
	// Named has the first maxNamed answers that differ.
	Named []Difference `json:"named"`
	// Deadlines counts holds that were released because they expired in the log.
	Deadlines int64 `json:"deadlines"`
	// NotEmpty means that the target had events before the replay.
	NotEmpty bool `json:"not_empty"`
	// LeftOut counts the requests that were not sent, by reason.
	LeftOut map[string]int64 `json:"left_out"`
	// Counts is the number of figures that were compared at the end; Wrong are those that differ.
	Counts  int64   `json:"counts"`
	Wrong   []Count `json:"wrong_counts"`
	Seconds float64 `json:"seconds"`
}

// Difference is an answer that differs from the recorded one.
type Difference struct {
	Position uint64 `json:"position"`
	What     string `json:"what"`
	Recorded string `json:"recorded"`
	Here     string `json:"here"`
}

// Count is a figure at the end that differs.
type Count struct {
	Of       string `json:"of"`
	Figure   string `json:"figure"`
	Recorded int64  `json:"recorded"`
	Here     int64  `json:"here"`
}

// OK reports whether nothing differs.
func (r *Report) OK() bool { return len(r.Different) == 0 && len(r.Wrong) == 0 }

const granted = "granted"

// compare compares an answer with the record. a is nil if the request was not sent because its subject
// does not exist on the target.
func (p *runner) compare(intent *demand.Request, r *kinds.Request, a *answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.System {
		p.report.Deadlines++
		return
	}
	d := Difference{Position: uint64(intent.Position), What: intent.Fact.Name(), Here: "no such subject"}
	kind := d.What
	if f, ok := intent.Fact.(*events.RefusalRecorded); ok {
		kind, d.What = "a request that was refused", strings.TrimSuffix(f.Method+" "+f.Path+" for "+string(f.Holder), " for ")
	}
	if d.Recorded = cmp.Or(intent.Refused, r.Status, r.Outcome, granted); a != nil {
		if d.Here = string(a.refused()); d.Here == "" {
			d.Here = granted
			if r.Status != "" {
				d.Here = memberOf(a, "status")
			} else if r.Outcome != "" {
				d.Here = memberOf(a, "outcome")
			}
		}
	}
	if refusedAfterRelease(r, core.Code(intent.Refused), a) {
		d.Here = d.Recorded
	}
	if d.Recorded == d.Here {
		p.report.Same++
		return
	}
	what := fmt.Sprintf("%s: recorded %s, here %s", kind, d.Recorded, d.Here)
	if intent.Refused != "" && d.Here != granted {
		p.report.OtherReason[what]++
		return
	}
	p.report.Different[what]++
	if len(p.report.Named) < maxNamed {
		p.report.Named = append(p.report.Named, d)
	}
}

// memberOf returns a string member of an answer's body, "" if there is none.
func memberOf(a *answer, name string) string {
	var body map[string]any
	if json.Unmarshal(a.text, &body) != nil {
		return ""
	}
	text, _ := body[name].(string)
	return text
}

func sum(counts map[string]int64) (all int64) {
	for _, n := range counts {
		all += n
	}
	return all
}

// Text writes the report for people.
func (r *Report) Text(out io.Writer) error {
	different, other := sum(r.Different), sum(r.OtherReason)
	fmt.Fprintf(out, "%d answers in %.1f s: %d as recorded, %d refused for another reason, %d different; "+
		"%d holds released at their deadline\n",
		r.Same+other+different, r.Seconds, r.Same, other, different, r.Deadlines)
	if r.NotEmpty {
		fmt.Fprintln(out, "the other server was not empty: its earlier events affect the result; "+
			"start an empty one with admitone serve --store NEW")
	}
	for _, reason := range slices.Sorted(maps.Keys(r.LeftOut)) {
		fmt.Fprintf(out, "%6d left out: %s\n", r.LeftOut[reason], reason)
	}
	for _, what := range slices.Sorted(maps.Keys(r.OtherReason)) {
		fmt.Fprintf(out, "%6d for another reason: %s\n", r.OtherReason[what], what)
	}
	for _, what := range slices.Sorted(maps.Keys(r.Different)) {
		fmt.Fprintf(out, "%6d different: %s\n", r.Different[what], what)
	}
	for _, d := range r.Named {
		fmt.Fprintf(out, "  position %d: %s, recorded %s, here %s\n", d.Position, d.What, d.Recorded, d.Here)
	}
	if r.Counts > 0 {
		fmt.Fprintf(out, "%d figures at the end, %d different\n", r.Counts, len(r.Wrong))
	}
	for _, c := range r.Wrong {
		fmt.Fprintf(out, "  %s: %s is recorded as %d, here it is %d\n", c.Of, c.Figure, c.Recorded, c.Here)
	}
	word := "the same outcome"
	if !r.OK() {
		word = "another outcome"
	}
	_, err := fmt.Fprintln(out, word)
	return err
}
