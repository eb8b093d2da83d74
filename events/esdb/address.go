package esdb

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// ErrAddress is returned by [Open] for an invalid connection string.
var ErrAddress = errors.New("bad connection string")

// defaultPort is EventStoreDB's default port.
const defaultPort = "2113"

// schemes are the schemes of connection strings. With +discover, or with several hosts, the leader
// is discovered by gossip.
var schemes = []string{"esdb", "esdb+discover", "kurrentdb", "kurrentdb+discover"}

// IsAddress reports whether text is meant as a connection string rather than a directory, that is,
// whether it begins with one of the schemes. [Open] validates the rest.
func IsAddress(text string) bool {
	scheme, _, found := strings.Cut(text, "://")
	return found && slices.Contains(schemes, strings.ToLower(scheme))
}

// preference is the preferred kind of node to follow the log at. Appends and reads always go to the
// leader.
type preference string

const (
	preferLeader   preference = "leader"
	preferFollower preference = "follower"
	preferReplica  preference = "readonlyreplica"
	preferRandom   preference = "random"
)

// address is a parsed connection string.
type address struct {
	hosts    []string // host:port
	gossip   bool
	tls      *tls.Config // nil: no TLS
	user     string
	password string
	name     string // of this connection, for the node's own logs
	prefer   preference

	keepAlive, keepAliveTimeout    time.Duration // keepAlive below 0: none
	deadline                       time.Duration // of a call whose context has none
	discoverEvery, discoverTimeout time.Duration
	attempts                       int // of Open before it fails
}

// parse parses a connection string:
//
//	esdb://[user:password@]host[:port][,host[:port]…][/][?key=value[&key=value…]]
//
// Unknown options and invalid values are errors that state the valid ones. Error: ErrAddress.
func parse(text string) (address, error) {
	a := address{
		prefer: preferLeader, keepAlive: 10 * time.Second, keepAliveTimeout: 3 * time.Second,
		deadline: 10 * time.Second, discoverEvery: 100 * time.Millisecond, discoverTimeout: 2 * time.Second, attempts: 10,
	}
	scheme, rest, found := strings.Cut(text, "://")
	scheme = strings.ToLower(scheme)
	if !found || !slices.Contains(schemes, scheme) {
		return a, badAddress("it must begin with one of %s, followed by ://", strings.Join(schemes, ", "))
	}
	rest, query, _ := strings.Cut(rest, "?")
	if strings.ContainsFunc(text, unicode.IsSpace) || strings.Contains(text, "#") {
		return a, badAddress("spaces and # must be written as %%20 and %%23")
	}
	authority, path, _ := strings.Cut(rest, "/")
	if path != "" {
		return a, badAddress("only ? may follow the hosts, not /%s", path)
	}
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		if err := a.parseUser(authority[:at]); err != nil {
			return a, err
		}
		authority = authority[at+1:]
	}
	for host := range strings.SplitSeq(authority, ",") {
		host, err := parseHost(host)
		if err != nil {
			return a, err
		}
		if slices.Contains(a.hosts, host) {
			return a, badAddress("duplicate host %s", host)
		}
		a.hosts = append(a.hosts, host)
	}
	a.gossip = strings.HasSuffix(scheme, "+discover") || len(a.hosts) > 1
	return a, a.parseOptions(query)
}

func badAddress(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrAddress, fmt.Sprintf(format, args...))
}

// parseUser does not quote its input in errors: it contains a password.
func (a *address) parseUser(text string) error {
	user, password, both := strings.Cut(text, ":")
	var errs [2]error
	a.user, errs[0] = url.PathUnescape(user)
	a.password, errs[1] = url.PathUnescape(password)
	switch {
	case errs[0] != nil || errs[1] != nil:
		return badAddress("the user or the password has a %% that is not followed by two digits; write %%25 for a %%")
	case a.user == "" || !both || a.password == "":
		return badAddress("a user requires a password, as in user:password@host")
	case strings.Contains(a.user, ":"):
		return badAddress("a user's name must not contain a colon")
	}
	return nil
}

// parseHost returns host:port.
func parseHost(text string) (string, error) {
	if text == "" {
		return "", badAddress("a host is missing")
	}
	host, port := text, defaultPort
	if inside, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inside, "]") {
		host = strings.TrimSuffix(inside, "]")
	} else if strings.Contains(text, ":") {
		var err error
		if host, port, err = net.SplitHostPort(text); err != nil {
			return "", badAddress("%q is not host:port; IPv6 addresses need brackets", text)
		}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if host == "" || err != nil || number == 0 {
		return "", badAddress("%q is not host:port with a port from 1 to 65535", text)
	}
	return net.JoinHostPort(host, strconv.FormatUint(number, 10)), nil
}
