package cli

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"admitone/events/esdb"
	"admitone/events/esdbwire"
)

// wireStore serves a new log as an EventStoreDB until the end of the test.
func wireStore(t *testing.T, config esdbwire.Config) (address string) {
	t.Helper()
	log := openLogIn(t, t.TempDir())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config.Writable = true
	wire, ended := esdbwire.New(log, config), make(chan error, 1)
	go func() { ended <- wire.Serve(listener) }()
	t.Cleanup(func() {
		for _, err := range []error{wire.Close(), <-ended, log.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	return "esdb://" + listener.Addr().String() + "?tls=false"
}

// TestSmallAppendLimits: a server works with the smallest supported append limit of the store, and refuses a
// smaller one.
func TestSmallAppendLimits(t *testing.T) {
	address := wireStore(t, esdbwire.Config{MaxAppend: esdb.MinMaxAppend})
	node := launch(t, address, "--data", t.TempDir())
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	if status, _, err := post(client, node.url+"/v1/products", `{"id":"hot","name":"Hot","stock":10000}`,
		""); err != nil || status != http.StatusCreated {
		t.Fatalf("create the product: status %d, %v; want 201", status, err)
	}
	long := strings.Repeat("long", 60)
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() {
			if status := answerOf(client, node.url+"/v1/products/hot/reservations", fmt.Sprintf(`{"holder":"%s%d"}`, long, n),
				fmt.Sprint("key-", n)); status != http.StatusCreated {
				t.Errorf("reservation %d: status %d, want 201", n, status)
			}
		})
	}
	all.Wait()
	node.kill()
	if v := runVerify(t, exitDone, "--store", address); v.Events < 201 {
		t.Errorf("verify found %d events, want at least 201", v.Events)
	}
	_, stderr := must(t, exitUsage, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--store",
		wireStore(t, esdbwire.Config{MaxAppend: esdb.MinMaxAppend - 1}))
	if !strings.Contains(stderr, "--max-append-size=32768") {
		t.Errorf("stderr %q; want %q", stderr, "--max-append-size=32768")
	}
}
