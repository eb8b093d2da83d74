package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"admitone/cmd/admitone/usage"
)

// start joins the known nodes. Errors: those of meet.
func (n *node) start() error {
	for end := time.Now().Add(nameTaken); ; time.Sleep(met / 8) {
		err := n.meet(slog.LevelInfo)
		if !errors.Is(err, errNameTaken) || time.Now().After(end) {
			return err
		}
	}
}

// meet joins the known nodes. Those given with --join that can't be joined are logged at the given level. Error: a
// [usage.Error] if this node has no others because it was refused, for a different log or a name that is taken.
func (n *node) meet(level slog.Level) error {
	n.delegate.clearRefusal()
	given, secrets := n.join(n.seeds)
	stored, more := n.join(n.seedAddresses())
	if refused := n.delegate.refusal(); refused != nil && n.list.NumMembers() == 1 {
		return usage.Errorf("%w", refused)
	}
	switch secrets = append(secrets, more...); {
	case len(secrets) > 0:
		n.complain(slog.LevelWarn, "other nodes have a different secret; give all nodes the same --cluster-secret-file, or the "+
			"same --secrets", "nodes", secrets)
	case len(given) > 0:
		n.complain(level, "nodes given with --join can't be joined; still trying", "nodes", given)
	case len(stored) > 0 && n.list.NumMembers() == 1:
		n.complain(slog.LevelInfo, "nodes stored with the log can't be joined; still trying", "nodes", stored)
	default:
		n.complaint = complaint{}
	}
	return nil
}

// join joins the nodes of the seeds that are not members. It returns why seeds could not be joined, and the addresses
// of nodes with a different secret.
func (n *node) join(seeds []string) (failed, secrets []string) {
	for _, seed := range seeds {
		others, err := n.resolve(seed)
		if err != nil {
			failed = append(failed, fmt.Sprintf("%s: %v", seed, err))
		}
		for _, address := range others {
			_, err := n.list.Join([]string{address})
			switch {
			case err == nil:
			case hasDifferentSecret(err):
				secrets = append(secrets, address)
			default:
				failed = append(failed, address+": "+cause(err))
			}
		}
	}
	return failed, secrets
}

// hasDifferentSecret reports whether a node could not be joined because it encrypts with a different secret: it then
// answers in plain text that it can't decrypt the request.
func hasDifferentSecret(err error) bool {
	return strings.Contains(err.Error(), "remote state is not encrypted") ||
		strings.Contains(err.Error(), "No installed keys could decrypt")
}

// resolve returns the addresses of a seed, host:port or dns://name:port for all addresses of a
// name, except this node's own and those of members. Error: the name has no addresses.
func (n *node) resolve(seed string) (others []string, err error) {
	name, dns := strings.CutPrefix(seed, "dns://")
	host, port, err := net.SplitHostPort(name)
	if err != nil { // the default port is that of --cluster
		host, port = name, strconv.Itoa(int(n.list.LocalNode().Port))
	}
	all := []string{host}
	if dns || net.ParseIP(host) == nil {
		ctx, cancel := context.WithTimeout(context.Background(), met)
		defer cancel()
		if all, err = net.DefaultResolver.LookupHost(ctx, host); err != nil {
			return nil, err
		}
		if !dns {
			all = all[:1]
		}
	}
	member := map[string]bool{n.address: true}
	for _, m := range n.list.Members() {
		member[m.Address()] = true
	}
	for _, address := range all {
		if address = net.JoinHostPort(address, port); !member[address] {
			others = append(others, address)
		}
	}
	return others, nil
}

// complaint is the last message about the other nodes that was logged.
type complaint struct {
	text string
	at   time.Time
}

// complaintEvery is the interval at which an unchanged complaint is logged again.
const complaintEvery = 10 * time.Minute

// complain logs a message that may recur every few seconds: again only if it is a different one, or from time to time.
// It is called by one goroutine at a time.
func (n *node) complain(level slog.Level, message string, args ...any) {
	c := complaint{text: fmt.Sprint(level, message), at: time.Now()}
	if c.text == n.complaint.text && c.at.Sub(n.complaint.at) < complaintEvery {
		return
	}
	n.complaint = c
	n.logger.Log(context.Background(), level, message, args...)
}
