package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/embedded"
	"admitone/projections"
)

// runVerify runs verify --json, with the exit status want, and decodes its verdict.
func runVerify(t *testing.T, want int, args ...string) verdict {
	t.Helper()
	stdout, _ := must(t, want, append([]string{"verify", "--json"}, args...)...)
	var v verdict
	if err := json.Unmarshal([]byte(stdout), &v); err != nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	return v
}

func TestVerifyFindsNothing(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	head := appendSales(t, s.Log, "big", 2000)
	if v := runVerify(t, exitDone, "--url", s.url); v.Events != uint64(head) || v.Head != head || v.Streams != 2 ||
		v.Violation != nil || v.Views != 0 {
		t.Errorf("verify --url: %+v; want %d events, that head, 2 streams, no violation and no views", v, head)
	}
	s.end()
	if v := runVerify(t, exitDone, "--store", s.store); v.Events != uint64(head) || v.Views != head || v.Source != s.store {
		t.Errorf("verify --store: %+v; want %d events, views up to there, and the source %s", v, head, s.store)
	}
	if stdout, _ := must(t, exitDone, "verify", "--store", s.store); !strings.Contains(stdout,
		"2006 events of 2 streams in ") || !strings.HasSuffix(stdout, "nothing is wrong\n") {
		t.Errorf("stdout %q; want %q, and %q at the end", stdout, "2006 events of 2 streams in ", "nothing is wrong\n")
	}
}

// TestVerifyFindsForgery: verify finds an event that was appended directly to the log and violates a rule.
func TestVerifyFindsForgery(t *testing.T) {
	dir := t.TempDir()
	log, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	appendSales(t, log, "1", 2)
	last, err := log.Read(t.Context(), "product-1", events.EndRevision, events.Backward, 1)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := events.RecordedHash(last[0].Metadata)
	if err != nil {
		t.Fatal(err)
	}
	fact := &events.ProductReserved{
		ReservationID: events.ReservationID(events.EventID("1", 9).String()),
		Holder:        "eve",
		Quantity:      1,
		Remaining:     -1,
	}
	e := events.Event{ID: events.EventID("1", 9), Type: fact.Name(), Data: events.AppendFact(nil, fact)}
	e.Metadata, _ = events.Seal(nil, hash, "product-1", 3, &e, &events.Metadata{CommandID: "1", Actor: "eve"})
	if _, err := log.Append(t.Context(), "product-1", 2, []events.Event{e}); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	stdout, _ := must(t, exitProblemsFound, "verify", "--store", dir)
	for _, text := range []string{"VIOLATION at position 4, product-1@3",
		"rule:  held and sold units never exceed the stock", "found: of 2, 0 are held and 3 sold"} {
		if !strings.Contains(stdout, text) {
			t.Errorf("verify printed\n%s\nwant %q", stdout, text)
		}
	}
	if v := runVerify(t, exitProblemsFound, "--store", dir); v.Violation == nil || v.Violation.Position != 4 ||
		v.Violation.Stream != "product-1" || v.Violation.Revision != 3 {
		t.Errorf("verify: %+v; want a violation at position 4, product-1@3", v)
	}
}

// TestVerifyFindsDamage: verify finds a single changed byte in a table of the log.
func TestVerifyFindsDamage(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	appendSales(t, s.Log, "1", 3000)
	s.end()
	tables, err := filepath.Glob(filepath.Join(s.store, "log", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("the log has %d tables (%v), want at least one", len(tables), err)
	}
	for _, table := range tables {
		good, err := os.ReadFile(table)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{100, len(good) / 3, len(good) / 2} {
			if len(good) < 10_000 {
				continue // a table of the index by stream, which only loads of entities read
			}
			bad := append([]byte(nil), good...)
			bad[at] ^= 4
			if err := os.WriteFile(table, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if v := runVerify(t, exitProblemsFound, "--store", s.store); v.Violation == nil ||
				!strings.Contains(v.Violation.Rule, "as they were written") {
				t.Errorf("byte %d of %s changed: violation = %+v, want one of the rule %q", at, filepath.Base(table),
					v.Violation, "as they were written")
			}
		}
		if err := os.WriteFile(table, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runVerify(t, exitDone, "--store", s.store)
}

// impostor is a log with the epoch of a different one.
type impostor struct {
	events.Store
	epoch string
}

func (i impostor) Epoch() string { return i.epoch }

// TestVerifyFindsWrongViews: verify finds that the views on disk belong to a different log.
func TestVerifyFindsWrongViews(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	appendSales(t, s.Log, "1", 4)
	epoch := s.Log.Epoch()
	s.end()
	views := filepath.Join(s.store, server.ViewsFolder)
	if err := os.RemoveAll(views); err != nil {
		t.Fatal(err)
	}
	other, err := embedded.Open(t.TempDir(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	head := appendSales(t, other, "2", 4)
	p, err := projections.Open(projections.Config{Store: impostor{other, epoch}, Dir: views})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	if err := p.WaitFor(t.Context(), head); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-ended
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	stdout, _ := must(t, exitProblemsFound, "verify", "--store", s.store)
	if !strings.Contains(stdout, "VIOLATION at position 5\n  rule:  the views on disk") {
		t.Errorf("stdout %q; want %q", stdout, "VIOLATION at position 5\n  rule:  the views on disk")
	}
}
