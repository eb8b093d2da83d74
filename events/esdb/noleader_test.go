package esdb

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestNoLeader: for ten seconds, no node is the leader or knows one. Appends fail immediately without
// writing anything, and a new leader is found within two seconds.
func TestNoLeader(t *testing.T) {
	for _, address := range []string{"esdb://a:1?tls=false", "esdb://a:1,b:1?tls=false"} {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster("a:1", "b:1")
			s := c.connect(t, address)
			workload := startWorkload(s, 3, 50*time.Millisecond)
			time.Sleep(time.Second)
			c.elect("")
			time.Sleep(10 * time.Second)
			c.elect("a:1")
			if elapsed := waitUntilWorking(t, s); elapsed > 2*time.Second {
				t.Errorf("%s: recovery took %v, want at most 2s", address, elapsed)
			}
			workload.check(t, c.log)
			if len(workload.unknown) > 0 || len(workload.notWritten) < 300 {
				t.Errorf("%s: %d events have an unknown outcome, %d were refused; want 0, at least 300", address,
					len(workload.unknown), len(workload.notWritten))
			}
			s.Close()
			c.down(t, c.hosts...)
		})
	}
}
