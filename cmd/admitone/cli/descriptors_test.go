package cli

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"admitone/events/esdb"
)

// serveWithLimit starts the program with these limits of file descriptors. It returns the first line of
// its output, which has the address, and a channel that receives the result of its exit.
func serveWithLimit(t *testing.T, soft, hard int, args ...string) (line string, ended <-chan error) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	shell := fmt.Sprintf(`ulimit -Sn %d && ulimit -Hn %d && exec "$0" "$@"`, soft, hard)
	cmd := exec.Command("sh", append([]string{"-c", shell, path}, args...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	in := bufio.NewReader(stdout)
	line, err = in.ReadString('\n')
	go func() { io.Copy(io.Discard, in); exited <- cmd.Wait() }()
	t.Cleanup(func() { cmd.Process.Signal(syscall.SIGKILL) })
	if err != nil {
		t.Fatalf("the server did not start: %v", <-exited)
	}
	return line, exited
}

// openConnections opens n idle connections. leave closes them, and so does the end of the test.
func openConnections(t *testing.T, address string, n int) (leave func()) {
	t.Helper()
	var all []net.Conn
	leave = func() {
		for _, conn := range all {
			conn.Close()
		}
	}
	t.Cleanup(leave)
	for range n {
		conn, err := net.DialTimeout("tcp", address, patience)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, conn)
	}
	return leave
}

// TestDescriptorsRunOut: a server with 256 descriptors survives 400 idle connections. Connected clients
// continue to buy, health checks are answered, and new clients can connect when the others have left.
func TestDescriptorsRunOut(t *testing.T) {
	line, ended := serveWithLimit(t, 256, 256, "serve", "--listen", "127.0.0.1:0", "--store", t.TempDir(), "--access-log=false",
		"--esdb-listen", "127.0.0.1:0")
	_, rest, _ := strings.Cut(line, "http://")
	address, _, _ := strings.Cut(rest, "/")
	url := "http://" + address
	inside := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}, Timeout: patience}
	post := func(path, body string) {
		t.Helper()
		answer, err := inside.Post(url+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if text, _ := io.ReadAll(answer.Body); answer.StatusCode != 201 {
			t.Fatalf("%s: %d %s; want status 201", path, answer.StatusCode, text)
		}
	}
	ask := func(path string) (status int, text string) {
		t.Helper()
		outside := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
		for end := time.Now().Add(patience); ; { // one connection among many may be closed unanswered
			answer, err := outside.Get(url + path)
			if err == nil {
				defer answer.Body.Close()
				text, _ := io.ReadAll(answer.Body)
				return answer.StatusCode, string(text)
			}
			if time.Now().After(end) {
				t.Fatal(err)
			}
		}
	}
	post("/v1/products", `{"id":"p","name":"p","stock":1000}`)
	for round := range 2 {
		leave := openConnections(t, address, 400)
		for i := range 20 {
			post("/v1/products/p/reservations", fmt.Sprintf(`{"holder":"h%d-%d"}`, round, i))
		}
		if status, text := ask("/healthz"); status != 200 {
			t.Errorf("/healthz: %d %s; want status 200", status, text)
		}
		if _, text := ask("/metrics"); !strings.Contains(text, "admitone_connections_limit 39\n") ||
			!strings.Contains(text, "process_max_fds 256\n") ||
			!strings.Contains(text, "admitone_descriptors_reserved 212\n") ||
			!strings.Contains(text, "admitone_eventstore_connections_limit 5\n") {
			t.Errorf("the metrics are\n%s; want %q, %q, %q and %q",
				text, "admitone_connections_limit 39\n", "process_max_fds 256\n", "admitone_descriptors_reserved 212\n", "admitone_eventstore_connections_limit 5\n")
		}
		leave()
		for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			if status, text := ask("/v1/products/p"); status == 200 {
				break
			} else if time.Now().After(end) {
				t.Fatalf("after the idle connections were closed: %d %s; want status 200", status, text)
			}
		}
	}
	select {
	case err := <-ended:
		t.Fatalf("the server ended: %v", err)
	default:
	}
}

// TestEventstoreWithoutDescriptors: connected clients continue to write while idle connections use all
// descriptors, and others can connect when those are closed.
func TestEventstoreWithoutDescriptors(t *testing.T) {
	line, ended := serveWithLimit(t, 256, 256, "eventstore", "--listen", "127.0.0.1:0", "--dir", t.TempDir(), "--writable")
	address := addressIn(t, line)
	store := connectTo(t, address, esdb.Options{})
	appendSales(t, store, "1", 10)
	host, _, _ := strings.Cut(strings.TrimPrefix(address, "esdb://"), "?")
	leave := openConnections(t, host, 400)
	appendSales(t, store, "2", 200)
	leave()
	if n := len(ownEvents(t, connectTo(t, address, esdb.Options{}))); n < 210 {
		t.Errorf("the log has %d events, want at least 210", n)
	}
	select {
	case err := <-ended:
		t.Fatalf("the server ended: %v", err)
	default:
	}
}

// TestSoftLimitIsRaised: the program raises the soft limit of descriptors to the hard one. Go's runtime
// may leave it one below.
func TestSoftLimitIsRaised(t *testing.T) {
	line, _ := serveWithLimit(t, 100, 1024, "serve", "--listen", "127.0.0.1:0", "--store", t.TempDir(), "--access-log=false")
	_, rest, _ := strings.Cut(line, "http://")
	address, _, _ := strings.Cut(rest, "/")
	answer, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); !strings.Contains(string(text), "process_max_fds 1023\n") &&
		!strings.Contains(string(text), "process_max_fds 1024\n") {
		t.Errorf("the metrics are\n%s; want process_max_fds 1023 or 1024", text)
	}
}
