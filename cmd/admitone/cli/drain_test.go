package cli

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// sendFunc sends a request and returns the body of the answer.
type sendFunc func(method, path, body string) string

// startLoad lets clients call each in a loop, with increasing n, until end is called. end returns the
// number of answers by status.
func startLoad(t *testing.T, clients int, each func(n int, send sendFunc), on *testServer) (end func() map[int]int) {
	statuses, mu := map[int]int{}, sync.Mutex{}
	stop, busy := make(chan struct{}), sync.WaitGroup{}
	send := func(method, path, body string) string {
		status, text := on.do(method, path, body)
		mu.Lock()
		defer mu.Unlock()
		if statuses[status]++; status >= 500 && statuses[status] < 4 {
			t.Logf("%s %s: %d %.300s", method, path, status, text)
		}
		return text
	}
	for client := range clients {
		busy.Go(func() {
			for n := client; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				each(n, send)
			}
		})
	}
	return func() map[int]int {
		close(stop)
		busy.Wait()
		t.Logf("answers by status: %v", statuses)
		return statuses
	}
}

// TestDrainingRestarts: two servers behind the shipped load balancer are restarted in turn under
// load, and no request fails. ADMITONE_RESTARTS is the number of restarts of each server.
func TestDrainingRestarts(t *testing.T) {
	t.Parallel()
	nginxPath(t)
	rounds := 1
	if text := os.Getenv("ADMITONE_RESTARTS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	log, outside := newEventStore(t), freeAddress(t)
	replace := map[string]string{"listen 8080;": "listen " + outside + ";",
		"        server admitone3:8080 max_fails=0;\n": ""}
	var nodes []*serverProcess
	for i := range 2 {
		address := freeAddress(t)
		nodes = append(nodes, serveOn(t, log.address(), "--listen", address, "--drain", "300ms"))
		replace[fmt.Sprintf("admitone%d:8080", i+1)] = address
	}
	startNginx(t, "nginx.conf", outside, replace)
	proxy := &testServer{url: "http://" + outside, t: t}
	const products = 4
	for i := range products {
		proxy.send("POST", "/v1/products", fmt.Sprintf(`{"id":"p%d","name":"p","stock":1000000}`, i))
	}
	end := startLoad(t, products, func(n int, send sendFunc) {
		path := fmt.Sprintf("/v1/products/p%d", n%products)
		send("POST", path+"/reservations", `{"holder":"h"}`)
		send("GET", path, "")
	}, proxy)
	for range rounds {
		for _, node := range nodes {
			node.restart()
			(&testServer{url: node.url, t: t}).send("GET", "/readyz", "")
		}
	}
	statuses := end()
	for status, n := range statuses {
		if status != 200 && status != 201 {
			t.Errorf("%d answers with status %d, want only 200 and 201", n, status)
		}
	}
	if statuses[201] < products {
		t.Errorf("%d reservations were made, want at least %d", statuses[201], products)
	}
}

// TestDrain: after the first signal a server fails the readiness check, here on a separate address, but
// continues to serve and closes each connection after its answer. The second signal stops it.
func TestDrain(t *testing.T) {
	t.Parallel()
	operations := freeAddress(t)
	p := launch(t, t.TempDir(), "--drain", "10m", "--operations-listen", operations)
	ask := func(base, path string, status int) (closes bool, text string) {
		t.Helper()
		for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			response, err := http.Get(base + path)
			if err != nil {
				t.Fatal(err)
			}
			output := make([]byte, 1<<10)
			n, _ := response.Body.Read(output)
			response.Body.Close()
			if response.StatusCode == status {
				return response.Close, string(output[:n])
			}
			if time.Now().After(end) {
				t.Fatalf("%s%s: %s %s, want %d", base, path, response.Status, output[:n], status)
			}
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		ask("http://"+operations, path, 200)
		ask(p.url, path, 404)
	}
	ask("http://"+operations, "/v1/products", 404)
	if closes, _ := ask(p.url, "/v1/products", 200); closes {
		t.Error("a connection was closed before the signal, want it open")
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	_, text := ask("http://"+operations, "/readyz", 503)
	for _, want := range []string{`"code":"draining"`, `"reason":"draining"`} {
		if !strings.Contains(text, want) {
			t.Errorf("/readyz of a draining server: %s; want %q", text, want)
		}
	}
	ask("http://"+operations, "/healthz", 200)
	if closes, text := ask(p.url, "/v1/products", 200); !closes {
		t.Errorf("the connection stays open after the signal, want it closed: %s", text)
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		t.Error("the server did not stop with status 0:", err)
	}
	for _, address := range []string{operations, strings.TrimPrefix(p.url, "http://")} {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			t.Errorf("the stopped server still listens on %s", address)
		}
	}
}
