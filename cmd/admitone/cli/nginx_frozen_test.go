package cli

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// slowServers are three servers behind the shipped load balancer, of which the first accepts connections and
// answers nothing, as a frozen process does. The others answer 204, and requests for the past only after the
// time for which the load balancer waits for an ordinary answer.
type slowServers struct {
	mu       sync.Mutex
	received map[string]int // requests by method and URI; guarded by mu
	proxy    *testServer
}

// shortWait replaces the time for which the load balancer waits for an ordinary answer.
const shortWait = time.Second

func startSlowServers(t *testing.T) *slowServers {
	outside := freeAddress(t)
	s := &slowServers{received: map[string]int{}, proxy: &testServer{url: "http://" + outside, t: t}}
	replace := map[string]string{"listen 8080;": "listen " + outside + ";",
		"proxy_read_timeout 8s;": fmt.Sprintf("proxy_read_timeout %ds;", shortWait/time.Second)}
	for i := range 3 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { listener.Close() })
		replace[fmt.Sprintf("admitone%d:8080", i+1)] = listener.Addr().String()
		if i > 0 {
			server := &http.Server{Handler: s}
			go server.Serve(listener)
			t.Cleanup(func() { server.Close() })
		}
	}
	startNginx(t, "nginx.conf", outside, replace)
	return s
}

// ServeHTTP implements http.Handler.
func (s *slowServers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.received[r.Method+" "+r.RequestURI]++
	s.mu.Unlock()
	if r.URL.Query().Has("at") {
		time.Sleep(shortWait + shortWait/2)
	}
	w.WriteHeader(http.StatusNoContent)
}

// receivedCount returns how often a request has arrived at a server that answers.
func (s *slowServers) receivedCount(request string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received[request]
}

// TestProxyOfFrozenServer: requests for a frozen server are answered by another one, except for commands without
// an Idempotency-Key: those are 504, and no second server gets them.
func TestProxyOfFrozenServer(t *testing.T) {
	t.Parallel()
	nginxPath(t)
	s := startSlowServers(t)
	var requests sync.WaitGroup
	var timeouts atomic.Int32
	for i := range 20 {
		path := fmt.Sprintf("/v1/products/p%d", i)
		requests.Go(func() {
			if status, text := s.proxy.do("GET", path, ""); status != 204 {
				t.Errorf("GET %s: %d %s, want 204", path, status, text)
			}
			if status, text := s.proxy.do("POST", path+"/confirm", "{}", "Idempotency-Key", "k"); status != 204 {
				t.Errorf("POST %s/confirm with a key: %d %s, want 204", path, status, text)
			}
			status, text := s.proxy.do("POST", path+"/reservations", "{}")
			switch n := s.receivedCount("POST " + path + "/reservations"); {
			case status == 504 && n == 0:
				timeouts.Add(1)
			case status != 204 || n != 1:
				t.Errorf("POST %s: %d %s, received %d times; want 204 and once, or 504 and never", path, status, text, n)
			}
		})
	}
	requests.Wait()
	if timeouts.Load() == 0 {
		t.Error("no command belonged to the frozen server, want at least one")
	}
}

// TestProxyWaits: the load balancer waits longer for a request that may take longer.
func TestProxyWaits(t *testing.T) {
	t.Parallel()
	nginxPath(t)
	s := startSlowServers(t)
	client := &http.Client{Timeout: 3 * shortWait}
	answered := 0
	for i := range 9 {
		response, err := client.Get(fmt.Sprintf("%s/v1/products/p%d?at=5", s.proxy.url, i))
		if err != nil {
			continue // it belongs to the frozen server
		}
		response.Body.Close()
		if answered++; response.StatusCode != 204 {
			t.Errorf("a request for the past: %s, want 204", response.Status)
		}
	}
	if answered == 0 {
		t.Error("no request for the past was answered, want at least one")
	}
}
