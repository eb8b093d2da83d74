package cli

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"admitone/cmd/admitone/progress"
)

// openTerminal returns both ends of a new pseudo-terminal.
func openTerminal(t *testing.T) (screen, program *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return screen, program
}

// serveOnTerminal runs serve on a terminal, sends it a request and stops it. It returns the address and
// everything that the terminal showed.
func serveOnTerminal(t *testing.T, args ...string) (url, text string) {
	t.Helper()
	screen, program := openTerminal(t)
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(screen); in.Scan(); {
			lines <- strings.TrimRight(in.Text(), "\r")
		}
	}()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	ended := make(chan int, 1)
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--store", t.TempDir()}, args...)
	go func() { ended <- runTo(ctx, args, program, program); program.Close() }()
	var all []string
	for line := range lines {
		all = append(all, line)
		if after, ok := strings.CutPrefix(line, "admitone is on "); ok {
			url, _, _ = strings.Cut(after, " ")
			answer, err := http.Get(url + "healthz")
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			stop()
		}
	}
	text = strings.Join(all, "\n")
	if status := <-ended; status != exitDone || url == "" {
		t.Fatalf("%q: status %d; want 0, and its address on the terminal\n%s", args, status, text)
	}
	return url, text
}

// TestServeOnTerminal: on a terminal, serve lists the pages and, unless asked, writes no access log.
func TestServeOnTerminal(t *testing.T) {
	url, text := serveOnTerminal(t)
	for _, want := range []string{
		url + "\n", url + "performances\n", url + "tournaments\n", url + "waiting-rooms\n", url + "audit\n", url + "docs\n",
		"--demo", "--access-log", "--listen", "--store", "--auth jwt", "admitone serve --help",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the terminal does not show %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "wallets/") || strings.Contains(text, "/healthz") {
		t.Errorf("the terminal shows a wallet or an access log, want neither:\n%s", text)
	}
	const wallet = "/v1/wallets/demo (holder demo, filled with 500.00)"
	_, text = serveOnTerminal(t, "--demo", "--access-log")
	if !strings.Contains(text, wallet) || !strings.Contains(text, "/healthz") {
		t.Errorf("with --demo and --access-log the terminal shows\n%s\nwant the demo's wallet and an access log", text)
	}
	t.Setenv("ADMITONE_ACCESS_LOG", "true")
	if _, text := serveOnTerminal(t); !strings.Contains(text, "/healthz") {
		t.Errorf("with ADMITONE_ACCESS_LOG=true the terminal shows\n%s\nwant an access log", text)
	}
}

// TestIsTerminal: a device other than a terminal is not taken for one.
func TestIsTerminal(t *testing.T) {
	_, program := openTerminal(t)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if !progress.IsTerminal(program) || progress.IsTerminal(null) || progress.IsTerminal(&strings.Builder{}) {
		t.Errorf("IsTerminal: a terminal %t, /dev/null %t, a builder %t; want only the first", progress.IsTerminal(program),
			progress.IsTerminal(null), progress.IsTerminal(&strings.Builder{}))
	}
}
