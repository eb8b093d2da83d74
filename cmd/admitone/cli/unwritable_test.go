package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"admitone/cmd/admitone/remote"
	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/embedded"
)

// inventory lists everything below a directory with its size and time of modification.
func inventory(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		fmt.Fprintln(&all, path, info.Size(), info.ModTime().UnixNano())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// unwritable has the ways in which a store can be unwritable. Each makes the store in dir, or a copy of it,
// unwritable and returns its path.
var unwritable = map[string]func(t *testing.T, dir string) string{
	"permissions": func(t *testing.T, dir string) string {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			mode := fs.FileMode(0o444)
			if entry.IsDir() {
				mode = 0o555
				t.Cleanup(func() { os.Chmod(path, 0o755) })
			}
			return os.Chmod(path, mode)
		})
		for at := dir; err == nil && at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
			err = os.Chmod(at, 0o755)
		}
		if err == nil {
			err = os.Chmod(dir, 0o555)
		}
		if err != nil {
			t.Fatal(err)
		}
		return dir
	},
	"read-only mount": func(t *testing.T, dir string) string {
		to := t.TempDir()
		mount(t, dir, to, "", syscall.MS_BIND, "")
		mount(t, dir, to, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
		return to
	},
	"full disk": func(t *testing.T, dir string) string {
		to := t.TempDir()
		mount(t, "tmpfs", to, "tmpfs", 0, "size=8m")
		store := filepath.Join(to, "store")
		if err := os.CopyFS(store, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		file, err := os.Create(filepath.Join(to, "filler"))
		for err == nil {
			_, err = file.Write(make([]byte, 4096))
		}
		file.Close()
		return store
	},
}

// mount mounts a file system during the test, or skips the test if that is not permitted.
func mount(t *testing.T, from, to, kind string, flags uintptr, options string) {
	t.Helper()
	if err := syscall.Mount(from, to, kind, flags, options); err != nil {
		t.Skipf("skipped: mounting requires root: %v", err)
	}
	if flags&syscall.MS_REMOUNT == 0 {
		t.Cleanup(func() { syscall.Unmount(to, 0) })
	}
}

// runProcess runs the program in a separate process. With nobody it does so as the user nobody if the test
// runs as root, to whom permissions do not apply.
func runProcess(t *testing.T, nobody bool, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = &out, &errs, os.TempDir()
	if nobody && os.Geteuid() == 0 {
		if err := errors.Join(os.Chmod(filepath.Dir(path), 0o755), os.Chmod(path, 0o755)); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// TestReadingUnwritableStore: commands that only read print the same for an unwritable store, and change
// nothing in it.
func TestReadingUnwritableStore(t *testing.T) {
	for name, prepare := range unwritable {
		t.Run(name, func(t *testing.T) {
			dir := soldLog(t, 300)
			secret := filepath.Join(dir, server.HeadKeyFile)
			if err := os.Chmod(secret, 0o644); err != nil { // so that the user nobody can read it
				t.Fatal(err)
			}
			reads := [][]string{{"verify", "--json"}, {"show", "product/1"}, {"log"}, {"log", "--json"},
				{"history", "product/1"},
				{"show", "product/2", "--at", "9"}, {"diff", "product/1", "--from", "3", "--to", "9"}, {"what-if"}, {"export", "-"},
				{"head"}, {"receipt", "key"}}
			want := map[string]string{}
			for _, args := range reads {
				want[args[0]+args[len(args)-1]], _ = must(t, exitDone, append(args, "--store", dir)...)
			}
			store := prepare(t, dir)
			before := inventory(t, store)
			for _, args := range reads {
				status, stdout, stderr := runProcess(t, name == "permissions", append(args, "--store", store)...)
				if status != exitDone {
					t.Errorf("%v: status %d: %s%s; want 0", args, status, stdout, stderr)
				} else if args[0] != "verify" && stdout != want[args[0]+args[len(args)-1]] { // verify prints the path and its speed
					t.Errorf("%v printed\n%s\nwant\n%s", args, stdout, want[args[0]+args[len(args)-1]])
				}
			}
			if after := inventory(t, store); after != before {
				t.Errorf("the store has\n%s\nwant\n%s", after, before)
			}
		})
	}
}

// TestConcurrentReaders: several processes can read a log at the same time, but no server can start meanwhile,
// and a reader can't write.
func TestConcurrentReaders(t *testing.T) {
	dir := soldLog(t, 10)
	one, err := embedded.OpenReader(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	must(t, exitDone, "show", "product/1", "--store", dir)
	if status, _, stderr := command(t, "serve", "--store", dir, "--listen", "127.0.0.1:0"); status != exitUnavailable ||
		!strings.Contains(stderr, "using the log") {
		t.Errorf("serve during a read: status %d: %s; want %d and %q", status, stderr, exitUnavailable, "using the log")
	}
	if _, err := one.Append(t.Context(), "product-x", events.NoStream, []events.Event{{Type: "x"}}); err == nil {
		t.Error("Append of a reader succeeded, want an error")
	}
}

// TestRemovedLocks: while a server runs, no other process can open its log, even if the lock files were
// removed.
func TestRemovedLocks(t *testing.T) {
	dir := t.TempDir()
	first := launch(t, dir)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "LOCK" {
			return os.Remove(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"verify"}, {"show", "product/1"},
		{"forget", "ada"}, {"head"}, {"backup", "--to", filepath.Join(t.TempDir(), "copy")}} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		out, err := exec.CommandContext(ctx, path, append(args, "--store", dir)...).CombinedOutput()
		cancel()
		if err == nil || !strings.Contains(string(out), "using the log") {
			t.Errorf("%v while the server runs: %v, %s; want an error with %q", args, err, out, "using the log")
		}
	}
	server, err := remote.New(first.url, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Call(t.Context(), "POST", "/v1/products", `{"id":"1","name":"p","stock":1,"price":1}`,
		&struct{}{}); err != nil {
		t.Errorf("a command to the first server: %v; want success", err)
	}
}
