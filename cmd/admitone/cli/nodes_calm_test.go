package cli

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
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
// owner, and one of them executes deadlines, so that conflicts are rare.
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
	const products, holds = 20, 20
	for i := range products {
		d.n[i%3].must(
			201,
			"POST",
			"/v1/products",
			fmt.Sprintf(`{"id":"h%d","name":"n","stock":%d,"hold_seconds":3}`, i, holds),
		)
		for k := range holds {
			d.n[k%3].must(201, "POST", fmt.Sprintf("/v1/products/h%d/reservations", i), `{"holder":"ann","hold":true}`)
		}
	}
	d.oneBodyPerKey()
	before := conflicts(t, d.n...)
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		held := 0
		for i := range products {
			held += decoded[struct{ Held int }](t, d.n[1].must(200, "GET", fmt.Sprintf("/v1/products/h%d", i), "")).Held
		}
		if held == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d are still held", held)
		}
	}
	time.Sleep(time.Second) // conflicts have occurred by then
	lost = conflicts(t, d.n...) - before
	t.Logf("%d holds expired, and %d races were lost", products*holds, lost)
	if lost > products*holds/10 {
		t.Errorf("%d holds expired, and %d races were lost", products*holds, lost)
	}
}
