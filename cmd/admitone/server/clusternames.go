package server

import (
	"time"

	"github.com/hashicorp/memberlist"

	"admitone/api/peers"
	"admitone/cmd/admitone/usage"
)

// answerLimit bounds the wait for the answer of a node that may be dead.
const answerLimit = time.Second

// namesake is another node with the name of this one, or an earlier run of this one.
type namesake struct {
	member  peers.Member
	address string // for other nodes
}

// NotifyConflict implements memberlist.ConflictDelegate: another node has the name of a member.
func (d *delegate) NotifyConflict(existing, other *memberlist.Node) {
	self := d.peers.Self()
	m, err := d.check(other)
	if err != nil || existing.Name != string(self.Name) || m.Run == self.Run {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.namesake = &namesake{m, other.Address()}
}

// takeNamesake returns the last namesake that was reported since the last call, nil if none was.
func (d *delegate) takeNamesake() *namesake {
	d.mu.Lock()
	defer d.mu.Unlock()
	last := d.namesake
	d.namesake = nil
	return last
}

// liveNamesake returns another node with this node's name, nil if there is none that answers.
func (n *node) liveNamesake() *namesake {
	if reported := n.delegate.takeNamesake(); reported != nil {
		n.namesake = reported
	}
	if n.namesake != nil && !n.peers.Answers(&n.namesake.member, answerLimit) {
		n.namesake = nil
	}
	self := n.peers.Self()
	n.disputed.Store(n.namesake != nil)
	n.yields.Store(n.namesake != nil && n.namesake.member.Run < self.Run)
	return n.namesake
}

// checkName refuses to start under the name of a live node. If both are starting, the later one is refused. Error: a
// [usage.Error].
func (n *node) checkName() error {
	other := n.liveNamesake()
	if other == nil || other.member.State == peers.Joining && !n.yields.Load() {
		return nil
	}
	return usage.Errorf("a running node already has the name %s: it listens at %s for other nodes, and at %s for requests; "+
		"give this one another name with --node, or stop that one", other.member.Name, other.address, other.member.HTTP)
}

// watchName logs another node with this node's name, which could not be known at the start, and makes that one
// notice too.
func (n *node) watchName() {
	other := n.liveNamesake()
	if other == nil {
		return
	}
	if n.faults.due("--node", other.member.Run, time.Now()) {
		n.logger.Error("another node has the name of this one; stop one of them, and give it another name with --node",
			"node", other.member.Name, "address", other.address, "http", other.member.HTTP)
		_, err := n.list.Join([]string{other.address})
		n.logger.Debug("told another node that it has the name of this one", "address", other.address, "error", firstCause(err))
	}
}
