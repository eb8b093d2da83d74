package cli

import (
	"net/http"
	"testing"
	"time"
)

// TestStoreKilledWhileServersStart kills the event store at the moment at which a server says that it is
// on. The server waits for the store, and serves when the store is back.
func TestStoreKilledWhileServersStart(t *testing.T) {
	t.Parallel()
	s := newEventStore(t)
	client := &http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	for range 8 {
		p := launch(t, s.address(), "--data", t.TempDir())
		s.kill()
		s.start()
		ended := make(chan struct{})
		go func() { p.wait(); close(ended) }()
		for until, ready := time.Now().Add(patience), false; !ready; {
			if response, err := client.Get(p.url + "/readyz"); err == nil {
				response.Body.Close()
				ready = response.StatusCode == http.StatusOK
			}
			select {
			case <-ended:
				t.Fatalf("the server ended when the store was killed, want it to wait for the store\nits output: %s", p.stderr)
			case <-time.After(20 * time.Millisecond):
			}
			if time.Now().After(until) {
				t.Fatalf("the server is not ready %v after the store was killed and started\nits output: %s", patience, p.stderr)
			}
		}
		p.kill()
	}
}
