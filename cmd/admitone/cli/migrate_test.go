package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/cmd/admitone/progress"
	"admitone/events"
	"admitone/events/embedded"
	"admitone/events/esdb"
)

// migrate runs the command, with the exit status want, and returns its output.
func migrate(t *testing.T, want int, from, to string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if status := runTo(t.Context(), []string{"migrate", "--from", from, "--to", to}, &out, &errs); status != want {
		t.Fatalf("migrate ended with %d, want %d\n%s%s", status, want, out.String(), errs.String())
	}
	return out.String() + errs.String()
}

func TestMigrate(t *testing.T) {
	dir, back := t.TempDir(), t.TempDir()+"/back"
	server := serveIn(t, dir, nil)
	server.sell("a")
	server.sell("b")
	server.end()
	s := newEventStore(t)
	for range 2 { // the second run has nothing to copy
		if output := migrate(t, exitDone, dir, s.address()); !strings.Contains(output, "the same in both") {
			t.Errorf("output %q; want %q", output, "the same in both")
		}
	}
	// A later run copies the new events.
	server = serveIn(t, dir, nil)
	server.sell("c")
	server.end()
	var both sync.WaitGroup
	for range 2 { // two concurrent runs do not interfere
		both.Go(func() {
			var out bytes.Buffer
			status := runTo(t.Context(), []string{"migrate", "--from", s.address(), "--to", t.TempDir() + "/x"}, &out, &out)
			if status != exitDone {
				t.Errorf("a concurrent migrate: status %d: %s; want 0", status, out.String())
			}
		})
	}
	both.Wait()
	migrate(t, exitDone, dir, s.address())
	migrate(t, exitDone, s.address(), back)
	migrate(t, exitDone, dir, back)
	if status := Run(t.Context(), []string{"verify", "--store", back}); status != exitDone {
		t.Errorf("verify of the log that was copied back: status %d, want 0", status)
	}
	other := t.TempDir()
	server = serveIn(t, other, nil)
	server.sell("d")
	server.end()
	if output := migrate(t, exitUsage, dir, other); !strings.Contains(output, "a different log") {
		t.Errorf("output %q; want %q", output, "a different log")
	}
	migrate(t, exitUsage, dir, "")
	migrate(t, exitUnavailable, dir+"/nothing", back)
}

// failingOnce is a log whose append fails once, after a number of successful ones.
type failingOnce struct {
	events.Store
	left     int // appends before the failing one
	err      error
	executes bool // the failing append is executed nevertheless
}

func (c *failingOnce) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	if c.left--; c.left >= 0 {
		return c.Store.Append(ctx, stream, expected, batch)
	}
	c.left = math.MaxInt
	if c.executes {
		if _, err := c.Store.Append(ctx, stream, expected, batch); err != nil {
			return events.Appended{}, err
		}
	}
	return events.Appended{}, c.err
}

// TestMigrateResumes: after any error of an append, no event is omitted or duplicated. compare finds an
// additional event in the copy.
func TestMigrateResumes(t *testing.T) {
	from, err := embedded.Open(t.TempDir(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	for _, id := range []string{"1", "2", "3"} {
		appendSales(t, from, id, 40)
	}
	for _, c := range []failingOnce{{left: 1, err: events.ErrUnknown}, {left: 1, err: events.ErrUnknown, executes: true},
		{left: 2, err: events.ErrUnavailable}, {left: 0, err: events.ErrConflict}} {
		to, err := embedded.Open(t.TempDir(), embedded.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c.Store = to
		var out, quiet bytes.Buffer
		m := migration{from: from, to: &c, bar: progress.New(&quiet)}
		if err := m.run(t.Context(), &out); err != nil {
			t.Errorf("after the error %q of an append: %v %s; want success", c.err, err, out.String())
		}
		extra := events.Event{ID: events.EventID("extra", 0), Type: "x", Data: []byte("{}")}
		if _, err := to.Append(t.Context(), "product-9", events.NoStream, []events.Event{extra}); err != nil {
			t.Fatal(err)
		}
		if _, err := m.compare(t.Context()); err == nil || !strings.Contains(err.Error(), "source lacks, from product-9@0") {
			t.Errorf("compare with an additional event: %v, want an error that names it", err)
		}
		if err := errors.Join(to.Close()); err != nil {
			t.Error(err)
		}
	}
}

// TestMigrateKilled: whenever the process is killed, the target is a prefix of the source, and the next run
// resumes there.
func TestMigrateKilled(t *testing.T) {
	t.Parallel()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log := openLogIn(t, dir)
	for i := range 100 { // consecutive events of one stream, and others
		appendSales(t, log, fmt.Sprint("a", i), 1)
		appendSales(t, log, fmt.Sprint("b", i), 1+i%3*40)
	}
	var want []events.Recorded
	for e, err := range facts(t.Context(), log) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, e)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	s := newEventStore(t)
	to := connectTo(t, s.address(), esdb.Options{})
	for copied := 0; copied < len(want)*3/4; {
		cmd := exec.Command(path, "migrate", "--from", dir, "--to", s.address())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for enough, end := copied+len(want)/6, time.Now().Add(patience); copied < enough; copied = prefixOf(t, want, to) {
			if time.Now().After(end) {
				t.Fatalf("the target has %d events after %v, want at least %d", copied, patience, enough)
			}
		}
		_ = cmd.Process.Kill() // it may already have ended
		_ = cmd.Wait()
		copied = prefixOf(t, want, to)
		t.Logf("killed with %d of %d events copied", copied, len(want))
	}
	if output := migrate(t, exitDone, dir, s.address()); !strings.Contains(output, "the same in both") {
		t.Errorf("output %q; want %q", output, "the same in both")
	}
}

// prefixOf checks that the facts of a log are a prefix of want, and returns their number.
func prefixOf(t *testing.T, want []events.Recorded, log events.Store) (count int) {
	t.Helper()
	for e, err := range facts(t.Context(), log) {
		if err != nil {
			t.Fatal(err)
		}
		if count == len(want) || !sameFact(&e, &want[count]) {
			t.Fatalf("event %d of the target is %s@%d, which differs from the source or is beyond its %d events",
				count, e.Stream, e.Revision, len(want))
		}
		count++
	}
	return count
}
