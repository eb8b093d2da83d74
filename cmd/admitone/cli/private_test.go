package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"admitone/api"
	"admitone/cmd/admitone/server"
)

// TestOpenListenersRequireLoopback: listeners without authentication require a loopback address.
func TestOpenListenersRequireLoopback(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t)
	for _, line := range []string{
		"serve --auth open --listen 0.0.0.0:0",
		"serve --auth jwt --listen 127.0.0.1:0 --profile-listen 0.0.0.0:0",
		"serve --auth jwt --listen 127.0.0.1:0 --profile-listen :0",
		"serve --auth jwt --listen 127.0.0.1:0 --profile-listen [::]:0",
		"serve --auth jwt --listen 127.0.0.1:0 --profile-listen example.org:6060",
		"serve --auth jwt --listen 127.0.0.1:0 --esdb-listen 0.0.0.0:0",
		"eventstore --writable --listen 0.0.0.0:0",
		"eventstore --writable --listen :0",
		"eventstore --writable --listen [::]:0 --tls-cert " + cert + " --tls-key " + key,
		"eventstore --writable --listen 0.0.0.0:0 --tls-cert " + cert + " --tls-key " + key + " --reader audit:c",
	} {
		args := strings.Fields(line)
		if args[0] == "serve" {
			args = append(args, "--store", filepath.Join(dir, "none"))
		} else {
			args = append(args, "--dir", filepath.Join(dir, "none"))
		}
		_, stderr := must(t, exitUsage, args...)
		if !strings.Contains(stderr, "loopback") {
			t.Errorf("%s: %s; want %q", line, stderr, "loopback")
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat of the directory = %v, want none to be created", err)
	}
	for _, line := range []string{ // these are allowed
		"--writable --listen 127.0.0.1:0", "--writable --listen localhost:0", "--listen 0.0.0.0:0",
		"--writable --listen 0.0.0.0:0 --tls-cert " + cert + " --tls-key " + key + " --user node:b",
	} {
		ctx, stop := context.WithCancel(t.Context())
		in, out := io.Pipe()
		status := make(chan int, 1)
		go func() {
			status <- runTo(ctx, append([]string{"eventstore", "--dir", filepath.Join(dir, "es")}, strings.Fields(line)...), out,
				io.Discard)
			out.Close()
		}()
		output := make([]byte, 1)
		_, err := in.Read(output) // waits until it listens
		go io.Copy(io.Discard, in)
		stop()
		if got := <-status; got != exitDone || err != nil {
			t.Errorf("eventstore %s: status %d, Read: %v; want status 0 and output", line, got, err)
		}
	}
}

// TestStorePermissions: other users can't read the store, even if its files had other permissions before.
func TestStorePermissions(t *testing.T) {
	server.RestrictUmask()
	store := t.TempDir()
	s := serveIn(t, store, nil)
	s.sell("1")
	must(t, exitDone, "backup", "--url", s.url)
	s.end()
	checkPermissions := func(what string) {
		t.Helper()
		seen := map[string]bool{}
		err := filepath.WalkDir(store, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || path == store {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			limit := fs.FileMode(0o640)
			if entry.IsDir() {
				limit = 0o750
			}
			name, _ := filepath.Rel(store, path)
			if seen[strings.Split(name, string(filepath.Separator))[0]] = true; info.Mode().Perm()&^limit != 0 {
				t.Errorf("%s: %s has the permissions %o, want at most %o", what, name, info.Mode().Perm(), limit)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, folder := range []string{"log", server.ViewsFolder, "snapshots", server.BackupFolder} {
			if !seen[folder] {
				t.Errorf("%s: the store has no %s, want one", what, folder)
			}
		}
	}
	checkPermissions("a new store")
	err := filepath.WalkDir(store, func(path string, entry fs.DirEntry, err error) error {
		if name := filepath.Base(path); err != nil || path == store || strings.HasSuffix(name, ".key") ||
			name == server.ContactsFolder {
			return err
		}
		if entry.IsDir() {
			return os.Chmod(path, 0o777)
		}
		if strings.Contains(path, server.ContactsFolder) || filepath.Dir(path) == store {
			return nil
		}
		return os.Chmod(path, 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
	again := serveIn(t, store, nil)
	again.sell("2")
	again.end()
	checkPermissions("a store with other permissions")
}

// TestBackupsAreBounded: the number of backups is bounded, and incomplete ones are removed.
func TestBackupsAreBounded(t *testing.T) {
	store := t.TempDir()
	p, err := server.Start(server.Settings{Listen: "127.0.0.1:0", Store: store, Auth: api.OpenAuth{}, IdleAfter: patience,
		Logger: slog.New(slog.DiscardHandler), MaxBackups: 2})
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{Server: p, store: store, url: "http://" + p.Address(), t: t}
	t.Cleanup(s.end)
	s.sell("1")
	folder := filepath.Join(store, server.BackupFolder)
	unfinished := filepath.Join(folder, "2031-05-01T200000.000000000Z.unfinished")
	if err := os.MkdirAll(unfinished, 0o750); err != nil {
		t.Fatal(err)
	}
	s.send("POST", "/v1/backups", "{}")
	if _, err := os.Stat(unfinished); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat of an unfinished backup = %v, want it removed", err)
	}
	s.send("POST", "/v1/backups", "{}")
	for range 2 {
		if status, text := s.do("POST", "/v1/backups", "{}"); status != 409 ||
			!strings.Contains(text, `"limit_exceeded"`) || !strings.Contains(text, "--max-backups") {
			t.Errorf("a third backup: %d %s; want status 409, %q and %q",
				status, text, `"limit_exceeded"`, "--max-backups")
		}
	}
	made, err := os.ReadDir(folder)
	if err != nil || len(made) != 2 {
		t.Fatalf("%d backups, %v; want 2", len(made), err)
	}
	if err := os.RemoveAll(filepath.Join(folder, made[0].Name())); err != nil {
		t.Fatal(err)
	}
	s.send("POST", "/v1/backups", "{}")
}
