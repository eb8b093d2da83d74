package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/api"
	"admitone/cmd/admitone/server"
	"admitone/events"
)

// crashedStore creates a store with some sales. It returns a copy of its files as SIGKILL leaves them right
// after the last answer, and the acknowledged position.
func crashedStore(t *testing.T, sales int) (dir string, answered events.Position) {
	t.Helper()
	store := t.TempDir()
	s := startWith(t, server.Settings{Store: store, SignEvery: 10 * time.Second})
	s.send("POST", "/v1/products", `{"id":"hot","name":"Hot","stock":1000000}`)
	for n := range sales {
		s.send("POST", "/v1/products/hot/reservations", fmt.Sprintf(`{"holder":"h%d"}`, n))
	}
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(store)); err != nil {
		t.Fatal(err)
	}
	answered, err := s.Log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.end()
	return dir, answered
}

// startWith starts a server that is stopped at the end of the test.
func startWith(t *testing.T, s server.Settings) *testServer {
	t.Helper()
	p, err := tryStart(s)
	if err != nil {
		t.Fatal(err)
	}
	served := &testServer{Server: p, store: s.Store, url: "http://" + p.Address(), t: t}
	t.Cleanup(served.end)
	return served
}

func tryStart(s server.Settings) (*server.Server, error) {
	s.Listen, s.Auth, s.IdleAfter = "127.0.0.1:0", api.OpenAuth{}, time.Minute
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	return server.Start(s)
}

// startError starts a server, which must fail with status 3, and returns the error.
func startError(t *testing.T, s server.Settings) error {
	t.Helper()
	p, err := tryStart(s)
	if err == nil {
		t.Fatalf("the server started on a log that lost its end, want an error; it was stopped with %v", p.Stop(t.Context()))
	}
	if statusOf(err) != exitUnavailable {
		t.Fatalf("status %d, want %d: %v", statusOf(err), exitUnavailable, err)
	}
	return err
}

// newestLog returns the path and content of the newest write-ahead log, and the end of the data in it.
func newestLog(t *testing.T, dir string) (path string, text []byte, end int) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "log", "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("no write-ahead log in %s (%v); want at least one file", dir, err)
	}
	path = slices.Max(logs)
	if text, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	for end = len(text); end > 0 && text[end-1] == 0; end-- {
	}
	return path, text, end
}

// flipCounts counts the flipped bits by their effect.
type flipCounts struct {
	harmless int // the log is complete
	cutShort int // the log can be opened, but lacks its end
	unopened int // the log can't be opened
}

var lostPositions = regexp.MustCompile(`(?:ends at|read up to) position (\d+), and position (\d+) was`)

// flipBits flips one bit per copy of a store, every so many bytes in the newest bytes of the write-ahead
// log, and starts a server on the copy. Either nothing acknowledged is missing, or the server fails with
// status 3 and reports both positions; in that case refused is called.
func flipBits(t *testing.T, dir string, answered events.Position, newest, every int,
	refused func(store string)) (found flipCounts) {
	t.Helper()
	path, text, end := newestLog(t, dir)
	name, err := filepath.Rel(dir, path)
	if err != nil {
		t.Fatal(err)
	}
	for at := max(0, end-newest) + every/2; at < end; at += every {
		broken := slices.Clone(text)
		broken[at] ^= 1 << (at % 8)
		store := t.TempDir()
		if err := errors.Join(os.CopyFS(store, os.DirFS(dir)),
			os.WriteFile(filepath.Join(store, name), broken, 0o640)); err != nil {
			t.Fatal(err)
		}
		p, err := tryStart(server.Settings{Store: store, SignEvery: 10 * time.Second})
		if err == nil {
			found.harmless++
			head, err := p.Log.Head(t.Context())
			if err != nil || head < answered {
				t.Errorf("byte %d flipped: the server starts at position %d (%v), want at least the acknowledged %d", at, head, err,
					answered)
			}
			if err := p.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			continue
		}
		positions := lostPositions.FindStringSubmatch(err.Error())
		if statusOf(err) != exitUnavailable || positions == nil || positions[2] != fmt.Sprint(answered) {
			t.Errorf("byte %d flipped: status %d, %v; want %d and both positions, the second %d", at, statusOf(err), err,
				exitUnavailable, answered)
		}
		if errors.Is(err, events.ErrDamaged) {
			found.unopened++
		} else {
			found.cutShort++
		}
		refused(store)
	}
	return found
}

