package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// pollUntil polls for one visitor at the nodes in turn until stop is closed, and returns the visitor's last
// status. Any answer other than 200 or 429 fails the test.
func pollUntil(t *testing.T, id string, stop <-chan struct{}, at ...*serverProcess) (status string) {
	client := http.Client{Timeout: patience}
	for i := 0; ; i++ {
		response, err := client.Get(at[i%len(at)].url + "/v1/waiting-rooms/r/visitors/" + id)
		if err != nil {
			t.Error(err)
			return status
		}
		var v visitor
		err = json.NewDecoder(response.Body).Decode(&v)
		response.Body.Close()
		if response.StatusCode != http.StatusTooManyRequests && (err != nil || response.StatusCode != http.StatusOK) {
			t.Errorf("a poll is answered %s, %v; want 200 or 429", response.Status, err)
			return status
		}
		if v.Status != "" {
			status = v.Status
		}
		select {
		case <-stop:
			return status
		case <-time.After(400 * time.Millisecond):
		}
	}
}

// TestVisitorsOfNodesKeepTheirPlaces: visitors poll two of three nodes in turn, which answer without
// forwarding to the third, which runs the room. The third is killed. No visitor who polls loses the place,
// and one who does not poll loses it.
func TestVisitorsOfNodesKeepTheirPlaces(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2, n3 := n.launch("n1", n.log.address()), n.launch("n2", n.log.address()), n.launch("n3", n.log.address())
	n.waitForServing(3, n1, n2, n3)
	const heartbeat = time.Second
	status, header, body := n1.ask("PUT", "/v1/waiting-rooms/r",
		`{"admit_per_second":0,"max_active":9,"active_seconds":600,"heartbeat_seconds":1}`)
	if status != http.StatusOK && status != http.StatusCreated {
		t.Fatalf("PUT of the room: %d: %s; want 200 or 201", status, body)
	}
	others := []*serverProcess{n2, n3}
	owner := n1
	switch node := header.Get("Admitone-Node"); node {
	case "n1", "": // not forwarded
	case "n2":
		owner, others = n2, []*serverProcess{n1, n3}
	case "n3":
		owner, others = n3, []*serverProcess{n1, n2}
	default:
		t.Fatalf("Admitone-Node is %q, want the name of a node", node)
	}
	join := func(holder string) string {
		return decode[visitor](t, n1.must(201, "POST", "/v1/waiting-rooms/r/visitors",
			fmt.Sprintf(`{"holder":%q}`, holder))).Visitor
	}
	silent := join("silent")
	var all sync.WaitGroup
	stop := make(chan struct{})
	for i := range 20 {
		id := join(fmt.Sprint("h", i))
		all.Go(func() {
			if status := pollUntil(t, id, stop, others...); status != "waiting" {
				t.Errorf("a polling visitor is %s; want %q", status, "waiting")
			}
		})
	}
	time.Sleep(heartbeat)
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if _, header, _ := others[0].ask("GET", "/v1/waiting-rooms/r/visitors/"+silent, ""); header.Get("Admitone-Node") == "" {
			break // it answered without forwarding
		} else if time.Now().After(end) {
			t.Fatalf("a node still forwards polls to %q after %v", header.Get("Admitone-Node"), patience)
		}
	}
	owner.kill()
	time.Sleep(faultLength(t) + 2*heartbeat) // visitors who do not poll for two heartbeats are dropped
	close(stop)
	all.Wait()
	if v := decode[visitor](t, others[0].must(200, "GET", "/v1/waiting-rooms/r/visitors/"+silent, "")); v.Status != "expired" {
		t.Errorf("the visitor who never polled is %s, want expired", v.Status)
	}
	others[0].end()
	others[1].end()
	must(t, exitDone, "verify", "--store", n.log.address())
}

// TestRoomsNameTheirNodes: every node shows all waiting rooms, with the node that runs each.
func TestRoomsNameTheirNodes(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2 := n.launch("n1", n.log.address()), n.launch("n2", n.log.address())
	n.waitForServing(2, n1, n2)
	n1.openRooms()
	n2.joinRooms("ann")
	type room struct {
		ID, Owner, Node string
		Term            int64
		Here            bool `json:"runs_here"`
	}
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		shown, complete := [2][]room{}, true
		for i, s := range []*serverProcess{n1, n2} {
			shown[i] = decode[struct{ Rooms []room }](t, s.must(200, "GET", "/v1/cluster", "")).Rooms
			complete = complete && len(shown[i]) == openedRooms
			for k := range shown[i] {
				r := &shown[i][k]
				complete = complete && r.Node == r.Owner && r.Term == 1 && r.Here == (r.Node == fmt.Sprint("n", i+1))
				r.Here = false
			}
		}
		if complete && slices.Equal(shown[0], shown[1]) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the rooms at n1 are %v and at n2 %v, want the same %d, each with its owner as the node", shown[0], shown[1],
				openedRooms)
		}
	}
}
