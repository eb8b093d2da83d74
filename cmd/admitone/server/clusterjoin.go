package server

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"admitone/api/peers"
	"admitone/cmd/admitone/usage"
)

// joinFault is the reason why a node can't be joined.
type joinFault string

const (
	unresolved  joinFault = "an address given with --join can't be resolved; correct it, or add the name to the DNS"
	unreachable joinFault = "no node given with --join answers at this address; start it, or correct the address"
	otherSecret joinFault = "the node at this address was not joined: it has another secret; " + sameSecret
	otherLog    joinFault = "the node at this address was not joined: it belongs to another log; give all nodes of a " +
		"system the same --store"
)

// sameSecret is the remedy for nodes with different secrets.
const sameSecret = "give all nodes of a system the same --cluster-secret-file, or the same jwt.key in --secrets"

// undecryptable is the text of memberlist's error for a message that was encrypted with another secret.
const undecryptable = "No installed keys could decrypt the message"

// meet joins the given nodes, and those stored with the log. Error: a [usage.Error] if this node joined none, and one
// of them belongs to another log.
func (n *node) meet() error {
	var refused error
	var refusing []string // addresses of nodes that have another secret
	asked := map[string]bool{}
	attempt := func(seed string, given bool) {
		if asked[seed] {
			return
		}
		asked[seed] = true
		fault, err := n.joinSeed(seed)
		switch fault {
		case otherLog:
			refused = err
		case otherSecret:
			refusing = append(refusing, seed)
		}
		n.noteFault(seed, given, fault, err)
	}
	for _, seed := range n.seeds {
		attempt(seed, true)
	}
	for _, seed := range n.seedAddresses() {
		attempt(seed, false)
	}
	if refused != nil && n.list.NumMembers() == 1 {
		return usage.Errorf("%w", refused)
	}
	n.judgeSecret(refusing)
	return nil
}

// joinSeed joins the nodes of a seed. It returns why none of them is a member, "" if one is.
func (n *node) joinSeed(seed string) (fault joinFault, err error) {
	addresses, err := n.resolve(seed)
	if err != nil {
		return unresolved, err
	}
	joined := len(addresses) == 0 // all are members, or this node's own
	for _, address := range addresses {
		n.delegate.clearRefusal()
		if _, joinErr := n.list.Join([]string{address}); joinErr != nil {
			fault, err = n.faultOf(joinErr)
		} else {
			joined = true
		}
	}
	if joined {
		return "", nil
	}
	return fault, err
}

// faultOf returns the reason for an error of memberlist's Join with one address, and its first cause.
func (n *node) faultOf(err error) (joinFault, error) {
	err = firstCause(err)
	var dns *net.DNSError
	switch refused := n.delegate.refusal(); {
	case refused != nil:
		return otherLog, refused
	case strings.Contains(err.Error(), undecryptable):
		return otherSecret, err
	case errors.As(err, &dns), strings.Contains(err.Error(), "Failed to resolve"):
		return unresolved, err
	}
	return unreachable, err
}

// firstCause returns the first of the errors in one of memberlist's, whose text has bullets and line ends.
func firstCause(err error) error {
	var list interface{ WrappedErrors() []error }
	if errors.As(err, &list) && len(list.WrappedErrors()) > 0 {
		return list.WrappedErrors()[0]
	}
	return err
}

// noteFault logs why the nodes of a seed can't be joined. That the others have not started yet, and that stored
// addresses are outdated, is normal.
func (n *node) noteFault(seed string, given bool, fault joinFault, err error) {
	if fault == "" {
		n.faults.clear(seed)
		return
	}
	n.logger.Debug("a node can't be joined", "address", seed, "error", err)
	switch fault {
	case otherSecret:
	case otherLog:
		if !n.settled {
			return
		}
	default:
		if !n.settled || !given {
			return
		}
	}
	if n.faults.due(seed, string(fault), time.Now()) {
		n.logger.Warn(string(fault), "address", seed, "error", err)
	}
}

// resolve returns the addresses of a seed, host:port or dns://name:port for all addresses of a
// name, except this node's own and those of members. Error: the name can't be resolved.
func (n *node) resolve(seed string) (all []string, err error) {
	name, dns := strings.CutPrefix(seed, "dns://")
	if !dns {
		all = []string{seed}
	} else if host, port, err := net.SplitHostPort(name); err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), met)
		defer cancel()
		found, err := net.DefaultResolver.LookupHost(ctx, host)
		if err != nil {
			return nil, err
		}
		for _, address := range found {
			all = append(all, net.JoinHostPort(address, port))
		}
	}
	member := map[string]bool{n.address: true}
	for _, m := range n.list.Members() {
		member[m.Address()] = true
	}
	others := all[:0]
	for _, address := range all {
		if !member[address] {
			others = append(others, address)
		}
	}
	return others, nil
}

// joinCluster makes the node serve once its views have read the log up to the end at this time. Errors: those of
// meet and of checkName.
func (p *Server) joinCluster(ctx context.Context) error {
	n := p.node
	n.saveSeed()
	if err := untilAvailable(ctx, func() error { return p.awaitEnd(ctx) }); err != nil {
		return err
	}
	for end := time.Now().Add(met); n.list.NumMembers() == 1 && time.Now().Before(end); {
		if err := sleep(ctx, met/8); err != nil {
			return err
		}
		n.saveSeed() // another node that started at the same time may have overwritten it
		if err := n.meet(); err != nil {
			return err
		}
		if err := n.checkName(); err != nil {
			return err
		}
	}
	if err := n.checkName(); err != nil {
		return err
	}
	n.peers.SetKeyFault(n.keyFault())
	n.tell(peers.Serving)
	if n.list.NumMembers() == 1 {
		n.logger.With(n.given()...).Info("this node is alone: no other node answers")
	}
	n.settled = true
	n.saveSeed()
	if err := n.meet(); err != nil {
		return err
	}
	return n.rejoin(ctx)
}

// given returns the addresses given with --join as attributes of a line of the log.
func (n *node) given() []any {
	if len(n.seeds) == 0 {
		return nil
	}
	return []any{"join", n.seeds}
}

// rejoin tries to join other nodes, regularly while this node has none and less often otherwise: after a network
// split each side may have several nodes. It ends with ctx.
func (n *node) rejoin(ctx context.Context) error {
	for round := 1; sleep(ctx, lookEvery) == nil; round++ {
		n.watchName()
		if n.list.NumMembers() > 1 && round%lookInCompany != 0 {
			continue
		}
		n.saveSeed()
		_ = n.meet() // it has logged the reason
	}
	return nil
}
