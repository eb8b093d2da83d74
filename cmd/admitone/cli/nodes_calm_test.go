package cli

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// conflicts returns the number of appends of nodes that lost a race.
func conflicts(t *testing.T, who ...*serverProcess) (n int) {
	t.Helper()
	for _, s := range who {
		for line := range strings.Lines(s.must(200, "GET", "/metrics", "")) {
			if value, is := strings.CutPrefix(line, "admitone_append_conflicts_total "); is {
				count := 0.0
				if _, err := fmt.Sscan(value, &count); err != nil {
					t.Fatal(err)
				}
				n += int(count)
			}
		}
	}
	return n
}

// oneBodyPerKey sends two creations under one key to two nodes concurrently: different bodies are
// refused, and equal ones create one entity.
func (d *drill) oneBodyPerKey() {
	d.t.Helper()
	const rounds = 20
	for i := range rounds {
		var answers [2]struct {
			status int
			text   string
		}
		same := i%4 == 0
		both := sync.WaitGroup{}
		for k := range answers {
			both.Go(func() {
				path, body := "/v1/products", fmt.Sprintf(`{"id":"k%d-%d","name":"n","stock":1}`, i, k)
				if same {
					path, body = "/v1/teams", fmt.Sprintf(`{"name":"k%d"}`, i)
				}
				key := fmt.Sprint("one", i)
				answers[k].status, _, answers[k].text = d.n[(i+k)%3].ask("POST", path, body, "Idempotency-Key", key)
			})
		}
		both.Wait()
		a, b := answers[0], answers[1]
		id := func(text string) string { return decoded[struct{ ID string }](d.t, text).ID }
		if same && (a.status != 201 || b.status != 201 || id(a.text) != id(b.text)) || !same && a.status+b.status != 201+422 {
			d.t.Errorf("round %d: %d %s and %d %s", i, a.status, a.text, b.status, b.text)
		}
	}
}

// TestNodesWithoutFaults: three nodes that receive requests in turn decide each command at its
// owner, so that conflicts are rare.
func TestNodesWithoutFaults(t *testing.T) {
	t.Parallel()
	d := newDrill(t, true)
	c := buying(d.n...)
	c.some(t, 1000)
	c.end()
	if over, lost := d.sold(d.n[0], c); over+lost > 0 || len(c.refused) > 0 {
		t.Errorf("%d are oversold, %d lost, %v refused; want over+lost = 0 and no c.refused", over, lost, c.refused)
	}
	lost := conflicts(t, d.n...)
	t.Logf("%d sales lost %d races", c.answered, lost)
	if lost > c.answered/50 { // a busy machine makes some nodes look silent
		t.Errorf("%d sales lost %d races", c.answered, lost)
	}
	d.oneBodyPerKey()
}
