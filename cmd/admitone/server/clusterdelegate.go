package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"

	"admitone/api/peers"
)

// delegate provides this node's metadata to memberlist, and passes the other nodes' to the peers.
type delegate struct {
	peers  *peers.Peers
	logger *slog.Logger

	mu       sync.Mutex
	members  map[string]peers.Member // by name; guarded by mu
	refused  error                   // why a node was not joined; guarded by mu
	address  string                  // of this node, "" while it is unknown; guarded by mu
	conflict conflict                // guarded by mu
}

// errNameTaken means that another node runs under this node's name.
var errNameTaken = errors.New("each node needs a name of its own; give another one with --node")

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

// refuse checks a node, and records why it does not belong to this system.
func (d *delegate) refuse(n *memberlist.Node) error {
	_, err := d.check(n)
	return d.record(err)
}

// record records why a node is not joined, and returns that.
func (d *delegate) record(err error) error {
	if err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.refused = err
	}
	return err
}

// clearRefusal forgets why a node was last refused.
func (d *delegate) clearRefusal() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused = nil
}

// refusal returns why a node was last refused, nil if none was since clearRefusal.
func (d *delegate) refusal() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.refused
}

// NotifyAlive implements memberlist.AliveDelegate: it refuses a node of a different log.
func (d *delegate) NotifyAlive(n *memberlist.Node) error { return d.refuse(n) }

// NotifyMerge implements memberlist.MergeDelegate: it refuses the nodes of a different log, and those among which
// another one has this node's name.
func (d *delegate) NotifyMerge(nodes []*memberlist.Node) error {
	for _, n := range nodes {
		if err := d.refuse(n); err != nil {
			return err
		}
		if n.State == memberlist.StateAlive && d.isNamesake(n) {
			return d.record(fmt.Errorf("the node %s already runs at %s: %w", n.Name, n.Address(), errNameTaken))
		}
	}
	return nil
}

// isNamesake reports whether another node has this node's name.
func (d *delegate) isNamesake(n *memberlist.Node) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.address != "" && n.Name == string(d.peers.Self().Name) && n.Address() != d.address
}

// setAddress sets the address at which others reach this node.
func (d *delegate) setAddress(address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.address = address
}

// conflictAge is how long two nodes must have one name before that is an error, and without a message of the second
// one how long until it is over. It exceeds nameTaken, after which a starting node gives up.
const conflictAge = 2 * nameTaken

// conflict is two nodes with one name.
type conflict struct {
	addresses   string
	first, last time.Time
	logged      bool
}

// NotifyConflict implements memberlist.ConflictDelegate: two nodes have one name. It is an error only if that lasts,
// because a node may be restarted at another address before the others notice that its previous run ended.
func (d *delegate) NotifyConflict(existing, other *memberlist.Node) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now, addresses := time.Now(), existing.Address()+" and "+other.Address()
	if c := &d.conflict; c.addresses != addresses || now.Sub(c.last) > conflictAge {
		*c = conflict{addresses: addresses, first: now}
	}
	c := &d.conflict
	if c.last = now; !c.logged && now.Sub(c.first) > conflictAge {
		c.logged = true
		d.logger.Error("two nodes have the same name, and one of them is ignored; give each a --node of its own", "node",
			existing.Name, "addresses", addresses)
	}
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
