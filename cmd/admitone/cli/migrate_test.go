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

// migrate runs the command and returns its output.
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
	for range 2 { // the second time there is nothing to do
		if output := migrate(t, exitDone, dir, s.address()); !strings.Contains(output, "the same in both") {
			t.Errorf("output %q; want %q", output, "the same in both")
		}
	}
	// New events are copied on top.
	server = serveIn(t, dir, nil)
	server.sell("c")
	server.end()
	var both sync.WaitGroup
	for range 2 { // two concurrent runs do not interfere
		both.Go(func() {
			var out bytes.Buffer
			status := runTo(t.Context(), []string{"migrate", "--from", s.address(), "--to", t.TempDir() + "/x"}, &out, &out)
			if status != exitDone {
				t.Errorf("ended with %d: %s; want status exitDone", status, out.String())
			}
		})
	}
	both.Wait()
	migrate(t, exitDone, dir, s.address())
	migrate(t, exitDone, s.address(), back)
	migrate(t, exitDone, dir, back)
	if status := Run(t.Context(), []string{"verify", "--store", back}); status != exitDone {
		t.Errorf("verify of the returned log ended with %d", status)
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

// cutOff is a log that accepts a number of appends, and then fails for a while.
type cutOff struct {
	events.Store
	left int
	err  error
	does bool // the append is executed nevertheless
}

func (c *cutOff) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	if c.left--; c.left >= 0 {
		return c.Store.Append(ctx, stream, expected, batch)
	}
	c.left = math.MaxInt
	if c.does {
		if _, err := c.Store.Append(ctx, stream, expected, batch); err != nil {
			return events.Appended{}, err
		}
	}
	return events.Appended{}, c.err
}

// TestMigrateResumes: for any outcome of an append, nothing is omitted or duplicated, and
// differences in the copy are found.
func TestMigrateResumes(t *testing.T) {
	from, err := embedded.Open(t.TempDir(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	for _, id := range []string{"1", "2", "3"} {
		appendSales(t, from, id, 40)
	}
	for _, c := range []cutOff{{left: 1, err: events.ErrUnknown}, {left: 1, err: events.ErrUnknown, does: true},
		{left: 2, err: events.ErrUnavailable}, {left: 0, err: events.ErrConflict}} {
		to, err := embedded.Open(t.TempDir(), embedded.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c.Store = to
		var out, quiet bytes.Buffer
		m := migration{from: from, to: &c, bar: progress.New(&quiet)}
		if err := m.run(t.Context(), &out); err != nil {
			t.Errorf("after %v: %v %s", c.err, err, out.String())
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

// TestMigrateKilled: the target is a prefix of the source whenever the process is killed, and the
// next run resumes there.
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
				t.Fatalf("the migration stays at %d events", copied)
			}
		}
		_ = cmd.Process.Kill() // it may already have ended
		_ = cmd.Wait()
		copied = prefixOf(t, want, to)
		t.Logf("killed when %d of %d events were there", copied, len(want))
	}
	if output := migrate(t, exitDone, dir, s.address()); !strings.Contains(output, "the same in both") {
		t.Errorf("output %q; want %q", output, "the same in both")
	}
}

// prefixOf checks that a log has the first of the events, and returns how many.
func prefixOf(t *testing.T, want []events.Recorded, log events.Store) (count int) {
	t.Helper()
	for e, err := range facts(t.Context(), log) {
		if err != nil {
			t.Fatal(err)
		}
		if count == len(want) || !sameFact(&e, &want[count]) {
			t.Fatalf("event %d is %s@%d", count, e.Stream, e.Revision)
		}
		count++
	}
	return count
}
