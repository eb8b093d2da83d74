package server

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"admitone/actors/admission"
	"admitone/api"
)

// nodeKeys is whether the keys of a node are those of the log and of the other nodes.
type nodeKeys struct {
	// secretFile names the file of the secret for messages between nodes.
	secretFile string
	passes     func() admission.KeyState
	tokens     atomic.Bool // the key of tokens differs
	// foreign means that nodes that are recorded on the log before this one have another secret. It is the system of
	// those nodes that runs the waiting rooms.
	foreign atomic.Bool
}

// secretName names the file of the secret for messages between nodes; see clusterSecret.
func secretName(s *Settings) string {
	if tokens, ok := s.Auth.(api.JWTAuth); ok && tokens.Keys == nil && s.Cluster.SecretFile == "" {
		return SecretFile
	}
	return "--cluster-secret-file"
}

// keyFault returns how the keys of this node differ, and the remedy; "" if they don't. A key of tokens that differed
// stays different until a node that has the right one has the same.
func (n *node) keyFault() string {
	if differ, known := n.peers.TokensDiffer(); known {
		n.keys.tokens.Store(differ)
	}
	var files []string
	if n.keys.foreign.Load() {
		files = append(files, n.keys.secretFile)
	}
	if n.keys.tokens.Load() && !slices.Contains(files, SecretFile) {
		files = append(files, SecretFile)
	}
	if n.keys.passes() == admission.KeysDiffer {
		files = append(files, PassKeysFile)
	}
	if len(files) == 0 {
		return ""
	}
	return "this node has another " + strings.Join(files, " and another ") + " than the nodes that were on this log first; " +
		"restart this node after putting the same file there"
}

// tellKeys announces to the other nodes when the keys of this one begin or cease to differ.
func (n *node) tellKeys() {
	if n.peers.SetKeyFault(n.keyFault()) {
		n.update()
	}
}

// judgeSecret determines whether this node belongs to another system than the nodes that are recorded on the log
// before it: refusing has the addresses of nodes that answered, and that have another secret. A foreign node stays one
// until it joins a node with the right keys, however often the others restart; meanwhile it is not recorded.
func (n *node) judgeSecret(refusing []string) {
	if n.keys.foreign.Load() {
		if n.peers.OthersRight() {
			n.logger.Info("this node has the secret of the others now")
			n.keys.foreign.Store(false)
		}
		return
	}
	seeds, _, err := loadSeeds(n.log)
	if err != nil || len(refusing) == 0 {
		return
	}
	for _, s := range seeds {
		if s.Address == n.address {
			return
		}
		if slices.Contains(refusing, s.Address) && time.Since(s.At) < seedLive {
			n.keys.foreign.Store(true)
			n.removeSeed()
			n.logger.Error("this node takes no requests: the nodes that were on this log first have another secret; restart "+
				"it after putting the same file there", "file", n.keys.secretFile, "node", s.Address)
			return
		}
	}
}
