package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"admitone/events"
)

// openedRooms are so many that each of three nodes would own some, with near certainty.
const openedRooms = 12

// openRooms creates the waiting rooms r0, r1 and so on.
func (s *serverProcess) openRooms() {
	s.t.Helper()
	for i := range openedRooms {
		s.must(201, "PUT", fmt.Sprint("/v1/waiting-rooms/r", i),
			`{"admit_per_second":0,"max_active":9,"active_seconds":600,"heartbeat_seconds":2}`)
	}
}

// joinRooms joins every room at a node.
func (s *serverProcess) joinRooms(holder string) {
	s.t.Helper()
	for i := range openedRooms {
		s.must(201, "POST", fmt.Sprintf("/v1/waiting-rooms/r%d/visitors", i), fmt.Sprintf(`{"holder":%q}`, holder))
	}
}

// TestNodeWithOtherKeys: a node without the log's pass keys owns nothing: the others answer for all waiting rooms, and
// so does the node through them. They log once which file differs, and admitone cluster shows that node only. With the
// right file it is a node like the others.
func TestNodeWithOtherKeys(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2 := n.launch("n1", n.log.address()), n.launch("n2", n.log.address())
	n.waitForServing(2, n1, n2)
	n1.openRooms()
	n1.joinRooms("first")
	secrets := t.TempDir()
	n3 := serveOn(t, n.log.address(), "--secrets", secrets, "--cluster", freeAddress(t), "--node", "n3")
	if text := n3.waitUnready("keys_differ"); !strings.Contains(text, "passes.key") {
		t.Errorf("/readyz of a node with other keys: %s, want the name of the file", text)
	}
	n.waitForServing(3, n1, n2, n3)
	n1.waitForClusterLine("n3 ", "serving, keys differ", " 0 % ")
	if stdout, _ := must(t, exitDone, "cluster", "--url", n1.url); strings.Count(stdout, "keys differ") != 1 {
		t.Errorf("admitone cluster shows %d nodes whose keys differ, want 1:\n%s", strings.Count(stdout, "keys differ"), stdout)
	}
	for i, s := range []*serverProcess{n1, n2, n3} {
		s.joinRooms(fmt.Sprint("h", i))
	}
	for _, want := range []string{`admitone_cluster_members{state="serving"} 2`, `admitone_cluster_members{state="keys_differ"} 1`} {
		if text := n2.must(200, "GET", "/metrics", ""); !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, s := range []*serverProcess{n1, n2} {
		if found := s.linesWith("WARN", "keys of a node differ"); len(found) != 1 ||
			!strings.Contains(found[0], `"node":"n3"`) || !strings.Contains(found[0], `"file":"passes.key"`) {
			t.Errorf("warnings about the keys of n3 are %q, want one with its name and the file", found)
		}
	}
	keys, err := os.ReadFile(filepath.Join(n.secrets, "passes.key"))
	if err == nil {
		err = os.WriteFile(filepath.Join(secrets, "passes.key"), keys, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	n1.waitLog("INFO", "a node has the keys of the others now", `"node":"n3"`)
	n3.waitReady()
	if found := n3.linesWith("ERROR"); len(found) != 1 || !strings.Contains(found[0], "none of this server's keys") {
		t.Errorf("errors of a node with other keys: %q, want one that names the file", found)
	}
}

// TestNodesWithOtherTokens: of two nodes with one secret for their messages and different ones for tokens, the first
// serves and the second does not, also when the first is restarted.
func TestNodesWithOtherTokens(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	node := func(name, tokens string) *serverProcess {
		file := filepath.Join(t.TempDir(), "tokens")
		if err := os.WriteFile(file, []byte(strings.Repeat(tokens, 20)), 0o600); err != nil {
			t.Fatal(err)
		}
		return n.launch(name, n.log.address(), "--auth", "jwt", "--jwt-secret-file", file, "--cluster-secret-file",
			filepath.Join(n.secrets, "messages"))
	}
	if err := os.WriteFile(filepath.Join(n.secrets, "messages"), []byte(strings.Repeat("ab", 20)), 0o600); err != nil {
		t.Fatal(err)
	}
	n1 := node("n1", "12")
	n1.waitReady()
	n2 := node("n2", "34")
	if text := n2.waitUnready("keys_differ"); !strings.Contains(text, "another jwt.key") || !strings.Contains(text, "restart") {
		t.Errorf("/readyz of a node with another secret of tokens: %s, want the file and the remedy", text)
	}
	n1.waitLog("WARN", "keys of a node differ", `"node":"n2"`, `"file":"jwt.key"`)
	n1.must(200, "GET", "/readyz", "")
	n1.kill()
	n2.waitLog("WARN", "a node was lost")
	n1.startAgain()
	n1.waitReady()
	n2.waitLog("INFO", "a node was restarted", `"node":"n1"`)
	n2.waitUnready("keys_differ")
	n1.must(200, "GET", "/readyz", "")
}

// waitReady waits until /readyz is 200.
func (s *serverProcess) waitReady() {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		status, _, text := s.ask("GET", "/readyz", "")
		if status == 200 {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("/readyz: %d %s after %v, want 200", status, text, patience)
		}
	}
}

// TestNodesWithOtherSecrets: nodes with different secrets don't join each other, and log the reason, but not
// repeatedly. The one that came later does not serve: it says why, and runs no waiting room, also while the first is
// restarted. It serves when it is restarted with the right secret.
func TestNodesWithOtherSecrets(t *testing.T) {
	t.Parallel()
	log := newEventStore(t)
	secrets := t.TempDir()
	var servers []*serverProcess
	var files []string
	for _, secret := range []string{"0123456789abcdefghijklmnopqrstuvwxyz\n", "0123456789abcdefghijklmnopqrstuvwxy2\n"} {
		file := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
		servers = append(servers, serveOn(t, log.address(), "--cluster", freeAddress(t), "--cluster-secret-file", file,
			"--secrets", secrets))
		servers[0].waitReady()
	}
	first, second := servers[0], servers[1]
	if line := first.waitLog("INFO", "this node is alone"); strings.Contains(line, "join") {
		t.Errorf("a node without --join logs %s, want no addresses", line)
	}
	if text := second.waitUnready("keys_differ"); !strings.Contains(text, "another --cluster-secret-file than") {
		t.Errorf("/readyz of the second node: %s, want the file and the remedy", text)
	}
	first.waitLog("WARN", "its sender has another secret")
	second.waitLog("WARN", "was not joined: it has another secret", first.args[3], "--cluster-secret-file")
	second.waitLog("ERROR", "this node takes no requests", first.args[3])
	for _, s := range servers {
		if found := s.linesWith("WARN", "secret"); len(found) > 2 {
			t.Errorf("the fault is logged %d times, want at most 2: %q", len(found), found)
		}
	}
	first.openRooms()
	first.joinRooms("ann")
	second.mustRefuseKeys("POST", "/v1/waiting-rooms/r0/visitors", `{"holder":"bob"}`)
	first.restart()
	first.waitReady()
	second.waitUnready("keys_differ")
	first.joinRooms("bob")
	for i := range openedRooms {
		if n := takeOvers(t, log, fmt.Sprint("r", i)); n > 2 {
			t.Errorf("the waiting room r%d was taken over %d times, want at most once per start of the first node", i, n)
		}
	}
	second.end()
	second.args[5] = files[0]
	second.startAgain()
	(&nodes{t: t}).waitForServing(2, first, second)
	second.must(200, "GET", "/readyz", "")
}

// takeOvers counts the terms of a waiting room in the log.
func takeOvers(t *testing.T, log *eventStore, room string) (n int) {
	t.Helper()
	stdout, _ := must(t, exitDone, "log", "--store", log.address(), "--stream", "waitingroom-"+room)
	return strings.Count(stdout, (&events.WaitingRoomRun{}).Name())
}

// TestServerOutsideOfCluster: a server without --cluster names the nodes on its log, unless it leaves the waiting rooms
// to them. A node that stopped is not named.
func TestServerOutsideOfCluster(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2 := n.launch("n1", n.log.address()), n.launch("n2", n.log.address())
	n.waitForServing(2, n1, n2)
	n2.end()
	outside := serveOn(t, n.log.address(), "--secrets", n.secrets)
	line := outside.waitLog("WARN", "not a node of the cluster", "--cluster", "--rooms-elsewhere", n1.args[5])
	if strings.Contains(line, n2.args[5]) {
		t.Errorf("a stopped node is named: %s", line)
	}
	elsewhere := serveOn(t, n.log.address(), "--secrets", n.secrets, "--rooms-elsewhere")
	elsewhere.waitReady()
	elsewhere.end()
	if found := elsewhere.linesWith("not a node of the cluster"); len(found) > 0 {
		t.Errorf("a server with --rooms-elsewhere warns: %q", found)
	}
}

// TestThawedNodeSaysSo: a node that did not run for a while logs for how long.
func TestThawedNodeSaysSo(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2 := n.launch("n1", n.log.address()), n.launch("n2", n.log.address())
	n.waitForServing(2, n1, n2)
	n1.signal(syscall.SIGSTOP)
	n2.waitLog("WARN", "a node was lost", `"node":"n1"`)
	time.Sleep(3 * time.Second) // what it has to log
	n1.signal(syscall.SIGCONT)
	n1.waitLog("WARN", "this node did not run for", `"seconds":`)
	n.waitForServing(2, n1, n2)
}
