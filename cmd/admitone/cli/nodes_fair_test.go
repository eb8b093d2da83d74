package cli

import (
	"os"
	"testing"
	"time"
)

// TestNodesSellOneProduct: two servers sell one product to sixteen buyers for the duration ADMITONE_FAIR,
// without and with --cluster. Sold units equal acknowledged ones. The test logs the longest time without a
// sale at each server.
func TestNodesSellOneProduct(t *testing.T) {
	text := os.Getenv("ADMITONE_FAIR")
	if text == "" {
		t.Skip("skipped: set ADMITONE_FAIR to the duration of this measurement, such as 30s")
	}
	length, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, clustered := range []bool{false, true} {
		n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
		var servers []*serverProcess
		for _, name := range []string{"n1", "n2"} {
			if clustered {
				servers = append(servers, n.launch(name, n.log.address()))
			} else {
				servers = append(servers, serveOn(t, n.log.address(), "--secrets", n.secrets))
			}
		}
		if clustered {
			n.waitForServing(2, servers...)
		}
		servers[0].must(201, "POST", "/v1/products", `{"id":"p0","name":"n","stock":10000000}`)
		var groups []*buyers // of each server
		for _, s := range servers {
			groups = append(groups, startBuyersOf(8, 1, s))
		}
		time.Sleep(length)
		acked, unknown := 0, 0
		for i, c := range groups {
			c.end()
			acked, unknown = acked+c.acked["p0"], unknown+c.unknown["p0"]
			t.Logf("clustered: %t, server %d: %d sold, %d refused, the longest time without a sale %.2f s, the slowest answer "+
				"%.2f s, %d conflicts", clustered, i+1, c.answered, len(c.refused), c.gap.Seconds(), c.slowest.Seconds(),
				conflicts(t, servers[i]))
		}
		p := decode[struct{ Sold int }](t, servers[0].must(200, "GET", "/v1/products/p0", ""))
		if p.Sold < acked || p.Sold > acked+unknown {
			t.Errorf("%d units are sold, want from %d acknowledged to %d with those of an unknown outcome",
				p.Sold, acked, acked+unknown)
		}
		for _, s := range servers {
			s.end()
		}
		must(t, exitDone, "verify", "--store", n.log.address())
	}
}