// TestFlippedBitInTheNewestLog: after SIGKILL right after the last answer, no flipped bit in the newest
// 32 KiB of the log loses an acknowledged event without an error.
func TestFlippedBitInTheNewestLog(t *testing.T) {
	dir, answered := crashedStore(t, 150)
	tried := 0
	found := flipBits(t, dir, answered, 32<<10, 577, func(store string) {
		if tried++; tried%8 == 1 {
			continueWithoutTheLoss(t, store, answered)
		}
	})
	t.Logf("%+v", found)
	if found.cutShort < 5 || found.unopened < 5 {
		t.Errorf("flipped bits by effect: %+v; want at least 5 cutShort and 5 unopened", found)
	}
}

// continueWithoutTheLoss checks that a second start fails like the first, and that --accept-loss starts a
// log with a new epoch, in which no lost event reappears.
func continueWithoutTheLoss(t *testing.T, store string, answered events.Position) {
	t.Helper()
	s := server.Settings{Store: store, SignEvery: 10 * time.Second}
	positions := lostPositions.FindStringSubmatch(startError(t, s).Error())
	if _, stderr := must(t, exitUnavailable, "eventstore", "--dir", store, "--listen",
		"127.0.0.1:0"); !lostPositions.MatchString(stderr) {
		t.Errorf("eventstore: %s; want both positions", stderr)
	}
	output := &strings.Builder{}
	s.AcceptLoss, s.Logger = true, slog.New(slog.NewTextHandler(output, nil))
	server := startWith(t, s)
	head, err := server.Log.Head(t.Context())
	if err != nil || fmt.Sprint(head) != positions[1] || !strings.Contains(output.String(), "a loss is accepted") {
		t.Errorf("with --accept-loss the log ends at %d (%v), want the reported %s and a warning: %s",
			head, err, positions[1], output)
	}
	product := "/v1/products/" + server.create("POST", "/v1/products", `{"id":"later","name":"Later","stock":1000000}`)
	for range 2 * int(answered) { // beyond every position that was used before
		server.send("POST", product+"/reservations", `{"holder":"later"}`)
		if at, _ := server.Log.Head(t.Context()); at > answered {
			break
		}
	}
	epoch := server.Log.Epoch()
	server.end()
	must(t, exitDone, "verify", "--store", store)
	s.AcceptLoss = false
	again := startWith(t, s)
	if again.Log.Epoch() != epoch {
		t.Errorf("the epoch after the next start is %v, want %v", again.Log.Epoch(), epoch)
	}
	again.end()
}

// TestLogShorterThanItsEvidence puts an older log next to each kind of evidence of a newer one. A server
// fails, and reports the evidence and both positions; verify finds a violation.
func TestLogShorterThanItsEvidence(t *testing.T) {
	store, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	s := server.Settings{Store: store, SignEvery: 10 * time.Second}
	served := startWith(t, s)
	served.sell("1")
	served.end()
	if err := os.CopyFS(log, os.DirFS(filepath.Join(store, "log"))); err != nil {
		t.Fatal(err)
	}
	served = startWith(t, s)
	served.sell("2")
	served.end()
	evidence := []string{"end", server.ViewsFolder, server.TreeFolder}
	for n, kept := range evidence {
		t.Run(kept, func(t *testing.T) {
			damaged := t.TempDir()
			if err := errors.Join(os.CopyFS(damaged, os.DirFS(store)), os.RemoveAll(filepath.Join(damaged, "log")),
				os.CopyFS(filepath.Join(damaged, "log"), os.DirFS(log))); err != nil {
				t.Fatal(err)
			}
			for other, name := range evidence {
				if other != n {
					if err := os.RemoveAll(filepath.Join(damaged, name)); err != nil {
						t.Fatal(err)
					}
				}
			}
			for range 2 {
				err := startError(t, server.Settings{Store: damaged, SignEvery: 10 * time.Second})
				if !strings.Contains(err.Error(), filepath.Join(damaged, kept)) ||
					!strings.Contains(err.Error(), "ends at position 5, and position 10 was seen by") {
					t.Errorf("the server failed with %v; want %s and the positions 5 and 10", err, filepath.Join(damaged, kept))
				}
			}
			if v := runVerify(t, exitProblemsFound, "--store", damaged); v.Violation == nil {
				t.Errorf("verify: %+v; want a violation", v)
			}
			continueWithoutTheLoss(t, damaged, 10)
		})
	}
}
