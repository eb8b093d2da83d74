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

// crashed creates a store, sells something, and returns a copy of its files as SIGKILL leaves them
// right after the last answer, and the acknowledged position.
func crashed(t *testing.T, sales int) (dir string, answered events.Position) {
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

// startWith starts a server that ends with the test.
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

// failStart returns the error with which a server does not start.
func failStart(t *testing.T, s server.Settings) error {
	t.Helper()
	p, err := tryStart(s)
	if err == nil {
		t.Fatalf("a server starts on a log that has lost its end; stopped with: %v", p.Stop(t.Context()))
	}
	if statusOf(err) != exitUnavailable {
		t.Fatalf("status %d, want %d: %v", statusOf(err), exitUnavailable, err)
	}
	return err
}

// newestLog returns the newest write-ahead log, and the end of the data written to it.
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

// damage is the result of one flipped bit.
type damage struct {
	harmless, cutShort, unopened int
}

var lostPositions = regexp.MustCompile(`(?:ends at|read up to) position (\d+), and position (\d+) was`)

// flipBits flips single bits in the newest part of a store's write-ahead log, and starts a server
// on each copy: either nothing acknowledged is missing, or the server ends with status 3 and
// reports both positions. refused is called in the latter case.
func flipBits(t *testing.T, dir string, answered events.Position, newest, every int,
	refused func(store string)) (found damage) {
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
				t.Errorf("byte %d flipped: the log ends at position %d (%v) without a word, and %d was answered", at, head, err,
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

// TestFlippedBitInTheNewestLog: after SIGKILL right after the last answer, no flipped bit in the
// newest 32 KiB of the log loses something without an error.
func TestFlippedBitInTheNewestLog(t *testing.T) {
	dir, answered := crashed(t, 150)
	tried := 0
	found := flipBits(t, dir, answered, 32<<10, 577, func(store string) {
		if tried++; tried%8 == 1 {
			continueWithoutTheLoss(t, store, answered)
		}
	})
	t.Logf("%+v", found)
	if found.cutShort < 5 || found.unopened < 5 {
		t.Errorf("the flips have not reached both kinds of damage: %+v", found)
	}
}

// continueWithoutTheLoss: a second start is refused like the first, and --accept-loss starts a log
// with a new epoch, in which no lost event reappears.
func continueWithoutTheLoss(t *testing.T, store string, answered events.Position) {
	t.Helper()
	s := server.Settings{Store: store, SignEvery: 10 * time.Second}
	positions := lostPositions.FindStringSubmatch(failStart(t, s).Error())
	if _, stderr := must(t, exitUnavailable, "eventstore", "--dir", store, "--listen",
		"127.0.0.1:0"); !lostPositions.MatchString(stderr) {
		t.Errorf("eventstore: %s", stderr)
	}
	output := &strings.Builder{}
	s.AcceptLoss, s.Logger = true, slog.New(slog.NewTextHandler(output, nil))
	server := startWith(t, s)
	head, err := server.Log.Head(t.Context())
	if err != nil || fmt.Sprint(head) != positions[1] || !strings.Contains(output.String(), "a loss is accepted") {
		t.Errorf("the log ends at %d (%v), and %s was reported: %s", head, err, positions[1], output)
	}
	product := "/v1/products/" + server.made("POST", "/v1/products", `{"id":"later","name":"Later","stock":1000000}`)
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
		t.Error("the next start makes yet another log of it")
	}
	again.end()
}

// TestLogShorterThanItsEvidence puts an older log next to each kind of evidence of a newer one: a
// server reports it and both positions, verify finds it, and an undamaged store that was stopped or
// killed is never mistaken for one.
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
	traces := []string{"end", server.ViewsFolder, server.TreeFolder}
	for n, trace := range traces {
		t.Run(trace, func(t *testing.T) {
			damaged := t.TempDir()
			if err := errors.Join(os.CopyFS(damaged, os.DirFS(store)), os.RemoveAll(filepath.Join(damaged, "log")),
				os.CopyFS(filepath.Join(damaged, "log"), os.DirFS(log))); err != nil {
				t.Fatal(err)
			}
			for other, name := range traces {
				if other != n {
					if err := os.RemoveAll(filepath.Join(damaged, name)); err != nil {
						t.Fatal(err)
					}
				}
			}
			for range 2 {
				err := failStart(t, server.Settings{Store: damaged, SignEvery: 10 * time.Second})
				if !strings.Contains(err.Error(), filepath.Join(damaged, trace)) ||
					!strings.Contains(err.Error(), "ends at position 5, and position 10 was seen by") {
					t.Errorf("failStart: %v", err)
				}
			}
			if v := runVerify(t, exitProblemsFound, "--store", damaged); v.Violation == nil {
				t.Error("verify finds nothing")
			}
			continueWithoutTheLoss(t, damaged, 10)
		})
	}
}
