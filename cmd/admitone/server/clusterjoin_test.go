package server

import (
	"bytes"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/prometheus/client_golang/prometheus"

	"admitone/actors/placement"
	"admitone/api/peers"
)

// TestComplaints: an unchanged complaint is logged once, and again after complaintEvery.
func TestComplaints(t *testing.T) {
	var out bytes.Buffer
	n := &node{logger: slog.New(slog.NewTextHandler(&out, nil))}
	n.complain(slog.LevelWarn, "one", "error", "port 1")
	n.complain(slog.LevelWarn, "one", "error", "port 2")
	n.complain(slog.LevelWarn, "two")
	n.complain(slog.LevelError, "two")
	n.complaint.at = time.Now().Add(-complaintEvery)
	n.complain(slog.LevelError, "two")
	if got := strings.Count(out.String(), "\n"); got != 4 {
		t.Errorf("%d lines, want 4:\n%s", got, &out)
	}
}

// TestConflictsOfNames: two nodes with one name are reported once, if that lasts for conflictAge.
func TestConflictsOfNames(t *testing.T) {
	var out bytes.Buffer
	d := &delegate{logger: slog.New(slog.NewTextHandler(&out, nil))}
	at := func(port uint16) *memberlist.Node {
		return &memberlist.Node{Name: "n2", Addr: net.IPv4(127, 0, 0, 1), Port: port}
	}
	age := func() { d.conflict.first = d.conflict.first.Add(-conflictAge) }
	reports := func(want int) {
		t.Helper()
		if got := strings.Count(out.String(), "two nodes have the same name"); got != want {
			t.Errorf("%d reports, want %d:\n%s", got, want, &out)
		}
	}
	d.NotifyConflict(at(1), at(2))
	reports(0)
	age()
	d.NotifyConflict(at(1), at(3)) // another conflict
	reports(0)
	age()
	d.NotifyConflict(at(1), at(3))
	d.NotifyConflict(at(1), at(3))
	reports(1)
	d.conflict.last = d.conflict.last.Add(-2 * conflictAge) // it was over
	d.NotifyConflict(at(1), at(3))
	reports(1)
}

// TestNamesakes: a node is refused if another one that runs has this node's name.
func TestNamesakes(t *testing.T) {
	self := peers.Member{Name: "n1", Run: "r1", Epoch: "e"}
	node := func(name placement.Member, port uint16, state memberlist.NodeStateType) *memberlist.Node {
		return &memberlist.Node{Name: string(name), Addr: net.IPv4(127, 0, 0, 1), Port: port, State: state,
			Meta: []byte(`{"epoch":"e"}`)}
	}
	for name, test := range map[string]struct {
		other *memberlist.Node
		taken bool
	}{
		"another name":                   {node("n2", 2, memberlist.StateAlive), false},
		"the previous run, not yet dead": {node("n1", 1, memberlist.StateAlive), false},
		"the previous run, elsewhere":    {node("n1", 2, memberlist.StateDead), false},
		"another node":                   {node("n1", 2, memberlist.StateAlive), true},
	} {
		p := peers.New(peers.Config{Self: self, Metrics: prometheus.NewRegistry()})
		d := newDelegate(p, slog.New(slog.DiscardHandler))
		d.setAddress("127.0.0.1:1")
		if err := d.NotifyMerge([]*memberlist.Node{test.other}); (err != nil) != test.taken || err != d.refusal() {
			t.Errorf("%s: error %v, recorded %v; want an error: %v", name, err, d.refusal(), test.taken)
		}
	}
}
