package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// eventStore is an admitone eventstore in a separate process. It keeps its address when it is restarted.
type eventStore struct {
	t    *testing.T
	dir  string
	host string
	cmd  *exec.Cmd
}

func newEventStore(t *testing.T) *eventStore {
	t.Helper()
	s := &eventStore{t: t, dir: t.TempDir(), host: "127.0.0.1:0"}
	s.start()
	t.Cleanup(s.kill)
	return s
}

var addressOfEventStore = regexp.MustCompile(`esdb://([^?]+)\?`)

// start starts the process, the first time on a free port and later on the same one. It retries, since
// the port may still be in use.
func (s *eventStore) start() {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		line, err := s.try(path)
		if at := addressOfEventStore.FindStringSubmatch(line); err == nil && at != nil {
			s.host = at[1]
			return
		}
		s.kill()
		if time.Now().After(end) {
			s.t.Fatalf("the event store did not start: %q, %v", line, err)
		}
	}
}

// try starts the process, and returns its first line.
func (s *eventStore) try(path string) (line string, err error) {
	s.t.Helper()
	s.cmd = exec.Command(path, "eventstore", "--dir", s.dir, "--listen", s.host, "--writable")
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	return bufio.NewReader(stdout).ReadString('\n')
}

// kill ends the process with SIGKILL.
func (s *eventStore) kill() {
	if s.cmd.Process == nil {
		return
	}
	s.cmd.Process.Signal(syscall.SIGKILL)
	s.cmd.Wait()
}

func (s *eventStore) address() string { return "esdb://" + s.host + "?tls=false" }

// TestKill9OnEventStoreDB is TestKill9 with the log in another process, which is also killed.
func TestKill9OnEventStoreDB(t *testing.T) {
	t.Parallel()
	s := newEventStore(t)
	killRepeatedly(t, backend{
		store: s.address(), args: []string{"--data", t.TempDir()},
		outage: func() { s.kill(); s.start() },
	}, killCount(5))
}

// TestTwoNodes: two servers sell the same product. The expected revision of each append prevents that a
// unit is sold twice, and nobody is refused while units remain.
func TestTwoNodes(t *testing.T) {
	const units, crowd = 1000, 2000
	s := newEventStore(t)
	nodes := []*process{launch(t, s.address(), "--data", t.TempDir()), launch(t, s.address(), "--data", t.TempDir())}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	if status, _, err := post(client, nodes[0].url+"/v1/products",
		fmt.Sprintf(`{"id":"hot","name":"Hot","stock":%d}`, units), ""); err != nil || status != http.StatusCreated {
		t.Fatalf("status %d, %v; want status 201", status, err)
	}
	var sold, soldOut, unknown, turn atomic.Int64
	var callers sync.WaitGroup
	for range 64 {
		callers.Go(func() {
			for n := turn.Add(1); n <= crowd; n = turn.Add(1) {
				status := answerOf(client, nodes[n%2].url+"/v1/products/hot/reservations", fmt.Sprintf(`{"holder":"h%d"}`, n),
					fmt.Sprint("key-", n))
				switch status {
				case http.StatusCreated:
					sold.Add(1)
				case http.StatusConflict:
					soldOut.Add(1)
				default:
					unknown.Add(1)
				}
			}
		})
	}
	callers.Wait()
	if sold.Load() != units || soldOut.Load() != crowd-units || unknown.Load() != 0 {
		t.Errorf("%d sold, %d refused, %d without an answer; want %d, %d and 0",
			sold.Load(), soldOut.Load(), unknown.Load(), units, crowd-units)
	}
	for _, node := range nodes {
		node.kill()
	}
	if status := Run(t.Context(), []string{"verify", "--store", s.address()}); status != exitDone {
		t.Errorf("verify: status %d, want 0", status)
	}
}

// TestTwoNodesFollowEachOther: a charge made on one node is seen by the other, which has cached the
// wallet with an insufficient balance.
func TestTwoNodesFollowEachOther(t *testing.T) {
	s := newEventStore(t)
	nodes := []*process{launch(t, s.address(), "--data", t.TempDir()), launch(t, s.address(), "--data", t.TempDir())}
	client := &http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	do := func(node int, path, body string) (status int, answer string) {
		t.Helper()
		response, err := client.Post(nodes[node].url+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	must := func(want, status int, answer string) string {
		t.Helper()
		if status != want {
			t.Fatalf("status %d, want %d: %s", status, want, answer)
		}
		return answer
	}
	status, answer := do(0, "/v1/performances",
		`{"id":"h","title":"t","venue":"v","starts_at":"2031-05-01T20:00:00Z","sections":[{"id":"A","rows":1,
			"seats_per_row":9,"price":100}]}`)
	must(http.StatusCreated, status, answer)
	status, answer = do(0, "/v1/performances/h/bookings", `{"holder":"ann","seats":["A-1-1"]}`)
	var booking struct{ ID string }
	if err := json.Unmarshal([]byte(must(http.StatusCreated, status, answer)), &booking); err != nil {
		t.Fatal(err)
	}
	pay := "/v1/bookings/" + booking.ID + "/payment"
	status, answer = do(0, "/v1/wallets/ann/charges", `{"amount":1}`)
	must(http.StatusCreated, status, answer)
	status, answer = do(0, pay, "{}")
	must(http.StatusConflict, status, answer)
	status, answer = do(1, "/v1/wallets/ann/charges", `{"amount":100}`)
	must(http.StatusCreated, status, answer)
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if status, answer = do(0, pay, "{}"); status == http.StatusOK {
			return
		}
		if must(http.StatusConflict, status, answer); time.Now().After(end) {
			t.Fatalf("the payment is still refused after %v: %s", patience, answer)
		}
	}
}

// answerOf repeats a POST under one key until it is answered, and returns the status, or 0 without an
// answer. A refusal is 409.
func answerOf(client *http.Client, url, body, key string) (status int) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		status, _, err := post(client, url, body, key)
		if err != nil {
			return http.StatusConflict // post returns every refusal as an error
		}
		if status != 0 {
			return status
		}
	}
	return 0
}
