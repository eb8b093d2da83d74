package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// eventStore is an admitone eventstore in a process of its own, on one address all
// its life.
type eventStore struct {
	t    *testing.T
	dir  string
	host string
	cmd  *exec.Cmd
}

func newEventStore(t *testing.T) *eventStore {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &eventStore{t: t, dir: t.TempDir(), host: free.Addr().String()}
	free.Close()
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *eventStore) start() {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd = exec.Command(path, "eventstore", "--dir", s.dir, "--listen", s.host, "--writable")
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		s.t.Fatalf("the event store did not start: %v", err)
	}
}

// kill is kill -9.
func (s *eventStore) kill() {
	s.cmd.Process.Signal(syscall.SIGKILL)
	s.cmd.Wait()
}

func (s *eventStore) address() string { return "esdb://" + s.host + "?tls=false" }

// TestKill9OnEventStoreDB: as TestKill9, with the log in another process, which is
// killed now and then as well.
func TestKill9OnEventStoreDB(t *testing.T) {
	t.Parallel()
	s := newEventStore(t)
	killAgainAndAgain(t, backend{
		store: s.address(), args: []string{"--data", t.TempDir()},
		outage: func() { s.kill(); s.start() },
	}, 8)
}

// TestTwoNodes: two servers believe that they own the same product. The log's
// expected revision is the fence: nothing is sold twice, and nobody is refused while
// something is left.
func TestTwoNodes(t *testing.T) {
	const units, crowd = 1000, 2000
	s := newEventStore(t)
	nodes := []*process{launch(t, s.address(), "--data", t.TempDir()), launch(t, s.address(), "--data", t.TempDir())}
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	if status, _, err := post(client, nodes[0].url+"/v1/products", fmt.Sprintf(`{"id":"hot","name":"Hot","stock":%d}`, units), ""); err != nil || status != http.StatusCreated {
		t.Fatalf("status %d, %v", status, err)
	}
	var sold, soldOut, unknown, turn atomic.Int64
	var callers sync.WaitGroup
	for range 64 {
		callers.Go(func() {
			for n := turn.Add(1); n <= crowd; n = turn.Add(1) {
				status := answerOf(client, nodes[n%2].url+"/v1/products/hot/reservations", fmt.Sprintf(`{"holder":"h%d"}`, n), fmt.Sprint("key-", n))
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
		t.Errorf("%d sold, %d refused, %d without an answer", sold.Load(), soldOut.Load(), unknown.Load())
	}
	for _, node := range nodes {
		node.kill()
	}
	if status := run(t.Context(), []string{"verify", "--store", s.address()}); status != exitDone {
		t.Errorf("verify ended with status %d", status)
	}
}

// answerOf posts until there is an answer, under one key.
func answerOf(client *http.Client, url, body, key string) (status int) {
	for range 50 {
		status, _, err := post(client, url, body, key)
		if err != nil {
			return http.StatusConflict // post makes every refusal an error
		}
		if status != 0 {
			return status
		}
		time.Sleep(10 * time.Millisecond)
	}
	return 0
}
