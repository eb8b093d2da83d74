package server

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"

	"github.com/hashicorp/memberlist"

	"admitone/api/peers"
)

// delegate provides this node's metadata to memberlist, and passes the other nodes' to the peers.
type delegate struct {
	peers  *peers.Peers
	logger *slog.Logger

	mu      sync.Mutex
	members map[string]peers.Member // by name; guarded by mu
	refused error                   // why a node of another system was not joined; guarded by mu
	// namesake is the last reported node with this node's name; guarded by mu.
	namesake *namesake
}

func newDelegate(p *peers.Peers, logger *slog.Logger) *delegate {
	return &delegate{peers: p, logger: logger, members: map[string]peers.Member{}}
}

// NodeMeta implements memberlist.Delegate: the metadata of this node.
func (d *delegate) NodeMeta(limit int) []byte {
	text, err := json.Marshal(d.peers.Self())
	if err != nil || len(text) > limit {
		d.logger.Error("this node can't be described to the others; give it shorter names", "error", err, "bytes", len(text))
		return nil
	}
	return text
}

// NotifyMsg implements memberlist.Delegate.
func (*delegate) NotifyMsg([]byte) {}

// GetBroadcasts implements memberlist.Delegate.
func (*delegate) GetBroadcasts(int, int) [][]byte { return nil }

// LocalState implements memberlist.Delegate.
func (*delegate) LocalState(bool) []byte { return nil }

// MergeRemoteState implements memberlist.Delegate.
func (*delegate) MergeRemoteState([]byte, bool) {}

// check returns the member that a node describes, or the reason why it does not belong to this
// system.
func (d *delegate) check(n *memberlist.Node) (m peers.Member, err error) {
	if err := json.Unmarshal(n.Meta, &m); err != nil {
		return m, fmt.Errorf("%s does not describe itself: %w", n.Name, err)
	}
	if self := d.peers.Self(); m.Epoch != self.Epoch {
		return m, fmt.Errorf("that is another log: the node %s at %s has the log %s, and this one %s", n.Name, n.Address(),
			m.Epoch, self.Epoch)
	}
	return m, nil
}

// refuse records why another node does not belong to this system.
func (d *delegate) refuse(n *memberlist.Node) error {
	_, err := d.check(n)
	if err == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused = err
	return err
}

// refusal returns why a node was last refused, nil if none was.
func (d *delegate) refusal() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.refused
}

func (d *delegate) clearRefusal() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused = nil
}

// NotifyAlive implements memberlist.AliveDelegate: it refuses a node of a different log.
func (d *delegate) NotifyAlive(n *memberlist.Node) error { return d.refuse(n) }

// NotifyMerge implements memberlist.MergeDelegate.
func (d *delegate) NotifyMerge(nodes []*memberlist.Node) error {
	for _, n := range nodes {
		if err := d.refuse(n); err != nil {
			return err
		}
	}
	return nil
}

// NotifyJoin implements memberlist.EventDelegate.
func (d *delegate) NotifyJoin(n *memberlist.Node) { d.note(n) }

// NotifyUpdate implements memberlist.EventDelegate.
func (d *delegate) NotifyUpdate(n *memberlist.Node) { d.note(n) }

// note records the metadata of a node.
func (d *delegate) note(n *memberlist.Node) {
	m, err := d.check(n)
	if err != nil || m.Run == d.peers.Self().Run {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members[n.Name] = m
	d.publish()
}

// NotifyLeave implements memberlist.EventDelegate.
func (d *delegate) NotifyLeave(n *memberlist.Node) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.members, n.Name)
	d.publish()
}

// publish passes the members to the peers. The caller holds mu.
func (d *delegate) publish() {
	all := make([]peers.Member, 0, len(d.members))
	for _, m := range d.members {
		all = append(all, m)
	}
	d.peers.SetMembers(all)
}
