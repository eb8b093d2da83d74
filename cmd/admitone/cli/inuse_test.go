package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStoreServedByEventstore: the error of a command whose directory admitone eventstore serves names
// the same command with the address of the log, which works, if there is one.
func TestStoreServedByEventstore(t *testing.T) {
	dir := soldLog(t, 10)
	line, _ := runEventstore(t, "--dir", dir)
	address := addressIn(t, line)
	for _, args := range [][]string{{"verify"}, {"log"}, {"show", "product/1"}, {"history", "product/1"},
		{"diff", "product/1", "--from", "3"}, {"export", "-"}, {"what-if"}} {
		_, stderr := must(t, exitUnavailable, append(args, "--store", dir)...)
		typed := "admitone " + strings.Join(args[:min(len(args), 2)], " ") + " --store '" + address + "'"
		if !strings.Contains(stderr, typed) {
			t.Errorf("%s: %s; want %q", args[0], stderr, typed)
		}
		must(t, exitDone, append(args, "--store", address)...)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	_, stderr := must(t, exitUnavailable, "migrate", "--from", dir, "--to", copied)
	if typed := "admitone migrate --from '" + address + "'"; !strings.Contains(stderr, typed) {
		t.Errorf("migrate: %s; want %q", stderr, typed)
	}
	for _, args := range [][]string{{"backup", "--to", copied}, {"forget", "ann"}} {
		_, stderr := must(t, exitUnavailable, append(args, "--store", dir)...)
		if !strings.Contains(stderr, "admitone eventstore") || !strings.Contains(stderr, "stop") {
			t.Errorf("%s: %s; want %q and %q", args[0], stderr, "admitone eventstore", "stop")
		}
	}
	_, stderr = must(t, exitUnavailable, "serve", "--store", dir, "--listen", "127.0.0.1:0")
	if typed := "--store '" + address + "'"; !strings.Contains(stderr, typed) {
		t.Errorf("serve: %s; want %q", stderr, typed)
	}
}

// TestStoreInUseByUnknown: an address that nothing listens on any more, as after a kill, is not
// advised.
func TestStoreInUseByUnknown(t *testing.T) {
	dir, gone := soldLog(t, 10), freeAddress(t)
	if err := os.WriteFile(filepath.Join(dir, "endpoint"), []byte("esdb://"+gone+"?tls=false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := openLogIn(t, dir)
	defer log.Close()
	_, stderr := must(t, exitUnavailable, "verify", "--store", dir)
	if strings.Contains(stderr, gone) || !strings.Contains(stderr, "admitone verify --url http://") ||
		!strings.Contains(stderr, "--store 'esdb://") {
		t.Errorf("%s; want both ways to read through a server, and not %s", stderr, gone)
	}
}

// TestEndpointIsRemoved: a process that ends leaves no address.
func TestEndpointIsRemoved(t *testing.T) {
	dir := soldLog(t, 10)
	_, stop := runEventstore(t, "--dir", dir)
	if _, err := os.Stat(filepath.Join(dir, "endpoint")); err != nil {
		t.Errorf("while the log is served: %v; want a file", err)
	}
	stop()
	s := serveIn(t, dir, nil)
	s.end()
	if _, err := os.Stat(filepath.Join(dir, "endpoint")); !os.IsNotExist(err) {
		t.Errorf("after the end: %v; want no file", err)
	}
}
