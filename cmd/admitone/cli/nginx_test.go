package cli

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"admitone/cmd/admitone/server"
)

// nginxPath returns the path of nginx. Without nginx it skips the test, or fails it in CI.
func nginxPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("nginx is not installed, but CI=true requires the tests of the proxies in docker/")
	}
	t.Skip("skipped: the proxies of docker/ are tested with nginx, which is not installed; apt-get install nginx-light")
	return ""
}

// addresses counts the calls of freeAddress.
var addresses atomic.Uint32

// freeAddress returns an address that only its caller listens on, even after its caller has stopped
// listening: the host part is unique to the call, so that neither another test nor a connection
// from 127.0.0.1 can take the port.
func freeAddress(t *testing.T) string {
	t.Helper()
	pid := os.Getpid()
	return freePort(t, fmt.Sprintf("127.%d.%d.%d", 64+pid/256%64, pid%256, 1+addresses.Add(1)%254))
}

// freePort returns a host's address with a port that is free now.
func freePort(t *testing.T, host string) string {
	t.Helper()
	listener, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// startNginx runs nginx with a configuration of docker/, in which the keys of replace and the paths of
// written files are replaced, and waits until nginx listens.
func startNginx(t *testing.T, name, listens string, replace map[string]string) {
	t.Helper()
	path, dir := nginxPath(t), t.TempDir()
	text := dockerText(t, name)
	replace["/etc/nginx/proxy.conf"] = filepath.Join(dir, "proxy.conf")
	replace["pid /tmp/nginx.pid;"] = "pid " + filepath.Join(dir, "nginx.pid") + ";"
	for _, what := range slices.Sorted(maps.Keys(replace)) {
		if !strings.Contains(text, what) {
			t.Fatalf("%s has no %q", name, what)
		}
		text = strings.ReplaceAll(text, what, replace[what])
	}
	temporary := "http {\n"
	for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temporary += fmt.Sprintf("    %s_temp_path %s;\n", what, filepath.Join(dir, what))
	}
	text = strings.Replace(text, "http {\n", temporary, 1)
	for file, text := range map[string]string{"nginx.conf": text, "proxy.conf": dockerText(t, "proxy.conf")} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	message := &outputBuffer{}
	cmd := exec.Command(path, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", "stderr", "-g", "daemon off; user root;")
	cmd.Stderr, cmd.Stdout = message, message
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if t.Failed() {
			t.Logf("nginx logs, besides errors about stopped servers:\n%s", withoutLines(message.String(),
				"connect() failed"))
		}
	})
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", listens)
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nginx does not listen on %s after %v: %v\n%s", listens, patience, err, message)
		}
	}
}

// withoutLines returns a text without the lines that contain part.
func withoutLines(text, part string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, part) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// TestProxyRetriesAfterRestart: after a time without any server, requests succeed as soon as the servers
// are back, without nginx's fail_timeout of ten seconds. A body of 32 MiB passes.
func TestProxyRetriesAfterRestart(t *testing.T) {
	t.Parallel()
	nginxPath(t)
	outside := freeAddress(t)
	replace := map[string]string{"listen 8080;": "listen " + outside + ";"}
	var nodes []string
	for i := range 3 {
		nodes = append(nodes, freeAddress(t))
		replace[fmt.Sprintf("admitone%d:8080", i+1)] = nodes[i]
	}
	startNginx(t, "nginx.conf", outside, replace)
	proxy := &testServer{url: "http://" + outside, t: t}
	if status, _ := proxy.do("GET", "/v1/products/p", ""); status != 502 {
		t.Fatalf("status %d without a server, want 502", status)
	}
	for _, address := range nodes {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		restored := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.WriteHeader(204)
		})}
		go restored.Serve(listener)
		t.Cleanup(func() { restored.Close() })
	}
	for range 9 {
		if status, text := proxy.do("POST", "/v1/products", "{}"); status != 204 {
			t.Errorf("answer with all servers back = %d %s, want 204", status, text)
		}
	}
	if status, text := proxy.do("POST", "/v1/plans", strings.Repeat(" ", 32<<20)); status != 204 {
		t.Errorf("a plan of 32 MiB: %d %s; want status 204", status, text)
	}
}

