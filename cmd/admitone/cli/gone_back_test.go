package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"admitone/events"
	"admitone/events/embedded"
)

// copyFolder copies the files of a directory that is not in use.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// endOf returns the last position of the log in a directory.
func endOf(t *testing.T, dir string) events.Position {
	t.Helper()
	log, err := embedded.OpenReader(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	head, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// getBody returns the body of a GET's answer, or "" if the server does not answer.
func getBody(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return ""
	}
	return string(text)
}

// TestOlderLogUnderRunningServers restores an older copy of the event store's directory while two servers
// run, one that sells and one that only follows the log. When the store is back, both servers end, report
// the end of the log and the position seen before, and sell nothing on the older log.
func TestOlderLogUnderRunningServers(t *testing.T) {
	s := newEventStore(t)
	nodes := []*process{launch(t, s.address(), "--data", t.TempDir()), launch(t, s.address(), "--data", t.TempDir())}
	client := &http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	reserve := func(node int, key string) int {
		status, _, _ := post(client, nodes[node].url+"/v1/products/hot/reservations", `{"holder":"h"}`, key)
		return status
	}
	if status, _, err := post(client, nodes[0].url+"/v1/products", `{"id":"hot","name":"Hot","stock":1000}`,
		""); err != nil || status != http.StatusCreated {
		t.Fatalf("status %v, %v; want status 201", status, err)
	}
	for i := range 5 {
		if status := reserve(0, fmt.Sprint("before-", i)); status != http.StatusCreated {
			t.Fatalf("status %v; want status 201", status)
		}
	}
	s.kill()
	older := filepath.Join(t.TempDir(), "older")
	copyFolder(t, s.dir, older)
	end := endOf(t, older)
	s.start()
	for sold, until := 0, time.Now().Add(patience); sold < 5; {
		if reserve(0, fmt.Sprint("after-", sold)) == http.StatusCreated {
			sold++
		} else if time.Now().After(until) {
			t.Fatalf("%d reservations were made after a restart of the store, want 5", sold)
		}
	}
	seen := ""
	for until := time.Now().Add(patience); !strings.Contains(seen, `"sold":10`); {
		if time.Now().After(until) {
			t.Fatalf("the product at the second server: %s; want %q\nits output: %s", seen, `"sold":10`, nodes[1].stderr)
		}
		time.Sleep(10 * time.Millisecond)
		seen = getBody(t, nodes[1].url+"/v1/products/hot")
	}
	s.kill()
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	copyFolder(t, older, s.dir)
	s.start()
	began := time.Now()
	ended := make(chan time.Duration, len(nodes))
	for _, node := range nodes {
		go func() { node.wait(); ended <- time.Since(began) }()
	}
	for remaining, n := len(nodes), 0; remaining > 0; n++ {
		select {
		case elapsed := <-ended:
			remaining--
			t.Logf("a server ended after %v", elapsed)
		default:
			for i := range nodes {
				if status := reserve(i, fmt.Sprintf("late-%d-%d", i, n)); status == http.StatusCreated {
					t.Fatalf("a reservation was accepted on the older log, want none; the server's output: %s", nodes[i].stderr)
				}
			}
			if time.Since(began) > time.Minute {
				t.Fatalf("%d servers still run a minute after the older log was restored, want none", remaining)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	positions := regexp.MustCompile(`it ends at position (\d+), and position (\d+) was seen before`)
	for i, node := range nodes {
		found := positions.FindStringSubmatch(node.stderr.String())
		if found == nil || found[1] != strconv.FormatUint(uint64(end), 10) ||
			found[2] != strconv.FormatUint(uint64(end)+5, 10) {
			t.Errorf("server %d reports %q, want the positions %d and %d\nits output: %s", i, found, end, end+5, node.stderr)
		}
		if code := node.cmd.ProcessState.ExitCode(); code <= 0 {
			t.Errorf("server %d ended with status %d, want a failure", i, code)
		}
	}
	s.kill()
	if now := endOf(t, s.dir); now != end {
		t.Errorf("the older log now ends at position %d, want %d", now, end)
	}
}

// TestDirectoryReplaced: an event store or a server whose directory is replaced by an older copy ends, and
// reports the positions of both.
func TestDirectoryReplaced(t *testing.T) {
	for _, command := range [][]string{{"eventstore", "--writable", "--dir"}, {"serve", "--store"}} {
		t.Run(command[0], func(t *testing.T) { replaceDirectory(t, command) })
	}
}

func replaceDirectory(t *testing.T, command []string) {
	dir := soldLog(t, 5)
	copied := filepath.Join(t.TempDir(), "copied")
	copyFolder(t, dir, copied)
	log := openLogIn(t, dir)
	appendSales(t, log, "more", 3)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	older, newer := endOf(t, copied), endOf(t, dir)
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append(command, dir, "--listen", "127.0.0.1:0")...)
	message := &outputBuffer{}
	cmd.Stderr = message
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+".taken"); err != nil {
		t.Fatal(err)
	}
	copyFolder(t, copied, dir)
	_ = cmd.Wait() // its error is the status
	want := fmt.Sprintf("its files in %s were removed or replaced while it was in use, at position %d; the log there now ends at "+
		"position %d", dir, newer, older)
	if status := cmd.ProcessState.ExitCode(); status != exitUnavailable || !strings.Contains(message.String(), want) {
		t.Errorf("status %d, %s; want status %d and %q", status, message, exitUnavailable, want)
	}
}
