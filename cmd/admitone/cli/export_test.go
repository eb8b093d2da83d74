package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"admitone/cmd/admitone/progress"
	"admitone/events"
	"admitone/events/archive"
	"admitone/events/esdb"
)

// contents returns the bytes of a file.
func contents(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// soldLog makes a directory with a log that has products, a team and a tournament, and more sales of
// another product.
func soldLog(t *testing.T, more int) (dir string) {
	t.Helper()
	s := serveSigned(t, t.TempDir())
	s.sell("1")
	s.sell("2")
	s.send("POST", "/v1/teams", `{"id":"a","name":"Ä <a>"}`)
	s.send("POST", "/v1/tournaments", `{"id":"cup","name":"Cup","team_limit":2,
		"register_deadline":"2999-01-01T00:00:00Z"}`)
	s.send("POST", "/v1/tournaments/cup/entries", `{"team_id":"a"}`)
	appendSales(t, s.Log, "big", more)
	s.end()
	return s.store
}

// TestExportImport: a log that is exported and imported is the same log, with every compression.
func TestExportImport(t *testing.T) {
	dir := soldLog(t, 2500)
	head, _ := must(t, exitDone, "head", "--store", dir)
	key, _ := must(t, exitDone, "receipt", "key", "--store", dir)
	kept := write(t, "head", head)
	root := strings.Split(head, "\n")[2]
	plain := ""
	for _, name := range []string{"log.jsonl", "log.jsonl.gz", "log.jsonl.zst"} {
		file, copied := filepath.Join(t.TempDir(), name), t.TempDir()
		stdout, _ := must(t, exitDone, "export", file, "--store", dir)
		if !strings.Contains(stdout, "has the 2514 events of "+dir) || !strings.Contains(stdout, root) {
			t.Errorf("stdout %q; want %q and %q", stdout, "has the 2514 events of "+dir, root)
		}
		if left, err := filepath.Glob(file + ".*"); err != nil || len(left) > 0 {
			t.Errorf("the export left %v, %v; want no other files", left, err)
		}
		must(t, exitUsage, "export", file, "--store", dir)
		stdout, _ = must(t, exitDone, "import", file, "--store", copied)
		if !strings.Contains(stdout, copied+" holds the 2514 events of") || !strings.Contains(stdout, root) {
			t.Errorf("stdout %q; want %q and %q", stdout, copied+" holds the 2514 events of", root)
		}
		must(t, exitDone, "import", file, "--store", copied) // there is nothing left to do
		v := runVerify(t, exitDone, "--store", copied, "--against", kept, "--key", strings.TrimSpace(key))
		if v.Root != root || v.Events != 2514 {
			t.Errorf("verify of the copy: %+v; want the root %s and 2514 events", v, root)
		}
		again := filepath.Join(t.TempDir(), name)
		must(t, exitDone, "export", again, "--store", copied)
		if !bytes.Equal(contents(t, file), contents(t, again)) {
			t.Errorf("the export of the copy to %s differs from that of the original, want equal files", name)
		}
		if _, stderr := must(t, exitUsage, "verify", "--store", copied, "--against", kept); !strings.Contains(stderr,
			"and this is ") {
			t.Errorf("verify --against without --key: %s; want the epoch of the copy", stderr)
		}
		plain = file
		if name == "log.jsonl" {
			compareHistories(t, dir, copied)
			s := serveSigned(t, copied) // the copy can be used like any log
			s.sell("3")
			streamed, _ := must(t, exitDone, "export", "-", "--url", s.url)
			if lines := strings.SplitAfter(streamed, "\n"); strings.Join(lines[:2500],
				"") != strings.Join(strings.SplitAfter(string(contents(t, file)), "\n")[:2500], "") {
				t.Error("the first 2500 lines of the export through the server differ from the first export, want equal lines")
			}
			s.end()
		}
	}
	// Import through a pipe.
	status := func(args ...string) (int, string) {
		root := newRoot()
		var out bytes.Buffer
		root.SetArgs(args)
		root.SetIn(bytes.NewReader(contents(t, strings.TrimSuffix(plain, ".zst")+".zst")))
		root.SetOut(&out)
		root.SetErr(&out)
		err := root.ExecuteContext(t.Context())
		return statusOf(err), fmt.Sprint(out.String(), err)
	}
	if got, output := status("import", "-", "--store", t.TempDir()); got != exitProblemsFound ||
		!strings.Contains(output, "line 1") {
		t.Errorf("import of a compressed file from a pipe: status %d: %s; want status 1 and %q", got, output, "line 1")
	}
}

// TestExportOfForeignEvents: a log with events of other programs can be exported and imported.
func TestExportOfForeignEvents(t *testing.T) {
	dir, copied, file := soldLog(t, 50), t.TempDir(), filepath.Join(t.TempDir(), "log.jsonl.zst")
	line, stop := runEventstore(t, "--dir", dir, "--writable")
	store := connectTo(t, addressIn(t, line), esdb.Options{})
	if _, err := store.Append(t.Context(), "their stream", events.NoStream, []events.Event{
		{ID: events.EventID("t", 0), Type: "their-type", Data: []byte(`{"a": [1]}`)},
		{ID: events.EventID("t", 1), Type: "their-type", Data: []byte(`[]`),
			Metadata: []byte(`{"$causedBy":"x"}`)}}); err != nil {
		t.Fatal(err)
	}
	if status := stop(); status != exitDone {
		t.Fatalf("ended with status %d; want status 0", status)
	}
	log := openLogIn(t, dir) // EventStoreDB clients' events are stored like this
	if _, err := log.Append(t.Context(), "their-files", events.NoStream, []events.Event{
		{ID: events.EventID("t", 2), Type: "a picture", Data: []byte("\x89PNG\r\n\x00\xff"),
			Metadata: []byte("\x00b\xff\x00")},
		{ID: events.EventID("t", 3), Type: "$streamDeleted", Metadata: []byte("\x00t")}}); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	head, _ := must(t, exitDone, "head", "--store", dir)
	root := strings.Split(head, "\n")[2]
	for _, args := range [][]string{{"export", file, "--store", dir}, {"import", file, "--store", copied}} {
		if stdout, _ := must(t, exitDone, args...); !strings.Contains(stdout, root) {
			t.Errorf("%v printed %s; want the root %s", args, stdout, root)
		}
	}
	compareHistories(t, dir, copied)
	listed, _ := must(t, exitDone, "log", "--store", copied, "--stream", "their-files")
	if !strings.Contains(listed, `a picture  -  "\x89PNG\r\n\x00\xff"`) {
		t.Errorf("stdout %q; want %q", listed, `a picture  -  "\x89PNG\r\n\x00\xff"`)
	}
	s := serveSigned(t, copied)
	listed = s.send("GET", "/v1/streams/their-files/events", "")
	if !strings.Contains(listed, `"data_base64":"iVBORw0KAP8="`) {
		t.Errorf("stdout %q; want %q", listed, `"data_base64":"iVBORw0KAP8="`)
	}
	through, _ := must(t, exitDone, "log", "--url", s.url, "--stream", "their stream")
	if direct, _ := must(t, exitDone, "log", "--store", dir, "--stream", "their stream"); through != direct ||
		!strings.Contains(direct, `their-type  -  {"a": [1]}`) {
		t.Errorf("log --url prints\n%s\nand log --store prints\n%s\nwant them equal, with %q",
			through, direct, `their-type  -  {"a": [1]}`)
	}
}

// compareHistories fails the test if log, history or show print different texts for two logs.
func compareHistories(t *testing.T, a, b string) {
	t.Helper()
	for _, args := range [][]string{{"log"}, {"log", "--json"}, {"history", "holder/ada"},
		{"show", "product/1", "--at", "4"}, {"show", "tournament/cup", "--json"}} {
		one, _ := must(t, exitDone, append(args, "--store", a)...)
		other, _ := must(t, exitDone, append(args, "--store", b)...)
		if one != other {
			t.Errorf("admitone %s prints\n%s\nfor %s and\n%s\nfor %s; want them equal", strings.Join(args, " "), one, a, other, b)
		}
	}
}

// TestEmptyLog exports and imports an empty log.
func TestEmptyLog(t *testing.T) {
	dir, file, copied := t.TempDir(), filepath.Join(t.TempDir(), "log.jsonl"), t.TempDir()
	if err := openLogIn(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	must(t, exitDone, "export", file, "--store", dir)
	must(t, exitDone, "import", file, "--store", copied)
	runVerify(t, exitDone, "--store", copied)
}

// brokenReads is a log whose ReadAll fails after a number of calls.
type brokenReads struct {
	events.Store
	left int // calls until then
}

func (b *brokenReads) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	if b.left--; b.left < 0 {
		return nil, context.Canceled
	}
	return b.Store.ReadAll(ctx, from, dir, limit)
}

// TestExportResumes: an export that is interrupted many times equals one without interruption.
func TestExportResumes(t *testing.T) {
	dir := t.TempDir()
	log := openLogIn(t, dir)
	defer log.Close()
	appendSales(t, log, "big", 32_000)
	for _, name := range []string{"log.jsonl", "log.jsonl.gz", "log.jsonl.zst"} {
		whole, parts := filepath.Join(t.TempDir(), name), filepath.Join(t.TempDir(), name)
		one := &export{store: log, bar: progress.New(io.Discard)}
		if err := one.file(t.Context(), whole); err != nil {
			t.Fatal(err)
		}
		stops := 0
		for {
			x := &export{store: &brokenReads{log, 15}, bar: progress.New(io.Discard)}
			err := x.file(t.Context(), parts)
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if stops++; stops > 20 {
				t.Fatalf("the export was not finished after %d interruptions", stops)
			}
		}
		if stops < 2 || !bytes.Equal(contents(t, whole), contents(t, parts)) {
			t.Errorf("%s: the resumed export differs from the uninterrupted one, or only %d interruptions, want at least 2",
				name, stops)
		}
	}
	// The unfinished export belongs to a different log.
	parts := filepath.Join(t.TempDir(), "log.jsonl")
	x := &export{store: &brokenReads{log, 20}, bar: progress.New(io.Discard)}
	if err := x.file(t.Context(), parts); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	other := openLogIn(t, t.TempDir())
	defer other.Close()
	x = &export{store: other, bar: progress.New(io.Discard)}
	if err := x.file(t.Context(), parts); statusOf(err) != exitUsage {
		t.Errorf("an unfinished export of a different log was resumed: %v; want a usage error", err)
	}
	if err := os.Truncate(parts+unfinishedSuffix, 100); err != nil {
		t.Fatal(err)
	}
	x = &export{store: log, bar: progress.New(io.Discard)}
	if err := x.file(t.Context(), parts); statusOf(err) != exitUsage {
		t.Errorf("a truncated unfinished export was resumed: %v; want a usage error", err)
	}
}

// TestBadImports: an invalid file is refused with the line of the fault, and a log whose import was not
// finished can't be used.
func TestBadImports(t *testing.T) {
	dir, copied := soldLog(t, 2500), t.TempDir()
	file := filepath.Join(t.TempDir(), "log.jsonl")
	must(t, exitDone, "export", file, "--store", dir)
	lines := bytes.SplitAfter(contents(t, file), []byte("\n"))
	cut := write(t, "cut.jsonl", string(bytes.Join(lines[:2000], nil)))
	changed := bytes.Replace(lines[1499], []byte(`"quantity":1`), []byte(`"quantity":2`), 1)
	damaged := write(t, "damaged.jsonl", string(bytes.Join(lines[:1499], nil))+string(changed)+string(
		bytes.Join(lines[1500:], nil)))

	stdout, _ := must(t, exitProblemsFound, "import", cut, "--store", copied)
	if !strings.Contains(stdout, "line 2001: the file ends without a last line") ||
		!strings.Contains(stdout, "1024 events before it are in "+copied) {
		t.Errorf("stdout %q; want %q and %q",
			stdout, "line 2001: the file ends without a last line", "1024 events before it are in "+copied)
	}
	for _, args := range [][]string{{"verify"}, {"export", "-"}, {"serve", "--listen", "127.0.0.1:0"}} {
		if _, stderr := must(t, exitUnavailable, append(args, "--store", copied)...); !strings.Contains(stderr,
			"an import into this log was not finished") || !strings.Contains(stderr, "admitone import FILE --store "+copied) {
			t.Errorf("admitone %s: %s; want %q and %q",
				args[0], stderr, "an import into this log was not finished", "admitone import FILE --store "+copied)
		}
	}
	if stdout, _ := must(t, exitProblemsFound, "import", damaged, "--store", copied); !strings.Contains(stdout,
		"line 1500: the log is damaged: position 1499, product-big@") {
		t.Errorf("stdout %q; want %q", stdout, "line 1500: the log is damaged: position 1499, product-big@")
	}
	must(t, exitDone, "import", file, "--store", copied)
	runVerify(t, exitDone, "--store", copied)

	if stdout, _ := must(t, exitProblemsFound, "import", damaged, "--store", copied); !strings.Contains(stdout,
		"line 2050: ") { // the head line of the changed block
		t.Errorf("stdout %q; want %q", stdout, "line 2050: ")
	}
	shorter := write(t, "short.jsonl", string(exportedLog(t, 3)))
	log := openLogIn(t, copied)
	appendSales(t, log, "more", 5)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if _, stderr := must(t, exitUsage, "import", file, "--store", copied); !strings.Contains(stderr,
		"only the first 2514") {
		t.Errorf("stderr %q; want %q", stderr, "only the first 2514")
	}
	if _, stderr := must(t, exitUsage, "import", shorter, "--store", copied); !strings.Contains(stderr,
		"line 1 has a different event for position 1") {
		t.Errorf("stderr %q; want %q", stderr, "line 1 has a different event for position 1")
	}
	runVerify(t, exitDone, "--store", copied) // the refused imports did not change it
	empty := t.TempDir()
	must(t, exitProblemsFound, "import", write(t, "nothing.jsonl", ""), "--store", empty)
	must(t, exitProblemsFound, "import", write(t, "no.jsonl.gz", "x"), "--store", empty)
	must(t, exitProblemsFound, "import", write(t, "no.jsonl.zst", "x"), "--store", empty)
	if _, err := os.Stat(filepath.Join(empty, "log")); !os.IsNotExist(err) {
		t.Errorf("an invalid file: Stat of the log = %v; want no log", err)
	}
	must(t, exitUsage, "import", file+"2", "--store", empty)
	must(t, exitUsage, "import", file, "--store", "esdb://:bad:address")
	must(t, exitUsage, "import")
	must(t, exitUsage, "export")
	s := serveIn(t, copied, nil)
	if _, stderr := must(t, exitUnavailable, "import", file, "--store", copied); !strings.Contains(stderr,
		"server is using the log") {
		t.Errorf("stderr %q; want %q", stderr, "server is using the log")
	}
	s.end()
}

// exportedLog returns the export of a log with n sales of another product.
func exportedLog(t *testing.T, n int) []byte {
	t.Helper()
	log := openLogIn(t, t.TempDir())
	defer log.Close()
	appendSales(t, log, "other", n)
	var out bytes.Buffer
	x := &export{store: log, bar: progress.New(io.Discard)}
	if err := x.stream(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestForgedImport: a file with correct roots but a wrong revision is refused.
func TestForgedImport(t *testing.T) {
	log := openLogIn(t, t.TempDir())
	appendSales(t, log, "1", 20)
	all, err := log.ReadAll(t.Context(), 0, events.Forward, 100)
	if err := errors.Join(err, log.Close()); err != nil {
		t.Fatal(err)
	}
	all[10].Revision = 17
	var out bytes.Buffer
	w, err := archive.NewWriter(&out, archive.None, archive.State{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if _, err := w.Write(&all[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	stdout, _ := must(t, exitProblemsFound, "import", write(t, "forged.jsonl", out.String()), "--store", dir)
	if !strings.Contains(stdout, "line 1: from here on: position 11, product-1@17: ") {
		t.Errorf("stdout %q; want %q", stdout, "line 1: from here on: position 11, product-1@17: ")
	}
	must(t, exitUnavailable, "verify", "--store", dir)
}
