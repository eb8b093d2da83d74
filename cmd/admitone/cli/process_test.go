package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// binaryDir is the directory of the built program, "" before binary has built it.
var binaryDir string

// binary builds the program from this source, once for all tests.
var binary = sync.OnceValues(func() (path string, err error) {
	if binaryDir, err = os.MkdirTemp("", "admitone-test-"); err != nil {
		return "", err
	}
	path = filepath.Join(binaryDir, "admitone")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, "..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// TestMain removes the built program, which all tests share.
func TestMain(m *testing.M) {
	status := m.Run()
	if binaryDir != "" {
		os.RemoveAll(binaryDir)
	}
	os.Exit(status)
}

// process is a server in a separate process.
type process struct {
	cmd    *exec.Cmd
	wait   func() // returns when the process has ended; may be called several times
	url    string
	stderr *outputBuffer
}

// launch starts admitone serve on a free port, and waits until it prints its address. The process is killed
// at the end of the test.
func launch(t *testing.T, store string, args ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return launchBuild(t, path, store, args...)
}

// launchBuild is launch for the program at a path.
func launchBuild(t *testing.T, path, store string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(path, append([]string{"serve", "--listen", "127.0.0.1:0", "--store", store,
		"--access-log=false"}, args...)...)}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stderr = &outputBuffer{}
	p.cmd.Stderr = p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.wait = sync.OnceFunc(func() { p.cmd.Wait() })
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not start: %v\n%s", err, p.stderr)
	}
	_, rest, _ := strings.Cut(line, "http://")
	address, _, _ := strings.Cut(rest, "/")
	p.url = "http://" + address
	go io.Copy(io.Discard, stdout)
	return p
}

// kill ends the process with SIGKILL.
func (p *process) kill() {
	p.cmd.Process.Signal(syscall.SIGKILL)
	p.wait()
}
