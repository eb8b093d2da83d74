package esdb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		text string
		want func(*address)
	}{
		{"esdb://localhost?tls=false", func(a *address) { a.hosts, a.gossip = []string{"localhost:2113"}, false }},
		{"ESDB://localhost:2113/?TLS=False", func(a *address) { a.hosts = []string{"localhost:2113"} }},
		{"esdb+discover://cluster?tls=false", func(a *address) { a.hosts, a.gossip = []string{"cluster:2113"}, true }},
		{"kurrentdb://a?tls=false", func(a *address) { a.hosts = []string{"a:2113"} }},
		{"kurrentdb+discover://a:1?tls=false", func(a *address) { a.hosts, a.gossip = []string{"a:1"}, true }},
		{"esdb://a:1,b:2,[::1]:3?tls=false", func(a *address) {
			a.hosts, a.gossip = []string{"a:1", "b:2", "[::1]:3"},
				true
		}},
		{"esdb://[fe80::1]?tls=false", func(a *address) { a.hosts = []string{"[fe80::1]:2113"} }},
		{"esdb://a,b?tls=false&nodePreference=readOnlyReplica", func(a *address) {
			a.hosts, a.gossip, a.prefer = []string{"a:2113", "b:2113"}, true, preferReplica
		}},
		{"esdb://a?tls=false&connectionName=gate%201&keepAliveInterval=-1&keepAliveTimeout=2500&defaultDeadline=1500" +
			"&discoveryInterval=20&gossipTimeout=7&maxDiscoverAttempts=3", func(a *address) {
			a.hosts, a.name, a.keepAlive, a.keepAliveTimeout = []string{"a:2113"}, "gate 1", -1, 2500*time.Millisecond
			a.deadline, a.discoverEvery, a.discoverTimeout, a.attempts = 1500*time.Millisecond, 20*time.Millisecond,
				7*time.Second, 3
		}},
	} {
		got, err := parse(test.text)
		if err != nil {
			t.Errorf("parse(%s): unexpected error %v", test.text, err)
			continue
		}
		want := address{prefer: preferLeader, keepAlive: 10 * time.Second, keepAliveTimeout: 3 * time.Second,
			deadline:      10 * time.Second,
			discoverEvery: 100 * time.Millisecond, discoverTimeout: 2 * time.Second, attempts: 10}
		test.want(&want)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v, want\n%+v", test.text, got, want)
		}
		if !IsAddress(test.text) {
			t.Errorf("IsAddress(%s) = false, want true", test.text)
		}
	}
}

func TestParseUser(t *testing.T) {
	a, err := parse("esdb://admin:ch%40nge%3A+it@host?tlsVerifyCert=false")
	if err != nil {
		t.Fatal(err)
	}
	if a.user != "admin" || a.password != "ch@nge:+it" || a.tls == nil || !a.tls.InsecureSkipVerify {
		t.Errorf("user %q, password %q, TLS %v; want admin, ch@nge:+it, without verification", a.user, a.password, a.tls)
	}
	if got, want := headersOf(&a).Get("authorization"), "Basic YWRtaW46Y2hAbmdlOitpdA=="; len(got) != 1 || got[0] != want {
		t.Errorf("authorization header = %v, want %s", got, want)
	}
}

// TestOpenRejectsInvalidAddresses: Open reports each mistake, without passwords.
func TestOpenRejectsInvalidAddresses(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ text, why string }{
		{"", "must begin with one of esdb, esdb+discover, kurrentdb"},
		{"localhost:2113", "must begin with"},
		{"http://localhost:2113", "must begin with"},
		{"esdb:/localhost", "must begin with"},
		{"esdb://", "a host is missing"},
		{"esdb://?tls=false", "a host is missing"},
		{"esdb://a,,b", "a host is missing"},
		{"esdb://a:x", "port from 1 to 65535"},
		{"esdb://a:0", "port from 1 to 65535"},
		{"esdb://a:65536", "port from 1 to 65535"},
		{"esdb://:2113", "not host:port"},
		{"esdb://::1:2113", "need brackets"},
		{"esdb://a,a:2113", "duplicate host"},
		{"esdb://a/streams", "only ? may follow"},
		{"esdb://a b", "spaces and #"},
		{"esdb://a#b", "spaces and #"},
		{"esdb://admin@a", "a user requires a password"},
		{"esdb://admin:@a", "a user requires a password"},
		{"esdb://:secret@a", "a user requires a password"},
		{"esdb://admin:%zz@a", "write %25 for a %"},
		{"esdb://admin:secret@a?tls=false", "requires TLS"},
		{"esdb://a?tls", "tls has no value"},
		{"esdb://a?tls=", "tls has no value"},
		{"esdb://a?tls=no", `tls must be true or false, not "no"`},
		{"esdb://a?tls=false&tls=true", "duplicate option tls"},
		{"esdb://a?tls=false&TLS=false", "duplicate option tls"},
		{"esdb://a?insecure=true", `unknown option "insecure"; the options are connectionName, defaultDeadline`},
		{"esdb://a?defaultDeadline=5s", "defaultDeadline must be a whole number of milliseconds from 1 to"},
		{"esdb://a?defaultDeadline=0", "defaultDeadline must be"},
		{"esdb://a?keepAliveInterval=9999", "keepAliveInterval must be a whole number of milliseconds from 10000"},
		{"esdb://a?keepAliveTimeout=-5", "keepAliveTimeout must be"},
		{"esdb://a?gossipTimeout=1500000", "gossipTimeout must be a whole number of seconds"},
		{"esdb://a?maxDiscoverAttempts=many", "maxDiscoverAttempts must be a whole number from 1"},
		{"esdb://a,b?nodePreference=primary", "nodePreference must be one of leader, follower, readOnlyReplica and random"},
		{"esdb://a?nodePreference=follower", "requires several nodes"},
		{"esdb://a?tls=false&tlsVerifyCert=false", "tlsVerifyCert conflicts with tls=false"},
		{"esdb://a?tls=false&userCertFile=x", "userCertFile conflicts with tls=false"},
		{"esdb://a?tlsCaFile=" + empty + ".not", "no such file"},
		{"esdb://a?tlsCaFile=" + empty, "contains no certificate"},
		{"esdb://a?userCertFile=" + empty, "set together"},
		{"esdb://a?userCertFile=" + empty + "&userKeyFile=" + empty, "userCertFile and userKeyFile: "},
	} {
		_, err := Open(context.Background(), test.text, Options{})
		if !errors.Is(err, ErrAddress) || !strings.Contains(err.Error(), test.why) ||
			strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", test.text, err, test.why)
		}
	}
	for _, text := range []string{"data", "./data", "C:/data", "http://host", "esdb", "file://x"} {
		if IsAddress(text) {
			t.Errorf("IsAddress(%s) = true, want false", text)
		}
	}
}