// TestRollingRestart: three servers behind the shipped load balancer are restarted one after another under
// load. No request fails other than with 429 or 503, and a visitor who polls keeps the place.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	nginxPath(t)
	log, keys, outside := newEventStore(t), filepath.Join(t.TempDir(), "passes.key"), freeAddress(t)
	replace := map[string]string{"listen 8080;": "listen " + outside + ";"}
	var nodes []*testServer
	for i := range 3 {
		node := nodeIn(t, server.Settings{Listen: freeAddress(t), Store: log.address(), Data: t.TempDir(), PassKeys: keys})
		nodes, replace[fmt.Sprintf("admitone%d:8080", i+1)] = append(nodes, node), node.Address()
	}
	startNginx(t, "nginx.conf", outside, replace)
	proxy := &testServer{url: "http://" + outside, t: t}
	if status, _ := proxy.do("GET", "/metrics", ""); status != 404 {
		t.Errorf("/metrics through the load balancer: status %d, want 404", status)
	}
	proxy.send("PUT", "/v1/waiting-rooms/r",
		`{"admit_per_second":0,"max_active":9,"active_seconds":600,"heartbeat_seconds":60}`)
	const products, clients = 6, 4
	for i := range products {
		proxy.send("POST", "/v1/products", fmt.Sprintf(`{"id":"p%d","name":"p","stock":1000000}`, i))
	}
	place := proxy.join("r", "ann")

	end := startLoad(t, clients, func(n int, send sendFunc) {
		path := fmt.Sprintf("/v1/products/p%d", n%products)
		send("POST", path+"/reservations", `{"holder":"h"}`)
		send("GET", path, "")
		if text := send("GET", "/v1/waiting-rooms/r/visitors/"+place.Visitor, ""); strings.Contains(text,
			`"status":"expired"`) {
			t.Errorf("a waiting visitor gets %s; want no %q", text, `"status":"expired"`)
		}
	}, proxy)
	for restart := range 4 * len(nodes) {
		node := &nodes[restart%len(nodes)]
		(*node).end()
		(*node).settings.Listen = (*node).Address()
		*node = nodeIn(t, (*node).settings)
		(*node).send("GET", "/readyz", "")
	}
	statuses := end()
	for status, n := range statuses {
		if !slices.Contains([]int{200, 201, 429, 503}, status) {
			t.Errorf("%d answers with status %d, want only 200, 201, 429 and 503", n, status)
		}
	}
	if statuses[201] < products {
		t.Errorf("%d reservations were made, want at least %d", statuses[201], products)
	}
}

// TestTLSProxy: the shipped TLS proxy serves HTTPS and WebSockets, redirects plain HTTP to HTTPS, and does
// not expose the metrics.
func TestTLSProxy(t *testing.T) {
	t.Parallel()
	nginxPath(t)
	s := serveIn(t, t.TempDir(), nil)
	outside, clear := freePort(t, "127.0.0.1"), freePort(t, "127.0.0.1") // the certificate names the host
	cert, key := certificate(t)
	text, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	startNginx(t, "nginx-tls.conf", outside, map[string]string{
		"listen 8080;": "listen " + clear + ";", "listen 8443 ssl;": "listen " + outside + " ssl;",
		"admitone:8080": s.Address(), "/etc/nginx/tls/fullchain.pem": cert, "/etc/nginx/tls/privkey.pem": key,
	})
	config := &tls.Config{RootCAs: pool}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: config},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	for _, c := range []struct {
		method, url, body string
		want              int
	}{
		{"GET", "https://" + outside + "/healthz", "", 200},
		{"POST", "https://" + outside + "/v1/products", `{"id":"p","name":"p","stock":9}`, 201},
		{"POST", "https://" + outside + "/v1/plans", strings.Repeat(" ", 2<<20), 400},
		{"GET", "https://" + outside + "/metrics", "", 404},
		{"GET", "http://" + clear + "/v1/products", "", 308},
	} {
		request, err := http.NewRequest(c.method, c.url, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != c.want {
			t.Errorf("%s %s: %s %s, want %d", c.method, c.url, response.Status, text, c.want)
		}
		if to := response.Header.Get("Location"); c.want == 308 && to != "https://127.0.0.1/v1/products" {
			t.Errorf("Location = %s, want https://127.0.0.1/v1/products", to)
		}
	}
	dialer := &websocket.Dialer{TLSClientConfig: config}
	for origin, want := range map[string]int{"https://" + outside: 101, "https://elsewhere.example": 403} {
		conn, response, err := dialer.Dial("wss://"+outside+"/ws", http.Header{"Origin": {origin}})
		if response == nil || response.StatusCode != want {
			t.Errorf("a socket of a page from %s: %v, %v; want status %d", origin, response, err, want)
		}
		if conn != nil {
			conn.Close()
		}
	}
}
