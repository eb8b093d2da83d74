package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStoreServedByEventstore: if admitone eventstore serves the directory that is given to a command, the
// error names the same command with the address of the log, and that command works. For a command that
// needs the directory, the error advises to stop admitone eventstore.
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

// TestStoreInUseByUnknown: the error does not name the address of a process that no longer listens, for
// example since it was killed.
func TestStoreInUseByUnknown(t *testing.T) {
	dir, stale := soldLog(t, 10), freeAddress(t)
	if err := os.WriteFile(filepath.Join(dir, "endpoint"), []byte("esdb://"+stale+"?tls=false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := openLogIn(t, dir)
	defer log.Close()
	_, stderr := must(t, exitUnavailable, "verify", "--store", dir)
	if strings.Contains(stderr, stale) || !strings.Contains(stderr, "admitone verify --url http://") ||
		!strings.Contains(stderr, "--store 'esdb://") {
		t.Errorf("stderr %q; want the advice for --url and for --store esdb://, and not %s", stderr, stale)
	}
}

// TestEndpointIsRemoved: a process that stops removes the file with its address.
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
		t.Errorf("after the server stopped: %v; want no file", err)
	}
}
