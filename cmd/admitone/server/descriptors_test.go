package server

import (
	"strings"
	"testing"
)

// TestShareDescriptors: the stores get the descriptors that they need, and the connections get the rest. The
// error for a limit that is too low names the remedy.
func TestShareDescriptors(t *testing.T) {
	for _, test := range []struct{ limit, stores, tables, connections int }{
		{228, 2, 74, 16}, {256, 2, 74, 44}, {256, 1, 74, 118}, {1024, 2, 128, 704}, {20000, 2, 1000, 17936},
		{1 << 20, 2, 1000, 1<<20 - 2064},
	} {
		d, err := shareDescriptors(test.limit, test.stores)
		if err != nil || d.tables != test.tables || d.connections != test.connections {
			t.Errorf("shareDescriptors(%d, %d) = %+v, %v; want %d tables and %d connections", test.limit, test.stores, d, err,
				test.tables, test.connections)
		}
		all := d.connections
		if n := d.reserve(logClients); n < 1 || n > all/8 || d.connections != all-n {
			t.Errorf("reserve took %d of %d connections and left %d; want at least 1, and at most an eighth", n, all,
				d.connections)
		}
	}
	if _, err := shareDescriptors(227, 2); err == nil || !strings.Contains(err.Error(), "ulimit -n") {
		t.Errorf("shareDescriptors(227, 2) = %v, want an error that names ulimit -n", err)
	}
	for _, test := range []struct{ wanted, all, want int }{{0, 100, 0}, {1000, 100, 25}, {10, 100, 10},
		{1000, 100_000, 1000}, {5, 2, 1}} {
		if n := limitPerAddress(test.wanted, test.all); n != test.want {
			t.Errorf("limitPerAddress(%d, %d) = %d, want %d", test.wanted, test.all, n, test.want)
		}
	}
}
