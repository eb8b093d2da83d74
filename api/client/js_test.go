package client_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"admitone/api"
	"admitone/api/client"
)

// node returns a command that runs a script of the client in JavaScript.
func node(ctx context.Context, t *testing.T, script string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	name, err := exec.LookPath("node")
	modules := os.Getenv("NODE_PATH")
	if cache, err := os.UserCacheDir(); err == nil && modules == "" {
		modules = filepath.Join(cache, "admitone-client", "node_modules")
	}
	if err == nil {
		_, err = os.Stat(filepath.Join(modules, "ws", "package.json"))
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("Node or its packages are missing, which CI requires: %v", err)
		}
		t.Skipf("Node or its packages are missing; .ci/run install installs them: %v", err)
	}
	cmd := exec.CommandContext(ctx, name, append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	return cmd, &stderr
}

// TestJavaScriptCalls: requests, retries, lists and signatures, with scripted answers.
func TestJavaScriptCalls(t *testing.T) {
	cmd, stderr := node(t.Context(), t, "js/testdata/calls.mjs")
	if err := cmd.Run(); err != nil {
		t.Errorf("got %v\n%s; want no error", err, stderr)
	}
}

// TestJavaScriptCut is TestWatchCut for the client in JavaScript.
func TestJavaScriptCut(t *testing.T) {
	address, _ := startServer(t, t.TempDir(), api.OpenAuth{})
	p := newProxy(t, address)
	direct := clientOf(t, "http://"+address)
	stock := int64(cutCount(t)*changesPerCut + 1)
	if _, err := direct.CreateProduct(t.Context(), client.NewProduct{ID: "p", Name: "P", Stock: stock}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 10*patience)
	defer stop()
	cmd, stderr := node(ctx, t, "js/testdata/cuts.mjs", p.address(), strconv.Itoa(snapshotsAllowed(t)))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	frames, last, left := 0, int64(0), int64(0)
	seen := func(position int64) {
		t.Helper()
		for last < position {
			select {
			case line, ok := <-lines:
				if _, err := fmt.Sscan(line, &last, &left); !ok || err != nil {
					t.Fatalf("the watch ended with %q: %s; want it to continue", line, stderr)
				}
				frames++
			case <-time.After(patience):
				t.Fatalf("the watcher saw position %d, want %d in time", last, position)
			}
		}
	}
	remaining := change(t, direct, p, seen)
	stop()
	for range lines {
	}
	cmd.Wait() // it was killed
	if left != remaining {
		t.Errorf("the watcher saw %d remaining, want %d", left, remaining)
	}
	if p.count() < cutCount(t) {
		t.Errorf("the connection was cut %d times, want %d", p.count(), cutCount(t))
	}
	t.Logf("%d cuts, %d frames, %d positions", p.count(), frames, last)
}

// TestJavaScriptReadme runs the program in js/README.md on a new server.
func TestJavaScriptReadme(t *testing.T) {
	readme, err := os.ReadFile("js/README.md")
	if err != nil {
		t.Fatal(err)
	}
	const shown = "http://127.0.0.1:8080"
	program, want := "", ""
	for _, block := range strings.Split(string(readme), "```js\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		program += block
	}
	for _, line := range regexp.MustCompile(`// → (.*)`).FindAllStringSubmatch(program, -1) {
		want += line[1] + "\n"
	}
	if strings.Count(program, shown) != 1 || strings.Count(program, `"./index.js"`) != 1 || want == "" {
		t.Fatalf("js/README.md shows a program other than the test's:\n%s", program)
	}
	here, err := filepath.Abs("js")
	if err != nil {
		t.Fatal(err)
	}
	address, _ := startServer(t, t.TempDir(), api.OpenAuth{})
	program = strings.NewReplacer(shown, "http://"+address, "./index.js", "file://"+here+"/index.js").Replace(program)
	program = fmt.Sprintf("import %q;\n%s\nprocess.exit(0);\n", "file://"+here+"/testdata/node.mjs", program)
	script := filepath.Join(t.TempDir(), "readme.mjs")
	if err := os.WriteFile(script, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd, stderr := node(ctx, t, script)
	out, err := cmd.Output()
	if err != nil || string(out) != want {
		t.Errorf("it printed\n%s, want\n%s: %v\n%s", out, want, err, stderr)
	}
}
