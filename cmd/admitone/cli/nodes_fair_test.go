package cli

import (
	"os"
	"testing"
	"time"
)

// TestNodesSellOneProduct: two servers sell one product concurrently to sixteen callers, without
// and with --cluster. Sold units equal acknowledged ones. For the duration in ADMITONE_FAIR, it
// prints how long each server was without a sale.
func TestNodesSellOneProduct(t *testing.T) {
	given := os.Getenv("ADMITONE_FAIR")
	if given == "" {
		t.Skip("a measurement: ADMITONE_FAIR says how long, such as 30s")
	}
	length, err := time.ParseDuration(given)
	if err != nil {
		t.Fatal(err)
	}
	for _, clustered := range []bool{false, true} {
		n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
		var servers []*serverProcess
		for _, name := range []string{"n1", "n2"} {
			if clustered {
				servers = append(servers, n.begin(name, n.log.address()))
			} else {
				servers = append(servers, serveOn(t, n.log.address(), "--secrets", n.secrets))
			}
		}
		if clustered {
			n.agree(2, servers...)
		}
		servers[0].must(201, "POST", "/v1/products", `{"id":"p0","name":"n","stock":10000000}`)
		var crowds []*buyers
		for _, s := range servers {
			crowds = append(crowds, buyingOf(8, 1, s))
		}
		time.Sleep(length)
		acked, unknown := 0, 0
		for i, c := range crowds {
			c.end()
			acked, unknown = acked+c.acked["p0"], unknown+c.unknown["p0"]
			t.Logf("clustered: %t, server %d: %d sold, %d refused, the longest time without a sale %.2f s, the slowest answer "+
				"%.2f s, %d conflicts", clustered, i+1, c.answered, len(c.refused), c.gap.Seconds(), c.slowest.Seconds(),
				conflicts(t, servers[i]))
		}
		p := decoded[struct{ Sold int }](t, servers[0].must(200, "GET", "/v1/products/p0", ""))
		if p.Sold < acked || p.Sold > acked+unknown {
			t.Errorf("%d are sold, %d acknowledged, %d unknown; want Sold >= acked and Sold <= acked+unknown",
				p.Sold, acked, unknown)
		}
		for _, s := range servers {
			s.end()
		}
		must(t, exitDone, "verify", "--store", n.log.address())
	}
}
