package esdb

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// option is a key of a connection string. The error of set states the valid values.
type option struct {
	name string
	set  func(a *address, security *security, value string) error
}

// security are the TLS options before they are combined.
type security struct {
	disabled, skipVerify      bool
	caFile, certFile, keyFile string
}

// maxMilliseconds bounds the durations to a day, to catch mistakes.
const maxMilliseconds = 24 * 60 * 60 * 1000

// options lists the keys in the spelling of EventStoreDB's documentation. They are
// case-insensitive.
var options = []option{
	{"tls", func(_ *address, s *security, v string) (err error) { s.disabled, err = parseNegated(v); return err }},
	{"tlsVerifyCert", func(_ *address, s *security, v string) (err error) {
		s.skipVerify, err = parseNegated(v)
		return err
	}},
	{"tlsCaFile", func(_ *address, s *security, v string) error { s.caFile = v; return nil }},
	{"userCertFile", func(_ *address, s *security, v string) error { s.certFile = v; return nil }},
	{"userKeyFile", func(_ *address, s *security, v string) error { s.keyFile = v; return nil }},
	{"connectionName", func(a *address, _ *security, v string) error { a.name = v; return nil }},
	{"nodePreference", func(a *address, _ *security, v string) error {
		a.prefer = preference(strings.ToLower(v))
		if !slices.Contains([]preference{preferLeader, preferFollower, preferReplica, preferRandom}, a.prefer) {
			return errors.New("one of leader, follower, readOnlyReplica and random")
		}
		return nil
	}},
	{"keepAliveInterval", func(a *address, _ *security, v string) (err error) {
		if v == "-1" {
			a.keepAlive = -1
			return nil
		}
		// gRPC silently raises shorter intervals to ten seconds.
		a.keepAlive, err = number(v, 10_000, maxMilliseconds, time.Millisecond)
		return err
	}},
	{"keepAliveTimeout", func(a *address, _ *security, v string) (err error) {
		a.keepAliveTimeout, err = number(v, 100, maxMilliseconds, time.Millisecond)
		return err
	}},
	{"defaultDeadline", func(a *address, _ *security, v string) (err error) {
		a.deadline, err = number(v, 1, maxMilliseconds, time.Millisecond)
		return err
	}},
	{"discoveryInterval", func(a *address, _ *security, v string) (err error) {
		a.discoverEvery, err = number(v, 1, 10_000, time.Millisecond)
		return err
	}},
	{"gossipTimeout", func(a *address, _ *security, v string) (err error) {
		a.discoverTimeout, err = number(v, 1, 600, time.Second)
		return err
	}},
	{"maxDiscoverAttempts", func(a *address, _ *security, v string) error {
		n, err := number(v, 1, 1_000_000_000, 1)
		a.attempts = int(n)
		return err
	}},
}

// parseOptions parses the part after the question mark.
func (a *address) parseOptions(query string) error {
	var s security
	seen := map[string]bool{}
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		key, text, both := strings.Cut(part, "=")
		value, err := url.PathUnescape(text)
		if err != nil || !both || value == "" {
			return badAddress("%s has no value; options look like tls=false", key)
		}
		i := slices.IndexFunc(options, func(o option) bool { return strings.EqualFold(o.name, key) })
		switch {
		case i < 0:
			return badAddress("unknown option %q; the options are %s", key, optionNames())
		case seen[options[i].name]:
			return badAddress("duplicate option %s", options[i].name)
		}
		seen[options[i].name] = true
		if err := options[i].set(a, &s, value); err != nil {
			return badAddress("%s must be %v, not %q", options[i].name, err, value)
		}
	}
	if a.prefer != preferLeader && !a.gossip {
		return badAddress("nodePreference requires several nodes; use esdb+discover:// or list several hosts")
	}
	return a.secure(s, seen)
}

func optionNames() string {
	names := make([]string, len(options))
	for i := range options {
		names[i] = options[i].name
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// parseNegated parses true or false and negates it.
func parseNegated(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true":
		return false, nil
	case "false":
		return true, nil
	}
	return false, errors.New("true or false")
}

// number parses a whole number of units.
func number(text string, least, most int64, unit time.Duration) (time.Duration, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		what := "a whole number"
		switch unit {
		case time.Millisecond:
			what += " of milliseconds"
		case time.Second:
			what += " of seconds"
		}
		return 0, fmt.Errorf("%s from %d to %d", what, least, most)
	}
	return time.Duration(n) * unit, nil
}

// secure sets the TLS configuration.
func (a *address) secure(s security, seen map[string]bool) error {
	if s.disabled {
		for _, name := range slices.Sorted(maps.Keys(seen)) {
			if name != "tls" && (strings.HasPrefix(name, "tls") || strings.HasPrefix(name, "user")) {
				return badAddress("%s conflicts with tls=false", name)
			}
		}
		if a.user != "" {
			return badAddress("a password requires TLS; remove it or tls=false")
		}
		return nil
	}
	a.tls = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: s.skipVerify}
	if s.caFile != "" {
		text, err := os.ReadFile(s.caFile)
		if err != nil {
			return badAddress("tlsCaFile: %v", err)
		}
		a.tls.RootCAs = x509.NewCertPool()
		if !a.tls.RootCAs.AppendCertsFromPEM(text) {
			return badAddress("tlsCaFile: %s contains no certificate", s.caFile)
		}
	}
	if (s.certFile == "") != (s.keyFile == "") {
		return badAddress("userCertFile and userKeyFile must be set together")
	}
	if s.certFile != "" {
		pair, err := tls.LoadX509KeyPair(s.certFile, s.keyFile)
		if err != nil {
			return badAddress("userCertFile and userKeyFile: %v", err)
		}
		a.tls.Certificates = []tls.Certificate{pair}
	}
	return nil
}
